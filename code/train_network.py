"""Train a network with SGD and MSE: results/training_*.npz and the runs of the studies.

Full batches, the notebook's cyclic batches (--batch-size), or the full batch of each stage in turn
(--stages: digit 0, then 0 and 1, and so on).  With --probes the run is measured on its way.
"""

import numpy as np
import torch

import files
import origin
import scripting
from overparam import bounds, convergence, device, digits, gram, probe
from overparam.batches import cyclic_batches, stage_batches, stage_indices
from overparam.network import SmoothNetwork, TwoLayerNetwork
from overparam.training import DivergenceError, train_model
from overparam.watch import ConvergenceWatch, KinkWatch, LambdaMinWatch

# A day of the fastest steps; a list of their losses still fits into memory.
MOST_STEPS = 10**8


def check_limits(learning_rate, stages):
    """Raise ValueError when a stage's own stability limit is not above the learning rate."""
    for stage in stages:
        if learning_rate >= (limit := stage["stability_limit"]):
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
    sizes = [len(stage_indices(labels, row["stage"])) for row in stages]
    lengths = np.repeat([1 / size for size in sizes], steps)
    return stage_batches([slice(0, size) for size in sizes], steps), lengths


def steps_to(flow_time, fraction, lambda_max):
    """Number of steps that come nearest to a flow time.

    Raises:
        ValueError: none does; the message names the shortest time that is allowed.
    """
    steps = round(bounds.flow_steps(flow_time, fraction, lambda_max))
    if not steps:
        raise ValueError(
            f"the flow time {flow_time} is less than half a step; allowed is at least"
            f" {2 * fraction / lambda_max:.3g}, the step at this learning rate"
        )
    return steps


def refined(learning_rate, steps, refine):
    """Learning rate and number of steps where each step is divided into `refine`.

    Raises:
        ValueError: the run would have no end.
    """
    if steps * refine > MOST_STEPS:
        raise ValueError(
            f"the run would take {steps * refine:.3g} steps; allowed are at most"
            f" {MOST_STEPS}: a shorter flow time, a larger learning rate or a smaller refinement"
        )
    return learning_rate / refine, steps * refine


def run_length(arguments, limit, lambda_max):
    """Learning rate; SGD steps (in each stage, if any) in which the run is measured; and those that
    it takes at most.

    Args:
        arguments: as in `main`.
        limit: n/λ_max on all samples, of which the learning rate is a fraction.
        lambda_max: λ_max, smaller in proportion where the run has only some of the samples: its
            steps are longer.
    """
    fraction, refine = arguments.learning_rate_fraction, arguments.refine
    measured = arguments.steps
    if arguments.flow_time:
        measured = steps_to(arguments.flow_time, fraction, lambda_max)
    learning_rate, measured = refined(fraction * limit, measured, refine)
    if not arguments.follow:
        return learning_rate, measured, measured
    _, longest = refined(fraction * limit, steps_to(arguments.follow, fraction, lambda_max), refine)
    return learning_rate, measured, max(measured, longest)


def initial_gram_error(observer, inputs):
    """How far the H(0) of a probe is from H^∞."""
    difference = observer.initial_gram() - gram.h_infinity(inputs)
    return {"initial_gram_error": probe.spectral_norm(difference)}


def weights_record(network, initial):
    """Weights before and after."""
    return {
        "initial_weights": initial,
        "final_weights": device.host(network.weights),
        "output_weights": device.host(network.output_weights),
    }


def read_data(arguments):
    """Inputs, labels and targets of the samples that are asked for, ordered by digit where the
    stages want it; and the places of these samples in the data."""
    data = files.read_npz(arguments.dataset)
    inputs, labels = data["inputs"], data["labels"]
    targets = digits.targets(labels, arguments.targets, arguments.targets_seed) + arguments.shift
    samples = np.flatnonzero(labels < arguments.digits)
    if not len(samples):
        raise ValueError(
            f"{arguments.dataset}: no sample has a digit below {arguments.digits}; allowed is more"
            f" than {labels.min()}, the smallest"
        )
    if arguments.stages:
        samples = samples[np.argsort(labels[samples], kind="stable")]
    return inputs[samples], labels[samples], targets[samples], samples


def losses_record(before, after, loss, stages, steps):
    """The losses of `train_model`; with stages (rows of stages.csv, steps each) also the stage of
    each step, the loss on its samples before it, and that at the end of each stage."""
    if not stages:
        return {"loss": loss}
    stage = np.repeat([row["stage"] for row in stages], steps)
    ends = after[steps - 1 :: steps]
    return {"stage": stage, "loss_stage": before, "stage_end_loss": ends, "loss_all": loss}


def above_bound(lambda_zero, time, first):
    """A function of the losses so far: whether the last exceeds the bound, after step `first`.

    Args:
        time: flow time after each step, (steps + 1,).
    """

    def stop(loss):
        if len(loss) <= first + 1:
            return False
        return loss[-1] > bounds.convergence_bound(loss[0], lambda_zero, time[len(loss) - 1])

    return stop


def proved(watch, samples, bound=None):
    """A function of the losses so far: whether the last look of a ConvergenceWatch, after the last
    step, proved convergence; and, where a bound is given, whether it is known if it is kept.

    Args:
        samples: n.
        bound: λ0 and the flow time after each step, (steps + 1,), or None.
    """

    def stop(loss):
        last = len(loss) - 1
        if not (watch.looks_at(last) and watch.verdict.holds):
            return False
        if not bound:
            return True
        lambda_zero, time = bound
        allowed = bounds.convergence_bound(loss[0], lambda_zero, time[: last + 1])
        if bounds.first_crossing(loss, allowed) is not None:
            return True
        return convergence.keeps_bound(watch.verdict, samples, allowed[-1], lambda_zero)

    return stop


def make_network(samples, input_size, arguments):
    """The network that the options ask for, as drawn or with the weights that a run ended with."""
    dtype = torch.float32 if arguments.single else torch.float64
    place = device.place(arguments.device)
    sizes = samples, arguments.width, input_size, torch.empty(0, dtype=dtype, device=place)
    device.check_memory(device.free_memory(place), *sizes, bool(arguments.probes))
    generator = np.random.default_rng(arguments.seed)
    options = input_size, arguments.width, generator, arguments.both_layers, dtype, place
    if arguments.softplus:
        network = SmoothNetwork(*options, sharpness=arguments.softplus)
    else:
        network = TwoLayerNetwork(*options)
    if arguments.start:
        put_weights(network, arguments.start)
    return network


@torch.no_grad()
def put_weights(network, path):
    """Give the network the weights with which the run in `path` ended.

    Raises:
        ValueError: they are of another network.
    """
    run = files.read_npz(path)
    for name, parameter in [
        ("final_weights", network.weights),
        ("output_weights", network.output_weights),
    ]:
        if run[name].shape != tuple(parameter.shape):
            raise ValueError(
                f"{path}: {name} has the shape {run[name].shape}; the network to go on with has"
                f" {tuple(parameter.shape)}"
            )
        parameter.copy_(torch.from_numpy(run[name]))


def make_observers(arguments, network, inputs, targets, steps, step, threshold):
    """What measures the network on its way.

    Args:
        arguments, network, inputs, targets: as in `main`.
        steps: SGD steps in which it measures.
        step: length of one in flow time.
        threshold: λ0/2.
    """
    observers = []
    if arguments.probes:
        starts = probe.window_starts(steps, arguments.probes, arguments.window)
        if arguments.softplus:
            observers += [probe.SlopeProbe(network, inputs, targets, starts)]
        else:
            options = arguments.both_layers, step if arguments.project else None
            windows = starts, arguments.window
            observers += [probe.Probe(network, inputs, targets, *windows, *options)]
    if arguments.watch:
        observers += [LambdaMinWatch(network, inputs, threshold, arguments.watch)]
    if arguments.kinks:
        observers += [KinkWatch(network, inputs, steps // 2)]
    if arguments.certify:
        observers += [ConvergenceWatch(network, inputs, targets, arguments.certify, step)]
    return observers


def main(arguments):
    inputs, labels, targets, samples = read_data(arguments)
    n, infinite = len(inputs), files.read_csv(arguments.eigenvalues)[0]
    limit = bounds.stability_limit(infinite["n"], infinite["lambda_max"])
    lambda_max = infinite["lambda_max"] * (n / infinite["n"])
    learning_rate, measured, steps = run_length(arguments, limit, lambda_max)
    stages = files.read_csv(arguments.stages) if arguments.stages else []
    check_limits(learning_rate, stages)
    if stages:
        batches, lengths = stage_schedule(labels, stages, steps)
    else:
        batches, lengths = whole_schedule(n, arguments.batch_size or n, steps)
    time = np.concatenate([[0], np.cumsum(2 * learning_rate * lengths)])
    network = make_network(*inputs.shape, arguments)
    initial = device.host(network.weights).copy()
    observed = measured * max(1, len(stages)), time[1], infinite["lambda_min"] / 2
    observers = make_observers(arguments, network, inputs, targets, *observed)
    options = {"observe": lambda step: [observe(step) for observe in observers]}
    if arguments.follow:
        options["stop"] = above_bound(infinite["lambda_min"], time, measured)
    if arguments.certify:
        settled = (infinite["lambda_min"], time) if arguments.settle else None
        options["stop"] = proved(observers[-1], n, settled)
    batches = scripting.progress(batches, len(lengths))
    try:
        losses = train_model(network, inputs, targets, batches, learning_rate, limit, **options)
    except DivergenceError as error:
        raise DivergenceError(f"{arguments.output}: {error}") from error
    done = len(losses[-1])
    record = {
        "step": np.arange(done),
        "time": time[:done],
        "width": arguments.width,
        "seed": arguments.seed,
        "learning_rate": learning_rate,
        "stability_limit": limit,
    }
    # The runs of the studies are many, and keep no weights; a proof is about these.
    if arguments.certify or not arguments.flow_time:
        record |= weights_record(network, initial)
    record |= {"samples": samples, "targets": targets} if arguments.certify else {}
    record |= {"measured_steps": measured} if arguments.follow else {}
    record |= {"softplus": arguments.softplus} if arguments.softplus else {}
    if arguments.origin:
        record |= origin.of_run(arguments.device)
    for observer in observers:
        record |= observer.results()
    if arguments.probes and not arguments.softplus:
        record |= initial_gram_error(observers[0], inputs)
    files.write_npz(arguments.output, **record, **losses_record(*losses, stages, steps))


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--dataset", default="results/dataset.npz", help="the samples")
    parser.add_argument("--eigenvalues", default="results/h_infinity.csv", help="the row of H^inf")
    parser.add_argument("--stages", help="results/stages.csv; default: no stages")
    parser.add_argument(
        "--targets", choices=digits.KINDS, default="digits", help="kind of the targets"
    )
    parser.add_argument("--targets-seed", type=int, default=0, help="order of shuffled targets")
    parser.add_argument("--width", type=int, default=1000, help="hidden units m")
    parser.add_argument("--seed", type=int, default=1, help="seed of the network")
    parser.add_argument("--shift", type=float, default=0.0, help="is added to the targets")
    parser.add_argument("--digits", type=int, default=10, help="train on the digits below this one")
    parser.add_argument("--start", help="go on with the weights that this run ended with")
    parser.add_argument("--softplus", type=float, help="sharpness of a smooth activation")
    parser.add_argument("--both-layers", action="store_true", help="train the output weights too")
    parser.add_argument("--single", action="store_true", help="single precision")
    parser.add_argument(
        "--device", choices=device.NAMES, default="cpu", help="where the network is trained"
    )
    parser.add_argument(
        "--origin", action="store_true", help="store command, commit, machine, versions and date"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=10000, help="steps, in each stage if any")
    length.add_argument(
        "--flow-time", type=float, help="time to reach; stores weights with --certify only"
    )
    parser.add_argument(
        "--follow",
        type=float,
        help="go on after that until the loss exceeds its bound, at most to this time",
    )
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
    parser.add_argument(
        "--watch", type=int, help="look every so many steps whether lambda_min(H) is below half"
    )
    parser.add_argument(
        "--project", action="store_true", help="the probes measure the sliding kernel too"
    )
    parser.add_argument(
        "--kinks", action="store_true", help="count changes of patterns in the second half"
    )
    parser.add_argument(
        "--certify",
        type=int,
        help="try after every so many steps to prove convergence from there, and stop when proved",
    )
    parser.add_argument(
        "--settle",
        action="store_true",
        help="stop only when it is known too whether the loss ever exceeds its bound",
    )
    parser.add_argument("--output", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    scripting.run(main, make_parser().parse_args())
