"""Train a network with SGD and MSE: results/training_*.npz and the runs of the studies.

Full batches, the notebook's cyclic batches (--batch-size), or the full batch of each stage in turn
(--stages: digit 0, then 0 and 1, and so on).  With --probes the run is measured on its way.
"""

import numpy as np
import torch

import scripting
from overparam import bounds, digits, gram, probe
from overparam.network import TwoLayerNetwork
from overparam.training import cyclic_batches, stage_batches, stage_indices, train_model

# A day of the fastest steps; a list of their losses still fits into memory.
MOST_STEPS = 10**8


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
    """The batches of the stages (rows of stages.csv), steps each; and as in whole_schedule.

    The labels must ascend: a stage's samples are then neighbours, which makes its gradients cheap.
    """
    sizes = [len(stage_indices(labels, int(row["stage"]))) for row in stages]
    lengths = np.repeat([1 / size for size in sizes], steps)
    return stage_batches([slice(0, size) for size in sizes], steps), lengths


def pace(arguments, limit, n):
    """Learning rate and number of steps; --refine k takes k times the steps, each k times shorter.

    With --flow-time the steps are as many as reach it at the unrefined learning rate.
    """
    learning_rate = arguments.learning_rate_fraction * limit
    steps = arguments.steps
    if arguments.flow_time:
        step = float(bounds.flow_time(1, learning_rate, n))
        steps = round(arguments.flow_time / step)
        if not steps:
            raise ValueError(
                f"the flow time {arguments.flow_time} is less than half a step; allowed is at least"
                f" {step:.3g}, the step at this learning rate"
            )
    if steps * arguments.refine > MOST_STEPS:
        raise ValueError(
            f"the run would take {steps * arguments.refine:.3g} steps; allowed are at most"
            f" {MOST_STEPS}: a shorter flow time, a larger learning rate or a smaller refinement"
        )
    return learning_rate / arguments.refine, steps * arguments.refine


def make_network(arguments, input_size):
    dtype = torch.float32 if arguments.single else torch.float64
    generator = np.random.default_rng(arguments.seed)
    return TwoLayerNetwork(
        input_size, arguments.width, generator, train_output=arguments.both_layers, dtype=dtype
    )


def make_probe(arguments, network, inputs, targets, steps):
    """The probe that --probes asks for, or None."""
    if not arguments.probes:
        return None
    starts = probe.window_starts(steps, arguments.probes, arguments.window)
    return probe.Probe(network, inputs, targets, starts, arguments.window, arguments.both_layers)


def measurements(observer, inputs):
    """What a probe found, and how far H(0) is from H^∞."""
    difference = observer.initial_gram() - gram.h_infinity(inputs)
    return observer.results() | {"initial_gram_error": probe.spectral_norm(difference)}


def weights_record(arguments, network, initial):
    """Weights before and after, unless the run is one of many."""
    if arguments.flow_time:
        return {}
    return {
        "initial_weights": initial,
        "final_weights": network.weights.detach().numpy(),
        "output_weights": network.output_weights.detach().numpy(),
    }


def main(arguments):
    data = scripting.read_npz(arguments.dataset)
    inputs, labels = data["inputs"], data["labels"]
    targets = digits.targets(labels, arguments.targets, arguments.targets_seed)
    if arguments.stages:
        order = np.argsort(labels, kind="stable")
        inputs, labels, targets = inputs[order], labels[order], targets[order]
    lambda_max = float(scripting.read_csv(arguments.eigenvalues)[0]["lambda_max"])
    limit = bounds.stability_limit(len(inputs), lambda_max)
    learning_rate, steps = pace(arguments, limit, len(inputs))
    if arguments.stages:
        stages = scripting.read_csv(arguments.stages)
        check_limits(learning_rate, stages)
        batches, lengths = stage_schedule(labels, stages, steps)
    else:
        batches, lengths = whole_schedule(len(inputs), arguments.batch_size or len(inputs), steps)
    network = make_network(arguments, inputs.shape[1])
    initial = network.weights.detach().numpy().copy()
    observer = make_probe(arguments, network, inputs, targets, len(lengths))
    batches = scripting.progress(batches, len(lengths))
    run = (network, inputs, targets, batches, learning_rate, limit)
    batch_loss, loss = train_model(*run, *([observer] if observer else []))
    record = {
        "step": np.arange(len(loss)),
        "time": np.concatenate([[0], np.cumsum(2 * learning_rate * lengths)]),
        "width": arguments.width,
        "seed": arguments.seed,
        "learning_rate": learning_rate,
        "stability_limit": limit,
    }
    record |= weights_record(arguments, network, initial)
    record |= measurements(observer, inputs) if observer else {}
    if arguments.stages:
        stage = np.repeat([int(row["stage"]) for row in stages], steps)
        record |= {"stage": np.append(stage, stage[-1]), "loss_stage": batch_loss, "loss_all": loss}
    else:
        record |= {"loss": loss}
    scripting.write_npz(arguments.output, **record)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--stages", help="results/stages.csv; default: no stages")
    parser.add_argument("--targets", choices=digits.KINDS, default="digits")
    parser.add_argument("--targets-seed", type=int, default=0, help="order of shuffled targets")
    parser.add_argument("--width", type=int, default=1000, help="hidden units m")
    parser.add_argument("--seed", type=int, default=1, help="seed of the network")
    parser.add_argument("--both-layers", action="store_true", help="train the output weights too")
    parser.add_argument("--single", action="store_true", help="single precision")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=10000, help="steps, in each stage if any")
    length.add_argument("--flow-time", type=float, help="time to reach; weights are not stored")
    parser.add_argument("--batch-size", type=int, help="default: all samples")
    parser.add_argument(
        "--learning-rate-fraction",
        type=float,
        default=0.25,
        help="learning rate as a fraction of the stability limit n/lambda_max",
    )
    parser.add_argument("--refine", type=int, default=1, help="divide each step into that many")
    parser.add_argument("--probes", type=int, help="windows in which the run is measured")
    parser.add_argument("--window", type=int, default=1, help="steps in a window")
    parser.add_argument("--output", required=True)
    return parser


if __name__ == "__main__":
    scripting.run(main, make_parser().parse_args())
