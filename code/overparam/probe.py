"""What the proof of Theorem 3.2 speaks of, measured while a network trains.

Report: `sec:anatomy`; `eq:h-of-t`, `eq:h-sliding`, `eq:g`.  `train_model` calls a probe before each
step; it measures at the chosen steps only, so that nothing is trained twice.
"""

import numpy as np
from scipy import special

from overparam import gram, sliding


def window_starts(steps, probes, window):
    """Steps (probes,) at which windows begin, evenly spread from 0 to the last that fits.

    Raises:
        ValueError: the windows overlap or do not fit into the run.
    """
    if probes * window > steps + 1:
        raise ValueError(
            f"{probes} windows of {window} steps do not fit into a run of {steps} steps;"
            f" allowed are at most {(steps + 1) // window} windows"
        )
    return np.arange(probes) * (steps + 1 - window) // max(1, probes - 1)


class Probe:
    """Measures a network at the steps `starts`, and its patterns over the `window` steps from each.

    Args:
        network: TwoLayerNetwork, as initialised.
        inputs, targets: (n, d), (n,) arrays.
        starts: steps at which windows begin, see `window_starts`.
        window: steps in a window, 1 to 255.
        output_layer: measure G(t) and the output weights too.
        step: length of a step in flow time; where given, measure the sliding kernel too.

    Raises:
        ValueError: a window that bytes cannot count.
    """

    def __init__(self, network, inputs, targets, starts, window, output_layer=False, step=None):
        if not 1 <= window <= 255:
            raise ValueError(f"a window of {window} steps; allowed are 1 to 255")
        self._weights = network.weights.detach().numpy()
        self._output_weights = network.output_weights.detach().numpy()
        self._inputs = inputs.astype(self._weights.dtype)
        self._targets, self._window = targets, window
        self._output_layer, self._step = output_layer, step
        self._starts, self._left = {int(start) for start in starts}, 0
        self._initial_weights = self._weights.copy()
        self._initial_output_weights = self._output_weights.copy()
        self._product = np.empty((len(inputs), len(self._weights)), self._weights.dtype)
        self._active = np.empty(self._product.shape, bool)
        self._sum = np.empty(self._product.shape, np.uint8)
        self._initial_pattern = self._patterns().copy()
        self._initial_gram = self._gram(self._initial_pattern)
        self._records = []

    def __call__(self, step):
        """Measure if `step` steps done is in a window."""
        if step in self._starts:
            self._records.append({"step": step} | self._measure())
            self._left = self._window
            self._sum.fill(0)
            self._residual = np.zeros(len(self._targets))
        if self._left:
            self._sum += self._patterns().view(np.uint8)
            self._residual += self._residuals()
            self._left -= 1
            if not self._left:
                self._records[-1] |= self._measure_window()

    def results(self):
        """name → (windows,) array: what was measured, see `_measure` and `_measure_window`."""
        return columns("probe", self._records)

    def initial_gram(self):
        """H(0) (n, n)."""
        return self._initial_gram

    def _patterns(self):
        """1{XWᵀ ≥ 0} (n, m), in memory that the next call reuses; XWᵀ stays in `_product`."""
        np.matmul(self._inputs, self._weights.T, out=self._product)
        return np.greater_equal(self._product, 0, out=self._active)

    def _residuals(self):
        """y − u (n,); `_product` becomes σ(XWᵀ)."""
        np.maximum(self._product, 0, out=self._product)
        return self._targets - self._product @ self._output_weights / np.sqrt(len(self._weights))

    def _gram(self, patterns):
        return gram.pattern_gram(self._inputs, patterns, self._output_weights**2)

    def _measure(self):
        """H(t), its smallest eigenvalue, Rayleigh quotient at y − u and distance from H(0);
        the share of patterns that differ from the initial ones; the distances of the w_r."""
        patterns = self._patterns()
        product = self._product.copy() if self._step else None
        residual = self._residuals()
        matrix = self._gram(patterns)
        distance = np.linalg.norm(self._weights - self._initial_weights, axis=1)
        record = {
            "lambda_min": np.linalg.eigvalsh(matrix)[0],
            "rayleigh": rayleigh(matrix, residual),
            "gram_change": spectral_norm(matrix - self._initial_gram),
            "flipped": np.mean(patterns != self._initial_pattern),
            "distance_median": np.median(distance),
            "distance_max": distance.max(),
        }
        if self._output_layer:
            record |= self._measure_output_layer(matrix, residual)
        if self._step:
            state = (product, residual, self._output_weights, self._step)
            record |= sliding.measure(self._inputs, *state)
        return record

    def _measure_output_layer(self, matrix, residual):
        """G(t) and H(t) + G(t) likewise; the change of the a_r."""
        hidden = self._product
        output_gram = gram.symmetrised(hidden @ hidden.T) / len(self._weights)
        change = np.abs(self._output_weights - self._initial_output_weights)
        return {
            "g_lambda_min": np.linalg.eigvalsh(output_gram)[0],
            "g_rayleigh": rayleigh(output_gram, residual),
            "sum_lambda_min": np.linalg.eigvalsh(matrix + output_gram)[0],
            "output_change_median": np.median(change),
            "output_change_max": change.max(),
        }

    def _measure_window(self):
        """H^p of the patterns averaged over the window, at the averaged y − u; the share of pairs
        whose pattern changed within the window."""
        share = self._sum / self._inputs.dtype.type(self._window)
        matrix = self._gram(share)
        return {
            "sliding_lambda_min": np.linalg.eigvalsh(matrix)[0],
            "sliding_rayleigh": rayleigh(matrix, self._residual),
            "sliding": np.mean((self._sum > 0) & (self._sum < self._window)),
        }


class SlopeProbe:
    """Measures the kernel of a SmoothNetwork at the steps `starts`: slopes instead of patterns.

    Args:
        network: SmoothNetwork.
        inputs, targets: (n, d), (n,) arrays.
        starts: steps at which it measures.
    """

    def __init__(self, network, inputs, targets, starts):
        self._weights = network.weights.detach().numpy()
        self._signs = network.output_weights.detach().numpy()
        self._inputs, self._targets = inputs.astype(self._weights.dtype), targets
        self._sharpness, self._starts = network.sharpness, {int(start) for start in starts}
        self._records = []

    def __call__(self, step):
        """Measure if `step` is one of the starts."""
        if step not in self._starts:
            return
        scaled = self._sharpness * (self._inputs @ self._weights.T)
        hidden = np.logaddexp(0, scaled) / self._sharpness
        residual = self._targets - hidden @ self._signs / np.sqrt(len(self._signs))
        matrix = gram.pattern_gram(self._inputs, special.expit(scaled), self._signs**2)
        self._records.append(
            {
                "step": step,
                "lambda_min": np.linalg.eigvalsh(matrix)[0],
                "rayleigh": rayleigh(matrix, residual),
            }
        )

    def results(self):
        """name → (windows,) array."""
        return columns("probe", self._records)


def columns(prefix, records):
    """prefix_name → array of what each of the records, dicts with equal keys, has by that name."""
    return {f"{prefix}_{name}": np.array([r[name] for r in records]) for name in records[0]}


def rayleigh(matrix, vector):
    """vᵀMv / vᵀv: twice this is the rate at which ‖v‖² decays under dv/dt = −Mv."""
    return vector @ matrix @ vector / (vector @ vector)


def spectral_norm(matrix):
    """‖M‖₂ of a symmetric matrix."""
    return np.abs(np.linalg.eigvalsh(matrix)).max()
