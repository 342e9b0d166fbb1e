"""One row for each run of the width study: results/width.csv."""

import scripting
from overparam import bounds

# Measured in the last window of a run.
LAST = (
    *("lambda_min", "sliding_lambda_min", "flipped", "sliding"),
    *("distance_median", "distance_max", "gram_change"),
)


def row(path, lambda_zero):
    """What the study compares, of the run stored at path."""
    run = scripting.read_npz(path)
    bound = bounds.convergence_bound(run["loss"][0], lambda_zero, run["time"])
    crossing = bounds.run_crossing(run, lambda_zero)
    last = {name: run[f"probe_{name}"][-1] for name in LAST}
    return {
        "m": int(run["width"]),
        "seed": int(run["seed"]),
        "crossing_time": "" if crossing is None else float(run["time"][crossing]),
        "time_end": float(run["time"][-1]),
        "loss_initial": float(run["loss"][0]),
        "loss_end": float(run["loss"][-1]),
        "bound_end": float(bound[-1]),
        "initial_gram_error": float(run["initial_gram_error"]),
        "lambda_min_initial": float(run["probe_lambda_min"][0]),
        "lambda_min_smallest": float(run["probe_lambda_min"].min()),
        **{name: float(value) for name, value in last.items()},
    }


def main(arguments):
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    rows = [row(path, lambda_zero) for path in arguments.runs]
    scripting.write_csv(arguments.output, sorted(rows, key=lambda r: (r["m"], r["seed"])))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--runs", nargs="+", required=True, help="results/width/m*_seed*.npz")
    parser.add_argument("--output", default="results/width.csv")
    scripting.run(main, parser.parse_args())
