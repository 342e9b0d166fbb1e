"""The certificate against matrices whose smallest eigenvalue is known in exact arithmetic."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from oracles import UNIT_ROUNDOFF, exact, gamma, is_positive_definite

from overparam import certificate
from overparam.certificate import certified_lambda_min


def slack(matrix):
    """What the certificate may lie below λ_min: rounding errors of each of its stages."""
    n = len(matrix)
    norm = 2 * np.abs(matrix).sum(axis=1).max()  # bounds ‖M − κI‖ for κ near λ_min
    eigenvalue = n * UNIT_ROUNDOFF * norm  # eigvalsh is backward stable
    factorises = gamma(n + 1) * n * norm  # Cholesky succeeds for λ_min > γ_{n+1}·trace (Rump 2006)
    # |UᵀU − A|, the product's evaluation and its bound: each γ_{n+1}|Uᵀ||U|, whose row sums are at
    # most n^{3/2}‖A‖ (Higham 2002, Theorem 10.3 and Lemma 6.6).
    residual = 3 * gamma(n + 1) * n**1.5 * norm
    # The margin grows by factors of 4; shift and result are rounded; products may underflow.
    underflow = 2 * (n * n + 1) * np.finfo(float).tiny
    return 4 * (eigenvalue + factorises) + residual + 2 * UNIT_ROUNDOFF * norm + underflow


def shifted(matrix, shift):
    """matrix − shift·I in exact arithmetic."""
    return exact(matrix) - Fraction(shift) * exact(np.eye(len(matrix)))


def path_laplacian(n):
    """Graph Laplacian of a path: singular, since its rows sum to zero."""
    laplacian = path_dirichlet(n)
    laplacian[0, 0] = laplacian[-1, -1] = 1
    return laplacian


def path_dirichlet(n):
    return 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)


def path_dirichlet_smallest(n):
    with mpmath.workdps(50):
        return 2 - 2 * mpmath.cos(mpmath.pi / (n + 1))


def reflected(eigenvalues):
    """Q·diag·Qᵀ with Q = I − J/2 of order 4: no rounding for powers of two."""
    Q = np.eye(4) - np.ones((4, 4)) / 2
    return Q @ np.diag(eigenvalues) @ Q


def scaled_hilbert(n):
    """Hilbert matrix times the least common multiple of its denominators: integers."""
    multiple = math.lcm(*range(1, 2 * n))
    return np.array([[multiple // (i + j + 1) for j in range(n)] for i in range(n)], dtype=float)


@st.composite
def symmetric_matrices(draw):
    """Integer symmetric matrices, indefinite or definite, times a power of two."""
    n = draw(st.integers(1, 6))
    entries = draw(st.lists(st.integers(-9, 9), min_size=n * n, max_size=n * n))
    A = np.array(entries, dtype=float).reshape(n, n)
    matrix = draw(st.sampled_from([A + A.T, A @ A.T, A @ A.T + np.eye(n)]))
    return matrix * 2.0 ** draw(st.integers(-40, 40))


@st.composite
def singular_matrices(draw):
    """BBᵀ with more rows than columns in the integer matrix B."""
    n = draw(st.integers(2, 8))
    entries = draw(st.lists(st.integers(-9, 9), min_size=n * (n - 1), max_size=n * (n - 1)))
    B = np.array(entries, dtype=float).reshape(n, n - 1)
    return B @ B.T


@pytest.mark.parametrize(("corner", "expected"), [(4, False), (5, True)])
def test_oracle_tells_definite_from_singular(corner, expected):
    matrix = np.array([[1, 2, 0], [2, corner, 0], [0, 0, 1]])
    assert is_positive_definite(exact(matrix)) is expected


@given(symmetric_matrices())
def test_bound_is_below_exact_eigenvalue(matrix):
    assert is_positive_definite(shifted(matrix, certified_lambda_min(matrix)))


@given(symmetric_matrices())
def test_bound_is_close_to_exact_eigenvalue(matrix):
    bound = certified_lambda_min(matrix) + slack(matrix)
    assert not is_positive_definite(shifted(matrix, bound))


KNOWN = [
    *((c * np.eye(n), c) for c, n in [(3.0, 1), (1e-300, 2), (0.1, 7), (1e300, 3), (-2.0, 3)]),
    *((np.eye(n) + np.ones((n, n)), 1) for n in (2, 50, 300)),
    (reflected([2.0**-30, 1, 2, 3]), 2.0**-30),
    (reflected([-(2.0**-30), 1, 2, 3]), -(2.0**-30)),
    *((path_dirichlet(n), path_dirichlet_smallest(n)) for n in (1, 2, 10, 300)),
]


@pytest.mark.parametrize(("matrix", "smallest"), KNOWN)
def test_bound_meets_a_known_eigenvalue(matrix, smallest):
    bound = certified_lambda_min(matrix)
    assert smallest - slack(matrix) <= bound <= smallest


@pytest.mark.parametrize("matrix", [path_laplacian(n) for n in (2, 3, 50, 300)])
def test_singular_laplacian_gets_no_positive_bound(matrix):
    assert certified_lambda_min(matrix) <= 0


@given(singular_matrices())
def test_singular_matrix_gets_no_positive_bound(matrix):
    assert certified_lambda_min(matrix) <= 0


@pytest.mark.parametrize("deficit", [2.0**-40, 2.0**-45, 2.0**-50])
@pytest.mark.parametrize("n", [2, 5, 100])
def test_slightly_indefinite_matrix_gets_its_negative_eigenvalue_or_less(n, deficit):
    assert certified_lambda_min(path_laplacian(n) - deficit * np.eye(n)) <= -deficit


def test_one_bit_from_singular():
    above = np.nextafter(1, 2)
    assert certified_lambda_min(np.array([[1, above], [above, 1]])) <= 1 - above


@pytest.mark.parametrize("n", range(8, 13))
@pytest.mark.parametrize("hilbert", [scipy.linalg.hilbert, scaled_hilbert])
def test_bound_is_below_exact_eigenvalue_of_hilbert_matrices(hilbert, n):
    matrix = hilbert(n)
    bound = certified_lambda_min(matrix)
    assert is_positive_definite(shifted(matrix, bound))
    assert not is_positive_definite(shifted(matrix, bound + slack(matrix)))


def test_well_separated_hilbert_matrix_is_certified():
    assert certified_lambda_min(scaled_hilbert(8)) > 0


def test_scalar_entry_error_is_deducted():
    matrix, error = np.eye(4), 2.0**-10
    # I − error·J is admitted by the error, and its smallest eigenvalue is 1 − 4·error.
    assert 1 - 4 * error - slack(matrix) <= certified_lambda_min(matrix, error) <= 1 - 4 * error


def test_entrywise_entry_error_is_deducted():
    matrix, error = np.eye(3), np.zeros((3, 3))
    error[0, 2] = error[2, 0] = 0.25
    assert 0.75 - slack(matrix) <= certified_lambda_min(matrix, error) <= 0.75


@given(symmetric_matrices(), st.integers(0, 9), st.data())
def test_bound_holds_for_every_matrix_within_the_entry_error(matrix, error, data):
    n = len(matrix)
    signs = data.draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=n * n, max_size=n * n))
    upper = np.triu(np.reshape(signs, (n, n)))
    inside = exact(matrix) + error * exact(upper + np.triu(upper, 1).T)
    bound = Fraction(certified_lambda_min(matrix, float(error)))
    assert is_positive_definite(inside - bound * exact(np.eye(n)))


def test_bound_survives_a_wrong_eigenvalue_and_a_wrong_factor(monkeypatch):
    matrix = path_dirichlet(5)
    eigenvalues, factorise = np.linalg.eigvalsh(matrix), scipy.linalg.cholesky
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda _: eigenvalues + 1)
    monkeypatch.setattr(scipy.linalg, "cholesky", lambda a: factorise(a + 2 * np.eye(5)))
    assert is_positive_definite(shifted(matrix, certified_lambda_min(matrix)))


def test_bound_survives_an_eigenvalue_that_is_too_large(monkeypatch):
    matrix = path_dirichlet(5)
    eigenvalues = np.linalg.eigvalsh(matrix)
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda _: eigenvalues + 1)
    bound = certified_lambda_min(matrix)
    assert is_positive_definite(shifted(matrix, bound))
    # The margin stops below four times the 1 that it has to make up for.
    assert not is_positive_definite(shifted(matrix, bound + 3 + slack(matrix)))


@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("shift", [0.0, 1 / 3, -1e5])
@pytest.mark.parametrize("seed", range(20))
def test_factor_error_bounds_the_exact_residual(seed, shift, n):
    factor = np.random.default_rng(seed).standard_normal((n, n))
    product = factor.T @ factor + shift * np.eye(n)
    matrix = (product + product.T) / 2
    residual = shifted(matrix, shift) - exact(factor).T @ exact(factor)
    norm = abs(residual).sum(axis=1).max()
    assert norm <= Fraction(certificate._factor_error(matrix, shift, factor))


@pytest.mark.parametrize("shape", [(2, 3), (4,), (1, 2, 2)])
def test_matrix_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match="square matrix, got shape"):
        certified_lambda_min(np.ones(shape))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_matrix_that_is_not_finite_is_refused(value):
    matrix = np.eye(3)
    matrix[0, 1] = matrix[1, 0] = value
    with pytest.raises(ValueError, match="finite symmetric"):
        certified_lambda_min(matrix)


@pytest.mark.parametrize(("i", "j"), list(itertools.permutations(range(3), 2)))
def test_matrix_asymmetric_in_the_last_bit_is_refused(i, j):
    matrix = np.eye(3) + 1
    matrix[i, j] = np.nextafter(1, 2)
    with pytest.raises(ValueError, match="finite symmetric"):
        certified_lambda_min(matrix)
