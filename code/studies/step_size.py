"""What the length of the step changes: the run with finer steps, against both bounds.

Report: `sec:step-size`, `eq:discrete`.  `runs` are compared from the coarsest to the finest.
"""

from itertools import pairwise

import numpy as np

from overparam import bounds, drawing, latex


def from_coarse_to_fine(runs):
    """The runs in a list, that of the longest step first."""
    return sorted(runs.values(), key=lambda run: len(run["loss"]))


def table(runs, lambda_zero):
    """A row compares the run of one refinement with that of the next finer one at equal times."""
    return [table_row(*pair, lambda_zero) for pair in pairwise(from_coarse_to_fine(runs))]


def change(coarse, fine):
    """Relative change of the loss at the times of the coarse run, |log| of the losses' ratio."""
    ratio = (len(fine["loss"]) - 1) // (len(coarse["loss"]) - 1)
    return np.abs(np.log(coarse["loss"] / fine["loss"][::ratio]))


def table_row(coarse, fine, lambda_zero):
    """Largest relative difference of the two losses, and both bounds at the end of the run."""
    loss, time, steps = coarse["loss"], coarse["time"], len(coarse["loss"]) - 1
    difference = change(coarse, fine)
    return {
        "time_step": float(time[1]),
        "finer_time_step": float(fine["time"][1]),
        "difference_largest": float(difference.max()),
        "difference_end": float(difference[-1]),
        "loss_end": float(loss[-1]),
        "bound_end": float(bounds.convergence_bound(loss[0], lambda_zero, time[-1])),
        "discrete_bound_end": float(bounds.discrete_bound(loss[0], lambda_zero, time[1], steps)),
    }


def figure(comparisons, runs):
    """Relative change of the loss with the next finer step: over time, and against the step."""
    figure, (changes, errors) = drawing.subplots(
        1, 2, figsize=(6.1, 2.3), width_ratios=[1.3, 1], sharey=True
    )
    for coarse, fine in pairwise(from_coarse_to_fine(runs)):
        # All runs start with the same loss, and a logarithm has no place for time 0.
        time, difference = coarse["time"][1:], change(coarse, fine)[1:]
        changes.loglog(time, difference, label=f"$h={time[0]:.4f}$")
    changes.set(xlabel="time $t$ of the gradient flow", ylabel="relative change of the loss")
    h, largest = column(comparisons, "time_step"), column(comparisons, "difference_largest")
    errors.loglog(h, largest, "o-", label="largest")
    errors.loglog(h, column(comparisons, "difference_end"), "s--", label="at the end")
    errors.loglog(h, largest[0] * h / h[0], color="0.3", linestyle=":", label=r"$\propto h$")
    errors.set(xlabel="step $h$ in flow time")
    drawing.plain_labels(changes.xaxis, errors.xaxis)
    changes.legend(loc="upper right")
    # Between the curves.
    errors.legend(loc="center right")
    for axes in (changes, errors):
        axes.grid(True)
    return figure


def column(comparisons, name):
    """One column of the table as an array."""
    return np.array([row[name] for row in comparisons])


def order(comparisons):
    """Exponent of the step with which the largest difference falls, by least squares.

    Raises:
        ValueError: two refinements give the same losses, so that no order can be fitted.
    """
    h, largest = column(comparisons, "time_step"), column(comparisons, "difference_largest")
    if not (largest > 0).all():
        raise ValueError(
            "two refinements give the same losses to the last bit; the step study needs a longer"
            " step_study.flow_time or a larger training.learning_rate_fraction"
        )
    return np.polyfit(np.log(h), np.log(largest), 1)[0]


def loss_at(run, time):
    """The run's loss at a flow time, between its steps by a straight line of logarithms."""
    return np.exp(np.interp(time, run["time"], np.log(run["loss"])))


def crosses(run, lambda_zero):
    """What a run does, to four digits."""
    return latex.crossing(bounds.crossing_time(run, lambda_zero), 4, end=run["time"][-1])


def numbers(comparisons, single, double, late_single, late_double, full_batch, eigenvalues):
    """name → LaTeX of every number that the text quotes.

    Args:
        comparisons: the table's rows.
        single, double: the same run, with a longer step, in single and in double precision.
        late_single, late_double: likewise one that goes on to a much smaller loss.
        full_batch: the run that the discrete bound is set against.
        eigenvalues: rows of h_infinity.csv.
    """
    first, (infinite, *_) = comparisons[0], eigenvalues
    lambda_zero, n = infinite["lambda_min"], infinite["n"]
    time_step, end = full_batch["time"][1], double["time"][-1]
    common = min(end, full_batch["time"][-1])
    # The run in single precision is followed further.
    precision = np.abs(np.log(single["loss"][: len(double["loss"])] / double["loss"]))
    longer = loss_at(double, common) / loss_at(full_batch, common)
    discrete = bounds.discrete_bound(
        full_batch["loss"][0], lambda_zero, time_step, full_batch["step"]
    )
    return {
        "long-step-ratio": latex.number(double["time"][1] / time_step, 2),
        "long-step-difference": latex.number(100 * abs(longer - 1), 2),
        "long-step-time": latex.number(common, 3),
        "long-step-crossing": crosses(double, lambda_zero),
        "long-step-lambda-min": latex.number(single["probe_lambda_min"].min()),
        "steps-compared": latex.number(len(comparisons) + 1),
        "step-longest": latex.number(first["time_step"]),
        "step-order": latex.number(order(comparisons), 2),
        "step-difference-largest": latex.number(100 * first["difference_largest"], 2),
        "step-difference-end": latex.number(100 * first["difference_end"], 2),
        "bound-at-study-end": latex.number(first["bound_end"], 4),
        "discrete-bound-at-study-end": latex.number(first["discrete_bound_end"], 4),
        "discrete-bound-end": latex.number(discrete[-1]),
        "discrete-bound-holds": "stays below"
        if (full_batch["loss"] <= discrete).all()
        else "does not stay below",
        "step-over-theorem": latex.number(time_step * n**2 / lambda_zero),
        "precision-difference": latex.number(100 * precision.max(), 2),
        "precision-time": latex.number(end, 3),
        "precision-late-single": crosses(late_single, lambda_zero),
        "precision-late-double": crosses(late_double, lambda_zero),
    }
