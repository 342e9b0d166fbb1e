"""The time map and the bound against a linear model whose gradient flow is known."""

import math

import mpmath
import numpy as np
import pytest
import scipy.linalg
import torch
from oracles import UNIT_ROUNDOFF, gamma, hoeffding
from scipy.integrate import solve_ivp

from overparam import bounds

SAMPLES, FEATURES = 4, 6


def features(seed=0):
    return np.random.default_rng(seed).standard_normal((SAMPLES, FEATURES))


def sgd_outputs(X, targets, learning_rate, steps, weights=None):
    """u(0), …, u(steps) of w ↦ Xw under torch.optim.SGD on nn.MSELoss."""
    X, targets = torch.from_numpy(X), torch.from_numpy(targets)
    weights = np.zeros(X.shape[1]) if weights is None else weights
    weights = torch.nn.Parameter(torch.from_numpy(weights))
    optimiser = torch.optim.SGD([weights], learning_rate)
    outputs = [(X @ weights).detach().numpy()]
    for _ in range(steps):
        optimiser.zero_grad()
        torch.nn.MSELoss()(X @ weights, targets).backward()
        optimiser.step()
        outputs.append((X @ weights).detach().numpy())
    return np.array(outputs)


def flow_outputs(X, targets, times):
    """u(t) = y + e^{−Ht}(u(0) − y) of the flow of ½Σ(u − y)² from u(0) = 0."""
    return np.array([targets - scipy.linalg.expm(-X @ X.T * t) @ targets for t in times])


def distance_to_flow(time_map, steps=200):
    """Largest distance of u(k) from the flow at time_map(k), and Euler's bound on it.

    Each mode is (1 − z)^k against e^{−zk} with z = 2ηλ/n ≤ 1, and 0 ≤ e^{−z} − (1 − z) ≤ z²/2.
    """
    X, targets = features(), np.array([1.0, -2.0, 0.5, 3.0])
    lambda_max = np.linalg.eigvalsh(X @ X.T)[-1]
    learning_rate = 0.001 * SAMPLES / lambda_max
    k = np.arange(steps + 1)
    outputs = sgd_outputs(X, targets, learning_rate, steps)
    error = outputs - flow_outputs(X, targets, time_map(k, learning_rate))
    z = 2 * learning_rate * lambda_max / SAMPLES
    return np.linalg.norm(error, axis=1), k * z**2 / 2 * np.linalg.norm(targets)


def test_flow_time_of_zero_steps_is_zero():
    assert bounds.flow_time(0, 0.3, 5) == 0


def test_gradient_descent_follows_the_flow_in_flow_time():
    error, bound = distance_to_flow(lambda k, eta: bounds.flow_time(k, eta, SAMPLES))
    # A step rounds a few scalar products; the bound grows by z²/2 = 2e-6 a step.
    assert (error[1:] <= bound[1:]).all()


@pytest.mark.parametrize(
    "time_map",
    [
        lambda k, eta: k,
        lambda k, eta: eta * k,
        lambda k, eta: 2 * eta * k,
        lambda k, eta: eta * k / SAMPLES,
    ],
)
def test_other_time_maps_leave_the_flow(time_map):
    error, bound = distance_to_flow(time_map)
    assert (error[1:] > bound[1:]).all()


def test_half_the_learning_rate_halves_the_distance_to_the_flow():
    X, targets = np.array([[1.0]]), np.array([1.0])
    z = 0.01

    def distance(eta):
        steps = round(1 / bounds.flow_time(1, eta, 1).item())
        outputs = sgd_outputs(X, targets, eta, steps)[-1]
        return abs(outputs - flow_outputs(X, targets, [1.0])[0]).item()

    # (1 − z)^{1/z} = e^{−1 − z/2 − z²/3 − …}: the ratio is 2(1 + 5z/24) up to terms in z².
    assert abs(distance(z / 2) / distance(z / 4) / 2 - 1) <= z


@pytest.mark.parametrize(("fraction", "order"), [(0.99, -1), (1.01, 1)])
def test_stability_limit_from_both_sides(fraction, order):
    X = features(1)
    lambda_max = np.linalg.eigvalsh(X @ X.T)[-1]
    learning_rate = fraction * bounds.stability_limit(SAMPLES, lambda_max)
    start = np.random.default_rng(2).standard_normal(FEATURES)
    outputs = sgd_outputs(X, np.zeros(SAMPLES), learning_rate, 2000, weights=start)
    first, middle, last = np.linalg.norm(outputs[[0, 1000, 2000]], axis=1)
    # The fastest mode is multiplied by −0.98 or −1.02 at every step.
    assert order * first < order * middle < order * last


def test_bound_starts_at_the_initial_loss():
    assert bounds.convergence_bound(7.25, 0.05, 0.0) == 7.25


def test_bound_halves_in_the_time_ln_2_over_lambda():
    times = np.arange(4) * math.log(2) / 0.05
    # The exponent is at most 3 ln 2 and rounded three times, e^x and the product once each.
    tolerance = (3 * 3 * math.log(2) + 4) * UNIT_ROUNDOFF
    np.testing.assert_allclose(
        bounds.convergence_bound(16.0, 0.05, times), [16, 8, 4, 2], rtol=tolerance
    )


def test_bound_holds_for_the_linear_flow_and_is_met_by_its_slowest_mode():
    X = features(3)
    eigenvalues, vectors = np.linalg.eigh(X @ X.T)
    times = np.linspace(0, 3 / eigenvalues[0], 50)

    def loss(targets):
        return np.mean((flow_outputs(X, targets, times) - targets) ** 2, axis=1)

    mixed, slowest = loss(np.array([1.0, -2.0, 0.5, 3.0])), loss(vectors[:, 0])
    # The flow's λ_min: ‖u − y‖² decays like e^{−2λt}, twice as fast as the theorem promises.
    assert (mixed <= bounds.convergence_bound(mixed[0], eigenvalues[0], times)).all()
    half_rate = bounds.convergence_bound(slowest[0], 2 * eigenvalues[0], times)
    # expm is backward stable: a relative error of the order of u‖Ht‖ (Al-Mohy & Higham 2009).
    condition = SAMPLES * UNIT_ROUNDOFF * eigenvalues[-1] * times[-1] * math.exp(3)
    np.testing.assert_allclose(slowest, half_rate, rtol=2 * condition)


def test_discrete_bound_of_a_hand_worked_run():
    # 1 − hλ0/2 = ½.
    assert bounds.discrete_bound(8.0, 0.25, 4.0, np.arange(4)).tolist() == [8, 4, 2, 1]


def test_discrete_bound_holds_for_gradient_descent():
    X, targets = features(3), np.array([1.0, -2.0, 0.5, 3.0])
    eigenvalues = np.linalg.eigvalsh(X @ X.T)
    # (1 − hλ)² ≤ 1 − hλ0/2 for every λ between λ0 and 1/h.
    learning_rate = bounds.stability_limit(SAMPLES, eigenvalues[-1]) / 2
    loss = np.mean((sgd_outputs(X, targets, learning_rate, 300) - targets) ** 2, axis=1)
    time_step = bounds.flow_time(1, learning_rate, SAMPLES)
    bound = bounds.discrete_bound(loss[0], eigenvalues[0], time_step, np.arange(301))
    assert bounds.first_crossing(loss[1:], bound[1:]) is None


def test_discrete_bound_tends_to_half_the_rate_of_the_flow():
    steps, lambda_zero, h = 1000, 0.05, 0.02
    flow = bounds.convergence_bound(1.0, lambda_zero / 2, steps * h)
    difference = flow - bounds.discrete_bound(1.0, lambda_zero, h, steps)
    # 0 ≤ e^{−z} − (1 − z) ≤ z²/2 at each step.
    assert 0 < difference <= steps * (h * lambda_zero / 2) ** 2 / 2


def test_frozen_kernel_loss_of_a_hand_worked_kernel():
    # Eigenvalues 1 and 3, at which (1, 0) has half of its square each; e^{−2t} = ½ at t = ln 2/2.
    kernel, residual, times = np.array([[2.0, 1], [1, 2]]), np.array([1.0, 0]), [0, math.log(2) / 2]
    loss = bounds.frozen_kernel_loss(kernel, residual, times)
    np.testing.assert_allclose(loss, [1 / 2, (1 / 2 + 1 / 8) / 4], rtol=gamma(50))


def test_frozen_kernel_loss_is_that_of_the_flow():
    X, residual, times = features(4), np.array([1.0, -2.0, 0.5, 3.0]), np.linspace(0, 2, 9)
    kernel, tolerance = X @ X.T, 1e-10
    options = {"t_eval": times, "rtol": tolerance, "atol": tolerance}
    flow = solve_ivp(lambda t, r: -kernel @ r, (0, 2), residual, **options)
    # Errors of at most rtol·|r| + atol a step do not grow, as the kernel is positive.
    error = flow.nfev * 2 * SAMPLES * tolerance * np.abs(residual).max() ** 2
    loss = bounds.frozen_kernel_loss(kernel, residual, times)
    np.testing.assert_allclose(loss, np.mean(flow.y**2, axis=0), rtol=0, atol=error)


def test_decay_rate_of_a_hand_worked_run():
    loss, time = np.array([8.0, 4, 1, 0.25]), np.array([0.0, 1, 2, 4])
    # The last window ends with the run.
    rate = bounds.decay_rate(loss, time, np.array([0, 1, 2]), 2)
    np.testing.assert_allclose(rate, np.log([8, 16, 4]) / [2, 3, 2], rtol=gamma(8))


@pytest.mark.parametrize("radius", [1e-9, 1e-3, 0.1, 1.0, 3.0])
def test_flip_probability_and_its_bound(radius):
    expected = mpmath.quad(mpmath.npdf, [-radius, radius])
    probability, bound = bounds.flip_probability(radius), bounds.flip_probability_bound(radius)
    assert abs(probability - float(expected)) <= gamma(10) * probability
    assert abs(bound - 2 * radius * float(mpmath.npdf(0))) <= gamma(10) * bound
    assert probability <= (1 + gamma(10)) * bound


def test_flip_probability_is_the_frequency_of_the_event():
    x, radii = np.array([0.6, 0.0, -0.8]), np.array([0.01, 0.3, 2.0])
    z = np.random.default_rng(5).standard_normal((100_000, 3)) @ x
    # A move of w by R moves z by at most R, as ‖x‖ = 1.
    flips = (z >= 0) != (z - np.sign(z) * radii[:, None] >= 0)
    error = np.abs(flips.mean(axis=1) - bounds.flip_probability(radii)).max()
    assert error <= hoeffding(len(z), 3)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ([3.0, 2.0, 0.9], None),
        ([4.0, 2.0, 1.0], None),
        ([4.0, 2.5, 1.5], 1),
        ([4.5, 1.0, 1.5], 0),
        ([3.0, 1.0, math.nextafter(1, 2)], 2),
    ],
    ids=["below", "tie", "first of two", "at once", "by one bit"],
)
def test_first_crossing(loss, expected):
    assert bounds.first_crossing(loss, [4.0, 2.0, 1.0]) == expected


def test_a_run_is_compared_with_the_bound_from_its_own_start():
    # The bound halves in a unit of time: 8, 4, 2.
    run = {"loss": np.array([8.0, 4.0, 2.5]), "time": np.array([0.0, 1.0, 2.0])}
    assert bounds.run_crossing(run, np.log(2) * (1 - 1e-9)) == 2
    assert bounds.run_crossing(run | {"loss": run["loss"] * 3}, np.log(2) * (1 - 1e-9)) == 2
    assert bounds.run_crossing(run, np.log(2) / 2) is None


def test_the_crossing_has_the_time_of_its_step():
    run = {"loss": np.array([8.0, 4.0, 2.5]), "time": np.array([0.0, 1.0, 2.0])}
    assert bounds.crossing_time(run, np.log(2) * (1 - 1e-9)) == 2.0
    assert bounds.crossing_time(run, np.log(2) / 2) is None


def test_a_run_is_measured_before_its_first_step_and_after_each_one():
    assert bounds.run_measured({"measured_steps": np.array(3)}) == slice(0, 4)


@pytest.mark.parametrize(
    ("stage", "starts"),
    [([1], [0]), ([3, 3, 3], [0]), ([1, 1, 2, 3, 3], [0, 2, 3]), ([0, 1, 1], [0, 1])],
)
def test_stage_starts(stage, starts):
    assert bounds.stage_starts(np.array(stage)).tolist() == starts


def two_stages():
    """Stages of two and three steps; a step takes time 1 in the first and ½ in the second."""
    return {
        "stage": np.array([1, 1, 2, 2, 2]),
        "time": np.array([0.0, 1.0, 2.0, 2.5, 3.0, 3.5]),
        "loss_stage": np.array([8.0, 5.0, 12.0, 7.0, 6.0]),
        "stage_end_loss": np.array([3.0, 2.0]),
    }


def test_stage_bounds_restart_with_each_stage_and_go_to_its_end():
    first, second = bounds.stage_parts(two_stages(), [math.log(2), math.log(4)])
    assert (first[0], second[0]) == (0, 2)
    assert (first[1].tolist(), second[1].tolist()) == ([8, 5, 3], [12, 7, 6, 2])
    # The exponent is at most 2 ln 4 and rounded twice, e^x and the product once each.
    tolerance = (4 * math.log(4) + 4) * UNIT_ROUNDOFF
    np.testing.assert_allclose(first[2], [8, 4, 2], rtol=tolerance)
    np.testing.assert_allclose(second[2], [12, 6, 3, 3 / 2], rtol=tolerance)


@pytest.mark.parametrize("eigenvalues", [[1.0], [1.0, 1.0, 1.0]])
def test_stage_bounds_need_one_eigenvalue_a_stage(eigenvalues):
    with pytest.raises(ValueError, match="zip"):
        bounds.stage_parts(two_stages(), eigenvalues)


def test_a_run_leads_most_where_its_loss_is_farthest_below_the_bound():
    # The bound is 8, 4, 2, 1; the lead 1, 2, 4, 2, as the loss then falls more slowly.
    run = {"loss": np.array([8.0, 2.0, 0.5, 0.5]), "time": np.arange(4.0)}
    assert bounds.run_lead(run, math.log(2)) == 2
    assert bounds.run_lead(run, math.log(8)) == 0


def test_flow_steps_are_those_of_the_time_map():
    # η = ¼·n/λ_max with n = 8 and λ_max = 2 is 1, and a step takes 2η/n = ¼.
    assert bounds.flow_steps(3.0, 0.25, 2.0) == 12
