"""Generate the MNIST-1D samples, scaled to unit length: results/dataset.npz."""

import files
import scripting
from overparam import dataset


def main(arguments):
    inputs, labels = dataset.generate(arguments.samples, arguments.seed)
    files.write_npz(arguments.output, inputs=inputs, labels=labels)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--samples", type=int, default=500, help="a multiple of 10")
    parser.add_argument("--seed", type=int, default=42, help="seed of the samples")
    parser.add_argument("--output", default="results/dataset.npz", help="the file to write")
    scripting.run(main, parser.parse_args())
