"""Each hypothesis and claim in the proof of Theorem 3.2, measured: results/hypotheses.csv.

A row is `value relation limit`, with the answer in column `holds`.
"""

import numpy as np

import scripting
from overparam import bounds, hypotheses


def row(name, value, relation, limit):
    """A claim `value <= limit` or `value >= limit`, and whether it holds."""
    holds = value <= limit if relation == "<=" else value >= limit
    return {
        "name": name,
        "value": float(value),
        "relation": relation,
        "limit": float(limit),
        "holds": "yes" if holds else "no",
    }


def claims(run, eigenvalues, delta):
    """The rows, in the order of the proof."""
    infinite, initial = eigenvalues[:2]
    n, m = int(infinite["n"]), int(initial["m"])
    lambda_zero = float(infinite["lambda_min"])
    residual = np.sqrt(n * run["loss"][0])
    radius = hypotheses.stable_radius(n, delta, lambda_zero)
    distance = hypotheses.distance_bound(n, m, residual, lambda_zero)
    smallest = min(run["probe_lambda_min"])
    bound = bounds.convergence_bound(run["loss"][0], lambda_zero, run["time"])
    return [
        row("gram_width", m, ">=", hypotheses.gram_width(n, delta, lambda_zero)),
        row("gram_error", run["initial_gram_error"], "<=", lambda_zero / 4),
        row("initial_lambda_min", float(initial["lambda_min"]), ">=", 3 * lambda_zero / 4),
        row("distance_bound", distance, "<=", radius),
        row("distance_in_radius", max(run["probe_distance_max"]), "<=", radius),
        row("gram_change", max(run["probe_gram_change"]), "<=", lambda_zero / 4),
        row("lambda_min", smallest, ">=", lambda_zero / 2),
        row("sliding_lambda_min", min(run["probe_sliding_lambda_min"]), ">=", lambda_zero / 2),
        row("distance", max(run["probe_distance_max"]), "<=", distance),
        row("width", m, ">=", hypotheses.convergence_width(n, residual, lambda_zero, radius)),
        row("convergence", max(run["loss"] / bound), "<=", 1),
    ]


def main(arguments):
    run = scripting.read_npz(arguments.full_batch)
    rows = claims(run, scripting.read_csv(arguments.eigenvalues), arguments.delta)
    scripting.write_csv(arguments.output, rows)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--delta", type=float, default=0.1, help="probability of failure")
    parser.add_argument("--output", default="results/hypotheses.csv")
    scripting.run(main, parser.parse_args())
