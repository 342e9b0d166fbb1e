"""Numbers of the target study: report/generated/targets.tex."""

import numpy as np

import scripting
from overparam import bounds, digits, latex

# Eigenvectors of H^∞ with the largest eigenvalues, for the share of the targets along them.
LEADING = 10


def share_outside(alignment, kind):
    """Share of ‖y‖² outside the LEADING eigenvectors."""
    return alignment[kind][:-LEADING].sum() / alignment[kind].sum()


def crossing(run, lambda_zero):
    """The verb of a sentence: whether, and when in flow time, the run crosses its bound."""
    index = bounds.run_crossing(run, lambda_zero)
    if index is None:
        return "does not cross the bound"
    return f"crosses the bound at $t={latex.number(run['time'][index])}$"


def numbers(runs, alignment, lambda_zero):
    """name → LaTeX of every number that the text quotes."""
    values = {
        "targets-leading": latex.number(LEADING),
    }
    for kind, run in runs.items():
        values |= {
            f"{kind}-residual": latex.number(np.sqrt(alignment[kind].size * run["loss"][0])),
            f"{kind}-outside": latex.number(100 * share_outside(alignment, kind)),
            f"{kind}-loss-ratio": latex.number(run["loss"][-1] / run["loss"][0]),
            f"{kind}-flipped": latex.number(100 * run["probe_flipped"][-1]),
            f"{kind}-distance": latex.number(run["probe_distance_median"][-1]),
            f"{kind}-crossing": crossing(run, lambda_zero),
        }
    return values


def main(arguments):
    runs = {kind: scripting.read_npz(f"{arguments.runs}/{kind}.npz") for kind in digits.KINDS}
    alignment = scripting.read_npz(arguments.alignment)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    scripting.write_text(arguments.numbers, latex.results(numbers(runs, alignment, lambda_zero)))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--runs", default="results/targets", help="folder of the three runs")
    parser.add_argument("--alignment", default="results/alignment.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--numbers", default="report/generated/targets.tex")
    scripting.run(main, parser.parse_args())
