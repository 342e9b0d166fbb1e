"""A certificate that every flow from given weights converges to zero loss, rounding included.

Report: `thm:a-posteriori`, `prop:kept`, `prop:approximate-projections`, `sec:certificate`.  Inputs
are rows of X (n, d), weights w_r rows of W (m, d), output weights a_r = ±1 (m,), all float64;
"true" means: of the stored numbers, in exact arithmetic.  Sources on rounding: those of
`certificate`.
"""

import math
from typing import NamedTuple

import numpy as np

from overparam import gram, sliding
from overparam.certificate import certified_lambda_min
from overparam.gram import UNIT_ROUNDOFF, gamma

# The radius tried next is larger by this factor than the one that the last coercivity asks for.
GROWTH = 1.02
MOST_TRIALS = 40
# Covers the roundings of a dozen operations on positive numbers.
UP, DOWN = 1 + 32 * UNIT_ROUNDOFF, 1 - 32 * UNIT_ROUNDOFF
# Covers the rounding of λ0, of an initial loss and of its bound, relative.
MARGIN = 1e-6


class Verdict(NamedTuple):
    """What was found for weights; the flows from them converge if `holds`.

    Attributes:
        holds: whether needed < radius, with a positive coercivity.
        radius: ρ, within which the units stay.
        needed: at least ‖X‖₂‖y − u‖₂/(√m Λ); infinite where no Λ > 0 was found.
        coercivity: Λ ≥ 0, proved to be at most λ_min(H^q) for every admissible q.
        residual: at least ‖y − u‖₂.
        near: share of pairs taken to be near their kinks.
    """

    holds: bool
    radius: float
    needed: float
    coercivity: float
    residual: float
    near: float


def certify(inputs, targets, weights, output_weights):
    """The Verdict for the smallest radius that is found.

    The coercivity falls as the radius grows, and the radius that it asks for grows: from 0 on each
    is computed from the other until they agree, or no coercivity is left.

    Raises:
        ValueError: the arrays do not fit together, or are not what the theorem is about.
    """
    check(inputs, targets, weights, output_weights)
    product, error = products(inputs, weights)
    residual = residual_norm(targets, product, error, output_weights)
    radius = 0.0
    for _ in range(MOST_TRIALS):
        verdict = judge(inputs, product, error, residual, radius)
        if verdict.holds or not verdict.coercivity:
            break
        radius = GROWTH * verdict.needed
    return verdict


def judge(inputs, product, error, residual, radius):
    """The Verdict for one radius, from `products` and `residual_norm`."""
    near = near_pairs(inputs, product, error, radius)
    bound = coercivity(inputs, product > 0, near)
    speed = speed_limit(inputs, residual, product.shape[1])
    needed = speed / bound * UP if bound else math.inf
    return Verdict(bool(needed < radius), radius, needed, bound, residual, float(np.mean(near)))


def keeps_bound(verdict, samples, bound, lambda_zero):
    """Whether no flow from the weights ever has a loss above its bound (`prop:kept`).

    Args:
        verdict: of the weights.
        samples: n.
        bound: e^{−λ0 t} times the initial loss, a mean over samples, at the time of the weights.
        lambda_zero: λ0.
    """
    fast = verdict.coercivity >= (1 + MARGIN) * lambda_zero / 2
    below = verdict.residual**2 / samples <= (1 - MARGIN) * bound
    return bool(verdict.holds and fast and below)


def check(inputs, targets, weights, output_weights):
    """Raise ValueError where weights and data do not fit together; names what is allowed."""
    m = output_weights.size
    if inputs.ndim != 2 or not inputs.size or not m:
        raise ValueError(
            f"inputs of shape {inputs.shape} and {m} output weights; allowed are inputs with a row"
            " for each sample, and at least one of each"
        )
    n, d = inputs.shape
    shapes = {
        "inputs": (inputs, (n, d)),
        "targets": (targets, (n,)),
        "weights": (weights, (m, d)),
        "output weights": (output_weights, (m,)),
    }
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            raise ValueError(
                f"{name} of shape {array.shape}; allowed with {n} x {d} inputs is {shape}"
            )
        if array.dtype != np.float64:
            raise ValueError(f"{name} of type {array.dtype}; allowed is float64")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} that are not finite; allowed are finite numbers")
    if not np.array_equal(np.abs(output_weights), np.ones(m)):
        raise ValueError("output weights other than -1 and 1; the theorem allows no others")
    if not np.linalg.norm(inputs, axis=1).all():
        raise ValueError("an input is zero; allowed are inputs of positive length")


def products(inputs, weights):
    """w_rᵀx_i (n, m), and bounds (n, m) on the distances from the true ones."""
    error = gamma(inputs.shape[1] + 4) * (np.abs(inputs) @ np.abs(weights).T)
    return inputs @ weights.T, error


def residual_norm(targets, product, error, output_weights):
    """At least the true ‖y − u‖₂."""
    n, m = product.shape
    hidden, scale = np.maximum(product, 0), math.sqrt(m)
    deviation = targets - hidden @ output_weights / scale
    rounding = gamma(m + 8) * hidden.sum(axis=1) / scale + error.sum(axis=1) / scale
    rounding += 4 * UNIT_ROUNDOFF * np.abs(targets)
    return float(np.linalg.norm(np.abs(deviation) + rounding)) * (1 + 2 * gamma(n + m + 8))


def operator_norm(inputs):
    """At least ‖X‖₂, the root of the largest eigenvalue of XᵀX."""
    absolute = np.abs(inputs)
    error = gamma(len(inputs) + 4) * (absolute.T @ absolute)
    square = gram.symmetrised(inputs.T @ inputs)
    return math.sqrt(-certified_lambda_min(-square, error)) * UP


def speed_limit(inputs, residual, width):
    """At least ‖X‖₂‖y − u‖₂/√m, which no unit's speed exceeds."""
    return operator_norm(inputs) * residual / math.sqrt(width) * UP


def lengths(inputs):
    """At least the true ‖x_i‖₂, (n,)."""
    return np.linalg.norm(inputs, axis=1) * (1 + gamma(inputs.shape[1] + 4))


def near_pairs(inputs, product, error, radius):
    """Pairs (n, m), among them all with true |w_rᵀx_i| ≤ radius·‖x_i‖; the signs of the others'
    computed products are the true ones."""
    reach = radius * lengths(inputs)[:, None] * UP
    return np.abs(product) <= (reach + error) * UP


def coercivity(inputs, active, near):
    """A number Λ ≥ 0, at most λ_min(H^q) for every q in [0, 1] that is `active` except where near.

    `prop:approximate-projections` with the computed bases Q_r for whatever they are: how far they
    are from orthonormal and the near inputs from their spans is measured.  Where at least d inputs
    are near, Q_r = I is taken, which needs no computing: nothing of the unit is left.

    Args:
        inputs: (n, d).
        active, near: (n, m).
    """
    (n, d), m = inputs.shape, active.shape[1]
    kept = near.sum(axis=0) < d
    active, near = (active & ~near & kept).astype(np.float64), near & kept
    length = float(lengths(inputs).max()) * UP
    removed, terms, defect, outside = np.zeros((n, n)), 0, 0.0, 0.0
    for units, _, basis, _ in sliding.spans(inputs, near):
        defect = max(defect, orthonormality_defect(basis))
        index = np.nonzero(near[:, units].T)[1].reshape(len(units), -1)
        outside += outside_squared(inputs[index], basis, length)
        parts = sliding.inside_spans(inputs, active, units, basis)
        removed += parts @ parts.T
        terms += parts.shape[1]
    if defect >= 0.5:
        return 0.0
    kernel = gram.symmetrised(inputs @ inputs.T) * gram.symmetrised(active @ active.T) - removed
    # Entries: scalar products of d, then of `terms`, with errors of √d·γ_d in each factor, and a
    # sum over at most n groups; then what P_r² in the place of P_r changes.
    roundings = gamma(terms + 3 * d * (math.isqrt(d) + 1) + n + 64) * (1 + defect)
    entry = length**2 * (roundings + defect * (1 + defect)) * UP
    smallest = certified_lambda_min(gram.symmetrised(kernel) / m, entry)
    outside *= (1 + 2 * gamma(n + 8)) / m
    root = math.sqrt(max(smallest, 0.0)) * DOWN - math.sqrt(outside) * UP
    return max(root, 0.0) ** 2 * DOWN


def orthonormality_defect(bases):
    """At least ‖QᵀQ − I‖₂ for each Q of bases (k, d, l), the largest of them."""
    _, d, count = bases.shape
    gap = bases.swapaxes(1, 2) @ bases - np.eye(count)
    largest = float(np.sqrt(np.sum(gap**2, axis=(1, 2)).max()))
    # Columns of length below √2, or the defect is no smaller than the limit on it.
    return (largest + 2 * count * gamma(d + 4)) * (1 + 2 * gamma(count**2 + 8))


def outside_squared(near_inputs, bases, length):
    """At least Σ‖(I − QQᵀ)x‖² over all units and the near inputs (k, l, d) of each."""
    d, count = bases.shape[1:]
    parts = near_inputs @ bases
    rest = near_inputs - parts @ bases.swapaxes(1, 2)
    rounding = 8 * math.sqrt(d) * gamma(2 * d + 8) * length
    rest = np.linalg.norm(rest, axis=2) * (1 + gamma(d + 4)) + rounding
    return float(np.sum(rest**2)) * (1 + 2 * gamma(rest.size + count + 8))
