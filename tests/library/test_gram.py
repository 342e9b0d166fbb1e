"""Gram matrices against Monte Carlo, mpmath, exact fractions and hand-worked angles."""

import itertools
import math
import tracemalloc
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import UNIT_ROUNDOFF, exact, gamma, hoeffding, unit_rows

from overparam import dataset, gram


def random_inputs(n, d, seed=0):
    return unit_rows(np.random.default_rng(seed).standard_normal((n, d)))


def near_parallel(angle, d=40):
    """Unit vectors: x, one at `angle` to it, and one at `angle` to −x."""
    x, z = np.linalg.qr(np.random.default_rng(1).standard_normal((d, 2)))[0].T
    return unit_rows(np.array([x, math.cos(angle) * x + math.sin(angle) * z, -x + angle * z]))


def mp_entry(x, y):
    """H^∞ of two stored vectors to 50 digits, by the arc cosine."""
    with mpmath.workdps(50):
        product, xx, yy = (
            mpmath.fdot(zip(map(mpmath.mpf, p), map(mpmath.mpf, q), strict=True))
            for p, q in [(x, y), (x, x), (y, y)]
        )
        cosine = product / mpmath.sqrt(xx * yy)
        theta = mpmath.acos(max(-1, min(1, cosine)))
        return product * (mpmath.pi - theta) / (2 * mpmath.pi)


def mp_errors(matrix, inputs):
    """|matrix − true H^∞| on the diagonal and above."""
    rows = inputs.tolist()
    with mpmath.workdps(50):
        return {
            (i, j): abs(mpmath.mpf(float(matrix[i, j])) - mp_entry(rows[i], rows[j]))
            for i, j in itertools.combinations_with_replacement(range(len(rows)), 2)
        }


def exact_h_finite(inputs, weights, output_weights):
    """The definition on fractions: (1/m) x_iᵀx_j Σ_r a_r² 1{w_rᵀx_i ≥ 0, w_rᵀx_j ≥ 0}."""
    X, W, a = exact(inputs), exact(weights), exact(output_weights)

    def entry(i, j):
        both = (w @ X[i] >= 0 and w @ X[j] >= 0 for w in W)
        return X[i] @ X[j] * sum(a_r**2 for a_r, active in zip(a, both, strict=True) if active)

    indices = range(len(X))
    return np.array([[entry(i, j) for j in indices] for i in indices]) / Fraction(len(W))


def test_h_infinity_is_the_expectation():
    inputs, samples = random_inputs(6, 5), 200_000
    active = np.random.default_rng(2).standard_normal((samples, 5)) @ inputs.T >= 0
    for i, j in itertools.product(range(6), repeat=2):
        mean = np.mean(active[:, i] & active[:, j])
        # |x_iᵀx_j| ≤ 1 times an average of indicators.
        difference = inputs[i] @ inputs[j] * mean - gram.h_infinity(inputs)[i, j]
        assert abs(difference) <= hoeffding(samples, 36)


def test_orthogonal_inputs_give_half_the_identity():
    np.testing.assert_array_equal(gram.h_infinity(np.eye(4)), np.eye(4) / 2)


def test_antipodal_inputs_share_no_pattern():
    x = random_inputs(1, 40)
    assert gram.h_infinity(np.vstack([x, -x]))[0, 1] == 0


def test_equal_inputs_give_half():
    np.testing.assert_array_equal(gram.h_infinity(np.array([[0.0, 1.0]] * 2)), np.full((2, 2), 0.5))


def test_sixty_degrees_give_one_sixth():
    inputs = np.array([[1.0, 0.0], [0.5, math.sqrt(3) / 2]])
    # √3/2 is stored with error ε, which turns the angle by as much.
    tolerance = gram.h_infinity_error(inputs)[0, 1] + UNIT_ROUNDOFF
    assert abs(gram.h_infinity(inputs)[0, 1] - 1 / 6) <= tolerance


def test_separations_are_the_smaller_distances_up_to_sign():
    inputs = np.array([[1.0, 0.0], [0.0, 1.0], [-0.6, 0.8]])
    # From (−0.6, 0.8): to (−1, 0) 0.4 and 0.8, to (0, 1) 0.6 and 0.2.
    expected = np.sqrt([[0, 2, 0.8], [2, 0, 0.4], [0.8, 0.4, 0]])
    np.testing.assert_allclose(gram.separations(inputs), expected, rtol=gamma(20))


def test_h_infinity_is_symmetric_to_the_last_bit():
    H = gram.h_infinity(random_inputs(60, 40))
    np.testing.assert_array_equal(H, H.T)


@pytest.mark.parametrize("angle", [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1.5e-6])
def test_h_infinity_error_bounds_near_parallel_entries(angle):
    inputs = near_parallel(angle)
    dataset.check(inputs, np.arange(3))
    bound = gram.h_infinity_error(inputs)
    for entry, error in mp_errors(gram.h_infinity(inputs), inputs).items():
        assert error <= bound[entry]


@pytest.mark.parametrize("inputs", [dataset.generate(30, 42)[0], random_inputs(25, 3)])
def test_h_infinity_error_bounds_the_entries(inputs):
    bound = gram.h_infinity_error(inputs)
    assert bound.shape == (len(inputs), len(inputs))
    for entry, error in mp_errors(gram.h_infinity(inputs), inputs).items():
        assert error <= bound[entry]


def test_h_infinity_error_excludes_the_arc_cosine():
    inputs = near_parallel(1e-5)
    product = inputs @ inputs.T
    by_arccos = product * (np.pi - np.arccos(np.clip(product, -1, 1))) / (2 * np.pi)
    assert mp_errors(by_arccos, inputs)[0, 1] > gram.h_infinity_error(inputs)[0, 1]


def test_h_infinity_error_is_of_the_order_of_rounding():
    # d roundings of a scalar product at weight ½, of two norms at 2/2π, and some 20 others.
    assert gram.h_infinity_error(random_inputs(2, 40)).max() <= gamma(40 + 20)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_h_finite_is_its_definition(seed, trained):
    generator = np.random.default_rng(seed)
    n, d, m = 3, 4, 5
    inputs, weights = generator.standard_normal((n, d)), generator.standard_normal((m, d))
    output_weights = generator.standard_normal(m) if trained else np.ones(m)
    H = gram.h_finite(inputs, weights, output_weights if trained else None)
    # Scalar product, square, sum over m, average, quotient, product.
    rounding = gamma(d + m + 4) * np.abs(inputs) @ np.abs(inputs).T * np.mean(output_weights**2)
    error = exact(H) - exact_h_finite(inputs, weights, output_weights)
    assert (abs(error) <= exact(rounding)).all()


def test_h_finite_of_signs_is_that_of_fixed_output_weights():
    inputs, weights = random_inputs(5, 4), random_inputs(9, 4, seed=1)
    signs = np.array([1.0, -1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0, -1.0])
    np.testing.assert_array_equal(
        gram.h_finite(inputs, weights, signs), gram.h_finite(inputs, weights)
    )


def test_h_finite_is_symmetric_to_the_last_bit():
    generator = np.random.default_rng(3)
    weights, output_weights = generator.standard_normal((1000, 4)), generator.standard_normal(1000)
    # At sizes that are no multiples of its blocks, BLAS leaves such a product asymmetric.
    H = gram.h_finite(random_inputs(97, 4), weights, output_weights)
    np.testing.assert_array_equal(H, H.T)


def test_zero_weights_are_active():
    np.testing.assert_array_equal(gram.h_finite(np.eye(2), np.zeros((3, 2))), np.eye(2))


@pytest.mark.parametrize(("second", "active"), [(0.0, 1.0), (-0.0, 1.0), (-(2.0**-60), 0.0)])
def test_pattern_is_active_exactly_from_zero(second, active):
    assert gram.h_finite(np.array([[0.0, 1.0]]), np.array([[5.0, second]])) == active


@pytest.mark.parametrize("entries", [1, 8, 9, 1000])
def test_h_finite_does_not_depend_on_the_block_size(monkeypatch, entries):
    generator = np.random.default_rng(4)
    # Small integers, so that every sum is exact in any order.
    inputs, weights = generator.integers(-3, 4, (4, 3)), generator.integers(-3, 4, (11, 3))
    output_weights = generator.integers(-3, 4, 11)
    expected = exact_h_finite(inputs, weights, output_weights).astype(float)
    monkeypatch.setattr(gram, "BLOCK_ENTRIES", entries)
    actual = gram.h_finite(inputs.astype(float), weights.astype(float), output_weights)
    # The quotient by m = 11 and the product with x_iᵀx_j are rounded.
    assert (np.abs(actual - expected) <= gamma(3) * np.abs(expected)).all()


def test_units_of_a_block_are_counted_exactly():
    assert gram.h_finite(np.ones((1, 1)), np.ones((4099, 1))) == 1
    assert gram.BLOCK_ENTRIES.bit_length() <= 24  # as many as single precision counts


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pattern_gram_is_its_definition(dtype):
    generator = np.random.default_rng(7)
    inputs, squares = generator.integers(-3, 4, (3, 2)), generator.integers(0, 4, 8)
    patterns = generator.integers(0, 9, (3, 8)) / 8
    expected = exact(inputs @ inputs.T) * ((exact(patterns) * squares) @ exact(patterns).T) / 8
    H = gram.pattern_gram(inputs.astype(dtype), patterns, squares.astype(dtype))
    assert (exact(H) == expected).all()  # sums of so few eighths are exact in single precision


def test_pattern_gram_of_indicators_is_h_finite():
    X, W, a = random_inputs(97, 4), random_inputs(1000, 4, 8), random_inputs(1, 1000)[0]
    H = gram.pattern_gram(X, X @ W.T >= 0, a**2)
    np.testing.assert_allclose(H, gram.h_finite(X, W, a), rtol=2 * gamma(1000 + 8))
    np.testing.assert_array_equal(H, H.T)


@pytest.mark.parametrize("function", [gram.h_finite, gram.h_finite_error])
def test_no_whole_pattern_matrix_is_held(monkeypatch, function):
    n, m = 20, 20_000
    inputs, weights = random_inputs(n, 2), np.random.default_rng(5).standard_normal((m, 2))
    monkeypatch.setattr(gram, "BLOCK_ENTRIES", 1000)
    tracemalloc.start()
    function(inputs, weights)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n * m * np.float64().nbytes


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_h_finite_error_bounds_the_entries(seed, whole):
    generator = np.random.default_rng(seed)
    inputs = unit_rows(np.add(generator.integers(-3, 4, (3, 3)), [5, 0, 0]))
    # Cross products with an input have true preactivations of the order of their rounding errors.
    weights = np.cross(inputs[generator.integers(0, 3, 4)], generator.standard_normal((4, 3)))
    weights = np.rint(weights) if whole else weights
    error = exact(gram.h_finite(inputs, weights)) - exact_h_finite(inputs, weights, np.ones(4))
    assert (abs(error) <= exact(gram.h_finite_error(inputs, weights))).all()


def test_h_finite_error_counts_each_doubtful_pattern():
    inputs = np.array([[1.0, 0.0], [0.6, 0.8]])
    weights = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, 2.0]])
    # Two of four preactivations of input 0 are zero, none of input 1.
    assert gram.undecided_signs(inputs, weights).tolist() == [2, 0]
    error = gram.h_finite_error(inputs, weights)
    rounding = gamma(2 + 8)
    np.testing.assert_allclose(error, [[1, 0.5], [0.5, 0]], rtol=rounding, atol=rounding)


@pytest.mark.parametrize(("units", "doubtful"), [(0, True), (2, True), (10, False)])
def test_patterns_are_doubtful_within_the_rounding_of_the_product(units, doubtful):
    # wᵀx = 0.8·units·ε, which two roundings of terms of 0.48 reach for units = 2.
    weights = np.array([[0.8, units * UNIT_ROUNDOFF - 0.6]])
    error = gram.h_finite_error(np.array([[0.6, 0.8]]), weights)
    assert (error >= 1).item() is doubtful


def test_h_finite_error_covers_a_sign_that_cancellation_hides():
    inputs = np.array([[0.6, 2.0**-60, 0.8], [1.0, 0.0, 0.0]])
    # From left to right 0.6·0.8 − 2⁻⁶⁰ − 0.8·0.6 rounds to 0; the true value is negative.
    weights = np.array([[0.8, -1.0, -0.6]])
    assert exact(weights)[0] @ exact(inputs)[0] < 0
    assert gram.h_finite_error(inputs, weights)[0, 1] >= 1


def test_h_finite_error_is_rounding_where_no_sign_is_in_doubt():
    inputs, weights = random_inputs(5, 40), np.random.default_rng(6).standard_normal((100, 40))
    assert gram.h_finite_error(inputs, weights).max() <= gamma(40 + 8)
