"""Frequency of the event A_ir of Lemma 3.2 over initialisations: results/flip_event.csv."""

import numpy as np

import scripting
from overparam import bounds
from overparam.network import TwoLayerNetwork


def preactivations(inputs, width, seed):
    """w_r(0)ᵀx_i of the network that `seed` initialises, (n·m,)."""
    network = TwoLayerNetwork(inputs.shape[1], width, np.random.default_rng(seed))
    return (inputs @ network.weights.detach().numpy().T).ravel()


def row(radius, frequencies):
    """One radius: mean frequency over the networks, its standard error, law and bound."""
    return {
        "radius": radius,
        "frequency": float(np.mean(frequencies)),
        "standard_error": float(np.std(frequencies, ddof=1) / np.sqrt(len(frequencies))),
        "probability": float(bounds.flip_probability(radius)),
        "bound": float(bounds.flip_probability_bound(radius)),
    }


def main(arguments):
    inputs = scripting.read_npz(arguments.dataset)["inputs"]
    counts = []
    for seed in scripting.progress(range(arguments.networks), arguments.networks, unit="network"):
        z = preactivations(inputs, arguments.width, arguments.seed + seed)
        counts.append([np.mean((-radius <= z) & (z < radius)) for radius in arguments.radii])
    rows = [row(radius, f) for radius, f in zip(arguments.radii, np.transpose(counts), strict=True)]
    scripting.write_csv(arguments.output, rows)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz")
    parser.add_argument("--width", type=int, default=1000, help="hidden units m")
    parser.add_argument("--seed", type=int, default=1000, help="seed of the first network")
    parser.add_argument("--networks", type=int, default=50, help="at least 2")
    parser.add_argument("--radii", type=float, nargs="+", default=[0.001, 0.01, 0.1, 1.0])
    parser.add_argument("--output", default="results/flip_event.csv")
    scripting.run(main, parser.parse_args())
