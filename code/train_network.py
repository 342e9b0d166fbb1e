"""Train a network with SGD and MSE, on all samples or stage by stage: results/training_*.npz.

With --batch-size the notebook's cyclic batches, without it full batches; with --stages the full
batch of each stage in turn: digit 0, then 0 and 1, and so on.
"""

import numpy as np

import scripting
from overparam import bounds
from overparam.network import TwoLayerNetwork
from overparam.training import cyclic_batches, stage_batches, stage_indices, train_model


def check_limits(learning_rate, stages):
    """Raise ValueError when a stage's own stability limit is not above the learning rate."""
    for stage in stages:
        if learning_rate >= (limit := float(stage["stability_limit"])):
            raise ValueError(
                f"learning rate {learning_rate:.4g} is not below the stability limit of stage"
                f" {stage['stage']}; allowed is less than {limit:.4g}"
            )


def whole_schedule(n, batch_size, steps):
    """The batches on all n samples, and the length of each step in units of 2η."""
    return cyclic_batches(n, batch_size, steps), np.full(steps, 1 / n)


def stage_schedule(labels, stages, steps):
    """The batches of the stages (rows of stages.csv), steps each; and as in whole_schedule."""
    indices = [stage_indices(labels, int(row["stage"])) for row in stages]
    sizes = np.repeat([1 / len(chosen) for chosen in indices], steps)
    return stage_batches(indices, steps), sizes


def main(arguments):
    data = scripting.read_npz(arguments.dataset)
    inputs, targets = data["inputs"], data["labels"].astype(np.float64)
    lambda_max = float(scripting.read_csv(arguments.eigenvalues)[0]["lambda_max"])
    limit = bounds.stability_limit(len(inputs), lambda_max)
    learning_rate = arguments.learning_rate_fraction * limit
    if arguments.stages:
        stages = scripting.read_csv(arguments.stages)
        check_limits(learning_rate, stages)
        batches, lengths = stage_schedule(data["labels"], stages, arguments.steps)
    else:
        batch_size = arguments.batch_size or len(inputs)
        batches, lengths = whole_schedule(len(inputs), batch_size, arguments.steps)
    network = TwoLayerNetwork(
        inputs.shape[1], arguments.width, np.random.default_rng(arguments.seed)
    )
    initial = network.weights.detach().numpy().copy()
    batch_loss, loss = train_model(
        network,
        inputs,
        targets,
        scripting.progress(batches, len(lengths)),
        learning_rate,
        limit,
    )
    record = {
        "step": np.arange(len(loss)),
        "time": np.concatenate([[0], np.cumsum(2 * learning_rate * lengths)]),
        "initial_weights": initial,
        "final_weights": network.weights.detach().numpy(),
        "output_weights": network.output_weights.detach().numpy(),
        "learning_rate": learning_rate,
        "stability_limit": limit,
    }
    if arguments.stages:
        stage = np.repeat([int(row["stage"]) for row in stages], arguments.steps)
        record |= {"stage": np.append(stage, stage[-1]), "loss_stage": batch_loss, "loss_all": loss}
    else:
        record |= {"loss": loss}
    scripting.write_npz(arguments.output, **record)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--stages", help="results/stages.csv; default: no stages")
    parser.add_argument("--width", type=int, default=1000, help="hidden units m")
    parser.add_argument("--seed", type=int, default=1, help="seed of the network")
    parser.add_argument("--steps", type=int, default=10000, help="steps, in each stage if any")
    parser.add_argument("--batch-size", type=int, help="default: all samples")
    parser.add_argument(
        "--learning-rate-fraction",
        type=float,
        default=0.25,
        help="learning rate as a fraction of the stability limit n/lambda_max",
    )
    parser.add_argument("--output", required=True)
    scripting.run(main, parser.parse_args())
