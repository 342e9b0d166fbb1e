"""The probe against hand-worked networks, exact fractions, and the training it must not change."""

import functools
import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import exact, gamma, is_positive_definite

from overparam import probe, sliding
from overparam.network import SmoothNetwork, TwoLayerNetwork
from overparam.training import train_model


def move(model, weights, output_weights):
    with torch.no_grad():
        model.weights.copy_(torch.as_tensor(weights))
        model.output_weights.copy_(torch.as_tensor(output_weights))


def network(weights, output_weights, dtype=torch.float64):
    """A network with the given parameters."""
    m, d = np.shape(weights)
    model = TwoLayerNetwork(d, m, np.random.default_rng(0), dtype=dtype)
    move(model, weights, output_weights)
    return model


def measured(states, output_weights, data, starts, window, dtype=torch.float64, **options):
    """Results of a probe that sees the weights `states[k]` at step k."""
    model = network(states[0], output_weights, dtype)
    observer = probe.Probe(model, *data, starts, window, **options)
    for step, weights in enumerate(states):
        move(model, weights, output_weights)
        observer(step)
    return {name.removeprefix("probe_"): values for name, values in observer.results().items()}


def agree(results, expected):
    for name, values in expected.items():
        assert np.abs(results[name] - values).max() <= gamma(20) * np.max(values)


# Inputs (1, 0) and (0, 2), so that H is diagonal and the patterns are the signs of the weights.
DATA, SIGNS = (np.array([[1.0, 0], [0, 2]]), np.array([1.0, 7])), np.array([1.0, 1, -1, -1])
BEFORE = np.array([[1.0, 1], [-1, 2], [3, -1], [-2, -2]])
AFTER = np.add(BEFORE, [[0, 0], [3, 4], [0, 1], [-6, -8]])
# H(0) = diag(2, 4·2)/4 and u = (−1, 3); then the second weight becomes active on the first input
# and the third, at exactly zero, on the second: H = diag(3, 4·3)/4 and u = (0, 7).
HAND_WORKED = {
    "step": [0, 1],
    "lambda_min": [0.5, 0.75],
    "rayleigh": [(0.5 * 2**2 + 2 * 4**2) / 20, 0.75],
    "gram_change": [0, 1],
    "flipped": [0, 2 / 8],
    "distance_median": [0, (1 + 5) / 2],
    "distance_max": [0, 10],
}
OF_WINDOWS = {"sliding_lambda_min", "sliding_rayleigh", "sliding"}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_measurements_of_a_hand_worked_network(dtype):
    results = measured([BEFORE, AFTER], SIGNS, DATA, [0, 1], 1, dtype)
    assert set(results) == set(HAND_WORKED) | OF_WINDOWS
    agree(results, HAND_WORKED)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_windows_of_a_hand_worked_network(dtype):
    results = measured([AFTER, AFTER, BEFORE, AFTER], SIGNS, DATA, [0, 2], 2, dtype)
    # First H = diag(¾, 3) stays, with the residual (1, 0).  Then p = (1, ½, 1, 0) and
    # (1, 1, ½, 0); the residuals (2, 4) and (1, 0) add up to (3, 4).
    first, second = (1 + 1 / 4 + 1) / 4, 4 * (1 + 1 + 1 / 4) / 4
    rayleigh = [0.75, (first * 3**2 + second * 4**2) / 25]
    values = {"sliding_lambda_min": [0.75, first], "sliding_rayleigh": rayleigh}
    agree(results, values | {"sliding": [0, 2 / 8]})


def test_output_layer_of_a_hand_worked_network():
    model = network([[3.0, 0], [0, 2]], [1.0, -1])
    observer = probe.Probe(model, *DATA, [0, 1], 1, output_layer=True)
    observer(0)
    move(model, [[4.0, 0], [0, 5]], [2.0, -1.5])
    observer(1)
    # Every pattern is 1, at zero too; G = diag(9, 16)/2, then diag(16, 100)/2; a² = (4, 9/4).
    expected = {
        "probe_lambda_min": [1, (4 + 9 / 4) / 2],
        "probe_g_lambda_min": [9 / 2, 16 / 2],
        "probe_sum_lambda_min": [1 + 9 / 2, (4 + 9 / 4) / 2 + 16 / 2],
        "probe_output_change_median": [0, (1 + 1 / 2) / 2],
        "probe_output_change_max": [0, 1],
    }
    agree(observer.results(), expected)


def test_initial_gram_is_that_of_the_first_weights():
    model = network(BEFORE, SIGNS)
    observer = probe.Probe(model, *DATA, [0], 1)
    move(model, AFTER, SIGNS)
    observer(0)
    assert observer.initial_gram().tolist() == [[0.5, 0], [0, 2]]


def test_steps_between_windows_leave_no_trace():
    quiet, loud = [BEFORE] * 5, [BEFORE, BEFORE, 1e9 * AFTER, BEFORE, BEFORE]
    expected, actual = (measured(states, SIGNS, DATA, [0, 3], 2) for states in (quiet, loud))
    for name, values in expected.items():
        assert actual[name].tolist() == values.tolist()


# X (2, 2), the weights (4, 2) at three steps, a (4,) and y (2,); 1/√m = ½.
integers = functools.partial(hnp.arrays, float, elements=st.integers(-3, 3).map(float))
trajectories = st.tuples(
    integers((2, 2)), st.tuples(*[integers((4, 2))] * 3), integers(4), integers(2)
)


def definition(X, W):
    """Patterns (n, m) and hidden units (n, m) on fractions."""
    Z = exact(X) @ exact(W).T
    return exact((Z >= 0).astype(float)), np.maximum(Z, 0)


def exact_gram(X, p, a):
    return exact(X) @ exact(X).T * ((p * a**2) @ p.T) / 4


def is_smallest(value, M):
    """Whether value is λ_min(M), up to the backward error of `eigvalsh`, by exact elimination."""
    tolerance, identity = Fraction(gamma(200)) * (1 + abs(M).sum()), exact(np.eye(len(M)))
    below, above = (M - (Fraction(float(value)) + e) * identity for e in (-tolerance, tolerance))
    return is_positive_definite(below) and not is_positive_definite(above)


def is_quotient(value, M, v):
    rounding = gamma(60) * float(abs(v) @ abs(M) @ abs(v)) / float(v @ v)
    return abs(Fraction(float(value)) - v @ M @ v / (v @ v)) <= rounding


@given(trajectories)
def test_h_and_g_are_their_definitions(trajectory):
    X, states, a, y = trajectory
    y = y + 1 / 4  # u is a multiple of ½, so that no residual is zero
    results = measured(states, a, (X, y), [0, 1, 2], 1, output_layer=True)
    a, (initial, _) = exact(a), definition(X, states[0])
    for k, weights in enumerate(states):
        p, hidden = definition(X, weights)
        H, G, r = exact_gram(X, p, a), hidden @ hidden.T / 4, exact(y) - hidden @ a / 2
        value = {name: values[k] for name, values in results.items()}
        assert is_smallest(value["lambda_min"], H)
        assert is_smallest(value["g_lambda_min"], G)
        assert is_smallest(value["sum_lambda_min"], H + G)
        assert is_quotient(value["rayleigh"], H, r)
        assert is_quotient(value["g_rayleigh"], G, r)
        assert value["flipped"] == np.mean(p != initial)
        # −‖M‖₂ is the smallest eigenvalue of M and −M side by side.
        change = np.kron(exact(np.diag([1, -1])), H - exact_gram(X, initial, a))
        assert is_smallest(-value["gram_change"], change)


@given(trajectories)
def test_window_averages_are_their_definitions(trajectory):
    X, states, a, y = trajectory
    a, y = np.where(a >= 0, 1.0, -1.0), y + 1 / 16  # three residuals never add up to zero
    results = measured(states, a, (X, y), [0], 3)
    parts = [definition(X, weights) for weights in states]
    p = sum(pattern for pattern, _ in parts) / 3
    H = exact_gram(X, p, exact(a))
    assert is_smallest(results["sliding_lambda_min"].item(), H)
    residual = sum(exact(y) - hidden @ exact(a) / 2 for _, hidden in parts)
    assert is_quotient(results["sliding_rayleigh"].item(), H, residual)
    assert results["sliding"] == np.mean((p > 0) & (p < 1))


@pytest.mark.parametrize(("active", "sliding"), [(0, 0), (1, 1), (100, 1), (254, 1), (255, 0)])
def test_longest_window_counts_every_step(active, sliding):
    states = [[[1.0]]] * active + [[[-1.0]]] * (255 - active)
    results = measured(states, [1.0], (np.ones((1, 1)), np.array([5.0])), [0], 255)
    assert results["sliding"] == sliding
    assert abs(results["sliding_lambda_min"] - (active / 255) ** 2) <= gamma(4)


@pytest.mark.parametrize("window", [0, 256])
def test_windows_that_bytes_cannot_count_are_refused(window):
    with pytest.raises(ValueError, match="255"):
        probe.Probe(network(BEFORE, SIGNS), *DATA, [0], window)


def trained(starts, train_output=False, dtype=torch.float64, window=2):
    """Losses and parameters after six steps, the distances moved and what a probe measured."""
    generator = np.random.default_rng(1)
    data = generator.standard_normal((5, 3)), generator.standard_normal(5)
    model = TwoLayerNetwork(3, 8, generator, train_output, dtype)
    observer = probe.Probe(model, *data, starts, window, train_output)
    before = model.weights.detach().numpy().copy()
    batches = [slice(0, 5), slice(0, 3), slice(3, 5)] * 2
    losses = train_model(model, *data, batches, 0.05, math.inf, *([observer] if starts else []))
    weights, output_weights = (p.detach().numpy() for p in model.parameters())
    moved = np.linalg.norm(weights - before, axis=1)
    return [*losses, weights, output_weights], moved, observer


@pytest.mark.parametrize("train_output", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_probe_does_not_change_the_training(train_output, dtype):
    alone, watched = (trained(starts, train_output, dtype)[0] for starts in ([], [0, 2, 5]))
    assert [array.tobytes() for array in alone] == [array.tobytes() for array in watched]


def test_probe_follows_the_weights_that_training_moves():
    _, moved, observer = trained([0, 6], window=1)
    agree(observer.results(), {"probe_step": [0, 6], "probe_distance_max": [0, moved.max()]})


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 30))
def test_windows_fit_evenly_or_are_refused(steps, probes, window):
    if probes * window > steps + 1:
        message = f"{probes} windows of .* at most {(steps + 1) // window} windows"
        with pytest.raises(ValueError, match=message):
            probe.window_starts(steps, probes, window)
        return
    starts = probe.window_starts(steps, probes, window)
    assert len(starts) == probes
    assert starts[0] == 0
    assert probes == 1 or starts[-1] + window == steps + 1  # losses are one more than steps
    gaps = set(np.diff(starts).tolist()) or {window}
    assert window <= min(gaps) <= max(gaps) <= min(gaps) + 1


def test_twice_the_rayleigh_quotient_is_the_rate_of_decay():
    M, v, h = np.array([[2.0, 1], [1, 2]]), np.array([3.0, 1]), 1e-4
    after, before = (np.log(np.sum((scipy.linalg.expm(-M * t) @ v) ** 2)) for t in (h, -h))
    # The third derivative of log‖v‖² is below (2·3)³, and rounding is divided by h.
    assert abs((before - after) / (2 * h) - 2 * probe.rayleigh(M, v)) <= 6**3 * h**2 + gamma(20) / h


@pytest.mark.parametrize(
    ("matrix", "norm"), [([[0, -3], [-3, 0]], 3), ([[-5, 0], [0, 1]], 5), ([[2, 0], [0, 1]], 2)]
)
def test_spectral_norm_is_the_largest_absolute_eigenvalue(matrix, norm):
    assert abs(probe.spectral_norm(np.array(matrix, dtype=float)) - norm) <= gamma(20) * norm


def test_a_step_adds_what_the_sliding_of_each_state_is():
    states, h = [BEFORE / 5, AFTER / 50, AFTER], 0.1
    plain = measured(states, SIGNS, DATA, [0, 1, 2], 1)
    results = measured(states, SIGNS, DATA, [0, 1, 2], 1, step=h)
    assert set(plain) == set(HAND_WORKED) | OF_WINDOWS
    for name, values in plain.items():
        assert results[name].tolist() == values.tolist()
    names = {"projected_rayleigh", "projected_lambda_min", "projected_sliding", "projected_inputs"}
    assert set(results) == set(plain) | names
    for k, weights in enumerate(states):
        product = DATA[0] @ weights.T
        residual = DATA[1] - np.maximum(product, 0) @ SIGNS / 2
        expected = sliding.measure(DATA[0], product, residual, SIGNS, h)
        assert names == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(results[name][k], value, rtol=gamma(100))


def test_a_pair_at_its_kink_slides_in_the_record_of_a_probe():
    # −3p₁x₁ + (2 − 0.8)x₂ is orthogonal to x₁ for p₁ = 0.24; then H^Π has 0.8² in one corner.
    inputs, targets = np.array([[1.0, 0], [0.6, 0.8]]), np.array([-3.0, 2])
    states = np.array([[[1e-3, 1.0]], [[0.14, 1.0]]])
    results = measured(states, [1.0], (inputs, targets), [0, 1], 1, step=0.02)
    assert results["projected_sliding"].tolist() == [1 / 2, 0]
    assert results["projected_inputs"].tolist() == [[1, 1, 1], [0, 0, 0]]
    e = np.array([-3.001, 1.1994])
    quotient = 0.64 * e[1] ** 2 / (e @ e)
    assert results["projected_rayleigh"][0] == pytest.approx(quotient, rel=gamma(1000))
    assert results["projected_rayleigh"][1] == results["rayleigh"][1]
    assert results["projected_lambda_min"] == pytest.approx([0, 0.4], abs=gamma(100))


SHARPNESS = 3.0


def smooth_parts(dtype=torch.float64):
    """A SmoothNetwork of eight units, and five inputs with their targets."""
    generator = np.random.default_rng(1)
    inputs, targets = generator.standard_normal((5, 3)), generator.standard_normal(5)
    model = SmoothNetwork(3, 8, generator, dtype=dtype, sharpness=SHARPNESS)
    return model, inputs, targets


def slope_kernel(inputs, weights):
    """H of a smooth network, unit by unit: (1/m) Σ_r σ'(w_rᵀx_i) σ'(w_rᵀx_j) x_iᵀx_j."""
    slopes = [1 / (1 + np.exp(-SHARPNESS * (inputs @ w))) for w in weights]
    return sum(np.outer(s, s) for s in slopes) * (inputs @ inputs.T) / len(weights)


@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_slopes_make_the_kernel_of_a_smooth_network(dtype, rounding):
    model, *data = smooth_parts(dtype)
    observer, states = probe.SlopeProbe(model, *data, np.array([1, 3])), []
    for step in range(5):
        move(model, model.weights.detach() + 0.1, model.output_weights.detach())
        states.append(model.weights.detach().double().numpy().copy())
        observer(step)
    results = observer.results()
    assert set(results) == {"probe_step", "probe_lambda_min", "probe_rayleigh"}
    assert results["probe_step"].tolist() == [1, 3]
    signs = model.output_weights.detach().double().numpy()
    for k, step in enumerate([1, 3]):
        kernel = slope_kernel(data[0], states[step])
        hidden = np.log(1 + np.exp(SHARPNESS * (data[0] @ states[step].T))) / SHARPNESS
        residual = data[1] - hidden @ signs / math.sqrt(8)
        smallest = np.linalg.eigvalsh(kernel)[0]
        assert results["probe_lambda_min"][k] == pytest.approx(smallest, abs=rounding)
        quotient = probe.rayleigh(kernel, residual)
        assert results["probe_rayleigh"][k] == pytest.approx(quotient, rel=rounding)


def test_the_kernel_of_slopes_is_the_rate_of_the_loss():
    model, inputs, targets = smooth_parts()
    observer = probe.SlopeProbe(model, inputs, targets, [0])
    observer(0)
    inputs, targets = torch.from_numpy(inputs), torch.from_numpy(targets)
    (gradient,) = model.gradients(model(inputs) - targets, slice(0, 5))
    start, logarithms = model.weights.detach().clone(), []
    for h in (1e-4, -1e-4):
        move(model, start - h * gradient, model.output_weights.detach())
        logarithms.append(((model(inputs) - targets) ** 2).sum().log().item())
    rate = (logarithms[1] - logarithms[0]) / 2e-4
    assert 2 * observer.results()["probe_rayleigh"][0] == pytest.approx(rate, rel=1e-6)
