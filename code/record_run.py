"""A training run of the width study as a row for good: data/wide/<run>.csv.

The run must know where it comes from (`train_network.py --origin`).
"""

import files
import origin
import scripting
from overparam import dataset
from studies import wide


def main(arguments):
    run, data = files.read_npz(arguments.run), files.read_npz(arguments.dataset)
    lambda_zero = files.read_csv(arguments.eigenvalues)[0]["lambda_min"]
    digests = {
        "data": dataset.digest(data["inputs"], data["labels"]),
        "configuration": origin.digest(arguments.config.encode()),
    }
    row = wide.record(run, lambda_zero) | digests
    files.write_csv(arguments.output, [row])


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--run", required=True, help="results/width/<run>.npz")
    parser.add_argument("--dataset", default="results/dataset.npz", help="the samples")
    parser.add_argument("--eigenvalues", default="results/h_infinity.csv", help="the row of H^inf")
    parser.add_argument("--config", default="", help="the configuration, as text")
    parser.add_argument("--output", required=True, help="the file to write")
    scripting.run(main, parser.parse_args())
