"""Each hypothesis and claim in the proof of Theorem 3.2, measured on the full-batch run.

Report: `sec:hypotheses`.  A row is `value relation limit`, with the answer in column `holds`.
"""

import numpy as np

from overparam import bounds, hypotheses, latex

# Source and statement of each claim, as the table prints them.
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
# Those of which the text quotes the verdict.
QUOTED = ("initial_lambda_min", "lambda_min", "distance")
# Orders of magnitude between value and limit from which a claim fails widely.
WIDE = 6


def claim(name, value, relation, limit):
    """A claim `value <= limit` or `value >= limit`, and whether it holds."""
    holds = value <= limit if relation == "<=" else value >= limit
    return {
        "name": name,
        "value": float(value),
        "relation": relation,
        "limit": float(limit),
        "holds": "yes" if holds else "no",
    }


def smallest_lambda_min(run):
    """The smallest λ_min(H(t)) seen, in the windows or by the watch."""
    return min([*run["probe_lambda_min"], *run["watch_lambda_min"]])


def table(full_batch, eigenvalues, *, delta):
    """The claims, in the order of the proof."""
    run, (infinite, initial, *_) = full_batch, eigenvalues
    n, m, lambda_zero = infinite["n"], initial["m"], infinite["lambda_min"]
    residual = np.sqrt(n * run["loss"][0])
    radius = hypotheses.stable_radius(n, delta, lambda_zero)
    distance = hypotheses.distance_bound(n, m, residual, lambda_zero)
    farthest = max(run["probe_distance_max"])
    return [
        claim("gram_width", m, ">=", hypotheses.gram_width(n, delta, lambda_zero)),
        claim("gram_error", run["initial_gram_error"], "<=", lambda_zero / 4),
        claim("initial_lambda_min", initial["lambda_min"], ">=", 3 * lambda_zero / 4),
        claim("distance_bound", distance, "<=", radius),
        claim("distance_in_radius", farthest, "<=", radius),
        claim("gram_change", max(run["probe_gram_change"]), "<=", lambda_zero / 4),
        claim("lambda_min", smallest_lambda_min(run), ">=", lambda_zero / 2),
        claim("sliding_lambda_min", min(run["probe_sliding_lambda_min"]), ">=", lambda_zero / 2),
        claim("distance", farthest, "<=", distance),
        claim("width", m, ">=", hypotheses.convergence_width(n, residual, lambda_zero, radius)),
        claim("convergence", max(bounds.run_over_bound(run, lambda_zero)), "<=", 1),
    ]


def rows(claims):
    """Cells of the table: source, claim, value, limit, verdict."""
    return [
        [
            *CLAIMS[row["name"]],
            latex.number(row["value"]),
            latex.number(row["limit"]),
            verdict(row),
        ]
        for row in claims
    ]


def verdict(row):
    """What a claim does."""
    return "holds" if row["holds"] == "yes" else "fails"


def orders(value, limit):
    """Orders of magnitude by which the limit exceeds the value."""
    return np.log10(limit / value)


def numbers(claims, full_batch, *, delta):
    """name → LaTeX of every number that the text quotes."""
    below = full_batch["watch_step"]
    value = {row["name"]: row["value"] for row in claims}
    verdicts = {row["name"]: verdict(row) for row in claims}
    limit = {row["name"]: row["limit"] for row in claims}
    over = {name: orders(value[name], limit[name]) for name in value}
    failing = [row["name"] for row in claims if row["holds"] == "no"]
    widely = [name for name in failing if abs(over[name]) > WIDE]
    return {
        "delta": latex.number(delta, 1),
        "stable-radius": latex.number(limit["distance_bound"]),
        "distance-bound": latex.number(value["distance_bound"]),
        "distance-bound-orders": latex.orders(-over["distance_bound"]),
        "gram-error": latex.number(value["gram_error"]),
        "gram-error-over-limit": latex.number(value["gram_error"] / limit["gram_error"], 2),
        "gram-width": latex.number(limit["gram_width"]),
        "gram-width-orders": latex.orders(over["gram_width"]),
        "convergence-width": latex.number(limit["width"]),
        "convergence-width-orders": latex.orders(over["width"], 3),
        "watch-looks": latex.number(int(full_batch["watch_looks"])),
        "watch-below": latex.number(len(below)),
        "watch-first": f"first at $t={latex.number(full_batch['time'][below[0]])}$"
        if len(below)
        else "never",
        "lambda-min-smallest": latex.number(value["lambda_min"]),
        "lambda-half": latex.number(limit["lambda_min"]),
        "distance-largest": latex.number(value["distance"]),
        "distance-share-of-bound": latex.number(limit["distance"] / value["distance"], 2),
        **{f"{name.replace('_', '-')}-verdict": verdicts[name] for name in QUOTED},
        "claims-failing-widely": latex.number(len(widely)),
        "claims-failing": latex.number(len(failing)),
        "claims": latex.number(len(claims)),
    }
