"""The certificate of convergence against its statements in exact arithmetic.

The stored floats are taken as Fractions; a matrix is compared with a bound by its exact pivots.
"""

import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from oracles import exact, gamma, is_positive_definite

from overparam import convergence, sliding
from overparam.convergence import certify

RADII = (0.0, 1e-12, 1e-3, 0.03, 0.3, 3.0)


class Case(NamedTuple):
    """Arguments of `certify`."""

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    output_weights: np.ndarray


def outputs(inputs, weights, output_weights):
    """u, rounded."""
    return np.maximum(inputs @ weights.T, 0) @ output_weights / math.sqrt(len(weights))


def off(vector, weights):
    """Weights without their part along a vector, up to rounding."""
    return weights - np.outer(weights @ vector, vector) / (vector @ vector)


KINDS = ("plain", "kinks", "rounding", "dependent", "small", "equal")


def draw_case(seed, kind):
    """At most four inputs in at most three dimensions, and eight units; the residual is small.

    kinks: units at a kink exactly; rounding: within rounding of one; dependent: within rounding of
    the kinks of two inputs that are nearly the same; small: units near every kink; equal: two
    equal inputs, and units near both.
    """
    generator = np.random.default_rng([seed, KINDS.index(kind)])
    n, d, m = generator.integers(2, 5), generator.integers(2, 4), generator.choice([2, 4, 8])
    d = 3 if kind == "dependent" else d
    inputs, weights = generator.standard_normal((n, d)), generator.standard_normal((m, d))
    some, size = generator.random(m) < 0.4, 10.0 ** generator.integers(-5, 1)
    if kind == "kinks":
        inputs = generator.integers(1, 5, (n, d)) * generator.choice([-1.0, 1.0], (n, d))
        weights[some] = np.pad([inputs[0, 1], -inputs[0, 0]], (0, d - 2))
    elif kind in ("rounding", "equal"):
        weights[some] = off(inputs[0], weights[some])
    elif kind == "dependent":
        difference, size = inputs[1].copy(), size * 1e-5
        inputs[1] = inputs[0] + difference / 64
        weights[some] = np.outer(weights[some, 0], np.cross(inputs[0], difference))
    elif kind == "small":
        weights[some] *= 1e-9
    if kind == "equal":
        inputs[1] = inputs[0]
    signs = generator.choice([-1.0, 1.0], m)
    targets = outputs(inputs, weights, signs) + size * generator.standard_normal(n)
    return Case(inputs, targets, weights, signs)


CASES = {f"{kind}{seed}": draw_case(seed, kind) for kind in KINDS for seed in range(12)}


def judged(case, radius):
    """The Verdict for a radius."""
    product, error = convergence.products(case.inputs, case.weights)
    residual = convergence.residual_norm(case.targets, product, error, case.output_weights)
    return convergence.judge(case.inputs, product, error, residual, radius)


def squares(vectors):
    """‖v‖² of rows."""
    return (vectors * vectors).sum(axis=-1)


def near_in_truth(inputs, product, radius):
    """i ∈ N_r, (n, m)."""
    return product**2 <= (Fraction(radius) ** 2 * squares(inputs))[:, None]


def projected_off(rows, spanning):
    """Rows without their parts in the span of others, by Gram and Schmidt."""
    rows = rows.copy()
    left = list(spanning)
    while left:
        direction = left.pop()
        if length := squares(direction):
            rows -= np.outer(rows @ direction / length, direction)
            left = [vector - vector @ direction / length * direction for vector in left]
    return rows


def least_kernel(inputs, product, near):
    """H^N of `eq:h-near`."""
    kernel = exact(np.zeros((len(inputs),) * 2))
    for unit in range(product.shape[1]):
        rows = projected_off(inputs, inputs[near[:, unit]])
        rows[near[:, unit] | (product[:, unit] <= 0)] *= 0
        kernel += rows @ rows.T
    return kernel / product.shape[1]


def kernel_of(inputs, patterns):
    """H^q for patterns q (n, m)."""
    return inputs @ inputs.T * (patterns @ patterns.T) / patterns.shape[1]


def at_least(matrix, value):
    """Whether no eigenvalue is at or below the value."""
    return is_positive_definite(matrix - Fraction(value) * exact(np.eye(len(matrix))))


def largest_residual_squared(targets, product, output_weights):
    """‖y − u‖², rounded up by less than 10⁻⁴⁰ of its terms: √m is irrational."""
    m, scale = len(output_weights), 10**60
    sums = (product * (product > 0)) @ output_weights
    below = Fraction(math.isqrt(scale**2 // m), scale)
    roots = below, below + Fraction(1, scale)
    return max(squares(targets - sums * root) for root in roots)


def broken(case, verdict):
    """The statements of `prop:certificate-rounding` that a verdict breaks."""
    inputs, targets, weights, output_weights = map(exact, case)
    product = inputs @ weights.T
    near = near_in_truth(inputs, product, verdict.radius)
    computed, error = convergence.products(case.inputs, case.weights)
    flagged = convergence.near_pairs(case.inputs, computed, error, verdict.radius)
    residual = largest_residual_squared(targets, product, output_weights)
    norm, gram = convergence.operator_norm(case.inputs), inputs.T @ inputs
    bound = Fraction(verdict.coercivity)
    statements = {
        "products": (abs(exact(computed) - product) <= exact(error)).all(),
        "near": (flagged | ~near).all(),
        "signs": (flagged | ((computed > 0) == (product > 0))).all(),
        "residual": residual <= Fraction(verdict.residual) ** 2,
        "norm": at_least(-gram, -(Fraction(norm) ** 2)),
        "coercivity": not bound or at_least(least_kernel(inputs, product, near), bound),
        "condition": not verdict.holds
        or at_least(
            -gram, -len(weights) * bound**2 * Fraction(verdict.radius) ** 2 / (residual or 1)
        ),
    }
    return [name for name, holds in statements.items() if not holds]


def patterns(case, radius, values=(0, 1 / 2, 1)):
    """Admissible patterns, exact: every one with these values near a kink."""
    inputs, weights = exact(case.inputs), exact(case.weights)
    product = inputs @ weights.T
    near = near_in_truth(inputs, product, radius)
    for choice in itertools.product(values, repeat=near.sum()):
        pattern = exact((product >= 0).astype(float))
        pattern[near] = exact(choice)
        yield pattern


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_verdicts_hold_in_exact_arithmetic(case):
    verdict = certify(*case)
    for found in [verdict, *(judged(case, radius) for radius in RADII)]:
        assert broken(case, found) == []
    assert verdict.holds == (verdict.needed < verdict.radius)
    assert verdict == judged(case, verdict.radius)


def test_cases_have_every_outcome():
    verdicts = {name: certify(*case) for name, case in CASES.items()}
    for kind in ("plain", "kinks", "rounding", "dependent", "small"):
        of_kind = [v for name, v in verdicts.items() if name.startswith(kind)]
        assert {v.holds for v in of_kind} == {False, True}
        assert kind == "plain" or any(v.holds and v.near for v in of_kind)
    # Two equal inputs with different targets: H is singular.
    assert not any(v.coercivity for name, v in verdicts.items() if name.startswith("equal"))
    # A proof with a unit that is near as many kinks as there are dimensions.
    assert any(verdicts[name].holds and dropped(CASES[name], verdicts[name]) for name in CASES)


def dropped(case, verdict):
    """Whether a unit has as many near inputs as there are dimensions."""
    product = exact(case.inputs) @ exact(case.weights).T
    near = near_in_truth(exact(case.inputs), product, verdict.radius)
    return near.sum(axis=0).max() >= case.inputs.shape[1]


@pytest.mark.parametrize("kind", ["kinks", "rounding"])
def test_coercivity_holds_for_every_admissible_pattern(kind):
    tried = 0
    for name, case in CASES.items():
        verdict = certify(*case)
        if name.startswith(kind) and verdict.coercivity and verdict.near * case.inputs.size <= 6:
            for pattern in patterns(case, verdict.radius):
                tried += 1
                assert at_least(kernel_of(exact(case.inputs), pattern), verdict.coercivity)
    assert tried > 50


def count_broken(name):
    """In how many cases a verdict breaks a statement."""
    verdicts = ((c, judged(c, radius)) for c in CASES.values() for radius in RADII)
    return sum(name in broken(case, verdict) for case, verdict in verdicts)


def test_without_rounding_errors_signs_are_wrong(monkeypatch):
    monkeypatch.setattr(convergence, "gamma", lambda k: 0.0)
    assert count_broken("products") > 0
    assert count_broken("signs") > 0


def test_without_the_radius_kinks_are_missed(monkeypatch):
    right = convergence.near_pairs
    monkeypatch.setattr(convergence, "near_pairs", lambda *state: right(*state[:-1], 0.0))
    assert count_broken("near") > 0
    assert count_broken("coercivity") > 0


def test_without_rounding_errors_a_residual_is_zero(monkeypatch):
    # Of 1 + ε/4 and 1 the rounded products are equal, and the targets are 0.
    inputs = np.array([[1.0, 2.0**-54]])
    case = Case(inputs, np.zeros(1), np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([1.0, -1.0]))
    assert broken(case, judged(case, 0.0)) == []
    monkeypatch.setattr(convergence, "gamma", lambda k: 0.0)
    assert "residual" in broken(case, judged(case, 0.0))


def test_a_residual_is_bounded_closely():
    for case in CASES.values():
        inputs, targets, weights, output_weights = map(exact, case)
        residual = largest_residual_squared(targets, inputs @ weights.T, output_weights)
        size = np.abs(case.inputs).max() * np.abs(case.weights).max() + np.abs(case.targets).max()
        found = certify(*case).residual
        assert math.sqrt(residual) <= found <= math.sqrt(residual) + gamma(1000) * size


# Unit 1 is at the kinks of x1 and x2 and active on x3, unit 2 active on x1 and x2 alone.
# Off x1 and x2 a length of 0.6 is left of x3: H^N = ½ diag(1, 1, 0.36).
CORNER = Case(
    np.array([[1, 0, 0], [0, 1, 0], [0, 0.8, 0.6]]),
    np.zeros(3),
    np.array([[0, 0, 1.0], [1, 1, -2]]),
    np.ones(2),
)


def coercivity_of(case, radius):
    product, error = convergence.products(case.inputs, case.weights)
    near = convergence.near_pairs(case.inputs, product, error, radius)
    return convergence.coercivity(case.inputs, product > 0, near)


def test_coercivity_of_the_corner():
    assert 0.18 - 1e-13 < coercivity_of(CORNER, 0.1) < 0.18
    # At 0.4 unit 2 reaches the kink of x3, and unit 1 at 0.6, which leaves nothing of it.
    assert 0.18 - 1e-13 < coercivity_of(CORNER, 0.41) < 0.18
    assert coercivity_of(CORNER, 0.61) == 0


def wrong_spans(change):
    """`sliding.spans` with other near inputs, or other bases."""
    right = sliding.spans

    def spans(inputs, near):
        for units, index, basis, triangle in right(inputs, near):
            yield units, index, change(basis), triangle

    return spans


@pytest.mark.parametrize("factor", [1 + 1e-3, 1 - 1e-3, 1 + 1e-9])
def test_bases_that_are_not_orthonormal_give_less(monkeypatch, factor):
    right = {radius: coercivity_of(CORNER, radius) for radius in (0.1, 0.41)}
    monkeypatch.setattr(sliding, "spans", wrong_spans(lambda basis: factor * basis))
    for radius, value in right.items():
        assert 0 < coercivity_of(CORNER, radius) < value
        assert value - coercivity_of(CORNER, radius) > 1e-10


@pytest.mark.parametrize("factor", [1.5, 0.5])
def test_bases_that_are_far_from_orthonormal_give_nothing(monkeypatch, factor):
    monkeypatch.setattr(sliding, "spans", wrong_spans(lambda basis: factor * basis))
    assert coercivity_of(CORNER, 0.1) == 0


def test_bases_that_miss_a_near_input_give_less(monkeypatch):
    def admits(bound):
        inputs = exact(CORNER.inputs)
        return all(at_least(kernel_of(inputs, q), bound) for q in patterns(CORNER, 0.1))

    assert admits(coercivity_of(CORNER, 0.1))
    monkeypatch.setattr(sliding, "spans", wrong_spans(lambda basis: basis[:, :, :1]))
    # K = ½ I, and x2 has the length 1 off the basis: √½ − √½.
    assert coercivity_of(CORNER, 0.1) == 0
    monkeypatch.setattr(convergence, "outside_squared", lambda *_: 0.0)
    assert coercivity_of(CORNER, 0.1) > 0.49
    assert not admits(coercivity_of(CORNER, 0.1))


def test_a_small_part_outside_the_bases_is_taken_off_the_root(monkeypatch):
    monkeypatch.setattr(convergence, "outside_squared", lambda *_: 0.02)
    # √0.18 − √(0.02/2), squared.
    assert coercivity_of(CORNER, 0.1) == pytest.approx((math.sqrt(0.18) - 0.1) ** 2, abs=1e-13)


@pytest.mark.parametrize("factor", [1, 1 + 1e-3, 1 - 1e-3])
def test_entries_are_as_close_as_the_certificate_is_told(monkeypatch, factor):
    told = []

    def certified(matrix, entry):
        told.append((matrix, entry))
        return 0.0

    monkeypatch.setattr(convergence, "certified_lambda_min", certified)
    monkeypatch.setattr(sliding, "spans", wrong_spans(lambda basis: factor * basis))
    widest = 0
    for case, radius in itertools.product(CASES.values(), RADII):
        product, error = convergence.products(case.inputs, case.weights)
        near = convergence.near_pairs(case.inputs, product, error, radius)
        near &= near.sum(axis=0) < case.inputs.shape[1]
        inputs, active = exact(case.inputs), (product > 0) & ~near
        parts = [inputs.copy() for _ in active.T]
        for units, _, bases, _ in sliding.spans(case.inputs, near):
            for unit, basis in zip(units, exact(bases), strict=True):
                parts[unit] -= inputs @ basis @ basis.T
        kept = [part * exact(active[:, [unit]].astype(float)) for unit, part in enumerate(parts)]
        kernel = sum(part @ part.T for part in kept) / len(kept)
        told.clear()
        convergence.coercivity(case.inputs, product > 0, near)
        ((matrix, entry),) = told
        assert (abs(exact(matrix) - kernel) <= Fraction(float(entry))).all()
        widest = max(widest, entry / np.square(case.inputs).sum(axis=1).max())
    assert widest < (1e-12 if factor == 1 else 3e-3)


@pytest.mark.parametrize("scale", [1, 1 + 1e-3, 1.2])
@pytest.mark.parametrize("seed", range(6))
def test_defect_and_part_outside_are_bounds(seed, scale):
    generator = np.random.default_rng(seed)
    near_inputs = generator.standard_normal((2, 3, 4))
    bases = np.linalg.qr(near_inputs.swapaxes(1, 2))[0] * scale
    gaps = [exact(q).T @ exact(q) - exact(np.eye(3)) for q in bases]
    defect = convergence.orthonormality_defect(bases)
    assert all(at_least(sign * gap, -defect) for gap in gaps for sign in (-1, 1))
    # √3 times as much in Frobenius's norm.
    assert defect <= math.sqrt(3) * (scale**2 - 1) * (1 + 1e-12) + 1e-13
    outside = sum(
        squares(exact(x) - exact(x) @ exact(q) @ exact(q).T).sum()
        for x, q in zip(near_inputs, bases, strict=True)
    )
    length = np.linalg.norm(near_inputs, axis=2).max()
    found = convergence.outside_squared(near_inputs, bases, length)
    assert outside <= Fraction(found) <= outside * (1 + Fraction(1e-9)) + Fraction(1e-20)


def test_more_is_near_and_less_is_left_at_a_larger_radius():
    radii = np.concatenate([[0], np.geomspace(1e-17, 10, 12)])
    for case in CASES.values():
        product, error = convergence.products(case.inputs, case.weights)
        near = [convergence.near_pairs(case.inputs, product, error, radius) for radius in radii]
        assert all((small <= large).all() for small, large in itertools.pairwise(near))
        verdicts = [judged(case, radius) for radius in radii]
        size = np.square(case.inputs).sum()
        for small, large in itertools.pairwise(verdicts):
            assert large.coercivity <= small.coercivity + 1e-12 * size
            assert large.near >= small.near
        assert verdicts[-1].near == 1
        assert (verdicts[-1].needed, verdicts[-1].coercivity) == (math.inf, 0)


# Two orthogonal inputs; |w_rᵀx_i| is 3 and 4 for the first unit, 5 and 2 for the second, which is
# not active on x2: H = ½ diag(2, 1), u = (8, 4)/√2.
ORTHOGONAL = Case(np.eye(2), np.zeros(2), np.array([[3.0, 4], [5, -2]]), np.ones(2))
U = np.array([8, 4]) / math.sqrt(2)


@pytest.mark.parametrize(
    ("residual", "holds", "near"),
    [
        # √2‖y − u‖ is asked for: 0.1·√2; 1.5·√2 = 2.12, at the kink of 2; 2.2·√2 = 3.1, at 3, too.
        ([0, 0.1], True, 0),
        ([1.5, 0], True, 1 / 4),
        ([0, -2.2], True, 1 / 2),
        # 2.8·√2 = 3.96 is asked for and 4.04 is tried: nothing is left of the first unit.
        ([2.8, 0], False, 3 / 4),
        ([20, 0], False, 1),
    ],
)
def test_orthogonal_inputs_by_hand(residual, holds, near):
    verdict = certify(*ORTHOGONAL._replace(targets=U + residual))
    size = math.hypot(*residual)
    assert (verdict.holds, verdict.near) == (holds, near)
    assert size < verdict.residual < size + 1e-13
    # Λ = ½ with any of these pairs near: the inputs are orthogonal.
    assert verdict.radius == pytest.approx(1.02 * math.sqrt(2) * size, rel=1e-10)
    if holds:
        assert verdict.needed == pytest.approx(math.sqrt(2) * size, rel=1e-10)
        assert 0.5 - 1e-13 < verdict.coercivity < 0.5
    else:
        assert (verdict.needed, verdict.coercivity) == (math.inf, 0)


def test_a_condition_that_fails_by_little_or_holds_by_little():
    targets = U + np.array([0, 0.1])
    asked = judged(ORTHOGONAL._replace(targets=targets), 0.0).needed
    for radius, holds in [
        (math.nextafter(asked, 0), False),
        (asked, False),
        (math.nextafter(asked, 1), True),
    ]:
        assert judged(ORTHOGONAL._replace(targets=targets), radius).holds == holds


def test_the_norm_of_the_inputs_counts():
    # Twice the inputs and half the weights: the same outputs, four times H, twice the speed.
    case = Case(2 * np.eye(2), U + np.array([0, 0.1]), ORTHOGONAL.weights / 2, np.ones(2))
    verdict = certify(*case)
    assert 2 - 1e-12 < verdict.coercivity < 2
    assert verdict.needed == pytest.approx(2 * 0.1 / (math.sqrt(2) * 2), rel=1e-10)
    for inputs, norm in [(case.inputs, 2), (np.ones((3, 2)), math.sqrt(6))]:
        assert norm < convergence.operator_norm(inputs) < norm * (1 + 1e-13)


@pytest.mark.parametrize(("kink", "near"), [(0.25, True), (0.26, False)])
def test_radius_is_measured_in_lengths_of_the_input(kink, near):
    inputs, weights = np.array([[3.0, 4]]), np.array([[5 * kink / 3, 0]])
    product, error = convergence.products(inputs, weights)
    assert convergence.near_pairs(inputs, product, error, 0.25).item() == near


def test_a_search_without_end_proves_nothing(monkeypatch):
    values = []

    def falling(*_):
        values.append(0.5 * 0.97 ** len(values))
        return values[-1]

    monkeypatch.setattr(convergence, "coercivity", falling)
    verdict = certify(*ORTHOGONAL._replace(targets=U + np.array([0, 0.1])))
    assert len(values) == convergence.MOST_TRIALS
    assert not verdict.holds
    assert verdict.needed > verdict.radius
    assert verdict.coercivity == values[-1]


def changed(name, place, value):
    array = getattr(ORTHOGONAL, name).copy()
    array[place] = value
    return ORTHOGONAL._replace(**{name: array})


def replaced(name, value):
    return ORTHOGONAL._replace(**{name: value})


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (replaced("inputs", np.ones(2)), r"inputs of shape \(2,\) and 2 output weights; allowed"),
        (replaced("inputs", np.ones((0, 2))), "at least one of each"),
        (replaced("output_weights", np.ones(0)), "0 output weights; allowed .* at least one"),
        (replaced("targets", np.ones(3)), r"targets of shape \(3,\); allowed .* 2 x 2 .* \(2,\)"),
        (replaced("weights", np.ones((2, 3))), r"weights of shape \(2, 3\); .* is \(2, 2\)"),
        (replaced("weights", np.ones((3, 2))), r"weights of shape \(3, 2\); .* is \(2, 2\)"),
        (replaced("weights", np.ones(())), r"weights of shape \(\)"),
        (
            replaced("output_weights", np.ones((2, 1))),
            r"output weights of shape \(2, 1\); .*\(2,\)",
        ),
        *(
            (replaced(name, array.astype(np.float32)), f"{words} of type float32; allowed is float")
            for name, words, array in zip(
                *(Case._fields, ["inputs", "targets", "weights", "output weights"], ORTHOGONAL),
                strict=True,
            )
        ),
        (replaced("targets", np.array([3, 1])), "targets of type int64; allowed is float64"),
        (changed("inputs", (0, 0), math.inf), "inputs that are not finite; allowed are finite"),
        (changed("targets", 1, math.nan), "targets that are not finite; allowed are finite"),
        (changed("weights", (1, 1), -math.inf), "weights that are not finite"),
        (changed("output_weights", 0, math.nan), "output weights that are not finite"),
        (changed("output_weights", 0, 0.5), "output weights other than -1 and 1; .* no others"),
        (changed("inputs", 1, 0.0), "an input is zero; allowed are inputs of positive length"),
    ],
)
def test_arrays_that_the_theorem_is_not_about_are_refused(case, message):
    with pytest.raises(ValueError, match=message) as caught:
        certify(*case)
    assert len(str(caught.value).splitlines()) == 1
