"""Try to prove that every sliding flow from stored weights converges to zero loss.

Reads weights and data alone: of the weights' npz the arrays final_weights (m, d) and
output_weights (m,), and, where they are there, samples (the rows of the data that count) and
targets.  Report: `thm:a-posteriori`, `sec:certificate`.
"""

import sys

import numpy as np

import files
import scripting
from overparam import convergence
from studies.convergence import digest

WEIGHTS = ("final_weights", "output_weights")


def main(arguments):
    inputs, targets, weights, signs = read(arguments)
    try:
        verdict = convergence.certify(inputs, targets, weights, signs)
    except ValueError as error:
        raise ValueError(f"{arguments.weights}, on {arguments.dataset}: {error}") from error
    print(f"{arguments.weights}, weights {digest(weights, signs)}, {len(inputs)} samples")
    print(f"residual  ||y - u||    at most   {verdict.residual}")
    print(f"radius    rho                    {verdict.radius}")
    print(f"near      share of pairs         {verdict.near}")
    print(f"coercive  Lambda       at least  {verdict.coercivity}")
    if verdict.holds:
        print(f"needed    ||X|| ||y - u||/(sqrt(m) Lambda) = {verdict.needed} < rho")
        print("proved: every sliding flow from these weights converges to zero loss")
        return
    sys.stdout.flush()
    raise ValueError(reason(verdict))


def read(arguments):
    """Inputs, targets, weights and output weights, as `certify` takes them."""
    data, run = files.read_npz(arguments.dataset), files.read_npz(arguments.weights)
    for name in WEIGHTS:
        if name not in run:
            raise ValueError(f"{arguments.weights} has no {name}; needed are {', '.join(WEIGHTS)}")
    samples = run.get("samples", np.arange(len(data["inputs"])))
    try:
        inputs, labels = data["inputs"][samples], data["labels"][samples]
    except IndexError as error:
        raise ValueError(
            f"{arguments.weights}: samples are not those of {arguments.dataset} ({error}); allowed"
            f" are integers below {len(data['inputs'])}"
        ) from error
    targets = run.get("targets", labels).astype(np.float64)
    return inputs, targets, *(run[name] for name in WEIGHTS)


def reason(verdict):
    """Which condition fails, and by how much."""
    if not verdict.coercivity:
        return (
            f"not proved: no positive Lambda is left at the radius {verdict.radius:.3g}, where"
            f" {verdict.near:.1%} of the pairs are near their kinks; train on, until the residual"
            f" is smaller than {verdict.residual:.3g}"
        )
    return (
        f"not proved: the radius {verdict.radius:.3g} asks for {verdict.needed:.3g}, a factor of"
        f" {verdict.needed / verdict.radius:.3g} too much"
    )


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz", help="the samples")
    parser.add_argument(
        "--weights",
        default="results/convergence/assigned.npz",
        help="the run whose last weights are judged",
    )
    return parser


if __name__ == "__main__":
    scripting.run(main, make_parser().parse_args())
