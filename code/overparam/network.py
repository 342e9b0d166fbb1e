"""The two-layer ReLU network f(x) = (1/√m) Σ_r a_r σ(w_rᵀx); steps allocate nothing of size n·m.

Report: `eq:network`, `lem:gradients`.  Source: Du et al. (2019), Section 1; the class takes the
place of `MLPBase` in the MNIST-1D notebook.  The derivative of σ at 0 is 1, as the paper's
indicator 1{w_rᵀx ≥ 0} says, where PyTorch's own ReLU takes 0.  float64 unless asked otherwise.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from overparam import initialisation

# Entries of the block of XWᵀ that is worked on at once, so that it stays in the cache.
BLOCK_ENTRIES = 1 << 19


class Buffers:
    """Memory kept from step to step: fresh pages would cost as much as the arithmetic.

    `uses` counts the forward passes that wrote patterns, so that a backward pass notices that
    another forward pass has overwritten its own.
    """

    def __init__(self):
        self.uses = 0
        self._kept = {}

    def take(self, name, entries, like):
        """An uninitialised flat tensor of that many entries; the same memory for the same name."""
        kept = self._kept.get(name)
        if kept is None or kept.numel() < entries or kept.dtype != like.dtype:
            kept = self._kept[name] = like.new_empty(entries)
        return kept[:entries]


def blocks(n, m):
    """Slices of the m hidden units, and where each one's n rows lie in a flat tensor of n·m."""
    size = max(1, BLOCK_ENTRIES // n)
    for start in range(0, m, size):
        stop = min(start + size, m)
        yield slice(start, stop), slice(n * start, n * stop)


def multiply(left, right, out):
    """out ← left·right by NumPy's BLAS: PyTorch's MKL keeps AVX-512 for Intel's processors."""
    # What is not finite shows in the loss, which `train_model` checks.
    with np.errstate(all="ignore"):
        np.matmul(left.numpy(), right.numpy(), out=out.numpy())


def outputs(inputs, weights, output_weights, buffers, pattern=None, hidden=None):
    """u (n,) for inputs (n, d), weights (m, d), output_weights (m,), block by block.

    Where they are given, the flat tensors pattern and hidden (n·m,) receive the blocks of
    1{XWᵀ ≥ 0} and σ(XWᵀ).
    """
    n, m = len(inputs), len(weights)
    spare = buffers.take("block", n * min(m, max(1, BLOCK_ENTRIES // n)), inputs)
    result = inputs.new_zeros(n)
    for units, flat in blocks(n, m):
        active = (spare[: flat.stop - flat.start] if hidden is None else hidden[flat]).view(n, -1)
        multiply(inputs, weights[units].T, out=active)
        if pattern is not None:
            torch.ge(active, 0, out=pattern[flat].view(n, -1))
        active.clamp_(min=0)
        result.addmv_(active, output_weights[units])
    return result.mul_(m**-0.5)


def support(vector):
    """The slice from the first to the last entry that is not zero."""
    places = vector.nonzero()
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)


class HiddenLayer(torch.autograd.Function):
    """`outputs` with its closed-form gradient `eq:gradient`.

    The gradient by W scales the rows of X instead of the patterns, and multiplies in the order
    (XᵀG)P, as PᵀGX takes some BLAS kernels half as long again:
    ∂/∂w_r = (a_r/√m) Σ_i g_i 1{w_rᵀx_i ≥ 0} x_i.  It leaves out samples with g_i = 0 before the
    first and after the last other one, so that a batch of neighbours costs only its own products.
    """

    @staticmethod
    def forward(ctx, inputs, weights, output_weights, buffers=None):
        buffers = buffers or Buffers()
        entries = len(inputs) * len(weights)
        pattern = buffers.take("pattern", entries, inputs)
        # Only the gradient by a needs σ(XWᵀ) again.
        hidden = buffers.take("hidden", entries, inputs) if ctx.needs_input_grad[2] else None
        buffers.uses += 1
        ctx.buffers, ctx.use, ctx.pattern, ctx.hidden = buffers, buffers.uses, pattern, hidden
        ctx.save_for_backward(inputs, weights, output_weights)
        return outputs(inputs, weights, output_weights, buffers, pattern, hidden)

    @staticmethod
    def backward(ctx, gradient):
        if ctx.use != ctx.buffers.uses:
            raise RuntimeError("a later forward pass has overwritten this one's patterns")
        inputs, weights, output_weights = ctx.saved_tensors
        n, m = len(inputs), len(weights)
        rows = support(gradient)
        gradient = gradient[rows] * m**-0.5
        scaled = (inputs[rows] * gradient[:, None]).T
        by_weights = torch.empty_like(weights) if ctx.needs_input_grad[1] else None
        by_output = torch.empty_like(output_weights) if ctx.needs_input_grad[2] else None
        for units, flat in blocks(n, m):
            if by_weights is not None:
                pattern = ctx.pattern[flat].view(n, -1)[rows]
                product = ctx.buffers.take("gradient", len(scaled) * pattern.shape[1], inputs)
                product = product.view(len(scaled), -1)
                multiply(scaled, pattern, out=product)
                torch.mul(product.T, output_weights[units, None], out=by_weights[units])
            if by_output is not None:
                torch.mv(ctx.hidden[flat].view(n, -1)[rows].T, gradient, out=by_output[units])
        return None, by_weights, by_output, None


class TwoLayerNetwork(nn.Module):
    """One hidden layer without biases, with the weights of `initialisation.draw`, scaled by 1/√m.

    Args:
        input_size, hidden_size, generator: d, m and what draws the weights, as in
            `initialisation.draw`; in double precision whatever dtype is, so that networks differ
            by rounding only.
        train_output: whether a is a parameter to train (Theorem 3.3) or fixed (Theorem 3.2).
        dtype: of the parameters.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(self, input_size, hidden_size, generator, train_output=False, dtype=torch.float64):
        super().__init__()
        weights, signs = initialisation.draw(input_size, hidden_size, generator)
        self.weights = nn.Parameter(torch.from_numpy(weights).to(dtype))
        self.output_weights = nn.Parameter(
            torch.from_numpy(signs).to(dtype), requires_grad=train_output
        )
        self._buffers_of_steps = Buffers()

    def forward(self, inputs):
        """Outputs u (n,) for inputs (n, d); a backward pass must come before the next one."""
        parts = (inputs, self.weights, self.output_weights, self._buffers_of_steps)
        return HiddenLayer.apply(*parts) if torch.is_grad_enabled() else outputs(*parts)


class SmoothNetwork(TwoLayerNetwork):
    """The same network with the softplus ln(1 + e^{βz})/β in place of the ReLU.

    Args:
        sharpness: β; the ReLU is its limit.
    """

    def __init__(self, *network, sharpness, **options):
        super().__init__(*network, **options)
        self.sharpness = sharpness

    def forward(self, inputs):
        """Outputs u (n,) for inputs (n, d)."""
        hidden = functional.softplus(inputs @ self.weights.T, self.sharpness)
        return hidden @ self.output_weights * len(self.weights) ** -0.5
