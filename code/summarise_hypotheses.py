"""Numbers and table of the hypotheses: report/generated/hypotheses.tex, hypothesis_rows.tex."""

import numpy as np

import scripting
from overparam import latex

CLAIMS = {
    "gram_width": ("Lemma 3.1", r"width for $\norm{\Hzero-\Hinf}_2\le\lzero/4$"),
    "gram_error": ("Lemma 3.1", r"$\norm{\Hzero-\Hinf}_2\le\lzero/4$"),
    "initial_lambda_min": ("Lemma 3.1", r"$\lmin(\Hzero)\ge\frac34\lzero$"),
    "distance_bound": ("Lemma 3.4", r"$R'<R$"),
    "distance_in_radius": ("Lemma 3.2", r"$\max_{r,t}\norm{\w_r(t)-\w_r(0)}\le R$"),
    "gram_change": ("Lemma 3.2", r"$\max_t\norm{\HH(t)-\Hzero}_2\le\lzero/4$"),
    "lambda_min": ("Lemma 3.2", r"$\lmin(\HH(t))\ge\lzero/2$ at the sampled $t$"),
    "sliding_lambda_min": ("with \\cref{prop:sliding}", r"$\lmin(\HH^p(t))\ge\lzero/2$ there"),
    "distance": ("Lemma 3.3", r"$\max_{r,t}\norm{\w_r(t)-\w_r(0)}\le R'$"),
    "width": ("Theorem 3.2", "width for $R'<R$"),
    "convergence": (
        "Theorem 3.2",
        r"$\max_t\,\norm{\uu-\y}^2/(e^{-\lzero t}\norm{\uu(0)-\y}^2)\le1$",
    ),
}


def table(rows):
    """The body of the table: source, claim, value, limit, verdict."""
    cells = []
    for row in rows:
        source, claim = CLAIMS[row["name"]]
        value, limit = (latex.number(float(row[key])) for key in ("value", "limit"))
        cells.append([source, claim, value, limit, "holds" if row["holds"] == "yes" else "fails"])
    return latex.rows(cells)


def widely(row):
    """Whether value and limit are more than six orders of magnitude apart."""
    return abs(np.log10(float(row["value"]) / float(row["limit"]))) > 6


def numbers(rows, delta):
    """name → LaTeX of every number that the text quotes."""
    value = {row["name"]: float(row["value"]) for row in rows}
    limit = {row["name"]: float(row["limit"]) for row in rows}
    orders = {name: np.log10(limit[name] / value[name]) for name in ("gram_width", "width")}
    return {
        "delta": latex.number(delta, 1),
        "stable-radius": latex.number(limit["distance_bound"]),
        "distance-bound": latex.number(value["distance_bound"]),
        "distance-bound-orders": latex.number(
            np.log10(value["distance_bound"] / limit["distance_bound"]), 2
        ),
        "gram-error": latex.number(value["gram_error"]),
        "gram-error-over-limit": latex.number(value["gram_error"] / limit["gram_error"], 2),
        "gram-width": latex.number(limit["gram_width"]),
        "gram-width-orders": latex.number(orders["gram_width"], 2),
        "convergence-width": latex.number(limit["width"]),
        "convergence-width-orders": latex.number(orders["width"], 3),
        "lambda-min-smallest": latex.number(value["lambda_min"]),
        "lambda-half": latex.number(limit["lambda_min"]),
        "distance-largest": latex.number(value["distance"]),
        "distance-share-of-bound": latex.number(limit["distance"] / value["distance"], 2),
        "claims-failing-widely": latex.number(
            sum(row["holds"] == "no" and widely(row) for row in rows)
        ),
        "claims-failing": latex.number(sum(row["holds"] == "no" for row in rows)),
        "claims": latex.number(len(rows)),
    }


def main(arguments):
    rows = scripting.read_csv(arguments.hypotheses)
    scripting.write_text(arguments.numbers, latex.results(numbers(rows, arguments.delta)))
    scripting.write_text(arguments.rows, table(rows))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--hypotheses", default="results/hypotheses.csv")
    parser.add_argument("--delta", type=float, default=0.1, help="probability of failure")
    parser.add_argument("--numbers", default="report/generated/hypotheses.tex")
    parser.add_argument("--rows", default="report/generated/hypothesis_rows.tex")
    scripting.run(main, parser.parse_args())
