"""Training digit by digit, each stage from the weights of the one before.

Report: `sec:stagewise`.  A stage has its own H^∞, bound and flow time for a step; time restarts
nowhere.  `stagewise` is the run of train_network.py --stages, `stages` the rows of stages.csv.
"""

import numpy as np

from overparam import bounds, drawing, latex


def stage_parts(stagewise, stages):
    """(first step, losses, bound) of each stage, before each of its steps and at its end."""
    return bounds.stage_parts(stagewise, [row["lambda_min"] for row in stages])


def figure(stagewise, full_batch, stages):
    """Above the loss on the stage's samples, below that on all, beside the full-batch run."""
    figure, (upper, lower) = drawing.subplots(2, sharex=True, figsize=(6.1, 5.4))
    loss, all_samples, bound = (f"C{i}" for i in range(3))
    step, parts = stagewise["step"], stage_parts(stagewise, stages)
    starts = [start for start, *_ in parts]
    labels = "loss on the stage's samples", r"$e^{-\lambda_0t}$, restarted at each stage"
    for start, losses, values in parts:
        of_stage = step[start : start + len(losses)]
        upper.semilogy(of_stage, losses, color=loss, linestyle="-", label=labels[0])
        upper.semilogy(of_stage, values, color=bound, linestyle="-.", label=labels[1])
        labels = [f"_{label.removeprefix('_')}" for label in labels]
    lower.semilogy(step, stagewise["loss_all"], color=loss, label="stagewise, loss on all samples")
    lower.semilogy(
        full_batch["step"],
        full_batch["loss"],
        color=all_samples,
        linestyle="--",
        label="all samples at every step",
    )
    for axes in (upper, lower):
        axes.set(ylabel="mean squared error", xlim=(0, step[-1]))
        for start in starts[1:]:
            axes.axvline(start, color="0.8", linewidth=0.5, zorder=0, label="_new stage")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    # Room for the names of the stages.
    upper.set_ylim(top=10 * upper.get_ylim()[1])
    lower.set_xlabel("SGD step")
    ends = np.append(starts, step[-1])
    for k, x in enumerate((ends[:-1] + ends[1:]) / 2):
        digits = "digit 0" if k == 0 else "$0,1$" if k == 1 else rf"$0\dots{k}$"
        upper.annotate(
            digits, (x, 0.97), xycoords=("data", "axes fraction"), ha="center", va="top", fontsize=8
        )
    return figure


def rows(stagewise, stages):
    """Cells of the table: a row a stage with its data, its limit, its losses and its bound."""
    found = []
    for row, (_, loss, bound) in zip(stages, stage_parts(stagewise, stages), strict=True):
        crossing = bounds.first_crossing(loss, bound)
        found.append(
            [
                str(row["stage"]),
                latex.number(row["n"]),
                latex.number(row["lambda_min"]),
                latex.number(row["stability_limit"]),
                latex.number(loss[0]),
                latex.number(loss[-1]),
                latex.number(bound[-1]),
                "no" if crossing is None else latex.number(crossing),
            ]
        )
    return found


def steps_to(loss, value):
    """The verb of a sentence: after how many steps a loss is as low as that, or that it is not."""
    low = np.flatnonzero(loss <= value)
    if not low.size:
        return f"is not as low in {latex.number(len(loss) - 1)} steps"
    return f"is as low after {latex.number(low[0])} steps"


def ratios(stagewise, full_batch, sizes):
    """The loss by stages at its end over that of a full batch, at equal steps and at equal samples
    seen; that number of samples, and the full batch's steps for it.

    Args:
        sizes: number of samples of each stage, (stages,).
    """
    loss, full_loss = stagewise["loss_all"], full_batch["loss"]
    seen = int(np.sum(sizes[stagewise["stage"] - 1]))
    # Clipped where the full run is shorter.
    equal, end = min(seen // sizes[-1], len(full_loss) - 1), min(len(loss), len(full_loss)) - 1
    return loss[end] / full_loss[end], loss[-1] / full_loss[equal], seen, int(equal)


def of_pairs(runs, sizes):
    """The two ratios (pairs, 2) of the networks that were trained both ways."""
    seeds = [name.removeprefix("stages") for name in runs if name.startswith("stages")]
    found = [ratios(runs[f"stages{k}"], runs[f"at_once{k}"], sizes) for k in seeds]
    return np.array([(by_steps, by_samples) for by_steps, by_samples, *_ in found])


def numbers(stagewise, full_batch, stages, runs):
    """name → LaTeX of every number that the text quotes."""
    loss, full_loss = stagewise["loss_all"], full_batch["loss"]
    sizes = np.array([row["n"] for row in stages])
    by_steps, by_samples, seen, equal = ratios(stagewise, full_batch, sizes)
    pairs = of_pairs(runs, sizes)
    parts = stage_parts(stagewise, stages)
    crossings = [bounds.first_crossing(losses, bound) for _, losses, bound in parts]
    starts = [start for start, *_ in parts]
    first_losses = [losses[0] for _, losses, _ in parts]
    rate, limit = stagewise["learning_rate"], min(row["stability_limit"] for row in stages)
    lengths = np.diff(stagewise["time"][np.append(starts, len(loss) - 1)])
    return {
        "stages": latex.number(len(stages)),
        "steps-per-stage": latex.number((len(loss) - 1) // len(stages)),
        "stage-limit-smallest": latex.number(limit),
        "stage-limit-side": "below" if rate < limit else "not below",
        "stages-crossed": latex.number(sum(crossing is not None for crossing in crossings)),
        "stagewise-loss-end": latex.number(loss[-1]),
        "stagewise-over-full-steps": latex.number(by_steps),
        "stagewise-samples-seen": latex.number(seen),
        "full-samples-seen": latex.number(int(sizes[-1] * full_batch["step"][-1])),
        "equal-samples-step": latex.number(equal),
        "stagewise-over-full-samples": latex.number(by_samples),
        "pairs": latex.number(len(pairs)),
        "pairs-steps-smallest": latex.number(pairs[:, 0].min()),
        "pairs-steps-largest": latex.number(pairs[:, 0].max()),
        "pairs-samples-smallest": latex.number(pairs[:, 1].min()),
        "pairs-samples-largest": latex.number(pairs[:, 1].max()),
        "curriculum-loses": latex.verdict(min(by_steps, by_samples, pairs.min()) > 1),
        "stage-one-loss-end": latex.number(parts[0][1][-1], 2),
        "stage-first-time": latex.number(lengths[0], 4),
        "stage-last-time": latex.number(lengths[-1], 3),
        "stage-first-loss-largest": latex.number(max(first_losses)),
        "stage-last-loss-start": latex.number(first_losses[-1]),
        "full-steps-to-stagewise-end": steps_to(full_loss, loss[-1]),
    }
