"""`lem:chain-rule` and `lem:gradients` against exact difference quotients and autograd."""

import itertools
from fractions import Fraction
from functools import partial

import numpy as np
from exact_network import Network, derivative, library_gradient, loss_gradient, networks
from hypothesis import given
from hypothesis import strategies as st
from oracles import exact
from statements import each_wrong, integers, refute


def at_least_zero(z):
    return z >= 0


def positive(z):
    return z > 0


@st.composite
def curves(draw):
    """Knots (t, z) of a piecewise linear curve, often zero for a time."""
    gaps = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    values = draw(st.lists(st.integers(-2, 2), min_size=len(gaps) + 1, max_size=len(gaps) + 1))
    times = itertools.accumulate(map(Fraction, gaps), initial=Fraction(0))
    return list(zip(times, map(Fraction, values), strict=True))


def split_at_zeros(curve):
    """The knots, with those zeros added that lie between two of them."""
    knots = [curve[0]]
    for (s, x), (t, z) in itertools.pairwise(curve):
        zero = [(s + (t - s) * x / (x - z), Fraction(0))] if x * z < 0 else []
        knots += [*zero, (t, z)]
    return knots


def check_chain_rule(rule, curve, everywhere=False):
    """rule(z, ż) is the derivative of σ(z): inside each piece, and integrated over it."""
    knots = split_at_zeros(curve)
    for (s, x), (t, z) in itertools.pairwise(knots):
        speed, increase = (z - x) / (t - s), max(z, 0) - max(x, 0)
        # σ(z) is linear on a piece without change of sign, so this is its derivative inside.
        assert increase / (t - s) == rule((x + z) / 2, speed)
    inner = [knot for knot in knots if knot not in curve] if everywhere else []
    for t, _ in inner:
        check_at_crossing(rule, curve, t)


def check_at_crossing(rule, curve, time):
    """rule is the derivative from the left and from the right."""
    (s, x), (t, z) = next(
        pair for pair in itertools.pairwise(curve) if pair[0][0] < time < pair[1][0]
    )
    speed = (z - x) / (t - s)
    for h in (time - s, time - t):
        assert max(-speed * h, 0) / -h == rule(Fraction(0), speed)


def chain_rule(z, speed, active=at_least_zero):
    return active(z) * speed


@given(curves(), st.sampled_from([at_least_zero, positive]))
def test_chain_rule(curve, active):
    check_chain_rule(partial(chain_rule, active=active), curve)


@each_wrong(
    {
        "indicator missing": lambda z, speed: speed,
        "indicator of the other side": lambda z, speed: (z <= 0) * speed,
        "speed missing": lambda z, speed: z >= 0,
        "speed without sign": lambda z, speed: (z >= 0) * abs(speed),
        "one at every zero": lambda z, speed: (z > 0) * speed + (z == 0),
    }
)
def test_wrong_chain_rule(wrong):
    refute(check_chain_rule, wrong, curves())


def test_chain_rule_fails_at_some_times():
    refute(partial(check_chain_rule, everywhere=True), chain_rule, curves())


def gradients(net, active=at_least_zero, scale=lambda root: 1 / root, sign=1, a=None):
    """`eq:gradient`: ∂u_i/∂w_r (n, m, d) and ∂L/∂w_r (m, d)."""
    P = active(net.preactivations()).astype(int).astype(object)
    a = net.a if a is None else a
    by_output = scale(net.root) * (P.T * a)[:, :, None] * net.X[:, None, :]
    return by_output, -sign * (net.residual()[:, None, None] * by_output).sum(axis=0)


def check_gradients(formula, example):
    """By differences; at kinks the loss by autograd, whose chain rule is the convention's."""
    net, directions = example
    V = exact(directions[: len(net.W), : net.X.shape[1]])
    by_output, by_weights = formula(net)
    for i, x in enumerate(net.X):
        # Towards the active side u_i has a derivative at its kink too, that of the convention.
        ahead = V * np.where(V @ x >= 0, 1, -1)[:, None]
        h = min(abs(z) for z in [*net.preactivations()[:, i], 1] if z) / (1 + abs(V @ x).max())
        change = net.moved(h, ahead, 0).outputs()[i] - net.outputs()[i]
        assert change == h * (by_output[i] * ahead).sum()
    if net.preactivations().all():
        assert derivative(Network.loss, net, V) == (by_weights * V).sum()
    assert (by_weights == loss_gradient(net)[0]).all()
    assert (by_weights == library_gradient(net)[0]).all()


EXAMPLES = st.tuples(networks() | networks(kinks=False), integers((16, 3)))


@given(EXAMPLES)
def test_gradients(example):
    check_gradients(gradients, example)


@each_wrong(
    {
        "zero at the kink": partial(gradients, active=positive),
        "indicator missing": partial(gradients, active=np.ones_like),
        "1/m": partial(gradients, scale=lambda root: 1 / root**2),
        "no 1/sqrt(m)": partial(gradients, scale=lambda root: 1),
        "sign of the residual": partial(gradients, sign=-1),
        "a_r missing": partial(gradients, a=1),
    }
)
def test_wrong_gradients(wrong):
    refute(check_gradients, wrong, EXAMPLES)


def test_output_gradient_alone_is_checked():
    def formula(net):
        return gradients(net, active=positive)[0], gradients(net)[1]

    refute(check_gradients, formula, EXAMPLES)
