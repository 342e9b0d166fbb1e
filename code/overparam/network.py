"""The two-layer ReLU network f(x) = (1/√m) Σ_r a_r σ(w_rᵀx).

Report: `eq:network`, `def:derivative`.  Source: Du et al. (2019), Section 1; the class takes the
place of `MLPBase` in the MNIST-1D notebook.  float64; the derivative of σ at 0 is 1, as the paper's
indicator 1{w_rᵀx ≥ 0} says, where PyTorch's own ReLU takes 0.
"""

import torch
from torch import nn


class HiddenLayer(torch.autograd.Function):
    """u = (1/√m) σ(XWᵀ) a for inputs X (n, d), W (m, d), a (m,), with the closed-form gradient.

    The gradient by W scales the rows of X instead of the (n, m) pattern matrix:
    ∂/∂w_r = (a_r/√m) Σ_i g_i 1{w_rᵀx_i ≥ 0} x_i = (a_r/√m) (Pᵀ(g ∘ X))_r.
    """

    @staticmethod
    def forward(ctx, inputs, weights, output_weights):
        product = inputs @ weights.T
        hidden = product.clamp(min=0)
        pattern = product.ge_(0)
        scale = len(weights) ** -0.5
        # Only the gradient by a needs σ(XWᵀ) again.
        kept = hidden if ctx.needs_input_grad[2] else None
        ctx.save_for_backward(inputs, pattern, output_weights, kept)
        ctx.scale = scale
        return hidden @ output_weights * scale

    @staticmethod
    def backward(ctx, gradient):
        inputs, pattern, output_weights, hidden = ctx.saved_tensors
        by_weights = by_output = None
        if ctx.needs_input_grad[1]:
            by_weights = pattern.T @ (inputs * (gradient * ctx.scale)[:, None])
            by_weights *= output_weights[:, None]
        if ctx.needs_input_grad[2]:
            by_output = hidden.T @ gradient * ctx.scale
        return None, by_weights, by_output


class TwoLayerNetwork(nn.Module):
    """One hidden layer without biases: w_r ~ N(0, I_d), a_r uniform on {−1, +1}, scaled by 1/√m.

    Args:
        input_size: d.
        hidden_size: m, at least 1.
        generator: numpy.random.Generator; draws the hidden weights first, then the output weights.
        train_output: whether a is a parameter to train (Theorem 3.3) or fixed (Theorem 3.2).

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(self, input_size, hidden_size, generator, train_output=False):
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"sizes must be at least 1, got d = {input_size}, m = {hidden_size}")
        weights = generator.standard_normal((hidden_size, input_size))
        signs = generator.choice([-1.0, 1.0], hidden_size)
        self.weights = nn.Parameter(torch.from_numpy(weights))
        self.output_weights = nn.Parameter(torch.from_numpy(signs), requires_grad=train_output)

    def forward(self, inputs):
        """Outputs u (n,) for inputs (n, d)."""
        return HiddenLayer.apply(inputs, self.weights, self.output_weights)
