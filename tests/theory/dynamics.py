"""Checks of what is said about steps and about the flow at a kink: `test_foundations` runs them."""

import itertools
from fractions import Fraction
from functools import partial

import mpmath
import numpy as np
from exact_network import Network, derivative, networks
from hypothesis import assume
from hypothesis import strategies as st
from oracles import exact, gamma, is_positive_definite
from statements import fractions, integers, vectors

from overparam import bounds


def mse(batch, net):
    """MSE_B of the samples in batch."""
    return sum(net.residual()[list(batch)] ** 2) / Fraction(len(batch))


@st.composite
def descents(draw):
    """A network, a direction in weight space, a learning rate and a batch size."""
    net = draw(networks(kinks=False, widths=(1, 4), samples=(1, 4)))
    along = exact(draw(integers(net.W.shape))), exact(draw(integers(len(net.a))))
    return net, along, draw(fractions(Fraction(1, 12), 2)), draw(st.integers(1, len(net.X)))


def check_time_map(step_length, example):
    """Steps on MSE, MSE_B and a partition against Euler steps, both seen along one direction."""
    net, along, rate, b = example
    n = len(net.X)
    step = step_length(rate, n, b) * derivative(Network.loss, net, *along)

    def descent(batch):
        return rate * derivative(partial(mse, batch), net, *along)

    batches = list(itertools.combinations(range(n), b))
    assert descent(range(n)) == step
    assert sum(map(descent, batches)) / len(batches) == step
    if n % b == 0:
        assert sum(descent(range(k, k + b)) for k in range(0, n, b)) == Fraction(n, b) * step
    assert n * mse(range(n), net) == 2 * net.loss()


def check_library_time(step_length, example, steps=7):
    _, _, rate, b = example
    n = len(example[0].X)
    time = Fraction(bounds.flow_time(steps, float(rate), n).item())
    exact_time = steps * step_length(rate, n, b)
    assert abs(time - exact_time) <= Fraction(gamma(4)) * exact_time


@st.composite
def kernels_and_rates(draw, least=Fraction(1, 12)):
    """H = QΛQᵀ with a rational reflection Q, its eigenvalues, and η, often at a limit."""
    n = draw(st.integers(1, 4))
    v = draw(vectors(n).filter(np.any))
    Q = exact(np.eye(n)) - 2 * np.outer(v, v) / (v @ v)
    eigenvalues = draw(st.lists(fractions(least, 3), min_size=n, max_size=n))
    extreme = draw(st.sampled_from([max, max, min]))(eigenvalues) or Fraction(1)
    near = Fraction(1, 10**6)
    factors = st.sampled_from([1, 1, 1, 1 - near, 1 + near, near, 0, -1, 2])
    rate = n / extreme * draw(factors | fractions(-1, 3))
    return Q @ np.diag(eigenvalues) @ Q, eigenvalues, rate


def check_stability(converges, example):
    """M = I − (2η/n)H is symmetric: M^k → 0 if and only if I − M² is positive definite."""
    H, eigenvalues, rate = example
    identity = exact(np.eye(len(H)))
    M = identity - 2 * rate / len(H) * H
    assert is_positive_definite(identity - M @ M) == converges(rate, len(H), eigenvalues)


def check_recursion(factor, example):
    """A step on the MSE of the linear network u = Jθ, whose kernel is JJᵀ, by differences."""
    J, theta, y, rate = example
    n = len(J)

    def loss(theta):
        return (y - J @ theta) @ (y - J @ theta) / Fraction(n)

    basis = exact(np.eye(len(theta)))
    gradient = np.array([(loss(theta + e) - loss(theta - e)) / 2 for e in basis])
    after = y - J @ (theta - rate * gradient)
    before = y - J @ theta
    assert (after == before - factor(rate, n) * J @ J.T @ before).all()


@st.composite
def linear_networks(draw):
    """J (n, p), θ (p,), y (n,) and η."""
    n, p = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    J, theta, y = (exact(draw(integers(shape))) for shape in [(n, p), p, n])
    return J, theta, y, draw(fractions(Fraction(1, 12), 2))


def velocity(w, active=lambda w: w >= 0, y=-1):
    """ẇ of `prop:no-solution`."""
    return (y - max(w, 0)) * active(w)


def check_solution(curve, end, velocity):
    """curve solves ẇ = velocity(w) from w(0) = 1 on [0, end], where it reaches 0."""
    with mpmath.workdps(40):
        assert curve(mpmath.mpf(0)) == 1
        assert abs(curve(end())) <= mpmath.mpf(10) ** -35
        for part in range(1, 20):
            t = part * end() / 20
            assert abs(mpmath.diff(curve, t) - velocity(curve(t))) <= mpmath.mpf(10) ** -15


def continuations():
    """Curves h ↦ c·h^k that go on from 0, as (c, k, duration)."""
    durations = fractions(Fraction(1, 12), 1)
    return st.tuples(fractions(-2, 2) | st.just(Fraction(0)), st.integers(1, 3), durations)


def check_no_continuation(velocity, continuation):
    """Somewhere, and so in a whole interval, the curve has another velocity."""
    c, k, duration = continuation
    times = [duration * part / 4 for part in range(1, 5)]
    assert any(c * k * h ** (k - 1) != velocity(c * h**k) for h in times)


@st.composite
def sliding_states(draw, signs=True):
    """A network and p (m, n), where one preactivation is zero and stays so: ẇ_0ᵀx_0 = 0."""
    net = draw(networks(signs=signs, kinks=False, widths=(1, 4)))
    x, w = net.X[0], net.W[0]
    net.W[0] = w - (w @ x) / (x @ x) * x
    p = (net.preactivations() >= 0).astype(int).astype(object)
    p[0, 0] = draw(fractions(Fraction(1, 12), 1))
    assume((net.preactivations()[0, 1:] != 0).all())
    error = exact(draw(integers(len(net.X))))
    error[0] = -(error[1:] * p[0, 1:] @ (net.X[1:] @ x)) / (p[0, 0] * (x @ x))
    return net._replace(y=net.outputs() + error), p, exact(draw(integers(len(net.X))))


def check_sliding(kernel, example):
    """du/dt along the tangent, on which the pattern of the kink does not change."""
    net, p, z = example
    dW = net.a[:, None] * ((p * net.residual()) @ net.X) / net.root
    assert net.W[0] @ net.X[0] == dW[0] @ net.X[0] == 0
    H = kernel(net, p)
    assert (derivative(Network.outputs, net, dW) == H @ net.residual()).all()
    assert z @ H @ z >= 0
