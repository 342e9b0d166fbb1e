"""Sliding against solvers unit by unit, conditions of optimality, and flows worked by hand."""

import math

import numpy as np
import pytest
from oracles import gamma, unit_rows

from overparam import sliding

N, D, M = 12, 4, 30
ROUNDING = 1e-12
# Two inputs, the second at 3/5 of the way along the first.
TWO = np.array([[1.0, 0], [0.6, 0.8]])


def state(seed, chance=0.2):
    """Inputs (N, D), a residual (N,), patterns and near pairs (N, M) of one random state."""
    generator = np.random.default_rng(seed)
    inputs = unit_rows(generator.standard_normal((N, D)))
    residual = generator.standard_normal(N)
    active, near = generator.random((2, N, M)) < np.array([0.5, chance])[:, None, None]
    return inputs, residual, active, near


def off(rows):
    """The projection off the span of some rows."""
    return np.eye(D) - np.linalg.pinv(rows) @ rows


def test_places_are_those_of_nonzero():
    *_, near = state(0)
    for found, expected in zip(sliding.places(near), np.nonzero(near), strict=True):
        assert found.tolist() == expected.tolist()


def test_every_unit_with_near_inputs_has_a_basis_of_their_span():
    inputs, *_, near = state(1)
    sample, unit = sliding.places(near)
    seen = []
    for units, pairs, basis, triangle in sliding.spans(inputs, near):
        for r, of_unit, Q, R in zip(units, pairs, basis, triangle, strict=True):
            assert set(unit[of_unit]) == {r}
            assert sample[of_unit].tolist() == np.flatnonzero(near[:, r]).tolist()
            np.testing.assert_allclose(Q.T @ Q, np.eye(Q.shape[1]), atol=ROUNDING)
            np.testing.assert_allclose(Q @ R, inputs[near[:, r]].T, atol=ROUNDING)
            seen.append(r)
    assert sorted(seen) == np.flatnonzero(near.any(axis=0)).tolist()
    assert 0 < len(seen) < M


# The second has units that are near more inputs than there are dimensions.
@pytest.mark.parametrize("chance", [0.1, 0.5])
def test_what_is_projected_off_is_a_least_squares_fit(chance):
    inputs, *_, near = state(2, chance)
    assert (near.sum(axis=0).max() > D) == (chance == 0.5)
    vectors = np.random.default_rng(3).standard_normal((M, D))
    rest, coefficients = sliding.project_off(inputs, near, vectors.copy())
    _, unit = sliding.places(near)
    for r in range(M):
        columns = inputs[near[:, r]].T
        expected = np.linalg.lstsq(columns, vectors[r])[0] if near[:, r].any() else np.zeros(0)
        np.testing.assert_allclose(coefficients[unit == r], expected, atol=1e-9)
        np.testing.assert_allclose(rest[r], vectors[r] - columns @ expected, atol=ROUNDING)


@pytest.mark.parametrize("chance", [0.15, 0.3, 0.7])
def test_velocities_are_of_least_norm_among_those_allowed(chance):
    seen = set()
    for seed in range(10):
        inputs, residual, active, near = state(seed, chance)
        patterns, velocity = sliding.velocities(inputs, residual, active, near)
        assert (patterns[~near] == active[~near]).all()
        assert patterns.min() >= 0
        assert patterns.max() <= 1
        np.testing.assert_allclose(velocity, (patterns.T * residual) @ inputs, atol=ROUNDING)
        # Half the square of the norm is convex: its minima in the cube are where no p_ir that may
        # rise lessens it and none that may fall.
        slope = residual[:, None] * (inputs @ velocity.T)
        assert (slope[near & (patterns < 1)] >= -1e-9).all()
        assert (slope[near & (patterns > 0)] <= 1e-9).all()
        # What `active` says of a near pair is not read.
        other = sliding.velocities(inputs, residual, active ^ near, near)
        assert [part.tobytes() for part in other] == [patterns.tobytes(), velocity.tobytes()]
        seen |= set(np.where(patterns[near] % 1, 0.5, patterns[near]))
    assert seen == {0, 0.5, 1}


def test_a_velocity_without_forces_lets_every_pair_go():
    inputs, _, active, near = state(0)
    patterns, velocity = sliding.velocities(inputs, np.zeros(N), active, near)
    assert set(patterns[near]) <= {0, 1}
    assert not velocity.any()


@pytest.mark.parametrize("chance", [0.2, 0.5])
def test_kernel_is_that_of_the_projections_unit_by_unit(chance):
    inputs, _, active, slides = state(4, chance)
    expected = np.zeros((N, N))
    for r in range(M):
        s = active[:, r] & ~slides[:, r]
        expected += np.outer(s, s) * (inputs @ off(inputs[slides[:, r]]) @ inputs.T) / M
    found = sliding.sliding_kernel(inputs, active, slides)
    np.testing.assert_allclose(found, expected, atol=ROUNDING)
    assert (found == found.T).all()
    assert (found == sliding.sliding_kernel(inputs, active ^ slides, slides)).all()
    assert np.linalg.eigvalsh(found)[0] > -ROUNDING


def test_a_kernel_without_sliding_is_that_of_the_patterns():
    inputs, _, active, slides = state(5)
    found = sliding.sliding_kernel(inputs, active, np.zeros_like(slides))
    np.testing.assert_allclose(found, inputs @ inputs.T * (active @ active.T.astype(float)) / M)


def test_a_pair_is_near_up_to_the_reach_where_its_kink_attracts():
    # The largest jump is 4/√4, and a step of ¼ moves by at most ½: the reach is twice that.
    assert sliding.REACH == 2
    residual, signs = np.array([-4.0, 1]), np.array([1.0, -1, 1, -1])
    beyond = np.nextafter(1, 2)
    for distance, reached in [(1.0, True), (beyond, False), (-1.0, True), (-beyond, False)]:
        near = sliding.near_kinks(np.full((2, 4), distance), residual, signs, 1 / 4)
        # a_r (y_i − u_i) < 0 for the first input where a_r = 1, for the second where a_r = −1.
        assert near.tolist() == [[reached, False] * 2, [False, reached] * 2]


def test_a_pair_without_a_residual_is_never_near():
    signs = np.array([1.0, -1])
    assert not sliding.near_kinks(np.zeros((2, 2)), np.array([0.0, 0]), signs, 1.0).any()


def test_measurements_of_a_state_worked_by_hand():
    # With e = (−2, 1) and a step of ½ the reach is 2 · ½ · 2/√4 = 1.  Unit by unit:
    # p(−2)x₁ + x₂ is orthogonal to x₁ for p = 0.3;
    # p(−2)x₁ alone is least for p = 0, at the very limit of the reach;
    # −2x₁ + p x₂ would be orthogonal to x₂ for p = 1.2, so that p = 1;
    # the last is out of reach.
    product = np.array([[0.5, -1, 3, 1.01], [5, -5, 0.25, -3]])
    residual, signs = np.array([-2.0, 1]), np.array([1.0, 1, -1, 1])
    found = sliding.measure(TWO, product, residual, signs, 0.5)
    # H^Π = ¼ ([[0, 0], [0, 0.8²]] + [[1, 0.6], [0.6, 1]] + [[1, 0], [0, 0]]).
    kernel = np.array([[2, 0.6], [0.6, 1.64]]) / 4
    assert found.keys() == {
        f"projected_{name}" for name in ("rayleigh", "lambda_min", "sliding", "inputs")
    }
    # (8 − 2.4 + 1.64)/4/5, and half the trace less √(0.18² + 0.6²).
    assert kernel[0] @ residual * -2 + kernel[1] @ residual == pytest.approx(1.81)
    assert found["projected_rayleigh"] == pytest.approx(1.81 / 5, rel=gamma(100))
    smallest = (1.82 - math.hypot(0.18, 0.6)) / 4
    assert found["projected_lambda_min"] == pytest.approx(smallest, rel=gamma(100))
    assert found["projected_sliding"] == 1 / 8
    # Of the numbers 0, 0, 0, 1 of inputs, those in the nearest places: 0.3, 1.5 and 2.7 of 0 to 3.
    assert found["projected_inputs"].tolist() == [0, 0, 1]


def flow(inputs, targets, weights, signs, step):
    """A ProjectedFlow from lists."""
    return sliding.ProjectedFlow(*map(np.array, (inputs, targets, weights, signs)), step)


def loss(run):
    """½‖y − u‖²."""
    return run.residual @ run.residual / 2


def test_two_inputs_on_one_unit_that_slides_worked_by_hand():
    # On w₁ = 0 the first output is 0, and −3p₁x₁ + (2 − u₂)x₂ is orthogonal to x₁ for
    # p₁ = 0.2(2 − u₂), which is below 1; then du₂/dt = 0.8²(2 − u₂).
    h = 1e-3
    run = flow(TWO, [-3.0, 2], [[0.5, 0.3]], [1.0], h)
    caught = 0
    while not run.sliding.any():
        assert run.weights[0, 0] > 0
        run.advance()
        caught += 1
    assert run.sliding.tolist() == [[True], [False]]
    left = run.residual[1]
    assert abs(run.weights[0, 0]) <= ROUNDING
    assert 0.5 < left < 2
    for k in range(1, 3000):
        square = 9 + run.residual[1] ** 2
        rate = run.advance()
        assert run.weights[0, 0] == pytest.approx(0, abs=ROUNDING)
        assert run.residual[0] == pytest.approx(-3, abs=ROUNDING)
        # Euler's method for this, exactly.
        before, now = (left * (1 - 0.64 * h) ** j for j in (k - 1, k))
        assert run.residual[1] == pytest.approx(now, rel=1e-9)
        assert rate == pytest.approx(2 * 0.64 * before**2 / square, rel=1e-9)
        assert now == pytest.approx(left * math.exp(-0.64 * k * h), rel=k * h**2)
        np.testing.assert_allclose(run.kernel(), [[0, 0], [0, 0.64]], atol=ROUNDING)
    assert 4.5 < loss(run) < 4.6
    patterns, _ = sliding.velocities(TWO, run.residual, run.active, run.sliding)
    assert patterns[:, 0] == pytest.approx([0.2 * run.residual[1], 1])


def test_a_kink_is_met_within_a_step_of_the_time_worked_by_hand():
    # Until then both inputs are active and d(y − u)/dt = −XXᵀ(y − u), with the eigenvalues 1 ± 0.6.
    start = np.array([-3.0, 2]) - TWO @ [0.5, 0.3]
    time = np.linspace(0, 0.5, 10**5)
    even, odd = (np.exp(-rate * time) * part for rate, part in [(1.6, start.sum()), (0.4, 1)])
    first = -3 - (even + odd * (start[0] - start[1])) / 2
    meets = time[np.argmax(first < 0)]
    for h in (1e-2, 1e-3, 1e-4):
        run, steps = flow(TWO, [-3.0, 2], [[0.5, 0.3]], [1.0], h), 0
        while not run.sliding.any():
            run.advance()
            steps += 1
        assert abs(steps * h - meets) < 2 * h


@pytest.mark.parametrize("h", [1e-1, 1e-2, 1e-3])
def test_a_unit_that_dies_stays_where_it_died(h):
    # dw/dt = −1 − w, so that w = 2e^(−t) − 1 until ln 2; from there on nothing moves.
    run = flow([[1.0]], [-1.0], [[1.0]], [1.0], h)
    steps = 0
    while run.weights[0, 0] > 0 and run.active[0, 0]:
        assert run.weights[0, 0] == pytest.approx(2 * (1 - h) ** steps - 1)
        run.advance()
        steps += 1
    assert steps == math.ceil(math.log(1 / 2) / math.log(1 - h))
    assert abs(steps * h - math.log(2)) < 2 * h
    weight = run.weights[0, 0]
    assert -h < weight <= 0
    rates = [run.advance() for _ in range(100)]
    assert rates == [0] * 100
    assert (run.weights[0, 0], run.residual[0]) == (weight, -1)


def test_a_unit_may_stand_on_more_kinks_than_there_are_dimensions():
    # On the kinks of x and −x in one dimension both outputs are 0, and no force is left.
    run = flow([[1.0], [-1]], [-1.0, -2], [[1.0]], [1.0], 1e-2)
    for _ in range(200):
        run.advance()
    assert run.weights.tolist() == [[0]]
    assert run.residual.tolist() == [-1, -2]
    assert not run.kernel().any()


def test_a_repelling_kink_is_crossed():
    # The second input pulls the unit over the kink of the first, which pulls on: both are fitted.
    run = flow(TWO, [5.0, 5], [[-0.3, 1]], [1.0], 1e-2)
    assert run.active.tolist() == [[False], [True]]
    for _ in range(10_000):
        run.advance()
        assert not run.sliding.any()
    assert run.active.tolist() == [[True], [True]]
    assert loss(run) < 1e-20


def test_a_pair_too_fast_for_its_attracting_kink_crosses_it():
    # From w₁ = ¼ with e = (−2, −5) the speed of w₁ is −2 − 3; below zero it is still −3.
    run = flow(TWO, [-1.75, -3.25], [[0.25, 2]], [1.0], 0.1)
    assert run.residual == pytest.approx([-2, -5])
    run.advance()
    assert not run.sliding.any()
    assert run.active.tolist() == [[False], [True]]
    assert run.weights[0] == pytest.approx([0.25 - 0.5, 2 - 0.4])


def test_a_pair_just_slower_than_the_jump_at_its_kink_is_caught():
    # The force of the second input is 0.6 e₂ along w₁; with e₂ > 0 it sends the unit back.
    for second, slides in [(0.1, True), (-0.1, False)]:
        run = flow(TWO, [-1.95, 1.63 + second], [[0.05, 2]], [1.0], 0.1)
        assert run.residual == pytest.approx([-2, second])
        run.advance()
        assert run.sliding.tolist() == [[slides], [False]]


def test_a_pair_whose_force_is_gone_leaves_to_the_right_side():
    # The second unit is active on the first input alone, and takes e₁ away at the rate ½, while e₂
    # falls at 0.32: p₁ = −0.6 e₂/e₁ grows to 1, and from there on the first unit is active on both.
    run = flow(TWO, [-2.0, 1.5], [[0.1, 0.5], [0.1, -5]], [1.0, -1], 1e-2)
    while not run.sliding[0, 0]:
        run.advance()
    while run.sliding[0, 0]:
        last = run.residual
        assert 0.6 * last[1] < -last[0]
        run.advance()
    assert 0.6 * run.residual[1] >= -run.residual[0]
    assert run.active.tolist() == [[True, True], [True, False]]
    assert not run.sliding.any()
    for _ in range(4000):
        run.advance()
        assert run.weights[0, 0] > 0
        assert not run.sliding.any()
    assert loss(run) < 1e-10


def network(seed, n=15, d=6, m=20):
    """Inputs, targets, weights and output weights of a random network that slides."""
    generator = np.random.default_rng(seed)
    inputs = unit_rows(generator.standard_normal((n, d)))
    weights, signs = generator.standard_normal((m, d)), generator.choice([-1.0, 1], m)
    return inputs, 3 * generator.standard_normal(n), weights, signs


@pytest.mark.parametrize("seed", range(4))
def test_each_step_lessens_the_loss_at_the_rate_of_the_kernel(seed):
    h, drawn = 1e-3, network(seed)
    inputs, run, wrong = drawn[0], flow(*drawn, h), False
    most, released = 0, {False: 0, True: 0}
    for _ in range(3000):
        e, kernel, slides = run.residual, run.kernel(), run.sliding.copy()
        rate = run.advance()
        assert rate == pytest.approx(2 * (e @ kernel @ e) / (e @ e), rel=1e-9)
        measured = math.log((e @ e) / (run.residual @ run.residual)) / h
        assert 0 <= measured == pytest.approx(rate, rel=0.05, abs=0.1)
        # What slides stays on its kink, and what does not has the pattern of its side: one that
        # the meeting of another kink moves has it a step later.
        product = inputs @ run.weights.T
        assert np.abs(product[slides]).max(initial=0) < h
        assert np.abs(product[run.sliding]).max(initial=0) < 1e-9
        before, wrong = wrong, ((product >= 0) != run.active) & (np.abs(product) > 1e-9)
        wrong &= ~run.sliding
        assert not (before & wrong).any()
        most = max(most, np.count_nonzero(slides))
        for side in released:
            released[side] += np.count_nonzero(slides & ~run.sliding & (run.active == side))
    assert most >= 5
    assert min(released.values()) > 0


def euler(inputs, targets, weights, signs, step, steps):
    """Weights after plain steps with the indicators, to and fro across the kinks."""
    signs = signs / math.sqrt(len(weights))
    for _ in range(steps):
        product = inputs @ weights.T
        residual = targets - np.maximum(product, 0) @ signs
        weights = weights + step * signs[:, None] * ((product >= 0).T * residual @ inputs)
    return weights


@pytest.mark.parametrize("seed", range(3))
def test_projection_and_plain_descent_have_one_limit(seed):
    drawn, time = network(seed), 1.5
    fine = euler(*drawn, 2e-5, round(time / 2e-5))
    distances = []
    for h in (2.5e-3, 5e-4):
        run = flow(*drawn, h)
        for _ in range(round(time / h)):
            run.advance()
        assert np.count_nonzero(run.sliding) >= 3
        distances.append(np.abs(run.weights - fine).max())
    # First order: a fifth of the step leaves about a fifth.
    assert distances[0] < 3e-3 * np.abs(fine - drawn[2]).max()
    assert distances[1] < 0.35 * distances[0]


def test_the_start_is_not_changed():
    drawn = network(0)
    before = drawn[2].copy()
    run = flow(*drawn, 1e-2)
    run.advance()
    assert (drawn[2] == before).all()
    assert (run.weights != before).any()
