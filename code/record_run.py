"""A training run as a row for good: data/wide/<run>.csv, data/convergence/<run>.csv.

The run must know where it comes from (`train_network.py --origin`).
"""

from pathlib import Path

import files
import origin
import scripting
from overparam import dataset
from studies import convergence, width

# Study → the function that makes its row.
STUDIES = {"width": width.record, "convergence": convergence.table_row}
# Steps after which a record has the loss, so that a test can take them again.
REPLAYED = (1, 2, 5, 10, 20)
# What a run tells about its origin.
ORIGIN = ("command", "commit", "device", "versions", "date")


def main(arguments):
    run, data = files.read_npz(arguments.run), files.read_npz(arguments.dataset)
    lambda_zero = files.read_csv(arguments.eigenvalues)[0]["lambda_min"]
    row = {
        **STUDIES[arguments.study](Path(arguments.run).stem, run, data, lambda_zero),
        **{f"loss_{step}": float(run["loss"][step]) for step in REPLAYED},
        **{name: str(run[name]) for name in ORIGIN},
        "data": dataset.digest(data["inputs"], data["labels"]),
        "configuration": origin.digest(arguments.config.encode()),
    }
    files.write_csv(arguments.output, [row])


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--run", required=True, help="results/<study>/<run>.npz")
    parser.add_argument("--study", choices=STUDIES, default="width", help="the study of the run")
    parser.add_argument("--dataset", default="results/dataset.npz", help="the samples")
    parser.add_argument("--eigenvalues", default="results/h_infinity.csv", help="the row of H^inf")
    parser.add_argument("--config", default="", help="the configuration, as text")
    parser.add_argument("--output", required=True, help="the file to write")
    scripting.run(main, parser.parse_args())
