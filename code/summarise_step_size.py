"""Numbers of the step study: report/generated/step_size.tex."""

import numpy as np

import scripting
from overparam import bounds, latex


def numbers(rows, single, double, full_batch, eigenvalues):
    """name → LaTeX of every number that the text quotes.

    Args:
        rows: of step_size.csv.
        single, double: the same run in single and in double precision.
        full_batch: the run that the discrete bound is set against.
        eigenvalues: first row of eigenvalues.csv.

    Raises:
        ValueError: two refinements give the same losses, so that no order can be fitted.
    """
    h = np.array([float(row["time_step"]) for row in rows])
    largest = np.array([float(row["difference_largest"]) for row in rows])
    if not (largest > 0).all():
        raise ValueError(
            "two refinements give the same losses to the last bit; the step study needs a longer"
            " step_study.flow_time or a larger training.learning_rate_fraction"
        )
    precision = np.abs(np.log(single["loss"] / double["loss"]))
    first, lambda_zero, n = rows[0], float(eigenvalues["lambda_min"]), int(eigenvalues["n"])
    time_step, step = full_batch["time"][1], full_batch["step"][-1]
    bound = bounds.discrete_bound(full_batch["loss"][0], lambda_zero, time_step, step)
    # The longer step of the other studies against that of the full-batch run, at the same time.
    expected = np.interp(double["time"][-1], full_batch["time"], np.log(full_batch["loss"]))
    crossing = bounds.run_crossing(double, lambda_zero)
    return {
        "long-step-ratio": latex.number(double["time"][1] / time_step, 2),
        "long-step-difference": latex.number(
            100 * abs(double["loss"][-1] / np.exp(expected) - 1), 2
        ),
        "long-step-crossing": (
            "never" if crossing is None else latex.number(double["time"][crossing], 4)
        ),
        "long-step-lambda-min": latex.number(single["probe_lambda_min"].min()),
        "steps-compared": latex.number(len(rows) + 1),
        "step-longest": latex.number(h[0]),
        "step-order": latex.number(np.polyfit(np.log(h), np.log(largest), 1)[0], 2),
        "step-difference-largest": latex.number(100 * largest[0], 2),
        "step-difference-end": latex.number(100 * float(first["difference_end"]), 2),
        "bound-at-study-end": latex.number(float(first["bound_end"]), 4),
        "discrete-bound-at-study-end": latex.number(float(first["discrete_bound_end"]), 4),
        "discrete-bound-end": latex.number(bound),
        "step-over-theorem": latex.number(time_step * n**2 / lambda_zero),
        "precision-difference": latex.number(100 * precision.max(), 2),
        "precision-time": latex.number(double["time"][-1], 3),
    }


def main(arguments):
    paths = (arguments.single, arguments.double, arguments.full_batch)
    runs = map(scripting.read_npz, paths)
    eigenvalues = scripting.read_csv(arguments.eigenvalues)[0]
    values = numbers(scripting.read_csv(arguments.step_size), *runs, eigenvalues)
    scripting.write_text(arguments.numbers, latex.results(values))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--step-size", default="results/step_size.csv")
    parser.add_argument("--single", default="results/targets/digits.npz")
    parser.add_argument("--double", default="results/training_double.npz")
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--numbers", default="report/generated/step_size.tex")
    scripting.run(main, parser.parse_args())
