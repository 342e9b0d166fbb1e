"""Controls of the sliding: one state, finer steps, a flow by projection, smooth activations.

Report: `sec:sliding`, `prop:sliding-kernel`.  `runs` are those that continue the full batch with
finer steps, with `kinks_` entries, and those of smooth networks, with `softplus`.  Times are the
flow's.
"""

import numpy as np

from overparam import bounds, drawing, latex, sliding

# Steps of the projected flow from one look at its kernel and its weights to the next.
LOOK = 20
# A pair is on its kink where rounding alone keeps w_rᵀx_i from zero.
ON_KINK = 1e-9


def arrays(dataset, full_batch, lambda_zero, *, step_ratio):
    """The flow by projection from the full batch's start until it crosses the bound.

    Args:
        step_ratio: its step in units of the full batch's.

    Returns:
        time, loss (k + 1,); rate (k,) −d ln MSE/dt at the start of each step; look_time,
        look_lambda_min, look_sliding (l,) of H^Π; what `longest_slide` returns.
    """
    inputs, step = dataset["inputs"], step_ratio * step_of(full_batch)
    start = full_batch["initial_weights"], full_batch["output_weights"]
    flow = sliding.ProjectedFlow(inputs, dataset["labels"], *start, step)
    most = max(1, int(full_batch["time"][-1] / step))
    loss, rate, looks, weights = [np.mean(flow.residual**2)], [], [], []
    while len(loss) <= most:
        if len(rate) % LOOK == 0:
            looks.append((np.linalg.eigvalsh(flow.kernel())[0], np.mean(flow.sliding)))
            weights.append(flow.weights.copy())
        rate.append(flow.advance())
        loss.append(np.mean(flow.residual**2))
        if loss[-1] > bounds.convergence_bound(loss[0], lambda_zero, step * len(rate)):
            break
    weights.append(flow.weights)
    lambda_min, share = np.array(looks).T
    return {
        "time": step * np.arange(len(loss)),
        "loss": np.array(loss),
        "rate": np.array(rate),
        "look_time": LOOK * step * np.arange(len(looks)),
        "look_lambda_min": lambda_min,
        "look_sliding": share,
        **longest_slide(inputs, np.array(weights), flow.sliding),
    }


def longest_slide(inputs, weights, sliding):
    """The unit, and two of the inputs on which it slides at the end, with the longest way from the
    kink of the one to that of the other.

    Args:
        inputs: (n, d).
        weights: along the run, (l, m, d).
        sliding: i ∈ S_r at the end, (n, m).

    Returns:
        unit_path (l, 2) of w_rᵀx_i and w_rᵀx_j, path_inputs (i, j) and path_unit; of the first two
        inputs and the first unit where no unit slides on two.
    """
    found = []
    for unit in np.flatnonzero(sliding.sum(axis=0) >= 2):
        index = np.flatnonzero(sliding[:, unit])
        product = np.abs(inputs[index] @ weights[:, unit].T)
        # The look from which on a pair stays on its kink, and where the others are then.
        caught = (product > ON_KINK).cumsum(axis=1).argmax(axis=1) + 1
        left = product[:, np.minimum(caught, len(weights) - 1)]
        i, j = np.unravel_index(np.argmax(left), left.shape)
        found.append((float(left[i, j]), int(unit), [int(index[i]), int(index[j])]))
    unit, pair = max(found)[1:] if found else (0, [0, 1])
    return {"unit_path": weights[:, unit] @ inputs[pair].T, "path_inputs": pair, "path_unit": unit}


def state_rates(run, window):
    """Time (p,), measured rate of decay (p,), and as H^Π gives it from one state (p,)."""
    measured = bounds.decay_rate(run["loss"], run["time"], run["probe_step"], window)
    return run["time"][run["probe_step"]], measured, 2 * run["probe_projected_rayleigh"]


def continued(runs):
    """The runs with finer steps, the coarsest first."""
    found = [run for run in runs.values() if "kinks_steps" in run]
    return sorted(found, key=step_of, reverse=True)


def step_of(run):
    """The length of a step in flow time."""
    return float(run["time"][1])


def smooth(runs):
    """The runs of smooth networks, the smoothest first."""
    found = [run for run in runs.values() if "softplus" in run]
    return sorted(found, key=lambda run: run["softplus"])


def counted(run):
    """Of the part in which changes were counted: rate of decay, changes of a pair in a unit of
    time, and its distance from its kink."""
    steps = int(run["kinks_steps"])
    first = len(run["loss"]) - 1 - steps
    rate = bounds.decay_rate(run["loss"], run["time"], first, steps)
    changes = run["kinks_changes"] / (run["time"][-1] - run["time"][first])
    return rate, changes, run["kinks_distance"]


def exponent(steps, values):
    """LaTeX of the exponent of the step, by least squares on logarithms; `undefined` where no pair
    slides."""
    if min(values) <= 0:
        return "undefined"
    return latex.number(np.polyfit(np.log(steps), np.log(values), 1)[0])


def figure(full_batch, projected, runs, lambda_zero, *, window):
    """Rates from one state; losses relative to the bound; finer steps; the path of one unit."""
    figure, panels = drawing.subplots(2, 2, figsize=(6.1, 5.2))
    (rates, ratios), (finer, plane) = panels
    draw_rates(rates, full_batch, lambda_zero, window)
    draw_ratios(ratios, full_batch, projected, smooth(runs), lambda_zero)
    draw_finer(finer, continued(runs))
    draw_path(plane, projected["unit_path"])
    for axes in panels.flat:
        axes.grid(True)
    return figure


def draw_rates(axes, run, lambda_zero, window):
    """Measured rate, that of H^Π from one state, its least possible value, and the bound's."""
    time, measured, state = state_rates(run, window)
    axes.semilogy(time, measured, "o", color="C0", fillstyle="none", label="measured")
    axes.semilogy(time, state, color="C3", label=r"$H^\Pi$")
    axes.semilogy(
        time, 2 * run["probe_projected_lambda_min"], color="C1", label=r"$2\lambda_{\min}(H^\Pi)$"
    )
    axes.axhline(lambda_zero, color="C2", linestyle="-.", label=r"bound, $\lambda_0$")
    axes.set(xlabel="time $t$ of the gradient flow", ylabel="decay rate")
    axes.set(xlim=(0, run["time"][-1]), ylim=(0.3 * lambda_zero, 40 * lambda_zero))
    axes.legend(loc="upper right")
    drawing.plain_labels(axes.yaxis)


def draw_ratios(axes, run, projected, smooth_runs, lambda_zero):
    """Loss over bound about the crossing."""
    curves = [("descent", run), ("projection", projected)]
    curves += [(rf"softplus, $\beta={int(item['softplus'])}$", item) for item in smooth_runs]
    for name, item in curves:
        axes.semilogy(item["time"], bounds.run_over_bound(item, lambda_zero), label=name)
    axes.axhline(1, color="k", linestyle=drawing.dashes()[-1], label="bound")
    axes.set(xlabel="time $t$ of the gradient flow", ylabel="loss / bound")
    if end := bounds.crossing_time(projected, lambda_zero):
        axes.set(xlim=(0.8 * end, 1.2 * end), ylim=(0.5, 3))
    axes.legend(loc="upper left")
    drawing.plain_labels(axes.yaxis)


def draw_finer(axes, runs):
    """Changes of a sliding pair and its distance from the kink against the step."""
    steps = [step_of(run) for run in runs]
    _, changes, distance = np.transpose([counted(run) for run in runs])
    axes.loglog(steps, changes, "o-", label="changes of a pair / time")
    axes.loglog(steps, distance, "s--", label=r"$|w_r^{\mathsf{T}}x_i|$")
    axes.set(xlabel="step $h$ in flow time", ylabel="sliding pairs")
    axes.legend(loc="center right")


def draw_path(axes, path):
    """Two coordinates of a unit, from its start to the corner where it slides on both inputs."""
    axes.plot(*path.T, color="C0", marker=".", markersize=2, label="_path")
    axes.plot(*path[0], "ko", markersize=3, label="_start")
    axes.plot(*path[-1], "ks", markersize=3, label="_end")
    axes.axhline(0, color="k", linewidth=0.6, label="_kink of the second input")
    axes.axvline(0, color="k", linewidth=0.6, label="_kink of the first input")
    axes.set(xlabel=r"$w_r^{\mathsf{T}}x_i$", ylabel=r"$w_r^{\mathsf{T}}x_j$")


def numbers(full_batch, projected, runs, lambda_zero, *, window):
    """name → LaTeX of every number that the text quotes."""
    time, measured, state = state_rates(full_batch, window)
    late = slice(len(time) // 2, None)
    fine, smooth_runs = continued(runs), smooth(runs)
    steps = [step_of(run) for run in fine]
    rates, changes, distances = np.transpose([counted(run) for run in fine])
    shares = [100 * run["kinks_share"] for run in fine]
    least, middle, most = full_batch["probe_projected_inputs"][-1]
    return {
        "state-rate-error": latex.number(100 * np.abs(state / measured - 1)[late].max(), 2),
        "state-rate-end": latex.number(state[-1]),
        "state-rate-over-least": latex.number(
            state[-1] / 2 / full_batch["probe_projected_lambda_min"][-1]
        ),
        "state-lambda-min-end": latex.number(full_batch["probe_projected_lambda_min"][-1]),
        "state-sliding-end": latex.number(100 * full_batch["probe_projected_sliding"][-1]),
        "state-inputs-low": latex.number(int(least)),
        "state-inputs-median": latex.number(int(middle)),
        "state-inputs-high": latex.number(int(most)),
        "finer-ratio": latex.number(round(steps[0] / steps[-1])),
        "finer-rate-coarse": latex.number(rates[0]),
        "finer-rate-fine": latex.number(rates[-1]),
        "finer-share-coarse": latex.number(shares[0]),
        "finer-share-fine": latex.number(shares[-1]),
        "finer-changes-coarse": latex.number(changes[0]),
        "finer-changes-fine": latex.number(changes[-1]),
        "finer-changes-order": exponent(steps, changes),
        "finer-distance-order": exponent(steps, distances),
        "path-look": latex.number(LOOK),
        "projected-crossing": latex.crossing(
            bounds.crossing_time(projected, lambda_zero), 4, end=projected["time"][-1]
        ),
        "projected-sliding-end": latex.number(100 * projected["look_sliding"][-1]),
        "smooth-sharpness": listed(int(run["softplus"]) for run in smooth_runs),
        "smooth-crossings": ", ".join(crossing(run, lambda_zero) for run in smooth_runs),
        "smooth-rate-error": latex.number(max(map(smooth_error, smooth_runs)), 2),
    }


def listed(values):
    """Whole numbers with commas between them."""
    return ", ".join(latex.number(value) for value in values)


def crossing(run, lambda_zero):
    """LaTeX of the time at which a run crosses its bound, or the word `never`."""
    time = bounds.crossing_time(run, lambda_zero)
    return "never" if time is None else latex.number(time, 4)


def smooth_error(run):
    """Largest relative deviation, in percent, of the measured rate from that of the run's own
    kernel, over the windows but the first, in which the loss falls many times over."""
    start = run["probe_step"][1:]
    measured = bounds.decay_rate(run["loss"], run["time"], start, 1)
    return float(100 * np.abs(2 * run["probe_rayleigh"][1:] / measured - 1).max())
