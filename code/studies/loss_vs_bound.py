"""The loss of both training runs against the bound of Theorem 3.2.

Report: `sec:training`.  Losses are mean squared errors; time is the gradient flow's.
"""

from overparam import bounds, drawing, latex


def steps_per_time(run):
    """SGD steps in a unit of flow time."""
    return run["step"][-1] / run["time"][-1]


def figure(full_batch, mini_batch, lambda_zero):
    """Both losses and the bound from the full batch's start, with the first crossing."""
    figure, axes = drawing.subplots()
    time = full_batch["time"]
    bound = bounds.convergence_bound(full_batch["loss"][0], lambda_zero, time)
    lines = [
        axes.semilogy(time, full_batch["loss"], label="full batch")[0],
        axes.semilogy(mini_batch["time"], mini_batch["loss"], label="mini-batches")[0],
        axes.semilogy(time, bound, label=r"bound $\mathrm{MSE}(0)\,e^{-\lambda_0 t}$")[0],
    ]
    crossing = bounds.first_crossing(full_batch["loss"], bound)
    if crossing is not None:
        axes.plot(time[crossing], bound[crossing], "ko", markersize=4)
        axes.annotate(
            f"loss crosses the bound\n$t={time[crossing]:.1f}$, step {crossing}",
            (time[crossing], bound[crossing]),
            xytext=(12, 24),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "linewidth": 0.5},
            fontsize=8,
        )
    axes.set(
        xlabel="time $t$ of the gradient flow", ylabel="mean squared error", xlim=(0, time[-1])
    )
    axes.grid(True)
    pace = steps_per_time(full_batch)
    steps = axes.secondary_xaxis("top", functions=(lambda t: t * pace, lambda k: k / pace))
    steps.set_xlabel("SGD step")
    axes.legend(handles=lines, loc="lower left")
    return figure


def crossing(run, lambda_zero):
    """Flow time and step of the first crossing, or the word `never` twice."""
    index = bounds.run_crossing(run, lambda_zero)
    if index is None:
        return "never", "never"
    return latex.number(run["time"][index], 4), latex.number(int(run["step"][index]))


def numbers(full_batch, mini_batch, lambda_zero, *, fraction, batch_size):
    """name → LaTeX of every number that the text quotes."""
    loss, mini_loss = full_batch["loss"], mini_batch["loss"]
    bound = bounds.convergence_bound(loss[0], lambda_zero, full_batch["time"])
    full_time, full_step = crossing(full_batch, lambda_zero)
    mini_time, mini_step = crossing(mini_batch, lambda_zero)
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
        "crossing-full-time": full_time,
        "crossing-full-step": full_step,
        "crossing-mini-time": mini_time,
        "crossing-mini-step": mini_step,
    }
