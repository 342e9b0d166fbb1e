"""The time map, the stability limit and the bound of Theorem 3.2.

Report: `prop:time-map`, `prop:stability`, `eq:convergence`, `eq:frozen`, `eq:discrete`,
`eq:flip-probability`.  Source: Du et al. (2019).
Time is the gradient flow's, for the loss ½Σ(u_i − y_i)²; steps are those of SGD on the mean squared
error over n samples.
"""

import numpy as np


def flow_time(step, learning_rate, samples):
    """Flow time after `step` SGD steps (scalar or array) on the MSE over `samples` samples."""
    return 2 * learning_rate / samples * np.asarray(step, dtype=np.float64)


def flow_steps(time, fraction, lambda_max):
    """Steps, a real number, to that flow time at η = fraction·n/λ_max: each is 2·fraction/λ_max."""
    return time * lambda_max / (2 * fraction)


def stability_limit(samples, lambda_max):
    """Learning rate on the MSE above which gradient descent on the linearised network diverges."""
    return samples / lambda_max


def convergence_bound(initial_loss, lambda_zero, time):
    """The bound e^{−λ0 t} · initial_loss of `eq:convergence`; time (k,) is the flow's.

    It holds for ‖u − y‖², and so for its multiple the MSE.
    """
    return initial_loss * np.exp(-lambda_zero * np.asarray(time))


def discrete_bound(initial_loss, lambda_zero, time_step, step):
    """The bound (1 − hλ0/2)^k · initial_loss of `eq:discrete`; time_step h is the flow's.

    Source: Du et al. (2019), Theorem 4.1, whose learning rate is this h.
    """
    return initial_loss * (1 - time_step * lambda_zero / 2) ** np.asarray(step)


def frozen_kernel_loss(kernel, residual, time):
    """The MSE under a kernel that does not move, `eq:frozen`: Σ_i e^{−2λ_i t}(v_iᵀ(y − u(0)))²/n.

    Args:
        kernel: (n, n), symmetric.
        residual: y − u(0), (n,).
        time: flow time, (k,).
    """
    eigenvalues, vectors = np.linalg.eigh(kernel)
    shares = (vectors.T @ residual) ** 2 / len(residual)
    return np.exp(-2 * np.outer(time, eigenvalues)) @ shares


def decay_rate(loss, time, start, length):
    """−d log(loss)/dt, averaged over `length` steps from each index in start (p,)."""
    end = np.minimum(start + length, len(loss) - 1)
    return np.log(loss[start] / loss[end]) / (time[end] - time[start])


def flip_probability(radius):
    """P(A_ir) of Lemma 3.2, `eq:flip-probability`."""
    from scipy import special  # here, as it loads for a fifth of a second and few scripts need it

    return special.erf(np.asarray(radius) / np.sqrt(2))


def flip_probability_bound(radius):
    """The bound 2R/√(2π) on `flip_probability`, `eq:flip-probability`."""
    return 2 * np.asarray(radius) / np.sqrt(2 * np.pi)


def first_crossing(loss, bound):
    """Index of the first entry where loss exceeds bound, or None."""
    above = np.flatnonzero(np.asarray(loss) > np.asarray(bound))
    return int(above[0]) if above.size else None


def run_over_bound(run, lambda_zero):
    """Loss over the bound from the run's own start, before each step."""
    return run["loss"] / convergence_bound(run["loss"][0], lambda_zero, run["time"])


def run_crossing(run, lambda_zero):
    """`first_crossing` of a run, dict with loss and time, and the bound from its own start.

    Runs differ in their initial loss, if only by the rounding of single precision.
    """
    return first_crossing(run["loss"], convergence_bound(run["loss"][0], lambda_zero, run["time"]))


def crossing_time(run, lambda_zero):
    """Flow time of `run_crossing`, or None."""
    crossing = run_crossing(run, lambda_zero)
    return None if crossing is None else float(run["time"][crossing])


def run_measured(run):
    """The entries of a run up to the study's flow time, before it was followed to its crossing."""
    return slice(0, int(run["measured_steps"]) + 1)


def run_lead(run, lambda_zero):
    """Index of the step at which a run is farthest below the bound from its own start.

    From there on its loss decays more slowly than e^{−λ0 t}, on the whole: no window is needed.
    """
    return int(np.argmin(np.log(run["loss"]) + lambda_zero * run["time"]))


def stage_starts(stage):
    """Index of the first entry of each stage in stage (k,), the stage number before each step."""
    return np.flatnonzero(np.diff(stage, prepend=stage[0] - 1))


def stage_parts(run, lambda_zeros):
    """Each stage with the bound of `eq:convergence`, restarted with that stage's λ0.

    Args:
        run: dict with stage (steps,), time (steps + 1,), the flow's, loss_stage (steps,), before
            each step on its stage's samples, and stage_end_loss (stages,), after the last.
        lambda_zeros: λ0 of each stage's H^∞, in order.

    Returns:
        A list of (first step, losses, bound), the last two with an entry before each step of the
        stage and one at its end.
    """
    starts = stage_starts(run["stage"])
    stops = [*starts[1:], len(run["stage"])]
    parts = []
    for start, stop, end, rate in zip(
        starts, stops, run["stage_end_loss"], lambda_zeros, strict=True
    ):
        loss = np.append(run["loss_stage"][start:stop], end)
        elapsed = run["time"][start : stop + 1] - run["time"][start]
        parts.append((start, loss, convergence_bound(loss[0], rate, elapsed)))
    return parts
