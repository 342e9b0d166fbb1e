"""Flows that slide along kinks: velocity and kernel from one state, and the flow by projection.

Report: `prop:sliding`, `prop:sliding-kernel`, `sec:sliding`.  A unit r slides on the inputs S_r
whose kinks w_rᵀx_i = 0 it does not leave; Π_r is the projection off their span.  Arrays of pairs
are (n, m), one row a sample.  Output weights are ±1.
"""

import numpy as np
from scipy.optimize import lsq_linear

from overparam import gram

# A kink counts as near where |w_rᵀx_i| is at most this many steps of the largest jump of its speed.
REACH = 2.0
# A pattern is 0 or 1 where rounding alone keeps it from that.
ON_BOUND = 1e-12


def near_kinks(product, residual, output_weights, step):
    """Pairs (n, m) that may slide, told from a state of gradient descent with steps of that length.

    The speed of w_rᵀx_i jumps by a_r(y_i − u_i)/√m at its kink.  Only a negative jump can hold the
    pair there, and then descent keeps it within about a step of the kink.

    Args:
        product: w_rᵀx_i, (n, m).
        residual: y − u, (n,).
        output_weights: a_r, (m,).
        step: in flow time.
    """
    reach = REACH * step * np.abs(residual).max() / np.sqrt(len(output_weights))
    attracts = residual[:, None] * output_weights < 0
    return attracts & (np.abs(product) <= reach)


def places(pairs):
    """np.nonzero of a matrix, ten times as fast where few entries are true."""
    return np.unravel_index(np.flatnonzero(pairs), pairs.shape)


def spans(inputs, near):
    """Orthonormal bases of the spans of near inputs, for all units with equally many at once.

    Yields units (k,), where each one's pairs (k, l) stand in places(near), and Q (k, d, ·),
    R (k, ·, l) with QR = the near inputs as columns.
    """
    sample, unit = places(near)
    by_unit = np.argsort(unit, kind="stable")
    counts = np.bincount(unit, minlength=near.shape[1])
    starts = np.cumsum(counts) - counts
    for count in np.unique(counts[counts > 0]):
        units = np.flatnonzero(counts == count)
        pairs = by_unit[starts[units, None] + np.arange(count)]
        yield units, pairs, *np.linalg.qr(inputs[sample[pairs]].swapaxes(1, 2))


def inside_spans(inputs, active, units, bases):
    """Rows s_ir Q_rᵀx_i (n, ·) of these units side by side, for `spans`: their products are what a
    projection off the spans takes from a kernel.

    Args:
        inputs: (n, d).
        active: s_ir, (n, m).
        units: (k,).
        bases: Q (k, d, ·).
    """
    parts = np.einsum("id,kdl->ikl", inputs, bases, optimize=True)
    return (active[:, units, None] * parts).reshape(len(inputs), -1)


def project_off(inputs, near, vectors):
    """Π_r v_r (m, d) for rows v_r of vectors, and the coefficients of the part taken off, one for
    each of places(near); the least ones where there are more near inputs than dimensions."""
    rest, coefficients = vectors.copy(), np.zeros(np.count_nonzero(near))
    for units, pairs, basis, triangle in spans(inputs, near):
        inside = basis.swapaxes(1, 2) @ vectors[units, :, None]
        rest[units] -= (basis @ inside)[..., 0]
        square = triangle.shape[1] == triangle.shape[2]
        part = np.linalg.solve(triangle, inside) if square else np.linalg.pinv(triangle) @ inside
        coefficients[pairs] = part[..., 0]
    return rest, coefficients


def velocities(inputs, residual, active, near):
    """Patterns p (n, m) and Σ_j (y_j − u_j) p_jr x_j (m, d), of least norm for p_jr ∈ [0, 1] where
    near and p_jr = active elsewhere.

    Where the least norm over all real p_jr has them in [0, 1], it is a projection; the other units
    need a bounded least-squares problem each.
    """
    patterns = (active & ~near).astype(np.float64)
    forces = residual[:, None] * inputs
    pull = patterns.T @ forces
    result, coefficients = project_off(inputs, near, pull)
    sample, unit = places(near)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = -coefficients / residual[sample]
    for violator in np.unique(unit[~((shares >= 0) & (shares <= 1))]):
        pairs = np.flatnonzero(unit == violator)
        columns = forces[sample[pairs]].T
        found = lsq_linear(columns, -pull[violator], (0, 1), method="bvls").x
        # It meets its bounds up to rounding only.
        whole = np.rint(found)
        shares[pairs] = np.where(np.abs(found - whole) <= ON_BOUND, whole, found)
        result[violator] = pull[violator] + columns @ shares[pairs]
    patterns[sample, unit] = shares
    return patterns, result


def sliding_kernel(inputs, active, sliding):
    """H^Π (n, n) of `prop:sliding-kernel`.

    Args:
        inputs: (n, d).
        active: s_ir = 1{w_rᵀx_i > 0}, (n, m); not read where sliding.
        sliding: pairs with i ∈ S_r, (n, m).
    """
    active = (active & ~sliding).astype(np.float64)
    kernel = gram.pattern_gram(inputs, active, np.ones(active.shape[1]))
    for units, _, basis, _ in spans(inputs, sliding):
        parts = inside_spans(inputs, active, units, basis)
        kernel -= parts @ parts.T / active.shape[1]
    return gram.symmetrised(kernel)


def measure(inputs, product, residual, output_weights, step):
    """Rayleigh quotient of H^Π at y − u, its smallest eigenvalue, the share of sliding pairs, and
    the 10th, 50th and 90th percentile of the number of inputs on which a unit slides.

    From one state of gradient descent, by `near_kinks`; the arguments are those.
    """
    near = near_kinks(product, residual, output_weights, step)
    patterns, _ = velocities(inputs, residual, product >= 0, near)
    inner = near & (patterns > 0) & (patterns < 1)
    kernel = sliding_kernel(inputs, patterns > 0, inner)
    return {
        "projected_rayleigh": residual @ kernel @ residual / (residual @ residual),
        "projected_lambda_min": np.linalg.eigvalsh(kernel)[0],
        "projected_sliding": np.mean(inner),
        "projected_inputs": np.percentile(inner.sum(axis=0), [10, 50, 90], method="nearest"),
    }


class ProjectedFlow:
    """The flow by Euler steps that end on kinks instead of jumping to and fro across them.

    A pair that steps over an attracting kink is put on it and stays, its unit moving with the
    velocity of least norm, until that velocity asks for a pattern of 0 or 1.

    Args:
        inputs, targets: (n, d), of unit length; (n,).
        weights, output_weights: w_r as rows (m, d), copied; a_r = ±1 (m,).
        step: in flow time.

    Attributes:
        weights: w_r now, (m, d).
        residual: y − u now, (n,).
        active, sliding: s_ir and i ∈ S_r now, (n, m); where sliding, s_ir has no meaning.
    """

    def __init__(self, inputs, targets, weights, output_weights, step):
        self._inputs, self._targets, self._step = inputs, targets, step
        self._scaled_signs = output_weights / np.sqrt(len(weights))
        self.weights = weights.copy()
        self._product = inputs @ weights.T
        self._spare = np.empty_like(self._product)
        self.active = self._product >= 0
        self.sliding = np.zeros_like(self.active)
        self._settle()

    def advance(self):
        """Take one step; the rate −d ln‖y − u‖²/dt at its start."""
        square = self.residual @ self.residual
        rate = 2 * np.sum(self._pull**2) / (len(self.weights) * square)
        self.weights += self._step * self._scaled_signs[:, None] * self._pull
        before, self._product = self._product, self._spare
        np.matmul(self._inputs, self.weights.T, out=self._product)
        self._meet_kinks(before)
        self._spare = before
        self._settle()
        return rate

    def kernel(self):
        """H^Π (n, n)."""
        return sliding_kernel(self._inputs, self.active, self.sliding)

    def _meet_kinks(self, before):
        """Put pairs that stepped over an attracting kink on it; note the others' new side.

        Args:
            before: w_rᵀx_i before the step, (n, m).
        """
        crossed = ((self._product >= 0) != self.active) & ~self.sliding
        where = sample, unit = places(crossed)
        # The speed that the pair loses at its kink: only slower ones are sent back.
        jump = -self.residual[sample] * self._scaled_signs[unit]
        caught = np.abs(self._product[where] - before[where]) < self._step * jump
        self.sliding[where] = caught
        self.active[where] ^= ~caught
        units = np.unique(unit[caught])
        self.weights[units], _ = project_off(
            self._inputs, self.sliding[:, units], self.weights[units]
        )
        self._product[:, units] = self._inputs @ self.weights[units].T

    def _settle(self):
        """The residual and the velocity here; pairs whose pattern it wants to be 0 or 1 let go."""
        hidden = np.maximum(self._product, 0, out=self._spare)
        self.residual = self._targets - hidden @ self._scaled_signs
        state = self.residual, self.active, self.sliding
        patterns, self._pull = velocities(self._inputs, *state)
        where = places(self.sliding)
        shares = patterns[where]
        self.active[where] = shares > 0
        self.sliding[where] = (shares > 0) & (shares < 1)
