"""What the length of the step changes: results/step_size.csv.

A row compares the run of one refinement with that of the next finer one at equal times.
"""

from itertools import pairwise

import numpy as np

import scripting
from overparam import bounds


def row(coarse, fine, lambda_zero):
    """Largest relative difference of the two losses, and both bounds at the end of the run."""
    ratio = (len(fine["loss"]) - 1) // (len(coarse["loss"]) - 1)
    difference = np.abs(np.log(coarse["loss"] / fine["loss"][::ratio]))
    time, steps = coarse["time"], len(coarse["loss"]) - 1
    discrete = bounds.discrete_bound(coarse["loss"][0], lambda_zero, time[1], steps)
    return {
        "time_step": float(time[1]),
        "finer_time_step": float(fine["time"][1]),
        "difference_largest": float(difference.max()),
        "difference_end": float(difference[-1]),
        "loss_end": float(coarse["loss"][-1]),
        "bound_end": float(bounds.convergence_bound(coarse["loss"][0], lambda_zero, time[-1])),
        "discrete_bound_end": float(discrete),
    }


def main(arguments):
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    runs = sorted(map(scripting.read_npz, arguments.runs), key=lambda run: len(run["loss"]))
    scripting.write_csv(arguments.output, [row(*pair, lambda_zero) for pair in pairwise(runs)])


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--runs", nargs="+", required=True, help="results/step_size/refine*.npz")
    parser.add_argument("--output", default="results/step_size.csv")
    scripting.run(main, parser.parse_args())
