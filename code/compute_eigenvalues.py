"""Extreme eigenvalues of H^∞ and of H(0) over seeds, λ_min certified: results/eigenvalues.csv.

Without seeds the row of H^∞ alone: results/h_infinity.csv.
"""

import numpy as np

import files
import scripting
from overparam import gram, initialisation
from overparam.certificate import certified_lambda_min


def spectrum(matrix, entry_error):
    """The three eigenvalue columns of a row."""
    eigenvalues = np.linalg.eigvalsh(matrix)
    return {
        "lambda_min": float(eigenvalues[0]),
        "lambda_min_certified": certified_lambda_min(matrix, entry_error),
        "lambda_max": float(eigenvalues[-1]),
    }


def infinite(inputs):
    """The row of H^∞."""
    row = {"matrix": "H_infinity", "n": len(inputs), "m": "", "seed": ""}
    matrix, error = gram.h_infinity(inputs), gram.h_infinity_error(inputs)
    return row | spectrum(matrix, error) | {"undecided": ""}


def finite(inputs, width, seed):
    """The row of H(0) for the network that `seed` initialises."""
    weights, _ = initialisation.draw(inputs.shape[1], width, np.random.default_rng(seed))
    row = {"matrix": "H_0", "n": len(inputs), "m": width, "seed": seed}
    matrix, error = gram.h_finite(inputs, weights), gram.h_finite_error(inputs, weights)
    undecided = int(gram.undecided_signs(inputs, weights).sum())
    return row | spectrum(matrix, error) | {"undecided": undecided}


def main(arguments):
    inputs = files.read_npz(arguments.dataset)["inputs"]
    seeds = scripting.progress(arguments.seeds, len(arguments.seeds), unit="seed")
    rows = [infinite(inputs), *(finite(inputs, arguments.width, seed) for seed in seeds)]
    files.write_csv(arguments.output, rows)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz", help="the samples")
    parser.add_argument("--width", type=int, default=1000, help="hidden units m")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1], help="seeds of the networks")
    parser.add_argument("--output", default="results/eigenvalues.csv", help="the file to write")
    scripting.run(main, parser.parse_args())
