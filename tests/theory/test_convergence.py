"""Convergence to zero loss: continuation, both routes to Theorem 3.2, given weights, rounding."""

import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from exact_network import Network, networks
from flows import Problem, gradient_flow, residual, velocity
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kernels import plane_patterns
from near_kinks import (
    free_kernel,
    is_semidefinite,
    nothing_off,
    off_each,
    onto_span,
    pattern_kernel,
    patterns,
    states,
)
from oracles import UNIT_ROUNDOFF, exact, gamma, unit_rows
from scipy import integrate, stats
from statements import each_wrong, fractions, integers, refute, unit_inputs

from overparam import gram, hypotheses

# Numbers of some dozen operations, where a wrong formula is off by far more.
ROUNDING = 1e-9


class Start(NamedTuple):
    """A problem with a = ±1, and the radius ρ."""

    problem: Problem
    radius: float


def near(start):
    """N_r as pairs (m, n)."""
    X, W = start.problem.X, start.problem.W
    return np.abs(W @ X.T) <= start.radius * np.linalg.norm(X, axis=1)


def h_near(start):
    """H^N of `eq:h-near` in floats: no admissible kernel has a smaller λ_min."""
    X, W = start.problem.X, start.problem.W
    free, total = near(start), np.zeros((len(X), len(X)))
    for r, w in enumerate(W):
        inputs = X[free[r]]
        part = X - X @ np.linalg.pinv(inputs) @ inputs
        part = part * ((X @ w > 0) & ~free[r])[:, None]
        total += part @ part.T
    return total / len(W)


def least(matrix):
    return np.linalg.eigvalsh(matrix)[0]


def needed(X, error, m, coercivity):
    """The left-hand side of `eq:continuation`, from ‖X‖ and ‖y − u(0)‖."""
    return X * error / (math.sqrt(m) * coercivity)


class Continuation(NamedTuple):
    """`lem:continuation`.

    Attributes:
        coercivity: Λ, from the start.
        applies: whether the condition holds, from what is needed and ρ.
        rate: of the residual, in multiples of Λ.
        needed: bound on the way of a unit, from ‖X‖, ‖y − u(0)‖, m and Λ.
        way: rate with which the bound is approached, in multiples of Λ.
    """

    coercivity: object = lambda start: least(h_near(start))
    applies: object = lambda needed, radius: needed < radius
    rate: float = 1.0
    needed: object = needed
    way: float = 1.0


class Polygon(NamedTuple):
    """Times (k,), weights (k, m, d), errors y − u (k, n), and bounds on what the integration may
    add to ‖y − u‖ and to the way of a unit."""

    times: np.ndarray
    weights: np.ndarray
    errors: np.ndarray
    residual_slack: float
    way_slack: float


def polygon(start, step=0.02):
    """Euler's polygon, which tends to a sliding flow as its step h vanishes.

    While no pattern changes its residual decays faster than the flow's, 1 − hλ ≤ e^{−hλ}, and its
    units are at most a step farther.  Pairs that slide are off their kinks by a step's way, which
    moves u by at most h‖X‖²‖y − u‖; twice that is allowed to the residual, in the way all along.
    """
    problem = start.problem
    norm = np.linalg.norm(problem.X, 2)
    h = step / norm**2
    W, path = problem.W, [problem.W]
    for _ in range(math.ceil(problem.T / h)):
        W = W + h * velocity(problem, W, W @ problem.X.T >= 0)
        path.append(W)
    errors = np.array([residual(problem, W) for W in path])
    relative, error = 2 * step * near(start).any() + ROUNDING, np.linalg.norm(errors[0])
    speed = norm * error / math.sqrt(len(W))
    slack = relative * error, speed * (h + relative * problem.T / 3)
    return Polygon(h * np.arange(len(path)), np.array(path), errors, *slack)


def integrated(start):
    """The flow by `flows`, as far as it has a solution."""
    path = gradient_flow(start.problem)
    return Polygon(path.times, path.weights, path.errors, path.tolerance, path.tolerance)


def check_continuation(claim, start, integrate=polygon):
    """Decay, distance and, as the residual decays, the limit."""
    problem = start.problem
    coercivity = claim.coercivity(start)
    if coercivity <= ROUNDING:
        return
    error = np.linalg.norm(residual(problem, problem.W))
    bound = claim.needed(np.linalg.norm(problem.X, 2), error, len(problem.a), coercivity)
    if not claim.applies(bound, start.radius):
        return
    path = integrate(start)
    decay = np.exp(-claim.rate * coercivity * path.times) * error
    assert (np.linalg.norm(path.errors, axis=1) <= decay + path.residual_slack).all()
    way = np.linalg.norm(path.weights - path.weights[0], axis=2).max(axis=1)
    reached = -np.expm1(-claim.way * coercivity * path.times)
    assert (way <= bound * reached + path.way_slack).all()
    assert way.max() < start.radius


@st.composite
def starts(draw, widths=(20, 60, 150), lengths=(0.5, 2.0)):
    """Networks near zero loss, some units on kinks; what is needed is a share of ρ."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(2, 5)), draw(st.integers(3, 4))
    m = draw(st.sampled_from(widths))
    X = unit_rows(generator.standard_normal((n, d))) * generator.uniform(*lengths, (n, 1))
    W, a = generator.standard_normal((m, d)), generator.choice([-1.0, 1.0], m)
    for r in range(draw(st.sampled_from([0, 3]))):
        x = X[generator.integers(n)]
        W[r] -= (W[r] @ x) / (x @ x) * x
    radius = draw(st.sampled_from([1e-6, 0.02, 0.06]))
    start = Start(Problem(X, np.zeros(n), a, W, 0.0), radius)
    values, vectors = np.linalg.eigh(h_near(start))
    assume(values[0] > 0.02 * np.linalg.norm(X, 2) ** 2)
    direction = draw(st.sampled_from([vectors[:, 0], vectors[:, -1], generator.standard_normal(n)]))
    share = draw(st.sampled_from([0.3, 0.9])) * radius
    error = share / needed(np.linalg.norm(X, 2), np.linalg.norm(direction), m, values[0])
    problem = Problem(X, error * direction - residual(start.problem, W), a, W, 3 / values[0])
    return start._replace(problem=problem)


def with_error(X, W, a, error, T, radius):
    """A start with the residual y − u(0) = error."""
    problem = Problem(X, np.zeros(len(X)), a, W, T)
    return Start(problem._replace(y=error - residual(problem, W)), radius)


ONE = np.ones((1, 1))
# One of two units dies at the kink at 1/100, and with it half of H.
LOSES_A_UNIT = [
    with_error(ONE, np.array([[0.01], [1.0]]), np.ones(2), np.array([-0.1]), 4.0, radius)
    for radius in (0.08, 0.15)
]
# The only unit dies, and the loss stays.
DIES = with_error(ONE, ONE, np.ones(1), np.array([-4.0]), 4.0, 0.5)


def one_shared_unit(half=8):
    """One unit sees both inputs, the others one each, and the residuals are equal: the shared unit
    moves nearly as far as is said."""
    X, m = np.array([[1.0, 0.0], [0.6, 0.8]]), 2 * half + 1
    W = 100 * np.array([[1.0, 1.0]] + half * [[1.0, -1.0]] + half * [[-1.0, 1.0]])
    return with_error(X, W, np.ones(m), np.ones(2), 8.0, 1.0)


STARTS = st.sampled_from([one_shared_unit(), DIES, *LOSES_A_UNIT]) | starts()


@settings(max_examples=20)
@given(starts())
def test_continuation(start):
    check_continuation(Continuation(), start)


@settings(max_examples=15)
@given(starts(widths=(20,)))
def test_continuation_of_the_flow_itself(start):
    check_continuation(Continuation(), start, integrated)


@pytest.mark.parametrize("start", [one_shared_unit(), DIES, *LOSES_A_UNIT])
def test_continuation_of_the_examples(start):
    check_continuation(Continuation(), start)


def start_alone(start):
    """λ_min(H(0)), as if no pattern could change."""
    p = (start.problem.W @ start.problem.X.T >= 0).astype(float)
    return least(start.problem.X @ start.problem.X.T * (p.T @ p) / len(p))


@each_wrong(
    {
        "twice the rate": Continuation(rate=2.0),
        "a little more": Continuation(rate=1.1),
        "m for sqrt(m)": Continuation(needed=lambda X, e, m, L: needed(X, e, m**2, L)),
        "1/Lambda missing": Continuation(needed=lambda X, e, m, L: needed(X, e, m, 1)),
        "norm of X missing": Continuation(needed=lambda X, e, m, L: needed(1, e, m, L)),
        "norm squared": Continuation(needed=lambda X, e, m, L: needed(X, e**2, m, L)),
        "half of it": Continuation(needed=lambda X, e, m, L: needed(X, e, m, L) / 2),
        "half the exponent of the way": Continuation(way=0.5),
        "condition turned": Continuation(applies=lambda needed, radius: needed > radius),
        "no condition": Continuation(applies=lambda needed, radius: True),
        "ten times the radius": Continuation(applies=lambda needed, radius: needed < 10 * radius),
        "initial pattern alone": Continuation(coercivity=start_alone),
    }
)
def test_wrong_continuation(wrong):
    refute(check_continuation, wrong, STARTS)


class Kept(NamedTuple):
    """`prop:kept`.

    Attributes:
        fast: whether the coercivity suffices, from Λ and λ0.
        below: whether the loss does, from ‖y − u‖² and the bound at the time t1.
        bound: at t1 + s, from ‖y − u(0)‖², λ0, t1 and s.
    """

    fast: object = lambda coercivity, lambda_zero: coercivity >= lambda_zero / 2
    below: object = lambda loss, bound: loss <= bound
    bound: object = lambda first, lambda_zero, time, s: first * np.exp(-lambda_zero * (time + s))


class Reached(NamedTuple):
    """Weights reached at a time t1; λ0 in multiples of 2Λ, the loss in multiples of the bound."""

    start: Start
    time: float
    rate: float
    share: float


def check_kept(claim, reached):
    coercivity = least(h_near(reached.start))
    problem, lambda_zero = reached.start.problem, reached.rate * 2 * coercivity
    loss = np.sum(residual(problem, problem.W) ** 2)
    first = loss / reached.share * np.exp(lambda_zero * reached.time)
    bound = first * np.exp(-lambda_zero * reached.time)
    # Both hypotheses hold with equality in places.
    if not claim.fast(coercivity * (1 + ROUNDING), lambda_zero):
        return
    if not claim.below(loss, bound * (1 + ROUNDING)):
        return
    path = polygon(reached.start)
    allowed = np.sqrt(claim.bound(first, lambda_zero, reached.time, path.times))
    assert (np.linalg.norm(path.errors, axis=1) <= allowed + path.residual_slack).all()


REACHED = st.builds(
    Reached,
    starts(),
    *(st.sampled_from(values) for values in ([0.0, 0.7, 3.0], [0.6, 1.0, 1.4], [0.7, 1.0, 1.4])),
)


@settings(max_examples=20)
@given(REACHED)
def test_kept(reached):
    check_kept(Kept(), reached)


@each_wrong(
    {
        "any coercivity": Kept(fast=lambda coercivity, lambda_zero: True),
        "half of it": Kept(fast=lambda coercivity, lambda_zero: coercivity >= lambda_zero / 4),
        "any loss": Kept(below=lambda loss, bound: True),
        "twice the loss": Kept(below=lambda loss, bound: loss <= 2 * bound),
        "twice the rate": Kept(bound=lambda first, L, time, s: first * np.exp(-2 * L * (time + s))),
        "the time of the proof twice": Kept(
            bound=lambda first, L, time, s: first * np.exp(-L * (2 * time + s))
        ),
    }
)
def test_wrong_kept(wrong):
    refute(check_kept, wrong, REACHED)


class Case(NamedTuple):
    """n, δ, λ0 ≤ 1/2, ‖y‖ and ‖X‖² in [1, n]."""

    n: int
    delta: float
    lambda_zero: float
    targets: float
    square: float


@st.composite
def cases(draw):
    n = draw(st.sampled_from([1, 2, 3, 10, 300, 10**4]))
    return Case(
        n,
        draw(st.sampled_from([1e-6, 0.01, 0.05, 0.5, 0.99])),
        draw(st.sampled_from([0.5, 0.3, 0.01, 1e-6])),
        draw(st.sampled_from([0.0, 1.0, 100.0])),
        draw(st.sampled_from([1.0, (1 + n) / 2, float(n)])),
    )


class Priori(NamedTuple):
    """m and R of `eq:a-priori`, from a case."""

    width: object = lambda n, delta, lam, y, _: (
        13824 / math.pi * n**5 * (y**2 + n / 2) / (lam**4 * delta**3)
    )
    radius: object = lambda n, delta, lam, *_: math.sqrt(2 * math.pi) * delta * lam / (48 * n**2)


def check_a_priori(claim, case):
    """The three events, each with δ/3, and what follows from them."""
    n, delta, lam, y, _ = case
    m, R, up = claim.width(*case) * (1 + ROUNDING), claim.radius(*case), 1 + ROUNDING
    third = delta / 3
    # Hoeffding for n² entries, both sides; Markov for the near pairs.
    kernel = n * math.sqrt(math.log(2 * n**2 / third) / (2 * m))
    near_pairs = 2 * n**2 * 2 * R / math.sqrt(2 * math.pi) / third
    assert kernel <= lam / 4
    assert near_pairs <= lam / 4 * up
    coercivity = lam - kernel - near_pairs
    assert coercivity >= lam / 2 / up
    # Markov for the residual, then `eq:continuation` with Λ = λ0/2.
    residual = math.sqrt((y**2 + n / 2) / third)
    assert math.sqrt(n) * residual / (math.sqrt(m) * lam / 2) < R * up


def check_library_route(claim, case):
    route = hypotheses.paper_route(case.n, case.targets, case.lambda_zero, case.delta)
    np.testing.assert_allclose(route.width, claim.width(*case), rtol=ROUNDING)
    np.testing.assert_allclose(route.radius, claim.radius(*case), rtol=ROUNDING)


def times_width(power):
    """The printed width times a power of one quantity of the case."""
    return Priori(width=lambda *case: Priori().width(*case) * power(Case(*case)))


WRONG_PRIORI = {
    "24 for 48": Priori(radius=lambda *case: 2 * Priori().radius(*case)),
    "16, delta for each event": Priori(radius=lambda *case: 3 * Priori().radius(*case)),
    "n for n^2 in R": Priori(radius=lambda n, *rest: n * Priori().radius(n, *rest)),
    "half the width": times_width(lambda case: 0.5),
    "a little less": times_width(lambda case: 0.999),
    "n^4": times_width(lambda case: 1 / case.n),
    "lambda_0^3": times_width(lambda case: case.lambda_zero),
    "delta^2": times_width(lambda case: case.delta),
    "n/2 missing": Priori(
        width=lambda n, delta, lam, y, _: (
            13824 / math.pi * n**5 * max(y, 0.1) ** 2 / (lam**4 * delta**3)
        )
    ),
}


@given(cases())
def test_a_priori(case):
    check_a_priori(Priori(), case)
    check_library_route(Priori(), case)


@each_wrong(WRONG_PRIORI)
def test_wrong_a_priori(wrong):
    refute(check_a_priori, wrong, cases())


@each_wrong({name: WRONG_PRIORI[name] for name in ("24 for 48", "a little less", "n^4")})
def test_wrong_library_route(wrong):
    refute(check_library_route, wrong, cases())


def check_mean_residual(mean, net):
    """E‖y − u(0)‖² over all signs, for fixed weights."""
    signs = [exact(a) for a in itertools.product([1, -1], repeat=len(net.a))]
    squares = [2 * net._replace(a=a).loss() for a in signs]
    assert sum(squares) / len(squares) == mean(net)


def mean_residual(net):
    return net.y @ net.y + (net.hidden() ** 2).sum() / net.m


SMALL_NETWORKS = networks(signs=True, widths=(1, 4))


@given(SMALL_NETWORKS)
def test_mean_residual(net):
    check_mean_residual(mean_residual, net)


def test_mean_square_of_the_relu_is_one_half():
    square, error = integrate.quad(lambda z: z**2 * stats.norm.pdf(z), 0, np.inf)
    assert abs(square - 0.5) <= error + gamma(100)


@each_wrong(
    {
        "targets missing": lambda net: (net.hidden() ** 2).sum() / net.m,
        "1/m missing": lambda net: net.y @ net.y + (net.hidden() ** 2).sum(),
        "given signs": lambda net: 2 * net.loss(),
        "one unit alone": lambda net: net.y @ net.y + (net.hidden()[0] ** 2).sum(),
    }
)
def test_wrong_mean_residual(wrong):
    refute(check_mean_residual, wrong, SMALL_NETWORKS)


class Admissible(NamedTuple):
    """A network, the near pairs (m, n) for ρ, an admissible q (m, n), ρ, some more pairs (m, n)."""

    net: Network
    near: np.ndarray
    q: np.ndarray
    radius: Fraction
    more: np.ndarray


def near_pairs(net, radius):
    """N_r in exact arithmetic."""
    return (net.preactivations() ** 2 <= radius**2 * (net.X**2).sum(axis=1)).astype(bool)


@st.composite
def admissible(draw, inputs=None, networks=SMALL_NETWORKS):
    net = draw(networks)
    if inputs is not None:
        X = draw(inputs)
        W = exact(draw(integers((len(net.W), X.shape[1]))))
        net = net._replace(X=X, W=W, y=X[:, 0])
    radius = draw(fractions(Fraction(1, 12), 2))
    free = near_pairs(net, radius)
    values = st.sampled_from([Fraction(0), Fraction(1)]) | fractions(0, 1)
    q = patterns(draw, net, free, values)
    return Admissible(net, free, q, radius, draw(integers(free.shape, 0, 1)).astype(bool))


def check_near_pairs(factor, state):
    """Σ|H^q_ij − H_ij(0)| against the number of near pairs."""
    net, free, q, _, _ = state
    difference = abs(pattern_kernel(net, q) - net.h()).sum()
    assert difference <= factor(len(net.X)) * Fraction(int(free.sum())) / net.m


UNIT_STATES = admissible(unit_inputs(parallel=True))


@given(UNIT_STATES)
def test_near_pairs(state):
    check_near_pairs(lambda n: 2 * n, state)


@each_wrong({"n": lambda n: n, "2": lambda n: 2, "2n - 2": lambda n: max(2 * n - 2, 1)})
def test_wrong_near_pairs(wrong):
    refute(check_near_pairs, wrong, UNIT_STATES)


def test_near_pairs_need_unit_length():
    longer = unit_inputs(parallel=True).map(lambda X: 3 * X)
    refute(check_near_pairs, lambda n: 2 * n, admissible(longer))


def test_a_priori_for_one_sample():
    """Where the width is within reach: n = 1, λ0 = 1/2, y = 0, δ = 0.9, and d = 1."""
    case = Case(1, 0.9, gram.h_infinity(ONE).item(), 0.0, 1.0)
    m, R = math.floor(Priori().width(*case)) + 1, Priori().radius(*case)
    generator = np.random.default_rng(1)
    problem = Problem(
        ONE, np.zeros(1), generator.choice([-1.0, 1.0], m), generator.standard_normal((m, 1)), 5.0
    )
    path = polygon(Start(problem, R), step=0.05)
    error = np.linalg.norm(path.errors, axis=1)
    bound = np.exp(-case.lambda_zero / 2 * path.times) * error[0]
    assert (error <= bound + path.residual_slack).all()
    assert abs(path.weights - path.weights[0]).max() < R


class Sharp(NamedTuple):
    """The constants of `thm:sharp`.

    Attributes:
        share: ν̄ in units of λ0/‖X‖².
        radius: R in units of ν̄.
        residual: b, from n, δ and ‖y‖.
        chernoff: ψ.
        tail: 153.
        path: 4 of the first term.
    """

    share: float = (math.sqrt(3) / 2 - 1 / math.sqrt(2)) ** 2
    radius: float = 4 * math.sqrt(2 * math.pi) / 9
    residual: object = lambda n, delta, y: y + math.sqrt(3 * n / (2 * delta))
    chernoff: float = 1 / 4 + 3 / 4 * math.log(3 / 4)
    tail: float = 153
    path: float = 4

    def constants(self, case):
        """m, ν̄, R, b."""
        n, delta, lam, y, square = case
        share = self.share * lam / square
        R, b, log = self.radius * share, self.residual(n, delta, y), math.log(3 * n / delta)
        terms = (
            self.path * square * b**2 / (lam * R) ** 2,
            square / (self.chernoff * lam) * log,
            self.tail / share * log,
        )
        return max(terms) * (1 + ROUNDING), share, R, b, terms


def check_sharp(claim, case):
    """The three events and what follows, each from the term of the width that is for it."""
    n, delta, lam, y, square = case
    _, share, R, b, (path, chernoff, tail) = claim.constants(case)
    up = 1 + ROUNDING
    # Tropp's bound [e^{−ε}/(1 − ε)^{1 − ε}]^{μ/L} with ε = 1/4, μ = λ0, L = ‖X‖²/m.
    factor = math.exp(-1 / 4) / (3 / 4) ** (3 / 4)
    assert math.log(n) + chernoff * lam / square * math.log(factor) <= math.log(delta / 3) + 1e-6
    assert math.sqrt(3 / 4 * lam) - math.sqrt(square * share) >= math.sqrt(lam / 2) / up
    mean = 2 * R / math.sqrt(2 * math.pi)
    excess = share / mean - 1
    assert excess > 0
    exponent = excess**2 / (2 + excess) * tail * mean
    assert math.log(n) - exponent <= math.log(delta / 3) + 1e-6
    # Markov: ‖u(0)‖² is above 3/δ times its mean n/2 with probability δ/3 at most.
    assert y + math.sqrt(3 / delta * n / 2) <= b * up
    assert math.sqrt(square) * b / (math.sqrt(path) * lam / 2) <= R * up


def check_library_sharp(claim, case):
    n, delta, lam, y, square = case
    m, _, R, b, (_, chernoff, _) = claim.constants(case)
    route = hypotheses.sharp_route(n, y, lam, delta, math.sqrt(square))
    expected = [m, R, b, chernoff]
    found = [route.width, route.radius, route.residual, route.gram_width]
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@given(cases())
def test_sharp_route(case):
    check_sharp(Sharp(), case)
    check_library_sharp(Sharp(), case)


WRONG_SHARP = {
    "1/2 for 1/sqrt(2)": Sharp(share=(math.sqrt(3) / 2 - 1 / 2) ** 2),
    "square outside": Sharp(share=3 / 4 - 1 / 2),
    "no room for the tail": Sharp(radius=math.sqrt(2 * math.pi) / 2),
    "R twice as large": Sharp(radius=8 * math.sqrt(2 * math.pi) / 9),
    "delta for delta/3": Sharp(residual=lambda n, delta, y: y + math.sqrt(n / (2 * delta))),
    "targets missing": Sharp(residual=lambda n, delta, y: math.sqrt(3 * n / (2 * delta))),
    "psi = 1/4": Sharp(chernoff=0.25),
    "psi = 1/29": Sharp(chernoff=1 / 29),
    "152": Sharp(tail=152),
    "2 for 4": Sharp(path=2),
}


@each_wrong(WRONG_SHARP)
def test_wrong_sharp_route(wrong):
    refute(check_sharp, wrong, cases())


@each_wrong({name: WRONG_SHARP[name] for name in ("psi = 1/29", "R twice as large", "2 for 4")})
def test_wrong_library_sharp(wrong):
    refute(check_library_sharp, wrong, cases())


def check_tail(exponent, example):
    """ln P(Z ≥ mν̄) for a binomial Z of mean 8mν̄/9, exactly."""
    m, share = example
    tail = stats.binom.logsf(math.ceil(m * share) - 1, m, 8 / 9 * share)
    assert tail <= -m * share / exponent


TAILS = st.tuples(st.integers(1, 10**6), st.sampled_from([1e-4, 1e-3, 0.01]))


@given(TAILS)
def test_binomial_tail(example):
    check_tail(153, example)


@each_wrong({"100": 100, "half": 153 / 2, "9": 9})
def test_wrong_binomial_tail(wrong):
    refute(check_tail, wrong, TAILS)


def plane(seed, n):
    return unit_rows(np.random.default_rng(seed).standard_normal((n, 2)))


def check_matrix_chernoff(psi, example):
    """P(λ_min(H(0)) < ¾λ0) over all numbers of units with each pattern, for inputs (n, 2)."""
    X, m = example
    probabilities, active = plane_patterns(X)
    active, k = active.astype(float), len(probabilities)
    cuts = np.array(list(itertools.combinations(range(m + k - 1), k - 1)))
    edges = np.column_stack([-np.ones(len(cuts)), cuts, np.full(len(cuts), m + k - 1)])
    counts = np.diff(edges, axis=1) - 1
    weight = stats.multinomial.pmf(counts, m, probabilities / probabilities.sum())
    outer = X @ X.T * np.einsum("ki,kj->kij", active, active)
    smallest = np.linalg.eigvalsh(np.einsum("ck,kij->cij", counts / m, outer))[:, 0]
    lam, square = least(gram.h_infinity(X)), np.linalg.norm(X, 2) ** 2
    probability = weight[smallest < 0.75 * lam - ROUNDING].sum()
    assert probability <= len(X) * math.exp(-psi * m * lam / square) + ROUNDING


CHERNOFF = st.tuples(
    st.just(np.eye(2)) | st.builds(plane, st.integers(0, 10**6), st.just(2)),
    st.sampled_from([1, 5, 20, 30]),
)


@settings(max_examples=25)
@given(CHERNOFF)
def test_matrix_chernoff(example):
    check_matrix_chernoff(Sharp().chernoff, example)


@each_wrong({"1/4": 0.25, "1/2": 0.5})
def test_wrong_matrix_chernoff(wrong):
    refute(check_matrix_chernoff, wrong, CHERNOFF)


class Perturbed(NamedTuple):
    """X (n, d), W (m, d), q (m, n), near pairs (m, n)."""

    X: np.ndarray
    W: np.ndarray
    q: np.ndarray
    near: np.ndarray


@st.composite
def perturbed(draw):
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d, m = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 5, 20]))
    spread = draw(st.sampled_from([0.1, 3.0]))
    X = unit_rows(generator.standard_normal(d) + spread * generator.standard_normal((n, d)))
    X *= generator.uniform(0.5, 2, (n, 1))
    W = draw(st.sampled_from([0.1, 1.0])) * generator.standard_normal((m, d))
    free = np.abs(W @ X.T) <= draw(st.sampled_from([0.1, 0.5])) * np.linalg.norm(X, axis=1)
    values = generator.choice([generator.random((m, n)), generator.integers(0, 2, (m, n))])
    values = draw(st.sampled_from([values, np.zeros((m, n))]))
    return Perturbed(X, W, np.where(free, values, W @ X.T >= 0), free)


def forms(state, q):
    """vᵀH^qv, at least 0, for eigenvectors of H^q and of XXᵀ."""
    X, m = state.X, len(state.W)
    kernel = X @ X.T * (q.T @ q) / m
    vectors = np.hstack([np.linalg.eigh(X @ X.T)[1], np.linalg.eigh(kernel)[1]])
    return vectors, lambda v, p: np.maximum(
        np.einsum("iv,ij,jv->v", v, X @ X.T * (p.T.astype(float) @ p) / m, v), 0
    )


def check_square_root(loss, state):
    """`eq:square-root`, for single vectors and for λ_min."""
    vectors, form = forms(state, state.q)
    before = form(vectors, state.W @ state.X.T >= 0)
    lost = loss(np.linalg.norm(state.X, 2), state.near.mean(axis=0))
    # The root of a rounding error of some dozen operations on numbers below 100.
    slack = math.sqrt(1e5 * UNIT_ROUNDOFF)
    assert (np.sqrt(form(vectors, state.q)) >= np.sqrt(before) - lost - slack).all()


def square_root_loss(norm, shares):
    """‖X‖√ν."""
    return norm * math.sqrt(shares.max())


@given(perturbed())
def test_square_root(state):
    check_square_root(square_root_loss, state)


@each_wrong(
    {
        "norm of X missing": lambda norm, shares: math.sqrt(shares.max()),
        "mean share": lambda norm, shares: norm * math.sqrt(shares.mean()),
        "root missing": lambda norm, shares: norm * shares.max(),
        "nine tenths": lambda norm, shares: 0.9 * square_root_loss(norm, shares),
    }
)
def test_wrong_square_root(wrong):
    refute(check_square_root, wrong, perturbed())


def h_n(state):
    return free_kernel(state.net, state.near)[0]


def check_a_posteriori(kernel, state):
    """H^q − H^N is semidefinite, in exact arithmetic; for larger sets H^N is smaller."""
    smallest = kernel(state)
    assert is_semidefinite(smallest)
    assert is_semidefinite(pattern_kernel(state.net, state.q) - smallest)
    larger = kernel(state._replace(near=state.near | state.more))
    assert is_semidefinite(smallest - larger)


NEAR_STATES = admissible(networks=states())


@given(NEAR_STATES)
def test_a_posteriori(state):
    check_a_posteriori(h_n, state)


def with_sets(change):
    return lambda state: free_kernel(state.net, change(state))[0]


def kernel_variant(**options):
    return lambda state: free_kernel(state.net, state.near, **options)[0]


@each_wrong(
    {
        "onto the span": kernel_variant(project=onto_span),
        "no projection": kernel_variant(project=nothing_off),
        "each input alone": kernel_variant(project=off_each),
        "H(0)": lambda state: state.net.h(),
        "patterns kept": kernel_variant(
            project=nothing_off, kept=lambda net, free: np.ones_like(free)
        ),
        "kinks alone": with_sets(lambda state: state.net.preactivations() == 0),
        "half the radius": with_sets(lambda state: near_pairs(state.net, state.radius / 2)),
        "length dropped": with_sets(
            lambda state: (abs(state.net.preactivations()) <= state.radius).astype(bool)
        ),
        "another unit's inputs": with_sets(lambda state: np.roll(state.near, 1, axis=0)),
        "1/m missing": lambda state: state.net.m * h_n(state),
    }
)
def test_wrong_a_posteriori(wrong):
    refute(check_a_posteriori, wrong, NEAR_STATES)


class Approximation(NamedTuple):
    """Admissible pairs as in `Perturbed`, larger sets N′ (m, n), and Q_r (d, k_r) for each unit."""

    state: Perturbed
    larger: np.ndarray
    bases: list


@st.composite
def approximations(draw, most=1.0):
    """Bases that are orthonormal up to a defect, of spans that contain the near inputs or not."""
    state = draw(perturbed())
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    (m, n), d = state.near.shape, state.X.shape[1]
    larger = state.near | (generator.random((m, n)) < draw(st.sampled_from([0, 0.3])))
    noise, turn = draw(st.sampled_from([0, 1e-3, 0.3])), draw(st.sampled_from([0, 0.1, 1]))
    bases = []
    for row in larger:
        columns = state.X[row].T + turn * generator.standard_normal((d, row.sum()))
        basis = np.linalg.qr(columns[:, : draw(st.sampled_from([d, 1]))])[0]
        scaled = basis * np.sqrt(1 + most * generator.choice([-noise, noise, 0]))
        bases.append(scaled @ (np.eye(basis.shape[1]) + 0.3 * noise * generator.random()))
    assume(defect(bases) <= most)
    return Approximation(state, larger, bases)


def defect(bases):
    """ϑ."""
    gaps = [np.linalg.norm(Q.T @ Q - np.eye(Q.shape[1]), 2) for Q in bases if Q.size]
    return max(gaps, default=0.0)


class Approximate(NamedTuple):
    """`prop:approximate-projections`.

    Attributes:
        root: bound on √λ_min(H^q), from √λ_min(K) and τ.
        entry: bound on |K_ij − M_ij| over ‖x_i‖‖x_j‖, from ϑ.
        sets: N′ from the approximation.
    """

    root: object = lambda root, tau: root - tau
    entry: object = lambda theta: theta * (1 + theta)
    sets: object = lambda approximation: approximation.larger


def check_approximate(claim, approximation):
    (X, W, q, _), _, bases = approximation
    sets, (m, d) = claim.sets(approximation), W.shape
    K, M, outside = np.zeros((len(X), len(X))), np.zeros((len(X), len(X))), 0.0
    for r, Q in enumerate(bases):
        P = np.eye(d) - Q @ Q.T
        kept = ((X @ W[r] > 0) & ~sets[r])[:, None] * X
        K += kept @ P @ P @ kept.T / m
        M += kept @ P @ kept.T / m
        outside += (X[sets[r]] @ P * (X[sets[r]] @ P)).sum() / m
    H = X @ X.T * (q.T.astype(float) @ q) / m
    slack = math.sqrt(1e5 * UNIT_ROUNDOFF)
    bound = claim.root(math.sqrt(max(least(K), 0)), math.sqrt(outside))
    assert math.sqrt(max(least(H), 0)) >= bound - slack
    length = np.linalg.norm(X, axis=1)
    entries = claim.entry(defect(bases)) * np.outer(length, length)
    assert (abs(K - M) <= entries + slack).all()


@given(approximations())
def test_approximate_projections(approximation):
    check_approximate(Approximate(), approximation)


@each_wrong(
    {
        "tau missing": Approximate(root=lambda root, tau: root),
        "theta missing": Approximate(entry=lambda theta: 0.0),
        "theta alone": Approximate(entry=lambda theta: theta),
        "theta squared": Approximate(entry=lambda theta: theta**2),
        "no pair near": Approximate(sets=lambda approximation: np.zeros_like(approximation.larger)),
    }
)
def test_wrong_approximate_projections(wrong):
    refute(check_approximate, wrong, st.just(one_long_basis(1.5)) | approximations())


def one_long_basis(square):
    """One active unit, no near pair, and Q of one column whose square is given."""
    state = Perturbed(ONE, ONE, ONE, np.zeros((1, 1), bool))
    return Approximation(state, state.near, [math.sqrt(square) * ONE])


def test_approximate_projections_need_a_defect_of_at_most_one():
    check_approximate(Approximate(), one_long_basis(1.5))
    with pytest.raises(AssertionError):
        check_approximate(Approximate(), one_long_basis(3))
