"""The calculations for Theorem 3.3, against exact derivatives along the flow of both layers."""

from functools import partial
from typing import NamedTuple

import numpy as np
from exact_network import Network, derivative, floats, flow, library_gradient, networks
from hypothesis import given
from hypothesis import strategies as st
from oracles import exact, is_positive_definite
from statements import each_wrong, integers, rank, refute

from overparam import gram


def output_derivatives(net, unit=Network.hidden, scale=lambda root: 1 / root, sign=1):
    """`eq:output-derivatives` and da/dt: ∂u_i/∂a_r (m, n), ∂L/∂a_r (m,), (m,)."""
    by_output = scale(net.root) * unit(net)
    by_loss = -by_output @ net.residual()
    return by_output, by_loss, -sign * by_loss


def check_output_derivatives(formula, net):
    by_output, by_loss, speed = formula(net)
    for r, unit in enumerate(np.eye(len(net.a), dtype=int)):
        assert (derivative(Network.outputs, net, da=unit) == by_output[r]).all()
        assert derivative(Network.loss, net, da=unit) == by_loss[r]
        assert speed[r] == -derivative(Network.loss, net, da=unit)
    assert (by_loss == library_gradient(net)[1]).all()


NETWORKS = networks(widths=(1, 4))


@given(NETWORKS)
def test_output_derivatives(net):
    check_output_derivatives(output_derivatives, net)


@each_wrong(
    {
        "1/m": partial(output_derivatives, scale=lambda root: 1 / root**2),
        "no 1/sqrt(m)": partial(output_derivatives, scale=lambda root: 1),
        "without the kink": partial(output_derivatives, unit=Network.preactivations),
        "indicator": partial(output_derivatives, unit=lambda net: net.hidden() > 0),
        "ascent": partial(output_derivatives, sign=-1),
    }
)
def test_wrong_output_derivatives(wrong):
    refute(check_output_derivatives, wrong, NETWORKS)


def equation_i(net, kernel=Network.g):
    """The right-hand side of `eq:g`, for all i."""
    return kernel(net) @ net.residual()


def check_equation_i(right, net):
    """Σ_r ∂u_i/∂a_r · da_r/dt with both factors by differences."""
    units = np.eye(len(net.a), dtype=int)
    speed = [-derivative(Network.loss, net, da=unit) for unit in units]
    left = sum(
        derivative(Network.outputs, net, da=unit) * v for unit, v in zip(units, speed, strict=True)
    )
    assert (left == right(net)).all()


def one_unit(net):
    """G as the assignment's scan has it: without the sum over r, here for the last r."""
    last = net.hidden()[-1]
    return np.outer(last, last) / net.m


def scanned_sum(net):
    """Σ_r (y_j − u_j) G_ij as scanned, with the last j."""
    return len(net.W) * net.residual()[-1] * net.g()[:, -1]


WRONG_G = {
    "sum over r missing": one_unit,
    "1/m missing": lambda net: len(net.W) * net.g(),
    "linear units": lambda net: net.preactivations().T @ net.preactivations() / net.m,
    "H for G": Network.h,
}


@given(NETWORKS)
def test_equation_i(net):
    check_equation_i(equation_i, net)


@each_wrong(
    {name: partial(equation_i, kernel=kernel) for name, kernel in WRONG_G.items()}
    | {"sum over r as scanned": scanned_sum, "sign": lambda net: -equation_i(net)}
)
def test_wrong_equation_i(wrong):
    refute(check_equation_i, wrong, NETWORKS)


def output_flow(net, h=Network.h, g=Network.g):
    """`eq:output-flow`."""
    return (h(net) + g(net)) @ net.residual()


def check_output_flow(right, net):
    """Along the tangent of the flow, off the kinks, where it passes almost all of its time."""
    dW, da = flow(net)
    assert (derivative(Network.outputs, net, dW, da) == right(net)).all()


SMOOTH = networks(kinks=False)


@given(SMOOTH, networks())
def test_output_flow(net, any_net):
    check_output_flow(output_flow, net)
    X, W, a, _ = floats(any_net)
    assert (exact(gram.h_finite(X, W, a)) == any_net.h()).all()


@each_wrong(
    {name: partial(output_flow, g=kernel) for name, kernel in WRONG_G.items()}
    | {
        "a_r squared missing": partial(output_flow, h=partial(Network.h, power=0)),
        "a_r not squared": partial(output_flow, h=partial(Network.h, power=1)),
        "first layer only": partial(output_flow, g=lambda net: 0 * net.g()),
        "second layer only": partial(output_flow, h=lambda net: 0 * net.h()),
        "difference": partial(output_flow, g=lambda net: -net.g()),
        "sign": lambda net: -output_flow(net),
    }
)
def test_wrong_output_flow(wrong):
    refute(check_output_flow, wrong, SMOOTH)


def features(net):
    """Φ (n, m) of `lem:g-psd`."""
    return net.hidden().T


class GramClaim(NamedTuple):
    """What `lem:g-psd` says of G and of vᵀGv."""

    kernel: object = lambda net: features(net) @ features(net).T / net.m
    form: object = lambda net, z: sum((z @ features(net)) ** 2) / len(net.W)
    rank: object = lambda net: rank(features(net))
    definite: object = lambda net: rank(features(net)) == len(net.X)
    positive: object = lambda form, z: form >= 0


def definition_of_g(net):
    samples = range(len(net.X))
    units = [[max(w @ x, 0) for x in net.X] for w in net.W]
    return np.array([[sum(u[i] * u[j] for u in units) / net.m for j in samples] for i in samples])


def check_g(claim, example):
    net, z = example[0], exact(example[1][: len(example[0].X)])
    G, n, m = definition_of_g(net), len(net.X), len(net.W)
    assert (claim.kernel(net) == G).all()
    assert (G == G.T).all()
    assert z @ G @ z == claim.form(net, z)
    assert claim.positive(z @ G @ z, z)
    assert rank(G) == claim.rank(net) <= min(n, m)
    assert is_positive_definite(G) == claim.definite(net)
    assert m >= n or not is_positive_definite(G)


GRAM_EXAMPLES = st.tuples(networks(widths=(1, 4), samples=(1, 5)), integers(5))


@given(GRAM_EXAMPLES)
def test_g_is_gram(example):
    check_g(GramClaim(), example)


@each_wrong(
    {name: GramClaim(kernel=kernel) for name, kernel in WRONG_G.items()}
    | {
        "square of the sum": GramClaim(
            form=lambda net, z: sum(z @ features(net)) ** 2 / len(net.W)
        ),
        "form without 1/m": GramClaim(form=lambda net, z: sum((z @ features(net)) ** 2)),
        "full rank": GramClaim(rank=lambda net: min(len(net.X), len(net.W))),
        "rank of the inputs": GramClaim(rank=lambda net: rank(net.X)),
        "definite if m >= n": GramClaim(definite=lambda net: len(net.W) >= len(net.X)),
        "always definite": GramClaim(positive=lambda form, z: form > 0 or not z.any()),
    }
)
def test_wrong_g_is_gram(wrong):
    refute(check_g, wrong, GRAM_EXAMPLES)


def form(kernel, net):
    """(y − u)ᵀ kernel (y − u)."""
    return net.residual() @ kernel(net) @ net.residual()


class InequalityTwo(NamedTuple):
    """`eq:loss-derivative`, its dropped term and its equality case."""

    derivative: object = lambda net: -2 * form(Network.h, net) - 2 * form(Network.g, net)
    bound: object = lambda net: -2 * form(Network.h, net)
    dropped: object = lambda net: -2 * sum(flow(net)[1] ** 2)
    squares: object = lambda net: -2 * sum((net.hidden() @ net.residual()) ** 2) / len(net.W)
    equality: object = lambda net: not flow(net)[1].any()


@st.composite
def balanced(draw):
    """Networks with da/dt = 0 though y ≠ u, if their one unit sees both inputs."""
    net = draw(networks(kinks=False, widths=(1,), samples=(2, 2)))
    first, second = net.hidden()[0]
    return net._replace(y=net.outputs() + np.array([second, -first]))


def check_inequality_ii(claim, net):
    change = derivative(lambda net: 2 * net.loss(), net, *flow(net))
    assert change == claim.derivative(net)
    assert change <= claim.bound(net)
    assert change - claim.bound(net) == claim.dropped(net) == claim.squares(net)
    assert (change == claim.bound(net)) == claim.equality(net)


@given(SMOOTH | balanced())
def test_inequality_ii(net):
    check_inequality_ii(InequalityTwo(), net)


RIGHT = InequalityTwo()


@each_wrong(
    {
        "factor 2 missing": RIGHT._replace(derivative=lambda net: RIGHT.derivative(net) / 2),
        "sign": RIGHT._replace(derivative=lambda net: -RIGHT.derivative(net)),
        "H dropped, not G": RIGHT._replace(bound=lambda net: -2 * form(Network.g, net)),
        "bound 0 for the dropped term": RIGHT._replace(dropped=lambda net: 0),
        "half of the dropped term": RIGHT._replace(dropped=lambda net: -sum(flow(net)[1] ** 2)),
        "2/m for 2 with da/dt": RIGHT._replace(dropped=lambda net: RIGHT.dropped(net) / len(net.W)),
        "1/m missing": RIGHT._replace(squares=lambda net: RIGHT.squares(net) * len(net.W)),
        "always strict": RIGHT._replace(equality=lambda net: False),
        "equality only for y = u": RIGHT._replace(equality=lambda net: not net.residual().any()),
    }
)
def test_wrong_inequality_ii(wrong):
    refute(check_inequality_ii, wrong, SMOOTH | balanced())
