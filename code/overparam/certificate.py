"""A lower bound on the smallest eigenvalue that rounding errors cannot fool.

Report: `thm:certificate`.  Sources: Rump (2006), *Verification of positive definiteness*, for the
idea (a Cholesky factorisation of the matrix minus a shift); Higham (2002), Section 3.1, for the
error γ_n|x|ᵀ|y| of a scalar product in any order of summation.
"""

import numpy as np
import scipy.linalg

from overparam.gram import UNIT_ROUNDOFF, gamma


def certified_lambda_min(matrix, entry_error=0.0):
    """A number that is at most λ_min(M) for every symmetric M with |M − matrix| ≤ entry_error.

    A factor U with UᵀU ≈ matrix − κI is computed, and what the approximation leaves is bounded
    from U itself, so nothing is assumed about how the library factorises.  The result is a bound
    whether or not it is positive; only a positive one proves positive definiteness.

    Args:
        matrix: (n, n) float64, finite, symmetric to the last bit.
        entry_error: scalar or (n, n), non-negative.

    Raises:
        ValueError: the matrix is not square, finite and symmetric.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"expected a square matrix, got shape {matrix.shape}")
    if not np.isfinite(matrix).all() or not np.array_equal(matrix, matrix.T):
        raise ValueError("expected a finite symmetric matrix")
    n = len(matrix)
    scale = float(np.abs(matrix).sum(axis=1).max())
    estimate = float(np.linalg.eigvalsh(matrix)[0])
    margin = n * UNIT_ROUNDOFF * scale + np.finfo(np.float64).tiny
    while True:
        shift = estimate - margin
        try:
            factor = scipy.linalg.cholesky(matrix - shift * np.eye(n))
        except np.linalg.LinAlgError:
            margin *= 4
            continue
        slack = _factor_error(matrix, shift, factor) + _norm(np.broadcast_to(entry_error, (n, n)))
        # Two more roundings: the product with 1 + 4ε and the difference.
        bound = shift - slack * (1 + 4 * UNIT_ROUNDOFF)
        return float(np.nextafter(bound, -np.inf))


def _factor_error(matrix, shift, factor):
    """Upper bound on ‖(matrix − κI) − UᵀU‖₂, κ the shift and U the factor, by row sums; every
    rounding is accounted for."""
    n = len(matrix)
    shifted = matrix - shift * np.eye(n)
    residual = np.abs(shifted - factor.T @ factor)
    shift_rounding = UNIT_ROUNDOFF * np.abs(np.diagonal(shifted)).max()
    magnitude = np.abs(factor)
    product_rounding = gamma(n) * magnitude.T @ magnitude.sum(axis=1)
    # A product that underflows loses at most the smallest normal number.
    underflow = n * n * np.finfo(np.float64).tiny
    total = _norm(residual) + product_rounding.max() + shift_rounding + underflow
    # Covers the roundings of this sum itself: at most 2n + 8 in every term, all of one sign.
    return total * (1 + 2 * gamma(2 * n + 8))


def _norm(bound):
    """‖E‖₂ ≤ max_i Σ_j bound_ij for a symmetric E with |E| ≤ bound; rounded up."""
    return float(np.abs(bound).sum(axis=1).max()) * (1 + 2 * gamma(bound.shape[0]))
