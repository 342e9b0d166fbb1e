"""The proof's constants, derived again with mpmath, and against sampled networks."""

import math

import mpmath
import numpy as np
import pytest
from oracles import gamma, hoeffding

from overparam import gram, hypotheses

# n, m, δ, λ0 and ‖y − u(0)‖, of this report and of a small case.
CASES = [(500, 1000, 0.1, 0.04, 120.0), (3, 50, 0.5, 0.3, 1.7)]
of_each_case = pytest.mark.parametrize(("n", "m", "delta", "lambda_zero", "residual"), CASES)


def agrees(actual, expected, roundings=20):
    return abs(actual - float(expected)) <= gamma(roundings) * float(expected)


def failure_probability(n, m, entry):
    """Hoeffding's bound for one of n² averages of m terms in an interval of length 1 to be off."""
    return n**2 * 2 * mpmath.exp(-2 * m * mpmath.mpf(entry) ** 2)


@of_each_case
def test_gram_deviation_is_hoeffdings_for_all_entries(n, m, delta, lambda_zero, residual):
    # ‖M‖₂ ≤ ‖M‖_F ≤ n max |M_ij|.
    entry = hypotheses.gram_deviation(n, m, delta) / n
    # An error of the entry is multiplied by twice the exponent, below 2·20.
    assert agrees(float(failure_probability(n, m, entry)), delta, 40 * 10)


def share_beyond(limit, n=4, m=100, networks=2000):
    """Share of networks with ‖H(0) − H^∞‖₂ > limit for n equal inputs, the worst ones."""
    inputs, generator = np.tile([1.0, 0], (n, 1)), np.random.default_rng(0)
    infinite = np.full((n, n), 0.5)
    matrices = (gram.h_finite(inputs, generator.standard_normal((m, 2))) for _ in range(networks))
    return np.mean([np.linalg.norm(H - infinite, 2) > limit for H in matrices]), hoeffding(networks)


def test_gram_deviation_holds_for_sampled_networks():
    share, error = share_beyond(hypotheses.gram_deviation(4, 100, delta=0.3))
    assert share <= 0.3 + error


def test_gram_deviation_needs_its_factor_n():
    share, error = share_beyond(hypotheses.gram_deviation(4, 100, delta=0.3) / 4)
    assert share > 0.3 + error


@of_each_case
def test_gram_width_is_the_first_that_suffices(n, m, delta, lambda_zero, residual):
    width = hypotheses.gram_width(n, delta, lambda_zero)
    for candidate, suffices in [(math.floor(width), False), (math.ceil(width), True)]:
        entry = lambda_zero / 4 / n
        assert (failure_probability(n, candidate, entry) <= delta) is suffices


@of_each_case
def test_stable_radius_is_markovs(n, m, delta, lambda_zero, residual):
    radius = hypotheses.stable_radius(n, delta, lambda_zero)
    # Each of the n² entries moves by P(A_ir) + P(A_jr) at most, in expectation.
    flip = mpmath.quad(mpmath.npdf, [-radius, radius])
    share = n**2 * 2 * flip / delta / (lambda_zero / 4)
    # The density is at least 1 − R²/2 of that at zero, by which the proof replaces it.
    assert 1 - radius**2 / 2 - gamma(20) <= share <= 1 + gamma(20)


@of_each_case
def test_distance_bound_is_the_length_of_the_path(n, m, delta, lambda_zero, residual):
    # ‖dw_r/dt‖ ≤ √(n/m)·‖y − u‖, whose square decays like e^{−λ0 t}.
    n_over_m, rate = mpmath.mpf(n) / m, mpmath.mpf(lambda_zero) / 2
    speed = mpmath.sqrt(n_over_m) * residual
    length = mpmath.quad(lambda t: speed * mpmath.exp(-rate * t), [0, 1 / rate, mpmath.inf])
    assert agrees(hypotheses.distance_bound(n, m, residual, lambda_zero), length)


@of_each_case
def test_convergence_width_is_where_the_path_fits(n, m, delta, lambda_zero, residual):
    radius = hypotheses.stable_radius(n, delta, lambda_zero)
    width = hypotheses.convergence_width(n, residual, lambda_zero, radius)
    for factor, fits in [(1 - 1e-9, False), (1 + 1e-9, True)]:
        distance = hypotheses.distance_bound(n, factor * width, residual, lambda_zero)
        assert (distance < radius) == fits


@pytest.mark.parametrize(
    ("factors", "growth"), [((2, 1, 1), 2**6), ((1, 1 / 2, 1), 2**3), ((1, 1, 1 / 2), 2**4)]
)
def test_convergence_width_is_of_the_theorems_order(factors, growth):
    def width(n, delta, lambda_zero):
        # ‖y − u(0)‖² is of the order n/δ with probability 1 − δ.
        radius = hypotheses.stable_radius(n, delta, lambda_zero)
        return hypotheses.convergence_width(n, math.sqrt(n / delta), lambda_zero, radius)

    values = (100, 0.1, 0.04)
    scaled = (factor * value for factor, value in zip(factors, values, strict=True))
    assert agrees(width(*scaled) / width(*values), growth)
