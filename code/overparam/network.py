"""The two-layer ReLU network f(x) = (1/√m) Σ_r a_r σ(w_rᵀx); steps allocate nothing of size n·m.

Report: `eq:network`, `lem:gradients`.  Source: Du et al. (2019), Section 1; the class takes the
place of `MLPBase` in the MNIST-1D notebook.  The derivative of σ at 0 is 1, as the paper's
indicator 1{w_rᵀx ≥ 0} says, where PyTorch's own ReLU takes 0.  float64 unless asked otherwise.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from overparam import device, initialisation

# Takes the place of 0 in σ while u is summed, so that an XWᵀ of exactly 0 still counts as active in
# the same memory; a sum of such alone is 0.
INACTIVE = -torch.finfo(torch.float32).tiny


class Block(NamedTuple):
    """A block of units, and memory for it: fresh pages in each step would cost as much as products.

    hidden, pattern: (n, ·), σ(XWᵀ) and 1{XWᵀ ≥ 0}; the same memory where the latter is all that the
        gradient needs.
    by_weights: (·, d), the gradient by W.
    """

    units: slice
    hidden: torch.Tensor
    pattern: torch.Tensor
    by_weights: torch.Tensor


class TwoLayerNetwork(nn.Module):
    """One hidden layer without biases, with the weights of `initialisation.draw`, scaled by 1/√m.

    Args:
        input_size, hidden_size, generator: d, m and what draws the weights, as in
            `initialisation.draw`; in double precision whatever dtype is, so that networks differ
            by rounding only.
        train_output: whether a is a parameter to train (Theorem 3.3) or fixed (Theorem 3.2).
        dtype, place: of the parameters; place is a torch.device or its name.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        generator,
        train_output=False,
        dtype=torch.float64,
        place="cpu",
    ):
        super().__init__()
        weights, signs = initialisation.draw(input_size, hidden_size, generator)
        # Inputs first in memory: products and their multiples by a then run along it.
        weights = torch.from_numpy(np.asfortranarray(weights))
        self.weights = nn.Parameter(weights.to(dtype).to(place))
        self.output_weights = nn.Parameter(
            torch.from_numpy(signs).to(dtype).to(place), requires_grad=train_output
        )
        self._scale = hidden_size**-0.5
        self._kind = None

    @torch.no_grad()
    def forward(self, inputs):
        """Outputs u (n,) for inputs (n, d), block by block; keeps what `gradients` needs."""
        kind = len(inputs), inputs.dtype, inputs.device
        if self._kind != kind:
            self._kind, (self._by_weights, self._blocks) = kind, self._new_memory(inputs)
        self._inputs = inputs
        result = inputs.new_zeros(len(inputs), dtype=torch.float64)
        for units, hidden, pattern, _ in self._blocks:
            device.multiply(inputs, self.weights[units].T, out=hidden)
            hidden.clamp_(min=INACTIVE)
            result += torch.mv(hidden, self.output_weights[units])
            torch.ge(hidden, 0, out=pattern)
            if hidden is not pattern:
                hidden.clamp_(min=0)
        result = functional.hardshrink(result, len(self.weights) * -INACTIVE)
        return result.to(inputs.dtype).mul_(self._scale)

    def _new_memory(self, inputs):
        """The gradient by W (m, d), and the blocks."""
        n, m = len(inputs), len(self.weights)
        hidden = pattern = device.empty(n * m, inputs)
        # Only the gradient by a needs σ(XWᵀ) again; else its patterns take its place.
        if self.output_weights.requires_grad:
            hidden = device.empty(n * m, inputs)
        by_weights = torch.empty_like(self.weights, requires_grad=False)
        blocks = [
            Block(units, hidden[flat].view(n, -1), pattern[flat].view(n, -1), by_weights[units])
            for units, flat in device.blocks(n, m, inputs)
        ]
        return by_weights, blocks

    @torch.no_grad()
    def gradients(self, upstream, rows):
        """The closed form `eq:gradient` of Σ_i g_i u_i, for each parameter that is trained.

        The one by W scales the rows of X instead of the patterns, and multiplies in the order
        (XᵀG)P, as PᵀGX takes some BLAS kernels half as long again:
        ∂/∂w_r = (a_r/√m) Σ_i g_i 1{w_rᵀx_i ≥ 0} x_i.

        Args:
            upstream: g_i for the samples of rows, a slice into those of the last forward pass.
            rows: the samples with another g_i than 0; only their products are computed.

        Returns:
            (m, d) and, where a is trained, (m,), in memory that the next call reuses.
        """
        upstream = upstream * self._scale
        scaled = (self._inputs[rows] * upstream[:, None]).T
        by_output = []
        for units, hidden, pattern, by_weights in self._blocks:
            device.multiply(scaled, pattern[rows], out=by_weights.T)
            by_weights.T.mul_(self.output_weights[units])
            if self.output_weights.requires_grad:
                by_output.append(torch.mv(hidden[rows].T, upstream))
        return self._by_weights, *([torch.cat(by_output)] if by_output else [])


class SmoothNetwork(TwoLayerNetwork):
    """The same network with the softplus ln(1 + e^{βz})/β in place of the ReLU.

    Args:
        sharpness: β; the ReLU is its limit.
    """

    def __init__(self, *network, sharpness, **options):
        super().__init__(*network, **options)
        self.sharpness = sharpness

    @torch.enable_grad()
    def forward(self, inputs):
        """Outputs u (n,) for inputs (n, d)."""
        hidden = functional.softplus(inputs @ self.weights.T, self.sharpness)
        self._outputs = hidden @ self.output_weights * len(self.weights) ** -0.5
        return self._outputs.detach()

    @torch.enable_grad()
    def gradients(self, upstream, rows):
        """As those of a TwoLayerNetwork, by PyTorch's autograd."""
        trained = [p for p in self.parameters() if p.requires_grad]
        return torch.autograd.grad(self._outputs[rows], trained, upstream)
