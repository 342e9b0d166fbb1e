"""Numbers of the training section: report/generated/training.tex."""

import scripting
from overparam import bounds, latex


def crossing(run, lambda_zero):
    """Flow time and step of the first crossing, or the word `never` twice."""
    index = bounds.run_crossing(run, lambda_zero)
    if index is None:
        return "never", "never"
    return latex.number(run["time"][index], 4), latex.number(int(run["step"][index]))


def numbers(full, mini, lambda_zero, fraction, batch_size):
    """name → LaTeX of every number that the text quotes."""
    bound = bounds.convergence_bound(full["loss"][0], lambda_zero, full["time"])
    full_time, full_step = crossing(full, lambda_zero)
    mini_time, mini_step = crossing(mini, lambda_zero)
    return {
        "steps": latex.number(int(full["step"][-1])),
        "batch-size": latex.number(batch_size),
        "learning-rate-fraction": latex.number(fraction, 2),
        "learning-rate": latex.number(float(full["learning_rate"]), 4),
        "flow-time-step": latex.number(full["time"][1]),
        "flow-time-end": latex.number(full["time"][-1], 4),
        "loss-initial": latex.number(full["loss"][0]),
        "loss-full-end": latex.number(full["loss"][-1]),
        "loss-mini-end": latex.number(mini["loss"][-1]),
        "bound-end": latex.number(bound[-1]),
        "loss-full-over-bound-end": latex.number(full["loss"][-1] / bound[-1]),
        "loss-mini-over-bound-end": latex.number(mini["loss"][-1] / bound[-1]),
        "crossing-full-time": full_time,
        "crossing-full-step": full_step,
        "crossing-mini-time": mini_time,
        "crossing-mini-step": mini_step,
    }


def main(arguments):
    full, mini = scripting.read_npz(arguments.full_batch), scripting.read_npz(arguments.mini_batch)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    values = numbers(
        full, mini, lambda_zero, arguments.learning_rate_fraction, arguments.batch_size
    )
    scripting.write_text(arguments.numbers, latex.results(values))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--mini-batch", default="results/training_mini_batch.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--learning-rate-fraction", type=float, default=0.25)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--numbers", default="report/generated/training.tex")
    scripting.run(main, parser.parse_args())
