"""What the proof of Theorem 3.2 speaks of, measured while a network trains.

Report: `sec:anatomy`; `eq:h-of-t`, `eq:h-sliding`, `eq:g`.  `train_model` calls a probe before each
step; it measures at the chosen steps only, so that nothing is trained twice.
"""

import numpy as np
import torch
from scipy import special

from overparam import device, gram, sliding


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


class Memory:
    """Memory kept from step to step: fresh pages would cost as much as the arithmetic."""

    def __init__(self):
        self._kept = {}

    def take(self, name, entries, like):
        """An uninitialised flat tensor of that many entries; the same memory for the same name."""
        kept = self._kept.get(name)
        if kept is None or kept.numel() < entries or kept.dtype != like.dtype:
            kept = self._kept[name] = like.new_empty(entries)
        return kept[:entries]


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
        # Moved by the training, block by block too wide for a copy.
        self._weights = network.weights.detach()
        self._output_weights = network.output_weights.detach()
        self._inputs = torch.from_numpy(inputs).to(self._weights)
        self._targets, self._window = targets, window
        self._output_layer, self._step = output_layer, step
        self._starts, self._left = {int(start) for start in starts}, 0
        self._initial_weights = device.host(self._weights).copy()
        self._initial_output_weights = device.host(self._output_weights).copy()
        self._memory, entries = Memory(), len(inputs) * len(self._weights)
        self._initial_pattern, self._sum = self._inputs.new_empty((2, entries), dtype=torch.uint8)
        common = 0
        for units, flat, product in self._blocks():
            active = product >= 0
            self._initial_pattern[flat] = active.view(-1)
            common = common + self._common(active, units)
        self._initial_gram = self._gram(common)
        self._records = []

    def __call__(self, step):
        """Measure if `step` steps done is in a window."""
        if step in self._starts:
            self._records.append({"step": step} | self._measure())
            self._left = self._window
            self._sum.zero_()
            self._residual = np.zeros(len(self._targets))
        if self._left:
            outputs = 0
            for units, flat, product in self._blocks():
                self._sum[flat] += (product >= 0).view(-1)
                outputs = outputs + self._outputs(product, units)
            self._residual += self._residual_of(outputs)
            self._left -= 1
            if not self._left:
                self._records[-1] |= self._measure_window()

    def results(self):
        """name → (windows,) array: what was measured, see `_measure` and `_measure_window`."""
        return columns("probe", self._records)

    def initial_gram(self):
        """H(0) (n, n)."""
        return self._initial_gram

    def _blocks(self):
        """Units, their place in flat arrays of pairs, and XWᵀ (n, ·), of each block in turn."""
        n = len(self._inputs)
        for units, flat in device.blocks(n, len(self._weights), self._inputs):
            product = self._memory.take("product", flat.stop - flat.start, self._inputs)
            product = product.view(n, -1)
            device.multiply(self._inputs, self._weights[units].T, out=product)
            yield units, flat, product

    def _product(self, name, left, right, **options):
        """left·right as an array of double precision, in memory of that name."""
        shape = len(left), *right.shape[1:]
        out = self._memory.take(name, int(np.prod(shape)), left).view(shape)
        device.multiply(left, right, out=out, **options)
        return device.host(out)

    def _outputs(self, product, units):
        """√m times what these units add to u (n,); product becomes σ(XWᵀ)."""
        hidden = product.clamp_(min=0)
        return self._product("outputs", hidden, self._output_weights[units]).astype(np.float64)

    def _residual_of(self, outputs):
        """y − u (n,)."""
        return self._targets - outputs / np.sqrt(len(self._weights))

    def _common(self, patterns, units):
        """Σ_r a_r² p_ir p_jr (n, n) over these units."""
        whole = patterns.dtype == torch.bool
        patterns = patterns.to(self._inputs.dtype)
        scaled = patterns * self._output_weights[units] ** 2
        # Of a trained a the squares are no patterns.
        whole &= not self._output_layer
        common = self._product("common", scaled, patterns.T, patterns=whole)
        return gram.symmetrised(common).astype(np.float64)

    def _gram(self, common):
        return gram.of_common(device.host(self._inputs), common, len(self._weights))

    def _measure(self):
        """H(t), its smallest eigenvalue, Rayleigh quotient at y − u and distance from H(0);
        the share of patterns that differ from the initial ones; the distances of the w_r."""
        common, outputs, flipped, output_gram = 0, 0, 0, 0
        for units, flat, product in self._blocks():
            active = product >= 0
            flipped += int((active.view(-1) != self._initial_pattern[flat]).sum())
            common = common + self._common(active, units)
            outputs = outputs + self._outputs(product, units)
            if self._output_layer:
                output_gram = output_gram + self._product("output_gram", product, product.T)
        matrix, residual = self._gram(common), self._residual_of(outputs)
        weights = device.host(self._weights)
        distance = np.linalg.norm(weights - self._initial_weights, axis=1)
        record = {
            "lambda_min": np.linalg.eigvalsh(matrix)[0],
            "rayleigh": rayleigh(matrix, residual),
            "gram_change": spectral_norm(matrix - self._initial_gram),
            "flipped": flipped / self._sum.numel(),
            "distance_median": np.median(distance),
            "distance_max": distance.max(),
        }
        if self._output_layer:
            record |= self._measure_output_layer(matrix, output_gram, residual)
        if self._step:
            inputs, signs = device.host(self._inputs), device.host(self._output_weights)
            record |= sliding.measure(inputs, inputs @ weights.T, residual, signs, self._step)
        return record

    def _measure_output_layer(self, matrix, output_gram, residual):
        """G(t), which is output_gram/m, and H(t) + G(t) likewise; the change of the a_r."""
        output_gram = gram.symmetrised(output_gram) / len(self._weights)
        change = np.abs(device.host(self._output_weights) - self._initial_output_weights)
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
        common, sliding_pairs = 0, 0
        for units, flat in device.blocks(len(self._inputs), len(self._weights), self._inputs):
            counts = self._sum[flat].view(len(self._inputs), -1)
            sliding_pairs += int(((counts > 0) & (counts < self._window)).sum())
            shares = counts.to(self._inputs.dtype) / self._window
            common = common + self._common(shares, units)
        matrix = self._gram(common)
        return {
            "sliding_lambda_min": np.linalg.eigvalsh(matrix)[0],
            "sliding_rayleigh": rayleigh(matrix, self._residual),
            "sliding": sliding_pairs / self._sum.numel(),
        }


class SlopeProbe:
    """Measures the kernel of a SmoothNetwork at the steps `starts`: slopes instead of patterns.

    Args:
        network: SmoothNetwork.
        inputs, targets: (n, d), (n,) arrays.
        starts: steps at which it measures.
    """

    def __init__(self, network, inputs, targets, starts):
        self._weights = network.weights
        self._signs = device.host(network.output_weights)
        self._inputs, self._targets = inputs.astype(self._signs.dtype), targets
        self._sharpness, self._starts = network.sharpness, {int(start) for start in starts}
        self._records = []

    def __call__(self, step):
        """Measure if `step` is one of the starts."""
        if step not in self._starts:
            return
        scaled = self._sharpness * (self._inputs @ device.host(self._weights).T)
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
