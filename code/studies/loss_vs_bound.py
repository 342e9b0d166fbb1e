"""The loss of both training runs against the bound of Theorem 3.2, and its spread over networks.

Report: `sec:training`.  Losses are mean squared errors; time is the gradient flow's.  `runs` are
those of other networks, all with the same steps.
"""

import numpy as np

from overparam import bounds, drawing, latex


def steps_per_time(run):
    """SGD steps in a unit of flow time."""
    return run["step"][-1] / run["time"][-1]


def draw_losses(axes, full_batch, mini_batch, bound):
    """Both losses and the bound, with the first crossing."""
    time = full_batch["time"]
    axes.semilogy(time, full_batch["loss"], label="full batch")
    axes.semilogy(mini_batch["time"], mini_batch["loss"], label="mini-batches")
    axes.semilogy(time, bound, label=r"bound $\mathrm{MSE}(0)\,e^{-\lambda_0 t}$")
    axes.legend(loc="lower left")
    crossing = bounds.first_crossing(full_batch["loss"], bound)
    if crossing is not None:
        axes.plot(time[crossing], bound[crossing], "ko", markersize=4, label="_crossing")
        axes.annotate(
            f"loss crosses the bound\n$t={time[crossing]:.1f}$, step {crossing}",
            (time[crossing], bound[crossing]),
            xytext=(12, 24),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "linewidth": 0.5},
            fontsize=8,
        )


def draw_ratios(axes, full_batch, runs, lambda_zero):
    """Loss over bound of the assigned network, and median and range of the others."""
    (time, *_) = (run["time"] for run in runs.values())
    others = [bounds.run_over_bound(run, lambda_zero) for run in runs.values()]
    ratio = bounds.run_over_bound(full_batch, lambda_zero)
    axes.semilogy(full_batch["time"], ratio, label="full batch")
    axes.semilogy(time, np.median(others, axis=0), "k:", label="other networks, median")
    extremes = np.min(others, axis=0), np.max(others, axis=0)
    axes.fill_between(time, *extremes, color="0.8", linewidth=0)
    axes.axhline(1, color="C2", linestyle="-.", label="_bound")
    axes.legend(loc="lower right")


def figure(full_batch, mini_batch, runs, lambda_zero):
    """Losses and bound above; below the loss over the bound, for the other networks too."""
    figure, (losses, ratios) = drawing.subplots(
        2, sharex=True, figsize=(6.1, 4.8), height_ratios=[1.7, 1]
    )
    time = full_batch["time"]
    bound = bounds.convergence_bound(full_batch["loss"][0], lambda_zero, time)
    draw_losses(losses, full_batch, mini_batch, bound)
    draw_ratios(ratios, full_batch, runs, lambda_zero)
    losses.set(ylabel="mean squared error", xlim=(0, time[-1]))
    ratios.set(xlabel="time $t$ of the gradient flow", ylabel="loss / bound")
    for axes in (losses, ratios):
        axes.grid(True)
    pace = steps_per_time(full_batch)
    steps = losses.secondary_xaxis("top", functions=(lambda t: t * pace, lambda k: k / pace))
    steps.set_xlabel("SGD step")
    return figure


def crossing(run, lambda_zero):
    """The verb of a sentence: whether, and at which step and time, a run crosses its bound."""
    index = bounds.run_crossing(run, lambda_zero)
    if index is None:
        return latex.crossing(None, end=run["time"][-1])
    return latex.crossing(run["time"][index], 4, step=int(run["step"][index]))


def up_to(end, run):
    """Time and loss of a run up to a flow time."""
    return {name: run[name][run["time"] <= end] for name in ("time", "loss")}


def of_spread(name, values):
    """Median, smallest and largest of values."""
    found = {"median": np.median(values), "smallest": min(values), "largest": max(values)}
    return {f"{name}-{what}": latex.number(value) for what, value in found.items()}


def seed_numbers(full_batch, runs, lambda_zero):
    """What the text quotes of all networks, the assigned one among them, up to the time to which
    each was trained."""
    everyone = [full_batch, *runs.values()]
    end = min(run["time"][-1] for run in everyone)
    everyone = [up_to(end, run) for run in everyone]
    times = [bounds.crossing_time(run, lambda_zero) for run in everyone]
    median = np.median([np.inf if time is None else time for time in times])
    ratios = [bounds.run_over_bound(run, lambda_zero)[-1] for run in everyone]
    return {
        "seeds": latex.number(len(everyone)),
        "seeds-time-end": latex.number(end, 3),
        "seeds-crossings": latex.crossings(times, "networks"),
        "seeds-crossing-median": latex.crossing(median if np.isfinite(median) else None, end=end),
        **of_spread("seeds-loss-initial", [run["loss"][0] for run in everyone]),
        **of_spread("seeds-loss-end", [run["loss"][-1] for run in everyone]),
        **of_spread("seeds-ratio", ratios),
    }


def numbers(full_batch, mini_batch, runs, lambda_zero, *, fraction, batch_size):
    """name → LaTeX of every number that the text quotes."""
    lead = bounds.run_lead(full_batch, lambda_zero)
    loss, mini_loss = full_batch["loss"], mini_batch["loss"]
    bound = bounds.convergence_bound(loss[0], lambda_zero, full_batch["time"])
    return {
        "steps": latex.number(int(full_batch["step"][-1])),
        "batch-size": latex.number(batch_size),
        "learning-rate-fraction": latex.number(fraction, 2),
        "learning-rate": latex.number(float(full_batch["learning_rate"]), 4),
        "flow-time-step": latex.number(full_batch["time"][1]),
        "flow-time-end": latex.number(full_batch["time"][-1], 4),
        "loss-initial": latex.number(loss[0]),
        "loss-full-end": latex.number(loss[-1]),
        "loss-mini-end": latex.number(mini_loss[-1]),
        "bound-end": latex.number(bound[-1]),
        "loss-full-over-bound-end": latex.number(loss[-1] / bound[-1]),
        "loss-mini-over-bound-end": latex.number(mini_loss[-1] / bound[-1]),
        "crossing-full": crossing(full_batch, lambda_zero),
        "crossing-mini": crossing(mini_batch, lambda_zero),
        "lead-time": latex.number(full_batch["time"][lead]),
        "lead-factor": latex.number(bound[lead] / loss[lead]),
        **seed_numbers(full_batch, runs, lambda_zero),
    }
