"""Gradient flow of the hidden weights, integrated phase by phase between changes of a pattern."""

import math
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from oracles import unit_rows
from scipy.integrate import solve_ivp

PRECISION = 1e-10
# How far behind a kink a phase begins.
NUDGE = 1e-12


class Problem(NamedTuple):
    """Inputs X (n, d), targets y (n,), output weights a (m,), initial weights W (m, d), end T."""

    X: np.ndarray
    y: np.ndarray
    a: np.ndarray
    W: np.ndarray
    T: float


class Path(NamedTuple):
    """times (k,), weights (k, m, d), errors y − u (k, n), λ_min(H) over all of it, tolerance.

    tolerance bounds what the integration may add to ‖y − u‖ and to the way of a unit.
    """

    times: np.ndarray
    weights: np.ndarray
    errors: np.ndarray
    lambda_min: float
    tolerance: float


@st.composite
def problems(draw, length=1.0, output=1.0):
    """Random networks with inputs of the given length and a_r = ± output."""
    n, d = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    m = draw(st.sampled_from([1, 2, 5, 10, 20]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Problem(
        length * unit_rows(generator.standard_normal((n, d))),
        draw(st.sampled_from([0.1, 1, 10])) * generator.standard_normal(n),
        output * generator.choice([-1.0, 1.0], m),
        draw(st.sampled_from([0.2, 1])) * generator.standard_normal((m, d)),
        draw(st.sampled_from([0.5, 2.0, 8.0])),
    )


def residual(problem, weights):
    hidden = np.maximum(weights @ problem.X.T, 0)
    return problem.y - problem.a @ hidden / math.sqrt(len(problem.a))


def velocity(problem, weights, pattern):
    """dW/dt by `lem:gradients`, with the pattern (m, n) held fixed."""
    scale = 1 / math.sqrt(len(problem.a))
    error = problem.y - scale * problem.a @ (pattern * (weights @ problem.X.T))
    return scale * problem.a[:, None] * ((pattern * error) @ problem.X)


def kernel(problem, pattern):
    """H of a pattern (m, n), with a_r² = 1."""
    return problem.X @ problem.X.T * (pattern.T.astype(float) @ pattern) / len(pattern)


def phase(problem, start, weights):
    """The pattern of the weights, and the flow until it changes or the end is reached."""
    pattern = weights @ problem.X.T >= 0
    side = np.where(pattern, 1, -1)

    def edge(_, flat):
        return (side * (flat.reshape(weights.shape) @ problem.X.T)).min()

    edge.terminal, edge.direction = True, -1
    return pattern, solve_ivp(
        lambda _, flat: velocity(problem, flat.reshape(weights.shape), pattern).ravel(),
        (start, problem.T),
        weights.ravel(),
        method="DOP853",
        rtol=PRECISION,
        atol=PRECISION,
        # A preactivation that changes sign twice within one step would go unnoticed.
        max_step=0.25,
        events=edge,
    )


def behind_kink(problem, weights, pattern):
    """The weights just behind the kink that they reached, or None where the flow turns back."""
    side = np.where(pattern, 1, -1)
    r, i = np.unravel_index(np.argmin(side * (weights @ problem.X.T)), side.shape)
    x, behind = problem.X[i], weights.copy()
    behind[r] -= side[r, i] * NUDGE * x / (x @ x)
    speed = velocity(problem, behind, behind @ problem.X.T >= 0)[r] @ x
    return behind if side[r, i] * speed < 0 else None


def gradient_flow(problem):
    """The path until T, or until the flow has no solution because it cannot cross a kink.

    `solve_ivp` allows each step an error of PRECISION·(1 + |w|) in the mean square.  As the loss is
    convex while the patterns stay, no error grows within a phase, and ‖y − u‖ never grows.
    """
    times, weights, lambdas = [0.0], [problem.W], []
    start = problem.W
    while start is not None:
        pattern, solution = phase(problem, times[-1], start)
        times += list(solution.t[1:])
        weights += list(solution.y.T[1:].reshape(-1, *start.shape))
        lambdas.append(np.linalg.eigvalsh(kernel(problem, pattern))[0])
        ended = solution.status == 0
        start = None if ended else behind_kink(problem, weights[-1], pattern)
    path = np.array(weights)
    # ‖∂u/∂W‖ is at most the norm of X, and every step or kink costs this much.
    cost = (PRECISION * (1 + np.abs(path).max()) + NUDGE) * math.sqrt(problem.W.size)
    tolerance = len(times) * cost * max(1, np.linalg.norm(problem.X))
    errors = np.array([residual(problem, W) for W in weights])
    return Path(np.array(times), path, errors, min(lambdas), tolerance)
