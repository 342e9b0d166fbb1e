"""The event A_ir in exact arithmetic, and its probability by quadrature and by sampling."""

import itertools
from fractions import Fraction
from functools import cache, partial
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
from balls import at_least_zero, balls, contains, occurs, positive
from hypothesis import given
from hypothesis import strategies as st
from oracles import hoeffding, unit_rows
from statements import each_wrong, refute


def half_open(z, R):
    return -R <= z < R


def is_open(z, R):
    return -R < z < R


INTERVALS = {
    "[-R, R)": half_open,
    "(-R, R]": lambda z, R: -R < z <= R,
    "(-R, R)": is_open,
    "[-R, R]": lambda z, R: -R <= z <= R,
}
WRONG = {name: interval for name, interval in INTERVALS.items() if interval is not half_open}


def check_necessary(interval, ball, **variant):
    if occurs(ball, **variant):
        assert interval(ball.z, ball.R)
        assert abs(ball.z) <= ball.R
        assert abs(ball.z) < ball.R or ball.z == -ball.R


def check_sufficient(interval, ball, **variant):
    if interval(ball.z, ball.R):
        assert occurs(ball, **variant)


def check_event(interval, ball, **variant):
    assert occurs(ball, **variant) == interval(ball.z, ball.R)


@given(balls())
def test_flip_implies_interval(ball):
    check_necessary(half_open, ball)


@each_wrong({name: WRONG[name] for name in ["(-R, R]", "(-R, R)"]})
def test_wrong_flip_implies_interval(wrong):
    refute(check_necessary, wrong, balls())


@pytest.mark.parametrize("check", [check_necessary, check_event])
def test_long_input_flips_outside_the_interval(check):
    refute(check, half_open, balls(length=2))


def witness(ball, step=lambda z, R: (z + R) / 2 if z >= 0 else z):
    """The point of the proof of `lem:flip-sufficient`."""
    return ball.w0 - step(ball.z, ball.R) * ball.x


def check_witness(point, ball):
    if half_open(ball.z, ball.R):
        assert contains(ball, point(ball))
        assert (ball.x @ point(ball) >= 0) != (ball.z >= 0)


@given(balls())
def test_interval_implies_flip(ball):
    check_sufficient(half_open, ball)
    check_sufficient(is_open, ball)
    check_witness(witness, ball)


@each_wrong({name: WRONG[name] for name in ["(-R, R]", "[-R, R]"]})
def test_wrong_interval_implies_flip(wrong):
    refute(check_sufficient, wrong, balls())


@each_wrong(
    {
        "only to the hyperplane": lambda z, R: z,
        "out of the ball": lambda z, R: z + R,
        "away from the hyperplane": lambda z, R: -(z + R) / 2 if z >= 0 else z,
    }
)
def test_wrong_witness(wrong):
    refute(check_witness, partial(witness, step=wrong), balls())


@pytest.mark.parametrize(
    ("check", "variant"),
    [
        (check_necessary, {"active": positive}),
        (check_sufficient, {"active": positive}),
        (check_sufficient, {"closed": False}),
    ],
)
def test_interval_belongs_to_ball_and_pattern(check, variant):
    refute(partial(check, **variant), half_open, balls())


@pytest.mark.parametrize("check", [check_sufficient, check_event])
def test_short_input_does_not_reach_the_hyperplane(check):
    refute(check, half_open, balls(length=Fraction(1, 2)))


@given(balls())
def test_flip_iff_interval(ball):
    check_event(half_open, ball)


@each_wrong(WRONG)
def test_wrong_flip_iff_interval(wrong):
    refute(check_event, wrong, balls())


def check_counterexample(factor, ball, closed=True):
    """w0 = factor·R·x is in A_ir by the witness 0, though |w0ᵀx| is not smaller than R."""
    ball = ball._replace(w0=factor * ball.R * ball.x)
    assert contains(ball, 0 * ball.x, closed)
    assert (ball.z >= 0) != (0 * ball.z >= 0)
    assert abs(ball.z) == ball.R


@given(balls())
def test_counterexample_at_minus_r(ball):
    check_counterexample(-1, ball)


@each_wrong({"R x": (1, True), "-R x/2": (Fraction(-1, 2), True), "open ball": (-1, False)})
def test_wrong_counterexample(wrong):
    factor, closed = wrong
    refute(partial(check_counterexample, closed=closed), factor, balls())


TABLE = {
    (True, at_least_zero): "[-R, R)",
    (True, positive): "(-R, R]",
    (False, at_least_zero): "(-R, R)",
    (False, positive): "(-R, R)",
}


@given(balls())
def test_four_variants(ball):
    for (closed, active), name in TABLE.items():
        check_event(INTERVALS[name], ball, closed=closed, active=active)


@pytest.mark.parametrize(
    ("cell", "name"),
    [(cell, name) for cell, name in itertools.product(TABLE, INTERVALS) if TABLE[cell] != name],
)
def test_wrong_four_variants(cell, name):
    closed, active = cell
    refute(partial(check_event, closed=closed, active=active), INTERVALS[name], balls())


class Probability(NamedTuple):
    value: object = lambda R: mpmath.erf(R / mpmath.sqrt(2))
    bound: object = lambda R: 2 * R / mpmath.sqrt(2 * mpmath.pi)


def check_probability(claim, R):
    check_decades(claim, R)
    check_frequencies(claim, R)


def check_decades(claim, R):
    """By quadrature to 75 digits, as value and bound differ by the factor 1 − R²/6 + …"""
    with mpmath.workdps(75):
        R = mpmath.mpf(R)
        # Beyond 30 the density is below 1e-195.
        ends = [0, *(c / R for c in (1, 3, 8, 16) if c < R), min(1, 30 / R)]
        quadrature = 2 * R * mpmath.quad(lambda t: mpmath.npdf(R * t), ends)
        assert abs(claim.value(R) / quadrature - 1) <= mpmath.mpf(10) ** -70
        assert quadrature <= claim.bound(R)


@cache
def initialisations(d=5, samples=50_000):
    """A unit vector, and draws of w_r(0)."""
    generator = np.random.default_rng(0)
    return unit_rows(generator.standard_normal((1, d)))[0], generator.standard_normal((samples, d))


def check_frequencies(claim, R, length=1):
    """How often A_ir occurs, decided as in `search`, and |w_r(0)ᵀx| < R."""
    direction, w0 = initialisations()
    x, step = length * direction, R * direction
    below, here, above = ((w0 + k * step) @ x >= 0 for k in (-1, 0, 1))
    for event in [(below != here) | (here != above), np.abs(w0 @ x) < R]:
        error = np.mean(event) - float(claim.value(mpmath.mpf(R)))
        assert abs(error) <= hoeffding(len(w0), means=2)


RADII = st.integers(-30, 2).map(lambda k: 10.0**k) | st.floats(0.01, 5)


@given(RADII)
def test_flip_probability(R):
    check_probability(Probability(), R)


@each_wrong(
    {
        "erf(R)": Probability(value=mpmath.erf),
        "one side": Probability(value=lambda R: mpmath.erf(R / mpmath.sqrt(2)) / 2),
        "the bound itself": Probability(value=Probability().bound),
        "R/sqrt(2 pi)": Probability(bound=lambda R: R / mpmath.sqrt(2 * mpmath.pi)),
        "2R/(2 pi)": Probability(bound=lambda R: R / mpmath.pi),
        "a bound of order R^2": Probability(bound=lambda R: R**2),
        "strictly better by R^3": Probability(bound=lambda R: Probability().bound(R) - R**3),
    }
)
def test_wrong_flip_probability(wrong):
    refute(check_probability, wrong, RADII)


@pytest.mark.parametrize(
    ("claim", "length"), [(Probability(value=mpmath.erf), 1), (Probability(), 2)]
)
def test_frequencies_refute_on_their_own(claim, length):
    with pytest.raises(AssertionError):
        check_frequencies(claim, 1.0, length)
