"""Numbers and table of the eigenvalue section: report/generated/eigenvalues.tex, …_rows.tex."""

import scripting
from overparam import latex


def sort_rows(rows):
    """Rows of eigenvalues.csv, parsed: that of H^∞, that of the trained network, all of H(0)."""
    floats = ("lambda_min", "lambda_min_certified", "lambda_max")
    parsed = [row | {key: float(row[key]) for key in floats} for row in rows]
    infinite, *finite = parsed
    return infinite, finite[0], finite


def numbers(infinite, trained, finite):
    """name → LaTeX of every number that the text quotes."""
    lambda_zero = infinite["lambda_min"]
    ratios = [row["lambda_min"] / lambda_zero for row in finite]
    holding = sum(row["lambda_min"] >= 0.75 * lambda_zero for row in finite)
    certified = [infinite, *finite]
    return {
        "samples": latex.number(int(infinite["n"])),
        "width": latex.number(int(trained["m"])),
        "lambda-zero": latex.number(lambda_zero, 4),
        "lambda-zero-certified": latex.lower_bound(infinite["lambda_min_certified"], 6),
        "lambda-max-infinity": latex.number(infinite["lambda_max"], 4),
        "lambda-min-initial": latex.number(trained["lambda_min"], 4),
        "lambda-min-initial-certified": latex.lower_bound(trained["lambda_min_certified"], 6),
        "lambda-ratio-smallest": latex.number(min(ratios)),
        "lambda-ratio-largest": latex.number(max(ratios)),
        "networks": latex.number(len(finite)),
        "networks-three-quarters": latex.number(holding),
        "matrices": latex.number(len(certified)),
        "matrices-certified": latex.number(sum(r["lambda_min_certified"] > 0 for r in certified)),
        "certificate-slack": latex.number(
            max(r["lambda_min"] - r["lambda_min_certified"] for r in certified), 2
        ),
        "stability-limit": latex.number(int(infinite["n"]) / infinite["lambda_max"], 4),
    }


def table_row(name, row, lambda_zero):
    """One row: λ_min, its certified lower bound, λ_max, λ_min against λ0 and ¾λ0."""
    ratio = row["lambda_min"] / lambda_zero
    return [
        name,
        latex.number(row["lambda_min"], 5),
        latex.lower_bound(row["lambda_min_certified"], 5),
        latex.number(row["lambda_max"], 4),
        latex.number(ratio),
        latex.number(ratio / 0.75),
    ]


def table(infinite, trained, finite):
    """The table's body: H^∞, the trained network, and the extreme cases among all seeds."""
    smallest = min(finite, key=lambda row: row["lambda_min"])
    largest = max(finite, key=lambda row: row["lambda_min"])
    named = [
        (r"$\Hinf$", infinite),
        (rf"$\Hzero$, the trained network (seed {trained['seed']})", trained),
        (rf"$\Hzero$, smallest of all seeds (seed {smallest['seed']})", smallest),
        (rf"$\Hzero$, largest of all seeds (seed {largest['seed']})", largest),
    ]
    return latex.rows(table_row(name, row, infinite["lambda_min"]) for name, row in named)


def main(arguments):
    rows = sort_rows(scripting.read_csv(arguments.eigenvalues))
    scripting.write_text(arguments.numbers, latex.results(numbers(*rows)))
    scripting.write_text(arguments.rows, table(*rows))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--numbers", default="report/generated/eigenvalues.tex")
    parser.add_argument("--rows", default="report/generated/eigenvalue_rows.tex")
    scripting.run(main, parser.parse_args())
