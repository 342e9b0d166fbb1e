"""The full-batch run against each step of the theorem's proof: why it crosses the bound.

Report: `sec:anatomy`, `eq:frozen`, `prop:sliding`.  Rates are of the loss, in flow time; windows
are those of `overparam.probe`.
"""

import math

import numpy as np

from overparam import bounds, drawing, gram, latex


def arrays(dataset, full_batch):
    """Loss that H(0) and H^∞ predict if they do not move: time, initial, infinite, each (k,)."""
    inputs, weights = dataset["inputs"], full_batch["initial_weights"]
    hidden = np.maximum(inputs @ weights.T, 0)
    residual = dataset["labels"] - hidden @ full_batch["output_weights"] / np.sqrt(len(weights))
    kernels = {"initial": gram.h_finite(inputs, weights), "infinite": gram.h_infinity(inputs)}
    predictions = {
        name: bounds.frozen_kernel_loss(kernel, residual, full_batch["time"])
        for name, kernel in kernels.items()
    }
    return {"time": full_batch["time"], **predictions}


def rates(run, window):
    """Decay rates over each window (p,): measured, and as H(t) and H^p give them at y − u."""
    measured = bounds.decay_rate(run["loss"], run["time"], run["probe_step"], window)
    return measured, 2 * run["probe_rayleigh"], 2 * run["probe_sliding_rayleigh"]


def draw_loss(axes, run, frozen, bound):
    """Loss, bound and the predictions of kernels that do not move."""
    axes.semilogy(run["time"], run["loss"], label="measured")
    axes.semilogy(frozen["time"], frozen["initial"], label="frozen $H(0)$")
    axes.semilogy(run["time"], bound, label="bound")
    axes.semilogy(frozen["time"], frozen["infinite"], label=r"frozen $H^\infty$")
    axes.set_ylabel("MSE")


def draw_rates(axes, run, lambda_zero, window):
    """Rate at which the loss decays, and the rates that the kernels give."""
    time = run["time"][run["probe_step"]]
    measured, indicators, sliding = rates(run, window)
    axes.semilogy(time, measured, "o", color="C0", fillstyle="none", label="measured")
    axes.semilogy(time, indicators, color="C1", label="$H(t)$")
    axes.semilogy(time, sliding, color="C3", label="$H^p$")
    axes.axhline(lambda_zero, color="C2", linestyle="-.", label=r"bound, $\lambda_0$")
    axes.set(ylabel="decay rate", ylim=(lambda_zero / 4, 200 * lambda_zero))


def draw_eigenvalues(axes, run, lambda_zero):
    """Smallest eigenvalues along the run against λ0/2."""
    time = run["time"][run["probe_step"]]
    axes.plot(time, run["probe_lambda_min"], color="C1", label=r"$H(t)$")
    axes.plot(time, run["probe_sliding_lambda_min"], color="C3", label=r"$H^p$")
    axes.axhline(lambda_zero / 2, color="C2", linestyle="-.", label=r"$\lambda_0/2$")
    axes.set_ylabel(r"$\lambda_{\min}$")


def draw_patterns(axes, run):
    """Share of patterns that changed, and Lemma 3.2's probability at the median distance.

    At the start nothing has moved, for which a logarithm has no place.
    """
    time = run["time"][run["probe_step"]]
    probability = bounds.flip_probability(run["probe_distance_median"])
    axes.semilogy(time[1:], run["probe_flipped"][1:], label="flipped")
    axes.semilogy(time, run["probe_sliding"], label="changing")
    axes.semilogy(time[1:], probability[1:], label="$P(A_{ir})$, median")
    axes.set_ylabel("share of pairs")


def draw_distances(axes, run, distance_bound):
    """Distances of the hidden weights from their start against R′."""
    time = run["time"][run["probe_step"]]
    axes.semilogy(time[1:], run["probe_distance_max"][1:], label="largest")
    axes.semilogy(time[1:], run["probe_distance_median"][1:], label="median")
    axes.axhline(distance_bound, color="C2", linestyle="-.", label="$R'$")
    axes.set_ylabel(r"$\|w_r(t)-w_r(0)\|$")


def figure(full_batch, frozen, lambda_zero, claims, *, window):
    """Five panels on one time axis, the crossing marked in all."""
    figure, panels = drawing.subplots(5, sharex=True, figsize=(6.1, 8.2))
    run = full_batch
    bound = bounds.convergence_bound(run["loss"][0], lambda_zero, run["time"])
    (distance_bound,) = (row["value"] for row in claims if row["name"] == "distance_bound")
    draw_loss(panels[0], run, frozen, bound)
    draw_rates(panels[1], run, lambda_zero, window)
    draw_eigenvalues(panels[2], run, lambda_zero)
    draw_patterns(panels[3], run)
    draw_distances(panels[4], run, distance_bound)
    crossing = bounds.first_crossing(run["loss"], bound)
    for axes in panels:
        axes.grid(True)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        if crossing is not None:
            axes.axvline(run["time"][crossing], color="0.4", linewidth=0.6, label="_crossing")
    panels[-1].set(xlabel="time $t$ of the gradient flow", xlim=(0, run["time"][-1]))
    return figure


def first_window(time, condition):
    """Where the condition (k,) first holds: in the window at one of the times (k,), or in none."""
    if not condition.any():
        return "in no window"
    return f"first in the window at $t={latex.number(time[np.argmax(condition)])}$"


def numbers(full_batch, frozen, lambda_zero, *, window):
    """name → LaTeX of every number that the text quotes."""
    run, start = full_batch, full_batch["probe_step"]
    rate, indicators, sliding = rates(run, window)
    late = slice(len(start) // 2, None)
    below = run["probe_sliding_lambda_min"] < lambda_zero / 2
    time, median = run["time"][start], run["probe_distance_median"][-1]
    return {
        "probes": latex.number(len(start)),
        "window": latex.number(window),
        "rate-end": latex.number(rate[-1]),
        "rate-indicator-end": latex.number(indicators[-1]),
        "rate-indicator-smallest": latex.number(indicators.min()),
        # Whether the loss should obey the bound if the patterns' indicators told its rate.
        "indicators-mislead": latex.verdict(
            indicators.min() > lambda_zero
            and bounds.run_crossing(full_batch, lambda_zero) is not None
        ),
        "rate-sliding-end": latex.number(sliding[-1]),
        "rate-sliding-error": latex.number(100 * np.abs(sliding / rate - 1)[late].max(), 2),
        "rate-indicator-factor": latex.number((indicators / rate)[late].max(), 2),
        "lambda-min-end": latex.number(run["probe_lambda_min"][-1]),
        "sliding-below-half": first_window(time, below),
        "sliding-lambda-min-end": latex.number(run["probe_sliding_lambda_min"][-1]),
        "flipped-end": latex.number(100 * run["probe_flipped"][-1]),
        "sliding-end": latex.number(100 * run["probe_sliding"][-1]),
        "distance-median-end": latex.number(median),
        "no-flip-probability-median-end": latex.number(math.erfc(median / math.sqrt(2)), 1),
        "loss-over-frozen-end": latex.number(run["loss"][-1] / frozen["initial"][-1]),
    }
