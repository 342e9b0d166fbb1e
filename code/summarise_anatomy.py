"""Numbers of the anatomy of the full-batch run: report/generated/anatomy.tex."""

import math

import numpy as np

import scripting
from overparam import bounds, latex


def first_time(time, condition):
    """LaTeX of the first time (k,) at which the condition (k,) holds, or the word `never`."""
    return latex.number(time[np.argmax(condition)]) if condition.any() else "never"


def numbers(run, frozen, lambda_zero, window):
    """name → LaTeX of every number that the text quotes; rates are of the loss, in flow time."""
    start = run["probe_step"]
    rate = bounds.decay_rate(run["loss"], run["time"], start, window)
    late = slice(len(start) // 2, None)
    sliding_error = np.abs(2 * run["probe_sliding_rayleigh"] / rate - 1)[late]
    indicator_error = (2 * run["probe_rayleigh"] / rate)[late]
    below = run["probe_sliding_lambda_min"] < lambda_zero / 2
    time = run["time"][start]
    return {
        "probes": latex.number(len(start)),
        "window": latex.number(window),
        "rate-end": latex.number(rate[-1]),
        "rate-indicator-end": latex.number(2 * run["probe_rayleigh"][-1]),
        "rate-indicator-smallest": latex.number(2 * run["probe_rayleigh"].min()),
        "rate-sliding-end": latex.number(2 * run["probe_sliding_rayleigh"][-1]),
        "rate-sliding-error": latex.number(100 * sliding_error.max(), 2),
        "rate-indicator-factor": latex.number(indicator_error.max(), 2),
        "rate-below-bound-time": first_time(time, rate < lambda_zero),
        "lambda-min-end": latex.number(run["probe_lambda_min"][-1]),
        "sliding-below-half-time": first_time(time, below),
        "sliding-lambda-min-end": latex.number(run["probe_sliding_lambda_min"][-1]),
        "flipped-end": latex.number(100 * run["probe_flipped"][-1]),
        "sliding-end": latex.number(100 * run["probe_sliding"][-1]),
        "distance-median-end": latex.number(run["probe_distance_median"][-1]),
        "no-flip-probability-median-end": latex.number(
            math.erfc(run["probe_distance_median"][-1] / math.sqrt(2)), 1
        ),
        "loss-over-frozen-end": latex.number(run["loss"][-1] / frozen["initial"][-1]),
    }


def main(arguments):
    run, frozen = scripting.read_npz(arguments.full_batch), scripting.read_npz(arguments.frozen)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    values = numbers(run, frozen, lambda_zero, arguments.window)
    scripting.write_text(arguments.numbers, latex.results(values))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--frozen", default="results/frozen_kernel.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--window", type=int, default=100, help="steps in a window of the run")
    parser.add_argument("--numbers", default="report/generated/anatomy.tex")
    scripting.run(main, parser.parse_args())
