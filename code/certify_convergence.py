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


def main(arguments):
    data, run = files.read_npz(arguments.dataset), files.read_npz(arguments.weights)
    samples = run.get("samples", np.arange(len(data["inputs"])))
    targets = run.get("targets", data["labels"][samples]).astype(np.float64)
    weights, signs = run["final_weights"], run["output_weights"]
    if weights.dtype != np.float64:
        raise ValueError(f"{arguments.weights}: the weights are {weights.dtype}, not float64")
    verdict = convergence.certify(data["inputs"][samples], targets, weights, signs)
    print(f"{arguments.weights}, weights {digest(weights, signs)}, {len(samples)} samples")
    print(f"residual  ||y - u||    at most   {verdict.residual:.4g}")
    print(f"radius    rho                    {verdict.radius:.4g}")
    print(f"near      share of pairs         {verdict.near:.4g}")
    print(f"coercive  Lambda       at least  {verdict.coercivity:.4g}")
    if verdict.holds:
        print(f"needed    ||X|| ||y - u||/(sqrt(m) Lambda) = {verdict.needed:.4g} < rho")
        print("proved: every sliding flow from these weights converges to zero loss")
        return
    sys.stdout.flush()
    raise ValueError(reason(verdict))


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
    parser.add_argument("--dataset", default="results/dataset.npz")
    parser.add_argument("--weights", default="results/convergence/assigned.npz")
    return parser


if __name__ == "__main__":
    scripting.run(main, make_parser().parse_args())
