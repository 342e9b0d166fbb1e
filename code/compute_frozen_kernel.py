"""Loss of the full-batch run as kernels that never move predict it: results/frozen_kernel.npz."""

import numpy as np

import scripting
from overparam import bounds, gram


def main(arguments):
    data, run = scripting.read_npz(arguments.dataset), scripting.read_npz(arguments.full_batch)
    inputs, weights = data["inputs"], run["initial_weights"]
    hidden = np.maximum(inputs @ weights.T, 0)
    residual = data["labels"] - hidden @ run["output_weights"] / np.sqrt(len(weights))
    kernels = {"initial": gram.h_finite(inputs, weights), "infinite": gram.h_infinity(inputs)}
    predictions = {
        name: bounds.frozen_kernel_loss(kernel, residual, run["time"])
        for name, kernel in kernels.items()
    }
    scripting.write_npz(arguments.output, time=run["time"], **predictions)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz")
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--output", default="results/frozen_kernel.npz")
    scripting.run(main, parser.parse_args())
