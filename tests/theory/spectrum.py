"""Checks of what is said about H^∞, H(0) and their eigenvalues: `test_foundations` runs them."""

import itertools
from fractions import Fraction
from typing import NamedTuple

import mpmath
import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from kernels import both_active, h_infinity, initial_kernels, number
from oracles import UNIT_ROUNDOFF, exact, gamma, is_positive_definite
from statements import integers, unit_inputs, vectors

from overparam import gram
from overparam.batches import stage_indices


@st.composite
def pairs(draw):
    """Two non-zero rational vectors, often parallel, antiparallel or orthogonal."""
    x, y = draw(st.integers(1, 4).flatmap(lambda d: st.tuples(vectors(d), vectors(d))))
    assume((x @ x) * (y @ y) > 0)
    y = draw(st.sampled_from([y, 2 * x, -x, y - (x @ y) / (x @ x) * x]))
    assume(y.any())
    return x, y


def check_closed_form(formula, pair):
    x, y = pair
    probability, error = both_active(x, y)
    product = float(x @ y)
    assert abs(float(formula(x, y)) - product * probability) <= abs(product) * (error + gamma(3))


def arccos_of_the_product(x, y):
    return mpmath.acos(max(-1, min(1, number(x @ y))))


def check_unit_inputs(formula, inputs):
    for pair in itertools.product(inputs, repeat=2):
        check_closed_form(formula, pair)
    assert all(formula(x, x) == 0.5 for x in inputs)


def check_lambda_positive(floor, inputs):
    """λ_min(H^∞) > floor; 1e-50 exceeds what rounding to 60 digits does to H^∞."""
    shift = Fraction(floor) + Fraction(1, 10**50)
    assert is_positive_definite(h_infinity(inputs) - shift * exact(np.eye(len(inputs))))


class MeanClaim(NamedTuple):
    """E H(0) = factor · H^∞, and the relation of E λ_min(H(0)), its largest value, and λ0."""

    factor: float = 1
    relation: object = lambda mean, largest, bound, slack: mean <= bound + slack


def plane_units():
    """Inputs in the plane, and a number of hidden units."""
    rows = st.lists(vectors(2).filter(np.any), min_size=1, max_size=3)
    return st.tuples(rows.map(np.array), st.integers(1, 3))


def check_mean_lambda(claim, example):
    rows, m = example
    inputs, H = rows.astype(float), h_infinity(rows).astype(float)
    probabilities, kernels = initial_kernels(inputs, m)
    # Arcs, their products and sums are rounded a few times each; a perturbation of the entries
    # and eigvalsh move an eigenvalue by at most n times as much.
    slack = gamma(100) * len(rows) * np.trace(H)
    mean = np.tensordot(probabilities, kernels, axes=1)
    lambdas = np.linalg.eigvalsh(kernels)[:, 0]
    assert (np.abs(mean - claim.factor * H) <= slack).all()
    lambda_zero = np.linalg.eigvalsh(H)[0]
    assert claim.relation(probabilities @ lambdas, lambdas.max(), lambda_zero, slack)


@st.composite
def submatrices(draw):
    """A symmetric integer matrix and some of its indices."""
    n = draw(st.integers(1, 5))
    A = draw(integers((n, n))).astype(float)
    return A + A.T, sorted(draw(st.sets(st.integers(0, n - 1), min_size=1)))


def check_interlacing(claim, example):
    """claim for λ_min of the matrix and its part, and so for λ_max, which is −λ_min of −M."""
    M, K = example
    part = M[np.ix_(K, K)]
    # eigvalsh is backward stable: an error of the order of nε‖M‖.
    slack = 2 * len(M) * UNIT_ROUNDOFF * np.abs(M).sum(axis=1).max()
    for sign in (1, -1):
        least = [np.linalg.eigvalsh(sign * matrix)[0] for matrix in (M, part)]
        assert claim(*least, slack)


def stages():
    """Inputs of unit length and their labels."""
    labels = st.lists(st.integers(0, 2), min_size=4, max_size=4)
    return st.tuples(unit_inputs(), labels)


def check_stages(order, example):
    """λ0 from stage to stage, by the library."""
    inputs, labels = example[0].astype(float), np.array(example[1][: len(example[0])])
    H, error = gram.h_infinity(inputs), gram.h_infinity_error(inputs)[0, 0]
    lambdas = []
    for K in filter(len, (stage_indices(labels, stage) for stage in (1, 2, 3))):
        part = gram.h_infinity(inputs[K])
        assert (np.abs(part - H[np.ix_(K, K)]) <= 2 * error).all()
        lambdas.append(np.linalg.eigvalsh(part)[0])
    # The entries are below 1; Weyl, for their errors and those of eigvalsh.
    slack = 2 * len(inputs) * (error + len(inputs) * UNIT_ROUNDOFF)
    assert all(order(earlier, later, slack) for earlier, later in itertools.pairwise(lambdas))
