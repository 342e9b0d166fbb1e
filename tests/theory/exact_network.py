"""The report's network, loss and kernels in exact arithmetic, with exact derivatives."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import exact
from statements import integers

from overparam.network import TwoLayerNetwork


class Network(NamedTuple):
    """Inputs X (n, d), hidden weights W (m, d), output weights a (m,), targets y (n,).

    1/√m is a power of two: with small integers the network is exact in floats as well.
    """

    X: np.ndarray
    W: np.ndarray
    a: np.ndarray
    y: np.ndarray

    @property
    def m(self):
        return Fraction(len(self.W))

    @property
    def root(self):
        """√m."""
        return Fraction(math.isqrt(len(self.W)))

    def preactivations(self):
        """w_rᵀx_i, (m, n)."""
        return self.W @ self.X.T

    def hidden(self):
        return np.maximum(self.preactivations(), 0)

    def outputs(self):
        """u (n,) of `eq:network`."""
        return self.a @ self.hidden() / self.root

    def residual(self):
        """y − u."""
        return self.y - self.outputs()

    def loss(self):
        """`eq:loss`."""
        return self.residual() @ self.residual() / 2

    def h(self, power=2):
        """H (n, n) of `eq:h-of-t`."""
        pattern = (self.preactivations() >= 0).astype(int).astype(object)
        return self.X @ self.X.T * ((pattern.T * self.a**power) @ pattern) / self.m

    def g(self):
        """G (n, n) of `eq:g`."""
        return self.hidden().T @ self.hidden() / self.m

    def moved(self, step, dW, da):
        return self._replace(W=self.W + step * dW, a=self.a + step * da)


@st.composite
def networks(draw, signs=False, kinks=True, widths=(1, 4, 16), samples=(1, 3)):
    """Networks of small integers; without kinks, no w_rᵀx_i is zero."""
    n, d = draw(st.integers(*samples)), draw(st.integers(1, 3))
    m = draw(st.sampled_from(widths))
    X, W, y = (exact(draw(integers(shape))) for shape in [(n, d), (m, d), n])
    a = draw(hnp.arrays(np.int64, m, elements=st.sampled_from([1, -1] if signs else [1, -2, 3])))
    if not kinks:
        X[:, 0] = [x if x else 1 for x in X[:, 0]]
        W[:, 0] += Fraction(1, 8)  # w_rᵀx_i is an integer plus x_i1/8, and 0 < |x_i1| < 8
    return Network(X, W, exact(a), y)


def derivative(function, net, dW=None, da=0):
    """d/dh function(net with W + h dW, a + h da) at 0, exact for polynomials of degree ≤ 4 in h.

    No pattern changes between −2h and 2h, except at kinks that dW leaves.
    """
    dW = 0 * net.W if dW is None else dW
    Z, speed = net.preactivations(), abs(dW @ net.X.T).max()
    h = min(abs(Z[Z != 0]), default=Fraction(1)) / (3 * (1 + speed))
    once, twice = (
        function(net.moved(k * h, dW, da)) - function(net.moved(-k * h, dW, da)) for k in (1, 2)
    )
    return (8 * once - twice) / (12 * h)


def convention(X, W, a):
    """The network with σ'(0) = 1, in PyTorch's own operations."""
    Z = X @ W.T
    return torch.where(Z >= 0, Z, torch.zeros_like(Z)) @ a / len(W) ** 0.5


def floats(net):
    """The network's arrays as floats, which hold its dyadic entries exactly."""
    return [part.astype(float) for part in net]


def loss_gradient(net):
    """∂L/∂W (m, d) and ∂L/∂a (m,) by autograd, without rounding."""
    X, W, a, y = map(torch.from_numpy, floats(net))
    loss = (convention(X, W.requires_grad_(), a.requires_grad_()) - y).square().sum() / 2
    return [exact(gradient.numpy()) for gradient in torch.autograd.grad(loss, [W, a])]


def library_gradient(net):
    """The same by the closed form of the library, whose network takes these weights."""
    X, W, a, y = map(torch.from_numpy, floats(net))
    model = TwoLayerNetwork(W.shape[1], len(W), np.random.default_rng(0), train_output=True)
    with torch.no_grad():
        model.weights.copy_(W)
        model.output_weights.copy_(a)
    gradients = model.gradients(model(X) - y, slice(0, len(X)))
    return [exact(gradient.numpy()) for gradient in gradients]


def flow(net):
    """dW/dt and da/dt of `eq:flow`."""
    return [-gradient for gradient in loss_gradient(net)]
