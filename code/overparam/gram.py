"""The Gram matrices H^∞ and H(t), and how far rounding can move their entries.

Report: `eq:h-infinity`, `eq:h-closed-form`, `eq:h-of-t`.  Source: Du et al. (2019), Section 3.
Inputs are rows of X (n, d), float64, of unit length up to rounding.  "True" below means: computed
in exact arithmetic from the stored floating-point vectors.
"""

import numpy as np
from scipy.spatial.distance import cdist

UNIT_ROUNDOFF = np.finfo(np.float64).eps / 2
# Doubles of one block of activation patterns: bounds the memory of `h_finite` at any width.
BLOCK_ENTRIES = 1 << 22


def gamma(k):
    """γ_k = kε/(1 − kε), the factor of k roundings of size ε = 2⁻⁵³ (Higham 2002, Section 3.1)."""
    return k * UNIT_ROUNDOFF / (1 - k * UNIT_ROUNDOFF)


def separations(inputs):
    """The smaller one of ‖x_i − x_j‖ and ‖x_i + x_j‖ for the rows of inputs, (n, n)."""
    return np.minimum(cdist(inputs, inputs), cdist(inputs, -inputs))


def angles(inputs):
    """Angles (n, n) in [0, π] between the rows of inputs, symmetric, with an exact zero diagonal.

    2·atan2(‖x − y‖, ‖x + y‖) is accurate at every angle, where arccos(xᵀy) loses half of the
    digits near 0 and π (Kahan 2006, Section 12).
    """
    theta = 2 * np.arctan2(cdist(inputs, inputs), cdist(inputs, -inputs))
    theta = np.maximum(theta, theta.T)
    np.fill_diagonal(theta, 0.0)
    return theta


def h_infinity(inputs):
    """H^∞ (n, n) by the closed form `eq:h-closed-form`, symmetric to the last bit."""
    return symmetrised(inputs @ inputs.T) * (np.pi - angles(inputs)) / (2 * np.pi)


def h_infinity_error(inputs):
    """Entrywise bound (n, n) on |h_infinity(inputs) − true H^∞|, for inputs that pass `check`.

    x_iᵀx_j is off by at most γ_d and has the weight (π − θ)/2π ≤ ½.  Both distances in `angles`
    carry a relative error below γ_{d+4} (differences, squares, sum, root; the lengths' distance
    from 1 enters squared, divided by PARALLEL_TOLERANCE², and is smaller), so θ is off by at most
    2γ_{d+4} + 32ε: the atan2 of the C library is assumed accurate to 4 units in the last place.
    The remaining products and quotients add at most 8ε.  Derivation: `prop:entry-error`.
    """
    n, d = inputs.shape
    entry = gamma(d) / 2 + (2 * gamma(d + 4) + 32 * UNIT_ROUNDOFF) / (2 * np.pi) + gamma(8)
    return np.full((n, n), entry)


def h_finite(inputs, weights, output_weights=None):
    """H(t) (n, n) of a network with hidden weights (m, d), by its definition `eq:h-of-t`.

    Args:
        inputs: (n, d).
        weights: w_r(t) as rows, (m, d).
        output_weights: a_r(t), (m,); None stands for the fixed ±1 of Theorem 3.2, whose squares
            are 1.

    Memory is O(n²) plus one block of patterns, at any width.
    """
    # Single precision counts the units of a block exactly; squares need double.
    dtype = np.float32 if output_weights is None else np.float64
    both_active = np.zeros((len(inputs), len(inputs)))
    for rows in _blocks(len(inputs), len(weights)):
        pattern = (inputs @ weights[rows].T >= 0).astype(dtype)
        squared = pattern if output_weights is None else pattern * output_weights[rows] ** 2
        both_active += squared @ pattern.T
    return symmetrised(inputs @ inputs.T) * (symmetrised(both_active) / len(weights))


def pattern_gram(inputs, patterns, squares):
    """H^p (n, n) of `eq:h-sliding` with the factors a_r²: H(t), where the patterns are indicators.

    Args:
        inputs: (n, d).
        patterns: p_ir in [0, 1], (n, m).
        squares: a_r², (m,).
    """
    patterns = patterns.astype(inputs.dtype, copy=False)
    common = symmetrised((patterns * squares) @ patterns.T).astype(np.float64)
    return of_common(inputs, common, len(squares))


def of_common(inputs, common, m):
    """H^p (n, n) from Σ_r a_r² p_ir p_jr (n, n), symmetric, in double precision, of m units."""
    return symmetrised(inputs @ inputs.T) * (common / m)


def h_finite_error(inputs, weights):
    """Entrywise bound (n, n) on |h_finite(inputs, weights) − true H(0)| for a_r = ±1.

    The count of patterns is an exact integer unless some w_rᵀx_i lies within its own rounding error
    of zero; such a pair may be counted wrongly, which moves an entry by at most 1/m.
    """
    share = undecided_signs(inputs, weights) / len(weights)
    return gamma(inputs.shape[1] + 4) + (1 + gamma(8)) * (share[:, None] + share[None, :])


def undecided_signs(inputs, weights):
    """Number of units for each input (n,) with w_rᵀx_i within its rounding error of zero."""
    n, d = inputs.shape
    undecided = np.zeros(n, dtype=int)
    for rows in _blocks(n, len(weights)):
        product = inputs @ weights[rows].T
        slack = gamma(d + 2) * (np.abs(inputs) @ np.abs(weights[rows]).T)
        undecided += (np.abs(product) <= slack).sum(axis=1)
    return undecided


def symmetrised(matrix):
    """The symmetric part, symmetric to the last bit."""
    return (matrix + matrix.T) / 2


def _blocks(n, m):
    size = max(1, BLOCK_ENTRIES // n)
    return [slice(start, start + size) for start in range(0, m, size)]
