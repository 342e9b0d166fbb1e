"""What is watched at many steps of a training, cheaply; `train_model` calls a watch before each.

Report: `sec:hypotheses`, `sec:sliding`, `sec:certificate`.  Whether λ_min(H(t)) falls below a
threshold is told by a Cholesky factorisation of H(t) − threshold·I; eigenvalues are computed only
where it fails.
"""

import numpy as np
import scipy.linalg

from overparam import convergence, device, gram, sliding
from overparam.probe import columns


class LambdaMinWatch:
    """Looks at H(t) after every `every` steps.

    Args:
        network: TwoLayerNetwork with fixed output weights ±1, as initialised.
        inputs: (n, d) array.
        threshold: λ0/2 in Lemma 3.2.
        every: steps from one look to the next.
    """

    def __init__(self, network, inputs, threshold, every):
        self._weights, self._inputs, self._every = network.weights, inputs, every
        self._shift = threshold * np.eye(len(inputs))
        self._looks, self._below = 0, {}

    def __call__(self, step):
        """Look if it is time; `step` steps are done."""
        if step % self._every:
            return
        self._looks += 1
        matrix = gram.h_finite(self._inputs, device.host(self._weights))
        try:
            scipy.linalg.cholesky(matrix - self._shift, check_finite=False)
        except np.linalg.LinAlgError:
            self._below[step] = np.linalg.eigvalsh(matrix)[0]

    def results(self):
        """Number of looks; steps (k,) at which λ_min was below, and λ_min there (k,)."""
        return {
            "watch_looks": self._looks,
            "watch_step": np.array(list(self._below), dtype=int),
            "watch_lambda_min": np.array(list(self._below.values())),
        }


class KinkWatch:
    """Counts how often patterns change, and how far the pairs that change are from their kinks.

    Args:
        network: TwoLayerNetwork, as initialised.
        inputs: (n, d) array.
        first: number of steps done when it begins.
    """

    def __init__(self, network, inputs, first):
        self._weights, self._inputs, self._first = network.weights, inputs, first
        self._patterns, self._steps = None, 0

    def __call__(self, step):
        """Compare with the patterns of the step before."""
        if step < self._first:
            return
        product = self._inputs @ device.host(self._weights).T
        patterns = product >= 0
        if self._patterns is None:
            self._changes, self._distance = np.zeros(product.shape, int), np.zeros(product.shape)
        else:
            self._changes += patterns != self._patterns
            self._distance += np.abs(product)
            self._steps += 1
        self._patterns = patterns

    def results(self):
        """Of the pairs that change at least twice, which no crossing for good does: their share,
        the mean number of changes of one, and the median of their mean |w_rᵀx_i|; the steps."""
        sliding = self._changes >= 2
        distance = self._distance[sliding] / self._steps
        return {
            "kinks_steps": self._steps,
            "kinks_share": np.mean(sliding),
            "kinks_changes": self._changes[sliding].mean() if sliding.any() else 0.0,
            "kinks_distance": np.median(distance) if sliding.any() else 0.0,
        }


class ConvergenceWatch:
    """Tries to prove, after every `every` steps, that the flow from here converges.

    Args:
        network: TwoLayerNetwork with fixed output weights ±1, in double precision.
        inputs, targets: (n, d), (n,) arrays.
        every: steps from one look to the next.
        step: length of a step in flow time.

    Attributes:
        verdict: of the last look, None before the first.
    """

    def __init__(self, network, inputs, targets, every, step):
        self._weights, self._signs = network.weights, device.host(network.output_weights)
        self._inputs, self._targets = inputs, targets.astype(np.float64)
        self._every, self._step = every, step
        self._looks, self.verdict = [], None

    def __call__(self, step):
        """Look if it is time; `step` steps are done."""
        if not self.looks_at(step):
            return
        weights = device.host(self._weights)
        self.verdict = convergence.certify(self._inputs, self._targets, weights, self._signs)
        self._looks.append({"step": step} | self._kinks(weights) | self.verdict._asdict())

    def looks_at(self, step):
        """Whether it is time after that many steps."""
        return step % self._every == 0

    def _kinks(self, weights):
        """If the pairs that slide alone were free: their share, Λ, and the radius asked for."""
        product = self._inputs @ weights.T
        residual = self._targets - np.maximum(product, 0) @ self._signs / np.sqrt(len(self._signs))
        near = sliding.near_kinks(product, residual, self._signs, self._step)
        bound = convergence.coercivity(self._inputs, product > 0, near)
        norm = np.linalg.norm(residual)
        speed = convergence.speed_limit(self._inputs, norm, len(weights))
        return {
            "kinks": np.mean(near),
            "kinks_coercivity": bound,
            "kinks_radius": speed / bound if bound else 0.0,
        }

    def results(self):
        """The steps (l,) at which it looked, what `_kinks` and the Verdicts say there; a radius is
        0 where no coercivity was left to ask for it."""
        found = columns("look", self._looks)
        needed = found["look_needed"]
        return found | {"look_needed": np.where(np.isfinite(needed), needed, 0.0)}
