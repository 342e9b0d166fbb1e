"""The flow of Theorem 3.3, both layers trained, beside that of Theorem 3.2.

Report: `sec:both-layers-run`, `eq:dropped`.  `first` is the run of the first layer alone.
"""

import numpy as np

from overparam import bounds, drawing, latex


def indicator_share(both):
    """The share that inequality (ii) would drop if H(t) gave the rate, at each probe (p,)."""
    return both["probe_g_rayleigh"] / (both["probe_g_rayleigh"] + both["probe_rayleigh"])


def dropped_share(both, window):
    """Share of the decrease of ‖y − u‖² that inequality (ii) drops, at each probe (p,).

    The decrease is the measured one, over the window from the probe.  At the start no weight
    slides, and H(0) gives the rate, which falls much within the first window.
    """
    measured = bounds.decay_rate(both["loss"], both["time"], both["probe_step"], window)
    share = 2 * both["probe_g_rayleigh"] / measured
    share[0] = indicator_share(both)[0]
    return share


def figure(both, first, lambda_zero, *, window):
    """Losses with the bound, smallest eigenvalues, the dropped share, the output weights."""
    figure, panels = drawing.subplots(2, 2, figsize=(6.1, 3.9), sharex=True)
    losses, eigenvalues, shares, changes = panels.ravel()
    end = both["time"][-1]
    start = both["time"][both["probe_step"]]
    bound = bounds.convergence_bound(both["loss"][0], lambda_zero, both["time"])
    shown = first["time"] <= end
    losses.semilogy(both["time"], both["loss"], label="both layers")
    losses.semilogy(first["time"][shown], first["loss"][shown], label="first layer alone")
    losses.semilogy(both["time"], bound, label="bound")
    losses.set_ylabel("MSE")
    eigenvalues.semilogy(start, both["probe_sum_lambda_min"], label="$H+G$")
    eigenvalues.semilogy(start, both["probe_lambda_min"], label="$H$")
    eigenvalues.semilogy(start, both["probe_sliding_lambda_min"], label="$H^p$")
    eigenvalues.semilogy(start, both["probe_g_lambda_min"], label="$G$")
    eigenvalues.axhline(
        lambda_zero / 2, color="k", linestyle=drawing.dashes()[4], label=r"$\lambda_0/2$"
    )
    eigenvalues.set_ylabel(r"$\lambda_{\min}$")
    shares.plot(start, dropped_share(both, window))
    shares.set(ylabel="share dropped by (ii)", ylim=(0, 1))
    changes.plot(start, both["probe_output_change_max"], label="largest")
    changes.plot(start, both["probe_output_change_median"], label="median")
    changes.set(ylabel="$|a_r(t)-a_r(0)|$", ylim=(0, None))
    for axes in panels.ravel():
        axes.grid(True)
    for axes in (losses, changes):
        axes.legend()
    # Between the curves.
    eigenvalues.legend(loc="lower right", bbox_to_anchor=(1, 0.1), ncols=2)
    for axes in (shares, changes):
        axes.set(xlabel="time $t$ of the gradient flow", xlim=(0, end))
    return figure


def numbers(both, first, lambda_zero, *, window):
    """name → LaTeX of every number that the text quotes."""
    time, dropped = both["time"], dropped_share(both, window)
    bound = bounds.convergence_bound(both["loss"][0], lambda_zero, time)
    return {
        "both-time-end": latex.number(time[-1], 3),
        "both-time-step": latex.number(time[1]),
        "both-loss-end": latex.number(both["loss"][-1]),
        "both-first-layer-loss": latex.number(np.interp(time[-1], first["time"], first["loss"])),
        "both-bound-end": latex.number(bound[-1]),
        "both-crossing": latex.crossing(bounds.crossing_time(both, lambda_zero)),
        "both-dropped-initial": latex.number(100 * dropped[0]),
        "both-dropped-end": latex.number(100 * dropped[-1]),
        "both-dropped-indicators-end": latex.number(100 * indicator_share(both)[-1]),
        "both-h-lambda-min-end": latex.number(both["probe_lambda_min"][-1]),
        "both-sliding-lambda-min-end": latex.number(both["probe_sliding_lambda_min"][-1]),
        "both-h-lambda-min-smallest": latex.number(both["probe_lambda_min"].min()),
        "both-g-lambda-min-largest": latex.number(both["probe_g_lambda_min"].max(), 2),
        "both-change-median": latex.number(both["probe_output_change_median"][-1]),
        "both-change-largest": latex.number(both["probe_output_change_max"][-1]),
    }
