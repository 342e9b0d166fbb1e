"""Inequalities (i) and (ii) in exact arithmetic, decay and distance along integrated flows."""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
from flows import Problem, gradient_flow, problems, residual
from hypothesis import given
from hypothesis import strategies as st
from oracles import exact
from statements import each_wrong, fractions, integers, refute, unit_inputs, vectors

from overparam import gram


class Example(NamedTuple):
    """Inputs X (n, d), residuals z = y − u (n,), a unit's weights w (d,), its a_r, the width m."""

    X: np.ndarray
    z: np.ndarray
    w: np.ndarray
    a: int
    m: int


@st.composite
def examples(draw, parallel=False, length=1, output=1):
    """Often with few non-zero residuals; the last input may lie on the unit's kink."""
    X = length * draw(unit_inputs(parallel=parallel))
    n, d = X.shape
    w, x = draw(vectors(d)), X[-1]
    w = draw(st.sampled_from([w, w - (w @ x) / (x @ x) * x]))
    z = exact(draw(integers(n))) * draw(
        st.sampled_from([np.ones(n, int), np.eye(n, dtype=int)[-1]])
    )
    return Example(X, z, w, output * draw(st.sampled_from([1, -1])), draw(st.integers(1, 5)))


def active(example):
    return example.X @ example.w >= 0


def alone_and_active(example):
    """The equality case of `lem:inequality-one`."""
    where = np.flatnonzero(example.z)
    return len(where) == 0 or (len(where) == 1 and active(example)[where[0]])


class InequalityOne(NamedTuple):
    """The square of the right-hand side, and when it is attained."""

    bound: object = lambda example: sum(abs(example.z)) ** 2 / example.m
    attained: object = alone_and_active


def check_inequality_one(claim, example):
    gradient = (example.z * example.a * active(example)) @ example.X
    left, right = gradient @ gradient / example.m, claim.bound(example)
    assert left <= right
    assert (left == right) == claim.attained(example)


@given(examples())
def test_inequality_one(example):
    check_inequality_one(InequalityOne(), example)


@each_wrong(
    {
        "1/m": InequalityOne(bound=lambda e: sum(abs(e.z)) ** 2 / e.m**2),
        "sqrt(m) as scanned": InequalityOne(bound=lambda e: sum(abs(e.z)) ** 2 * e.m),
        "without absolute value": InequalityOne(bound=lambda e: sum(e.z) ** 2 / e.m),
        "norm for the sum": InequalityOne(bound=lambda e: e.z @ e.z / e.m),
        "always strict": InequalityOne(attained=lambda e: False),
        "equality without indicator": InequalityOne(attained=lambda e: np.count_nonzero(e.z) <= 1),
        "equality for one sign": InequalityOne(
            attained=lambda e: active(e).all() and min(e.z) >= 0
        ),
    }
)
def test_wrong_inequality_one(wrong):
    refute(check_inequality_one, wrong, examples())


@each_wrong({"parallel inputs": {"parallel": True}, "length": {"length": 2}, "a_r": {"output": 2}})
def test_inequality_one_needs_its_hypotheses(wrong):
    refute(check_inequality_one, InequalityOne(), examples(**wrong))


class InequalityTwo(NamedTuple):
    """The factor's square, and when (Σ|z_i|)² = factor² · ‖z‖²."""

    square: object = lambda n: n
    attained: object = lambda z: len(set(abs(z))) == 1


def check_inequality_two(claim, z):
    left, right = sum(abs(z)) ** 2, claim.square(len(z)) * (z @ z)
    assert left <= right
    assert (left == right) == claim.attained(z)


RESIDUALS = st.integers(1, 6).flatmap(vectors) | st.builds(
    np.multiply, fractions(-3, 3), st.integers(1, 6).flatmap(lambda n: integers(n, -1, 1))
)


@given(RESIDUALS)
def test_inequality_two(z):
    check_inequality_two(InequalityTwo(), z)


@each_wrong(
    {
        "sqrt(n) missing": InequalityTwo(square=lambda n: 1),
        "fourth root of n": InequalityTwo(square=math.sqrt),
        "sqrt(n - 1)": InequalityTwo(square=lambda n: max(n - 1, 1)),
        "n": InequalityTwo(square=lambda n: n**2),
        "always strict": InequalityTwo(attained=lambda z: False),
        "equality with signs": InequalityTwo(attained=lambda z: len(set(z)) == 1),
        "equality for one": InequalityTwo(attained=lambda z: np.count_nonzero(z) <= 1),
    }
)
def test_wrong_inequality_two(wrong):
    refute(check_inequality_two, wrong, RESIDUALS)


class Rates(NamedTuple):
    """Multiples of λ0 in the exponents for ‖y − u‖² and for ‖y − u‖."""

    squared: float = 1
    plain: float = 0.5


def check_decay(rates, problem):
    path = gradient_flow(problem)
    lambda_zero, length = 2 * path.lambda_min, np.linalg.norm(path.errors, axis=1)
    plain = np.exp(-rates.plain * lambda_zero * path.times) * length[0]
    squared = np.exp(-rates.squared * lambda_zero * path.times) * length[0] ** 2
    assert (length <= plain + path.tolerance).all()
    assert (length**2 <= squared + 2 * length[0] * path.tolerance + path.tolerance**2).all()


@given(problems())
def test_decay(problem):
    check_decay(Rates(), problem)


@each_wrong(
    {
        "exponent as printed": Rates(plain=1),
        "twice the exponent": Rates(squared=2),
        "a little more": Rates(squared=1.01),
    }
)
def test_wrong_decay(wrong):
    refute(check_decay, wrong, problems())


def test_decay_needs_the_square_of_the_output_weights():
    refute(check_decay, Rates(), problems(output=0.5))


def example_of_the_exponent():
    """The network of the proof of `prop:decay`: λ0 = 1/2, and H = λ0/2 throughout."""
    W = np.array([[1.0], [-1.0], [-1.0], [-1.0]])
    return Problem(np.ones((1, 1)), np.ones(1), np.ones(4), W, 5.0)


def test_exponent_cannot_be_improved():
    problem = example_of_the_exponent()
    path, lambda_zero = gradient_flow(problem), gram.h_infinity(problem.X).item()
    assert lambda_zero == 2 * path.lambda_min == 0.5
    assert path.times[-1] == problem.T
    expected = np.exp(-lambda_zero / 2 * path.times) / 2
    assert (abs(path.errors[:, 0] - expected) <= path.tolerance).all()
    with pytest.raises(AssertionError):
        check_decay(Rates(plain=1), problem)


def distance_bound(n, m, error, rate, times, factor=2.0, exponent=0.5):
    """The first bound of `eq:distance`; rate is λ0."""
    return (
        factor * math.sqrt(n) * error / (math.sqrt(m) * rate) * -np.expm1(-exponent * rate * times)
    )


class Distance(NamedTuple):
    """The bound at time t, and R'."""

    bound: object = distance_bound
    radius: object = partial(distance_bound, times=math.inf)


def check_distance(claim, problem):
    path = gradient_flow(problem)
    if path.lambda_min <= 0:
        return
    (m, _), n = problem.W.shape, len(problem.X)
    way = np.linalg.norm(path.weights - path.weights[0], axis=2).max(axis=1)
    arguments = n, m, np.linalg.norm(path.errors[0]), 2 * path.lambda_min
    assert (way <= claim.bound(*arguments, path.times) + path.tolerance).all()
    assert (way <= claim.radius(*arguments) + path.tolerance).all()


@given(problems())
def test_distance(problem):
    check_distance(Distance(), problem)


def one_shared_unit(m=17):
    """Of m units one sees both inputs, the others one each, and the residuals are equal.

    The shared unit moves as (i) and (ii) allow, and H is nearly a multiple of I.
    """
    X, half = np.array([[1.0, 0.0], [0.6, 0.8]]), (m - 1) // 2
    W = 100 * np.array([[1.0, 1.0]] + half * [[1.0, -1.0]] + half * [[-1.0, 1.0]])
    problem = Problem(X, np.zeros(2), np.ones(m), W, 8.0)
    return problem._replace(y=1 - residual(problem, W))


DISTANCE_PROBLEMS = st.just(one_shared_unit()) | problems()


@each_wrong(
    {
        "R' as printed": Distance(radius=partial(distance_bound, times=math.inf, factor=1)),
        "as integrated with the printed exponent": Distance(
            bound=partial(distance_bound, factor=1, exponent=1)
        ),
        "sqrt(n) missing": Distance(bound=lambda n, *rest: distance_bound(1, *rest)),
        "m for sqrt(m)": Distance(bound=lambda n, m, *rest: distance_bound(n, m**2, *rest)),
        "half the exponent": Distance(bound=partial(distance_bound, exponent=0.25)),
        "norm squared": Distance(bound=lambda n, m, e, *rest: distance_bound(n, m, e**2, *rest)),
    }
)
def test_wrong_distance(wrong):
    refute(check_distance, wrong, DISTANCE_PROBLEMS)


def test_distance_of_the_shared_unit():
    check_distance(Distance(), one_shared_unit())


def test_distance_needs_unit_length():
    refute(check_distance, Distance(), problems(length=2.0))
