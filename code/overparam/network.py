"""The two-layer ReLU network f(x) = (1/√m) Σ_r a_r σ(w_rᵀx); steps allocate nothing of size n·m.

Report: `eq:network`, `lem:gradients`.  Source: Du et al. (2019), Section 1; the class takes the
place of `MLPBase` in the MNIST-1D notebook.  The derivative of σ at 0 is 1, as the paper's
indicator 1{w_rᵀx ≥ 0} says, where PyTorch's own ReLU takes 0.  float64 unless asked otherwise.
"""

import torch
from torch import nn
from torch.nn import functional

from overparam import device, initialisation


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
        self.weights = nn.Parameter(torch.from_numpy(weights).to(dtype).to(place))
        self.output_weights = nn.Parameter(
            torch.from_numpy(signs).to(dtype).to(place), requires_grad=train_output
        )
        self._memory = Memory()

    @torch.no_grad()
    def forward(self, inputs):
        """Outputs u (n,) for inputs (n, d), block by block; keeps what `gradients` needs."""
        n, m = len(inputs), len(self.weights)
        self._inputs, self._pattern = inputs, self._memory.take("pattern", n * m, inputs)
        # Only the gradient by a needs σ(XWᵀ) again.
        whole = n * m if self.output_weights.requires_grad else n * device.block_units(n, m, inputs)
        self._hidden = self._memory.take("hidden", whole, inputs)
        result = inputs.new_zeros(n, dtype=torch.float64)
        for units, flat in device.blocks(n, m, inputs):
            hidden = self._hidden_block(flat)
            device.multiply(inputs, self.weights[units].T, out=hidden)
            torch.ge(hidden, 0, out=self._pattern[flat].view(n, -1))
            hidden.clamp_(min=0)
            result += torch.mv(hidden, self.output_weights[units])
        return result.to(inputs.dtype).mul_(m**-0.5)

    def _hidden_block(self, flat):
        """Where σ(XWᵀ) of a block lies, (n, ·): each in its own place only where it is kept."""
        place = flat if self.output_weights.requires_grad else slice(0, flat.stop - flat.start)
        return self._hidden[place].view(len(self._inputs), -1)

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
        n, m = len(self._inputs), len(self.weights)
        upstream = upstream * m**-0.5
        scaled = (self._inputs[rows] * upstream[:, None]).T
        by_weights = self._memory.take("by_weights", self.weights.numel(), upstream)
        by_weights = by_weights.view(self.weights.shape)
        trained = self.output_weights.requires_grad
        by_output = [torch.empty_like(self.output_weights)] if trained else []
        for units, flat in device.blocks(n, m, self._inputs):
            pattern = self._pattern[flat].view(n, -1)[rows]
            product = self._memory.take("product", len(scaled) * pattern.shape[1], upstream)
            product = product.view(len(scaled), -1)
            device.multiply(scaled, pattern, out=product)
            torch.mul(product.T, self.output_weights[units, None], out=by_weights[units])
            if trained:
                torch.mv(self._hidden_block(flat)[rows].T, upstream, out=by_output[0][units])
        return by_weights, *by_output


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
