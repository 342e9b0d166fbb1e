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


def spans(inputs, near):
    """Orthonormal bases of the spans of near inputs, for all units with equally many at once.

    Yields units (k,), the near inputs of each (k, l), and Q (k, d, l), R (k, l, l) with QR = the
    near inputs as columns.
    """
    sample, unit = np.nonzero(near)
    sample = sample[np.argsort(unit, kind="stable")]
    counts = np.bincount(unit, minlength=near.shape[1])
    starts = np.cumsum(counts) - counts
    for count in np.unique(counts[counts > 0]):
        units = np.flatnonzero(counts == count)
        index = sample[starts[units, None] + np.arange(count)]
        yield units, index, *np.linalg.qr(inputs[index].swapaxes(1, 2))


def project_off(inputs, near, vectors):
    """Π_r v_r (m, d) for rows v_r of vectors, and the coefficients (n, m) of the part taken off."""
    rest, coefficients = vectors.copy(), np.zeros(near.shape)
    for units, index, basis, triangle in spans(inputs, near):
        inside = basis.swapaxes(1, 2) @ vectors[units, :, None]
        rest[units] -= (basis @ inside)[..., 0]
        coefficients[index, units[:, None]] = np.linalg.solve(triangle, inside)[..., 0]
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
    places = np.nonzero(near)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = -coefficients[places] / residual[places[0]]
    patterns[places] = shares
    for unit in np.unique(places[1][~((shares >= 0) & (shares <= 1))]):
        index = np.flatnonzero(near[:, unit])
        columns = forces[index].T
        patterns[index, unit] = lsq_linear(columns, -pull[unit], (0, 1), method="bvls").x
        result[unit] = pull[unit] + columns @ patterns[index, unit]
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
        # Rows s_ir Q_rᵀx_i, of all these units side by side.
        parts = active[:, units, None] * np.einsum("id,kdl->ikl", inputs, basis)
        flat = parts.reshape(len(inputs), -1)
        kernel -= flat @ flat.T / active.shape[1]
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
        "projected_inputs": np.percentile(inner.sum(axis=0), [10, 50, 90]),
    }


class ProjectedFlow:
    """The flow by Euler steps that end on kinks instead of jumping to and fro across them.

    A pair that steps over an attracting kink is put on it and stays, its unit moving with the
    velocity of least norm, until that velocity asks for a pattern of 0 or 1.

    Args:
        inputs, targets: (n, d), (n,).
        weights, output_weights: w_r as rows (m, d), copied; a_r = ±1 (m,).
        step: in flow time.

    Attributes:
        weights: w_r now, (m, d).
        residual: y − u now, (n,).
        active, sliding: s_ir and i ∈ S_r for the last step taken, (n, m).
    """

    def __init__(self, inputs, targets, weights, output_weights, step):
        self._inputs, self._targets, self._step = inputs, targets, step
        self._scaled_signs = output_weights / np.sqrt(len(weights))
        self.weights = weights.copy()
        self._product = inputs @ weights.T
        self._before = np.maximum(self._product, 0)
        self.active = self._product >= 0
        self.sliding = np.zeros_like(self.active)
        self.residual = targets - self._before @ self._scaled_signs

    def advance(self):
        """Take one step; the rate −d ln‖y − u‖²/dt at its start."""
        square = self.residual @ self.residual
        patterns, pull = velocities(self._inputs, self.residual, self.active, self.sliding)
        places = np.nonzero(self.sliding)
        shares = patterns[places]
        self.active[places] = shares > 0
        self.sliding[places] = (shares > 0) & (shares < 1)
        self.weights += self._step * self._scaled_signs[:, None] * pull
        self._product, self._before = self._before, self._product
        np.matmul(self._inputs, self.weights.T, out=self._product)
        self._meet_kinks()
        np.maximum(self._product, 0, out=self._before)
        self.residual = self._targets - self._before @ self._scaled_signs
        return 2 * np.sum(pull**2) / (len(self.weights) * square)

    def kernel(self):
        """H^Π (n, n)."""
        return sliding_kernel(self._inputs, self.active, self.sliding)

    def _meet_kinks(self):
        """Put pairs that stepped over an attracting kink on it; note the others' new side."""
        crossed = ((self._product >= 0) != self.active) & ~self.sliding
        places = sample, unit = np.nonzero(crossed)
        # The speed that the pair loses at its kink: only slower ones are sent back.
        jump = -self.residual[sample] * self._scaled_signs[unit]
        caught = np.abs(self._product[places] - self._before[places]) < self._step * jump
        self.sliding[places] = caught
        self.active[places] ^= ~caught
        units = np.unique(unit[caught])
        self.weights[units], _ = project_off(
            self._inputs, self.sliding[:, units], self.weights[units]
        )
        self._product[:, units] = self._inputs @ self.weights[units].T
