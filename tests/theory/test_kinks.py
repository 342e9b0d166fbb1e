"""The flow at its kinks: the example that must slide, limits of polygons, the sliding kernel."""

import math
from fractions import Fraction
from functools import partial
from typing import NamedTuple

import flows
import mpmath
import numpy as np
import pytest
from exact_network import Network, derivative
from flows import Problem
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kernels import number
from near_kinks import (
    free_kernel,
    is_semidefinite,
    nothing_off,
    off_each,
    off_span,
    onto_span,
    pattern_kernel,
    patterns,
    residuals,
    states,
    with_residual,
)
from oracles import exact, unit_rows
from statements import each_wrong, fractions, integers, rank, refute, stereographic

from overparam import sliding


class MustSlide(NamedTuple):
    """What `prop:must-slide` says of its example.

    Attributes:
        X, y: inputs (2, 2), targets (2,).
        start: w_1ᵀx_i at time 0.
        end: t_1 is below it.
        constant: σ'(0) with which no solution goes on, from e_2 and a drawn number.
        fraction: that with which one does, from e_2.
        rate: at which e_2 decays from then on.
        loss: its limit.
        least: λ_min(H).
    """

    X: np.ndarray = exact([[1, 0], [0, 0]]) + np.array([[0, 0], [Fraction(3, 5), Fraction(4, 5)]])
    y: np.ndarray = exact([-3, 2])
    start: tuple = (Fraction(1, 2), Fraction(27, 50))
    end: Fraction = Fraction(5, 18)
    constant: object = lambda e2, c: c
    fraction: object = lambda e2: e2 / 5
    rate: Fraction = Fraction(16, 25)
    loss: Fraction = Fraction(9, 2)
    least: Fraction = Fraction(2, 5)


def speeds(claim, z, at_kink=0):
    """d(w_1ᵀx_i)/dt (2,) where w_1ᵀx_i = z_i, so that u_i = σ(z_i)."""
    error = claim.y - np.array([max(value, 0) for value in z])
    pattern = np.array([at_kink if value == 0 else int(value > 0) for value in z])
    return claim.X @ ((pattern * error) @ claim.X)


def before_the_kink(t):
    """w_1ᵀx_i of the example: their sum decays at the rate 8/5, their difference at 2/5."""
    total = mpmath.mpf("2.04") * mpmath.exp(-mpmath.mpf("1.6") * t) - 1
    gap = mpmath.mpf("4.96") * mpmath.exp(-mpmath.mpf("0.4") * t) - 5
    return np.array([total + gap, total - gap]) / 2


digits = np.vectorize(number, otypes=[object])


def check_until_the_kink(claim):
    """`before_the_kink` solves the flow until t_1, with both products above 0."""
    with mpmath.workdps(30):
        real = claim._replace(**{key: digits(getattr(claim, key)) for key in ("X", "y", "start")})
        first = mpmath.findroot(lambda t: before_the_kink(t)[0], 0.25)
        assert 0 < first < number(claim.end)
        assert abs(before_the_kink(0) - real.start).max() < 1e-25
        for part in range(20):
            t = part * first / 20
            z = before_the_kink(t)
            assert z[0] > 0
            assert 0 < z[1] <= real.start[1]
            slope = [mpmath.diff(lambda s, i=i: before_the_kink(s)[i], t) for i in range(2)]
            assert abs(slope - speeds(real, z)).max() < 1e-12


def check_must_slide(claim, example):
    """Both sides push to the kink of x_1, and only p = e_2/5 keeps the unit there.

    example: w_1ᵀx_1 ≠ 0, 0 < w_1ᵀx_2 < 1, σ'(0).
    """
    aside, z2, c = example
    assert speeds(claim, (aside, z2))[0] * aside < 0
    e2 = claim.y[1] - z2
    # The unit moves along the kink, as p has no part in it, and takes another e_2.
    later = e2 - speeds(claim, (0, z2))[1] / 12
    assert later != e2
    on_kink = [(0, claim.y[1] - value) for value in (e2, later)]
    constants = [claim.constant(value, c) for value in (e2, later)]
    assert any(speeds(claim, *state)[0] for state in zip(on_kink, constants, strict=True))
    p = claim.fraction(e2)
    assert 0 <= p <= 1
    assert speeds(claim, (0, z2), p).tolist() == [0, claim.rate * e2]
    assert (claim.y[0] ** 2 + 0) / 2 == claim.loss
    net = Network(claim.X, exact([[0, 1]]), exact([1]), claim.y)
    shifted = net.h() - claim.least * exact(np.eye(2))
    assert shifted[0, 0] * shifted[1, 1] == shifted[0, 1] * shifted[1, 0]
    assert is_semidefinite(shifted)


AT_THE_KINK = st.tuples(
    fractions(-2, 2).filter(bool), fractions(Fraction(1, 12), Fraction(11, 12)), fractions(-2, 3)
)


@given(AT_THE_KINK)
def test_must_slide(example):
    check_must_slide(MustSlide(), example)


def test_way_to_the_kink():
    check_until_the_kink(MustSlide())


@each_wrong(
    {
        "y_1 = 0": MustSlide(y=exact([0, 2]), loss=Fraction(0)),
        "y_2 = -2": MustSlide(y=exact([-3, -2])),
        "orthogonal inputs": MustSlide(X=exact([[1, 0], [0, 1]]), rate=1, least=1),
        "a fraction of time excluded, too": MustSlide(constant=lambda e2, c: e2 / 5),
        "fraction 1/2": MustSlide(fraction=lambda e2: Fraction(1, 2)),
        "fraction e_2/3": MustSlide(fraction=lambda e2: e2 / 3),
        "rate 1, as H says": MustSlide(rate=1),
        "rate 4/5": MustSlide(rate=Fraction(4, 5)),
        "loss 0": MustSlide(loss=Fraction(0)),
        "loss with e_2": MustSlide(loss=Fraction(13, 2)),
        "lambda_min 1/5": MustSlide(least=Fraction(1, 5)),
        "lambda_min 3/5": MustSlide(least=Fraction(3, 5)),
    }
)
def test_wrong_must_slide(wrong):
    refute(check_must_slide, wrong, AT_THE_KINK)


@each_wrong(
    {
        "t_1 < 1/5": MustSlide(end=Fraction(1, 5)),
        "another start": MustSlide(start=(Fraction(1, 2), Fraction(3, 10))),
        "other targets": MustSlide(y=exact([-3, 1])),
    }
)
def test_wrong_way_to_the_kink(wrong):
    with pytest.raises(AssertionError):
        check_until_the_kink(wrong)


class Slope(NamedTuple):
    """A unit on the kink of x_1 = (1, 0), which both sides push to, with x_2 = (a, b).

    Attributes:
        a, b: positive, of a rational unit vector.
        A, B: y = (−A, B), A > aB > 0.
        z2: w_1ᵀx_2 at time 0, in (0, B).
        shares: patterns at kinks that the polygon meets, in [0, 1], used in turn.
    """

    a: Fraction
    b: Fraction
    A: Fraction
    B: Fraction
    z2: Fraction
    shares: list


@st.composite
def slopes(draw):
    s = draw(fractions(Fraction(1, 12), Fraction(11, 12)))
    b, a = abs(stereographic(exact([s]), 1))
    B = draw(fractions(Fraction(1, 2), 3))
    A = a * B + draw(fractions(Fraction(1, 4), 3))
    z2 = B * draw(fractions(Fraction(1, 12), Fraction(11, 12)))
    shares = draw(st.lists(fractions(0, 1), min_size=1, max_size=3))
    return Slope(a, b, A, B, z2, shares)


def sliding_limit(slope, t, rate=lambda a, b: b**2):
    """w_1 (2, k) at times (k,): along the kink e_2 decays at the rate b² = H^Π_22."""
    decay = np.exp(-rate(slope.a, slope.b) * t)
    along = (slope.B - (slope.B - slope.z2) * decay) / slope.b
    return np.stack([np.zeros_like(along), along])


def in_floats(slope):
    return Slope(*map(float, slope[:5]), [float(share) for share in slope.shares])


def polygon(slope, h, end):
    """The nodes (2, k) of Euler's polygon for the unit's weights, and their times (k,)."""
    a, b, A, B, z2, shares = slope
    v, nodes = (0.0, z2 / b), []
    steps = round(end / h)
    for k in range(steps + 1):
        nodes.append(v)
        z = v[0], a * v[0] + b * v[1]
        p = shares[k % len(shares)] if z[0] == 0 else float(z[0] > 0)
        e = p * (-A - max(z[0], 0)), float(z[1] >= 0) * (B - max(z[1], 0))
        v = v[0] + h * (e[0] + a * e[1]), v[1] + h * b * e[1]
    return np.array(nodes).T, h * np.arange(steps + 1)


def check_polygons(limit, slope, end=2.0):
    """Polygons stay as near to the limit as their steps are short.

    |v_1| is at most one step's way, h·2(A + aB); it changes dv_2/dt = b(B − av_1 − bv_2) by ab
    times that, which adds up to a/b times that; Euler's own error is at most hbB/2.
    """
    slope = in_floats(slope)
    way = 2 * (slope.A + slope.a * slope.B)
    for h in (1 / 64, 1 / 1024):
        nodes, times = polygon(slope, h, end)
        distance = np.abs(nodes - limit(slope, times)).max(axis=1)
        assert distance[0] <= h * way
        assert distance[1] <= h * (slope.a / slope.b * way + slope.b * slope.B / 2)


def check_limit_is_sliding(limit, slope):
    """`eq:sliding-flow` with a p in [0, 1]: dw_1/dt − e_2x_2 is a multiple of −x_1, at most A."""
    slope, step = in_floats(slope), 1e-6
    times = np.array([0.25, 1.0, 1.75])
    speed = (limit(slope, times + step) - limit(slope, times - step)) / (2 * step)
    e2 = slope.B - slope.b * limit(slope, times)[1]
    # The differences are off by some step² and by the rounding of numbers below 10 over step.
    rest, slack = speed - np.outer([slope.a, slope.b], e2), 1e-7
    assert (np.abs(rest[1]) <= slack).all()
    assert (rest[0] <= slack).all()
    assert (rest[0] >= -slope.A - slack).all()


@given(slopes())
def test_polygons_tend_to_sliding_flows(slope):
    check_polygons(sliding_limit, slope)
    check_limit_is_sliding(sliding_limit, slope)


def with_share(p, slope, t):
    """As if p were the pattern on the kink, and the unit left it."""
    along = sliding_limit(slope, t)[1]
    pushed = (along - slope.z2 / slope.b) / slope.b * slope.a
    return np.stack([pushed - p * slope.A * t, along])


WRONG_LIMITS = {
    "pattern 1": partial(with_share, 1.0),
    "pattern 0": partial(with_share, 0.0),
    "pattern 1/2": partial(with_share, 0.5),
    "rate of H": partial(sliding_limit, rate=lambda a, b: 1.0),
    "rate b": partial(sliding_limit, rate=lambda a, b: b),
    "rate b^2/2": partial(sliding_limit, rate=lambda a, b: b**2 / 2),
    "at rest": partial(sliding_limit, rate=lambda a, b: 0.0),
}


@each_wrong(WRONG_LIMITS)
def test_wrong_limit_of_polygons(wrong):
    refute(check_polygons, wrong, slopes())


@each_wrong(
    {
        "pushed twice as hard": partial(with_share, 2.0),
        "rate of H": WRONG_LIMITS["rate of H"],
        "at rest": WRONG_LIMITS["at rest"],
    }
)
def test_wrong_sliding_flow(wrong):
    refute(check_limit_is_sliding, wrong, slopes())


def with_opposite_target(slope):
    """y_1 = A: nothing pushes the unit down, whatever its pattern."""
    return slope._replace(A=-slope.A)


def test_polygons_with_the_opposite_target_leave_the_kink():
    refute(check_polygons, sliding_limit, slopes().map(with_opposite_target))


@st.composite
def neighbours(draw):
    """A network, its pairs at kinks (m, n), and the same network with weights moved a little."""
    net = draw(states())
    net = with_residual(net, draw(residuals(len(net.X))))
    along = exact(draw(integers(net.W.shape)))
    return net, net.preactivations() == 0, net.moved(Fraction(1, 10**8), along, 0)


def check_nearby_field(values, example):
    """The field near weights is near their set of right-hand sides, whose patterns at kinks are
    free: values gives them (m, n) from the kinks and the patterns nearby.

    Products and residuals move by less than 10⁵ times the weights, for these small numbers.
    """
    net, free, moved = example
    nearby = (moved.preactivations() >= 0).astype(int).astype(object)
    p = (net.preactivations() >= 0).astype(int).astype(object)
    assert (p == nearby)[~free].all()
    p[free] = values(free, nearby)[free]
    gap = (p * net.residual()) @ net.X - (nearby * moved.residual()) @ moved.X
    assert (abs(gap) <= Fraction(1, 1000)).all()


@given(neighbours())
def test_field_near_kinks(example):
    check_nearby_field(lambda free, nearby: nearby, example)


def one_value(free, nearby):
    """The same pattern at all kinks."""
    mean = Fraction(int(nearby[free].sum()), max(int(free.sum()), 1))
    return np.full(free.shape, mean, dtype=object)


@each_wrong(
    {
        "pattern 1": lambda free, nearby: np.ones_like(nearby),
        "pattern 0": lambda free, nearby: 0 * nearby,
        "pattern 1/2": lambda free, nearby: nearby * 0 + Fraction(1, 2),
        "one for all kinks": one_value,
        "one for a unit's kinks": lambda free, nearby: np.repeat(
            nearby.max(axis=1, keepdims=True), free.shape[1], axis=1
        ),
    }
)
def test_wrong_field_near_kinks(wrong):
    refute(check_nearby_field, wrong, neighbours())


class Window(NamedTuple):
    """Euler steps of a random network: X (n, d), y − u in the middle (n,), the mean of −d(y − u)/dt
    (n,), patterns at the first step (m, n), chattering pairs (m, n), steps."""

    X: np.ndarray
    residual: np.ndarray
    speed: np.ndarray
    first: np.ndarray
    chattering: np.ndarray
    steps: int


@st.composite
def windows(draw, step=2.0**-12, steps=128):
    """After a time in which some pairs have met kinks; no pair just meets or leaves one."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(2, 3)), draw(st.sampled_from([1, 2, 4]))
    X = unit_rows(generator.standard_normal((n, 3)))
    W, a = 0.5 * generator.standard_normal((m, 3)), generator.choice([-1.0, 1.0], m)
    problem = Problem(X, 3 * generator.standard_normal(n), a, W, math.nan)
    path = []
    for _ in range(round(1 / step) + steps):
        path.append(W)
        W = W + step * flows.velocity(problem, W, W @ X.T >= 0)
    seen = np.array([w @ X.T >= 0 for w in path[-steps:]])
    changes = np.count_nonzero(seen[1:] != seen[:-1], axis=0)
    assume(((changes == 0) | (changes >= 8)).all())
    before, after = (flows.residual(problem, w) for w in (path[-steps], W))
    speed = (before - after) / (steps * step)
    return Window(X, (before + after) / 2, speed, seen[0], changes > 0, steps)


def check_window(kernel, window):
    """Kernel times residual, while pairs at kinks are off them by a step's way at both ends."""
    error = np.linalg.norm(window.speed - kernel(window) @ window.residual)
    norm = np.linalg.norm(window.X, 2) ** 2
    assert error <= 2 * norm / window.steps * np.linalg.norm(window.residual)


def window_kernel(window):
    return sliding.sliding_kernel(window.X, window.first.T, window.chattering.T)


@settings(max_examples=25)
@given(windows())
def test_polygons_have_the_sliding_kernel(window):
    check_window(window_kernel, window)


def window_indicators(window, kept=1.0):
    """H(t) at the first step, chattering pairs with that weight."""
    p = np.where(window.chattering, kept, window.first)
    return window.X @ window.X.T * (p.T @ p) / len(p)


@each_wrong(
    {
        "pattern 1": window_indicators,
        "pattern 1/2": partial(window_indicators, kept=0.5),
        "pattern 0": partial(window_indicators, kept=0.0),
        "H at the first step": lambda window: window_indicators(
            window._replace(chattering=np.zeros_like(window.chattering))
        ),
        "twice": lambda window: 2 * window_kernel(window),
    }
)
def test_wrong_kernel_of_polygons(wrong):
    refute(check_window, wrong, windows())


class Kink(NamedTuple):
    """A network, the pairs at kinks (m, n), patterns (m, n) with other real numbers there, z (n,)
    and numbers in [0, 1] for the kinks (m, n)."""

    net: Network
    free: np.ndarray
    other: np.ndarray
    z: np.ndarray
    inner: np.ndarray


@st.composite
def kinks(draw):
    net = draw(states())
    net = with_residual(net, draw(residuals(len(net.X))))
    free = net.preactivations() == 0
    other = patterns(draw, net, free, fractions(-3, 3))
    inner = patterns(draw, net, free, fractions(0, 1))
    return Kink(net, free, other, draw(residuals(len(net.X))), inner)


def solve(matrix, right):
    """A solution of consistent linear equations, by elimination in fractions."""
    table = np.column_stack([matrix, right])
    solution, pivots, row = exact(np.zeros(matrix.shape[1])), [], 0
    for column in range(matrix.shape[1]):
        below = row + np.flatnonzero(table[row:, column])
        if len(below):
            table[[row, below[0]]] = table[[below[0], row]]
            table[row] = table[row] / table[row, column]
            for k in range(len(table)):
                if k != row:
                    table[k] = table[k] - table[k, column] * table[row]
            pivots.append(column)
            row += 1
    solution[pivots] = table[:row, -1]
    return solution


def least_norm(net, free):
    """The element of least norm (m, d) of the speeds for real patterns at kinks: normal equations.

    Its pairs at kinks stay there, as those of a sliding flow do at almost every time.
    """
    forces = net.residual()[:, None] * net.X
    speeds = []
    for r, row in enumerate(free):
        sure = ((net.preactivations()[r] > 0) & ~row).astype(int).astype(object) @ forces
        columns = forces[row].T
        speeds.append(sure - columns @ solve(columns.T @ columns, columns.T @ sure))
    return net.a[:, None] * np.array(speeds) / net.root


def projected_velocity(net, free, project=off_span, kept=lambda net, free: ~free):
    """The first formula of `eq:h-projected`."""
    _, projections = free_kernel(net, free, project, kept)
    s = ((net.preactivations() > 0) & kept(net, free)).astype(int).astype(object)
    pull = s @ (net.residual()[:, None] * net.X)
    pulled = np.array([projection @ row for projection, row in zip(projections, pull, strict=True)])
    return net.a[:, None] * pulled / net.root


class SlidingKernel(NamedTuple):
    """dW/dt (m, d) and the kernel (n, n) from a network and its pairs at kinks."""

    velocity: object = projected_velocity
    kernel: object = lambda net, free: free_kernel(net, free)[0]


def variant(change_free=lambda free: free, **options):
    """Both formulas with a wrong projection, or with wrong sets S_r."""
    return SlidingKernel(
        lambda net, free: projected_velocity(net, change_free(free), **options),
        lambda net, free: free_kernel(net, change_free(free), **options)[0],
    )


def check_velocity(claim, kink):
    net, free, other, _, _ = kink
    velocity = claim.velocity(net, free)
    assert (velocity == least_norm(net, free)).all()
    assert not ((velocity @ net.X.T)[free]).any()
    element = net.a[:, None] * ((other * net.residual()) @ net.X) / net.root
    assert (velocity**2).sum() <= (element**2).sum()


def check_projected_kernel(claim, kink):
    """du/dt along the velocity, and that sliding makes every kernel smaller."""
    net, free, _, z, inner = kink
    kernel = claim.kernel(net, free)
    speed = derivative(Network.outputs, net, least_norm(net, free))
    assert (speed == kernel @ net.residual()).all()
    assert 0 <= z @ kernel @ z <= z @ pattern_kernel(net, inner) @ z


def library_kernel(net, free):
    active = (net.preactivations() > 0).astype(bool)
    return sliding.sliding_kernel(net.X.astype(float), active.T, free.T)


def check_library(kernel, kink):
    """`sliding.sliding_kernel`, whose bases are those of independent inputs."""
    net, free, *_ = kink
    if all(rank(net.X[row]) == row.sum() for row in free):
        expected = free_kernel(net, free)[0].astype(float)
        # A few products of bases of small integers, which are not nearly dependent.
        np.testing.assert_allclose(kernel(net, free), expected, rtol=0, atol=1e-12)


@given(kinks())
def test_sliding_kernel(kink):
    check_velocity(SlidingKernel(), kink)
    check_projected_kernel(SlidingKernel(), kink)
    check_library(library_kernel, kink)


WRONG_KERNELS = {
    "no projection": variant(project=nothing_off),
    "projection onto the span": variant(project=onto_span),
    "each input alone": variant(project=off_each),
    "another unit's kinks": variant(lambda free: np.roll(free, 1, axis=0)),
    "all other inputs": variant(lambda free: ~free),
    "1 at the kink, no projection": variant(
        project=nothing_off, kept=lambda net, free: np.ones_like(free)
    ),
}


@each_wrong(WRONG_KERNELS)
def test_wrong_velocity(wrong):
    refute(check_velocity, wrong, kinks())


def half_at_kinks(net, free):
    p = (net.preactivations() > 0).astype(int).astype(object)
    p[free] = Fraction(1, 2)
    return pattern_kernel(net, p)


@each_wrong(
    WRONG_KERNELS
    | {
        "1/2 at the kink": SlidingKernel(kernel=half_at_kinks),
        "indicators": SlidingKernel(kernel=lambda net, free: net.h()),
        "1/m missing": SlidingKernel(kernel=lambda net, free: net.m * free_kernel(net, free)[0]),
    }
)
def test_wrong_projected_kernel(wrong):
    refute(check_projected_kernel, wrong, kinks())


@each_wrong(
    {
        "nothing slides": lambda net, free: library_kernel(net, np.zeros_like(free)),
        "another unit": lambda net, free: library_kernel(net, np.roll(free, 1, axis=0)),
    }
)
def test_wrong_library(wrong):
    refute(check_library, wrong, kinks())
