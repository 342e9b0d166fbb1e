"""Numbers of the run that trains both layers: report/generated/both_layers.tex."""

import numpy as np

import scripting
from overparam import bounds, latex


def numbers(both, first, lambda_zero):
    """name → LaTeX of every number that the text quotes."""
    bound = bounds.convergence_bound(both["loss"][0], lambda_zero, both["time"])
    crossing = bounds.run_crossing(both, lambda_zero)
    alone = np.interp(both["time"][-1], first["time"], first["loss"])
    dropped = both["probe_g_rayleigh"] / (both["probe_g_rayleigh"] + both["probe_rayleigh"])
    return {
        "both-time-end": latex.number(both["time"][-1], 3),
        "both-time-step": latex.number(both["time"][1]),
        "both-loss-end": latex.number(both["loss"][-1]),
        "both-first-layer-loss": latex.number(alone),
        "both-bound-end": latex.number(bound[-1]),
        "both-crossing": (
            "does not cross"
            if crossing is None
            else f"crosses at $t={latex.number(both['time'][crossing])}$"
        ),
        "both-dropped-initial": latex.number(100 * dropped[0]),
        "both-dropped-end": latex.number(100 * dropped[-1]),
        "both-h-lambda-min-smallest": latex.number(both["probe_lambda_min"].min()),
        "both-g-lambda-min-largest": latex.number(both["probe_g_lambda_min"].max(), 2),
        "both-change-median": latex.number(both["probe_output_change_median"][-1]),
        "both-change-largest": latex.number(both["probe_output_change_max"][-1]),
    }


def main(arguments):
    both, first = map(scripting.read_npz, (arguments.both_layers, arguments.full_batch))
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    scripting.write_text(arguments.numbers, latex.results(numbers(both, first, lambda_zero)))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--both-layers", default="results/training_both_layers.npz")
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--numbers", default="report/generated/both_layers.tex")
    scripting.run(main, parser.parse_args())
