"""Extreme eigenvalues of each stage's H^∞, and its stability limit: results/stages.csv."""

import numpy as np

import files
import scripting
from overparam import bounds, gram
from overparam.batches import stage_indices
from overparam.certificate import certified_lambda_min


def stage_row(inputs, labels, stage):
    """The row of the stage that trains on the digits below `stage`."""
    chosen = inputs[stage_indices(labels, stage)]
    matrix = gram.h_infinity(chosen)
    eigenvalues = np.linalg.eigvalsh(matrix)
    return {
        "stage": stage,
        "n": len(chosen),
        "lambda_min": float(eigenvalues[0]),
        "lambda_min_certified": certified_lambda_min(matrix, gram.h_infinity_error(chosen)),
        "lambda_max": float(eigenvalues[-1]),
        "stability_limit": float(bounds.stability_limit(len(chosen), eigenvalues[-1])),
    }


def main(arguments):
    data = files.read_npz(arguments.dataset)
    stages = scripting.progress(range(1, arguments.stages + 1), arguments.stages, unit="stage")
    rows = [stage_row(data["inputs"], data["labels"], stage) for stage in stages]
    files.write_csv(arguments.output, rows)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz", help="the samples")
    parser.add_argument("--stages", type=int, default=10, help="1 to 10")
    parser.add_argument("--output", default="results/stages.csv", help="the file to write")
    scripting.run(main, parser.parse_args())
