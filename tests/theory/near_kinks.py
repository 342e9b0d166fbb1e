"""Exact projections, and the kernels of units some of whose pairs are free: near or at kinks."""

import numpy as np
from exact_network import networks
from hypothesis import strategies as st
from oracles import exact, is_positive_definite
from statements import fractions


def off_span(rows, d):
    """The projection of R^d onto the complement of the span of the rows, by Gram and Schmidt."""
    projection = exact(np.eye(d))
    for x in rows:
        rest = projection @ x
        if rest.any():
            projection = projection - np.outer(rest, rest) / (rest @ rest)
    return projection


def onto_span(rows, d):
    return exact(np.eye(d)) - off_span(rows, d)


def off_each(rows, d):
    """What an orthogonal span would need."""
    return exact(np.eye(d)) - sum(np.outer(x, x) / (x @ x) for x in rows if x.any())


def nothing_off(rows, d):
    return exact(np.eye(d))


def pattern_kernel(net, p):
    """H^p (n, n) of `eq:h-sliding` for p (m, n)."""
    return net.X @ net.X.T * (p.T @ p) / net.m


def free_kernel(net, free, project=off_span, kept=lambda net, free: ~free):
    """H^Π or H^N (n, n) for the free pairs (m, n), and the projections (m, d, d)."""
    s = ((net.preactivations() > 0) & kept(net, free)).astype(int).astype(object)
    projections = [project(net.X[row], net.X.shape[1]) for row in free]
    parts = [(s[r][:, None] * net.X) @ projections[r] for r in range(len(s))]
    total = sum(part @ (s[r][:, None] * net.X).T for r, part in enumerate(parts))
    return total / net.m, projections


def is_semidefinite(matrix, slack=10**-6):
    """Whether no eigenvalue is below −slack, which is small for small rational numbers."""
    return is_positive_definite(matrix + exact(slack * np.eye(len(matrix))))


@st.composite
def states(draw, widths=(1, 4)):
    """A network with signs, non-zero inputs and units of which some lie on kinks."""
    net = draw(networks(signs=True, kinks=False, widths=widths, samples=(1, 4)))
    n, d = net.X.shape
    for r in range(len(net.W)):
        chosen = net.X[draw(st.lists(st.booleans(), min_size=n, max_size=n))]
        net.W[r] = off_span(chosen[: d - 1], d) @ net.W[r]
    return net


def residuals(n):
    """Residuals without a zero, as every pattern then has an effect."""
    return st.lists(fractions(-3, 3).filter(bool), min_size=n, max_size=n).map(exact)


def with_residual(net, error):
    return net._replace(y=net.outputs() + error)


def patterns(draw, net, free, values):
    """1{z ≥ 0} with drawn values where free, (m, n)."""
    p = (net.preactivations() >= 0).astype(int).astype(object)
    for place in zip(*np.nonzero(free), strict=True):
        p[place] = draw(values)
    return p
