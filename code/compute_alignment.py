"""How much of each kind of targets lies along each eigenvector of H^∞: results/alignment.npz."""

import numpy as np

import scripting
from overparam import digits, gram


def main(arguments):
    data = scripting.read_npz(arguments.dataset)
    eigenvalues, vectors = np.linalg.eigh(gram.h_infinity(data["inputs"]))
    kinds = {
        kind: digits.targets(data["labels"], kind, arguments.targets_seed) for kind in digits.KINDS
    }
    shares = {kind: (vectors.T @ targets) ** 2 for kind, targets in kinds.items()}
    scripting.write_npz(arguments.output, eigenvalues=eigenvalues, **shares)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz")
    parser.add_argument("--targets-seed", type=int, default=0, help="order of shuffled targets")
    parser.add_argument("--output", default="results/alignment.npz")
    scripting.run(main, parser.parse_args())
