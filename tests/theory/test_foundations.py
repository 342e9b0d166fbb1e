"""What the experiments lean on: kernel, eigenvalues, time, stability and the end of the flow."""

from functools import partial

import mpmath
import numpy as np
import pytest
from dynamics import (
    check_library_time,
    check_no_continuation,
    check_recursion,
    check_sliding,
    check_solution,
    check_stability,
    check_time_map,
    continuations,
    descents,
    kernels_and_rates,
    linear_networks,
    sliding_states,
    velocity,
)
from hypothesis import given
from kernels import angle, closed_form, number
from spectrum import (
    MeanClaim,
    arccos_of_the_product,
    check_closed_form,
    check_interlacing,
    check_lambda_positive,
    check_mean_lambda,
    check_stages,
    check_unit_inputs,
    pairs,
    plane_units,
    stages,
    submatrices,
)
from statements import each_wrong, refute, unit_inputs

from overparam import bounds


@given(pairs(), unit_inputs(parallel=True))
def test_closed_form(pair, inputs):
    check_closed_form(closed_form, pair)
    check_unit_inputs(partial(closed_form, angle=arccos_of_the_product), inputs)


@each_wrong(
    {
        "1/2 missing": partial(closed_form, weight=lambda theta: 1 - theta / mpmath.pi),
        "theta": partial(closed_form, weight=lambda theta: theta / (2 * mpmath.pi)),
        "product missing": lambda x, y: closed_form(x, y) / number(x @ y) if x @ y else 0.25,
        "angle of the lines": partial(
            closed_form, angle=lambda x, y: min(angle(x, y), angle(x, -y))
        ),
        "unit length dropped": partial(closed_form, angle=arccos_of_the_product),
    }
)
def test_wrong_closed_form(wrong):
    refute(check_closed_form, wrong, pairs())


@given(unit_inputs(most=5))
def test_lambda_positive(inputs):
    check_lambda_positive(0, inputs)


PLANE = unit_inputs(dimensions=(2, 2), most=3)


@each_wrong(
    {
        "uniform bound": (0.1, unit_inputs(most=5)),
        "equal inputs": (0, PLANE.map(lambda X: np.vstack([X, X[-1:]]))),
        # Σ_k c_k x_k = 0 makes Σ_k c_k x_k (1{wᵀx_k ≥ 0} + 1{−wᵀx_k ≥ 0}) vanish for almost all w.
        "opposite inputs": (0, PLANE.map(lambda X: np.vstack([X, -X]))),
    }
)
def test_wrong_lambda_positive(wrong):
    refute(check_lambda_positive, *wrong)


@given(plane_units())
def test_mean_lambda(example):
    check_mean_lambda(MeanClaim(), example)


@each_wrong(
    {
        "factor 2": MeanClaim(factor=2),
        "at least": MeanClaim(relation=lambda mean, most, bound, slack: mean >= bound - slack),
        "always": MeanClaim(relation=lambda mean, most, bound, slack: most <= bound + slack),
    }
)
def test_wrong_mean_lambda(wrong):
    refute(check_mean_lambda, wrong, plane_units())


@given(submatrices(), stages())
def test_interlacing(example, inputs_and_labels):
    check_interlacing(lambda least, part, slack: least <= part + slack, example)
    check_stages(lambda earlier, later, slack: later <= earlier + slack, inputs_and_labels)


@each_wrong(
    {
        "reversed": lambda least, part, slack: part <= least + slack,
        "always strict": lambda least, part, slack: least < part,
    }
)
def test_wrong_interlacing(wrong):
    refute(check_interlacing, wrong, submatrices())


def test_wrong_stages():
    refute(check_stages, lambda earlier, later, slack: earlier <= later + slack, stages())


def time_map(rate, n, b):
    return 2 * rate / n


@given(descents())
def test_time_map(example):
    check_time_map(time_map, example)
    check_library_time(time_map, example)


@each_wrong(
    {
        "eta": lambda rate, n, b: rate,
        "2 eta": lambda rate, n, b: 2 * rate,
        "eta/n": lambda rate, n, b: rate / n,
        "2 eta/b": lambda rate, n, b: 2 * rate / b,
    }
)
def test_wrong_time_map(wrong):
    refute(check_time_map, wrong, descents())
    refute(check_library_time, wrong, descents())


def converges(rate, n, eigenvalues):
    return 0 < rate < n / max(eigenvalues)


def library_limit(rate, n, eigenvalues):
    return 0 < rate < bounds.stability_limit(n, max(eigenvalues))


@given(kernels_and_rates(), linear_networks())
def test_stability(example, linear):
    check_stability(converges, example)
    check_stability(library_limit, example)
    check_recursion(lambda rate, n: 2 * rate / n, linear)


@each_wrong(
    {
        "limit included": lambda rate, n, eigenvalues: 0 < rate <= n / max(eigenvalues),
        "zero included": lambda rate, n, eigenvalues: 0 <= rate < n / max(eigenvalues),
        "twice the limit": lambda rate, n, eigenvalues: 0 < rate < 2 * n / max(eigenvalues),
        "limit of the loss": lambda rate, n, eigenvalues: 0 < rate < 2 / max(eigenvalues),
        "half the limit": lambda rate, n, eigenvalues: 0 < rate < n / max(eigenvalues) / 2,
        "least eigenvalue": lambda rate, n, eigenvalues: 0 < rate < n / min(eigenvalues),
        "negative rates": lambda rate, n, eigenvalues: rate < n / max(eigenvalues),
    }
)
def test_wrong_stability(wrong):
    refute(check_stability, wrong, kernels_and_rates())


def test_stability_needs_a_definite_kernel():
    refute(
        check_stability,
        lambda rate, n, eigenvalues: 0 < rate * max(eigenvalues) < n,
        kernels_and_rates(least=0),
    )


@each_wrong({"eta/n": lambda rate, n: rate / n, "2 eta": lambda rate, n: 2 * rate})
def test_wrong_recursion(wrong):
    refute(check_recursion, wrong, linear_networks())


def curve(t):
    return 2 * mpmath.exp(-t) - 1


@given(continuations())
def test_no_solution(pieces):
    check_solution(curve, lambda: mpmath.log(2), velocity)
    check_no_continuation(velocity, pieces)


@each_wrong(
    {
        "ln 3": (curve, lambda: mpmath.log(3), velocity),
        "rate 1/2": (lambda t: curve(t / 2), lambda: 2 * mpmath.log(2), velocity),
        "exponential": (lambda t: mpmath.exp(-t), lambda: mpmath.log(2), velocity),
        "y = 0": (curve, lambda: mpmath.log(2), partial(velocity, y=0)),
    }
)
def test_wrong_solution(wrong):
    with pytest.raises(AssertionError):
        check_solution(*wrong)


@each_wrong(
    {
        "strict convention": partial(velocity, active=lambda w: w > 0),
        "a kink in Filippov's sense": lambda w: velocity(w) if w else 0,
        "y = 0": partial(velocity, y=0),
    }
)
def test_wrong_no_solution(wrong):
    refute(check_no_continuation, wrong, continuations())


def sliding_kernel(net, p, combine=lambda p: p.T @ p):
    """`eq:h-sliding`."""
    return net.X @ net.X.T * combine(p) / net.m


@given(sliding_states())
def test_sliding(example):
    check_sliding(sliding_kernel, example)


@each_wrong(
    {
        "indicators": lambda net, p: net.h(),
        "strict indicators": lambda net, p: sliding_kernel(net, (p == 1) + 0),
        "smaller of the two": partial(
            sliding_kernel, combine=lambda p: np.minimum(p.T[:, None], p.T[None]).sum(axis=2)
        ),
        "1/m missing": lambda net, p: net.m * sliding_kernel(net, p),
        "sign": lambda net, p: -sliding_kernel(net, p),
    }
)
def test_wrong_sliding(wrong):
    refute(check_sliding, wrong, sliding_states())


def test_sliding_needs_the_signs():
    refute(check_sliding, sliding_kernel, sliding_states(signs=False))
