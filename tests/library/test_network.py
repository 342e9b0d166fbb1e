"""The network against its definition, PyTorch's autograd, finite differences and concentration."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from oracles import FAILURE, UNIT_ROUNDOFF, exact, gamma, hoeffding
from scipy import special

from overparam import device
from overparam.network import SmoothNetwork, TwoLayerNetwork

N, D, M = 7, 5, 6


def parts(seed=0):
    """Inputs (N, D), hidden weights (M, D), output weights (M,)."""
    generator = np.random.default_rng(seed)
    return tuple(generator.standard_normal(shape) for shape in [(N, D), (M, D), M])


def tensors(*arrays):
    """Tensors of the arrays; all but the first require a gradient."""
    inputs, *parameters = (torch.from_numpy(array) for array in arrays)
    return inputs, *(parameter.requires_grad_() for parameter in parameters)


def layer(weights, output_weights):
    """A network with these parameters, both trained."""
    m, d = weights.shape
    model = TwoLayerNetwork(d, m, np.random.default_rng(0), True, torch.as_tensor(weights).dtype)
    with torch.no_grad():
        model.weights.copy_(torch.as_tensor(weights))
        model.output_weights.copy_(torch.as_tensor(output_weights))
    return model


def gradients(arrays, upstream, rows=slice(0, N)):
    """Outputs of the network with these inputs and parameters, and copies of its gradients."""
    model = layer(*arrays[1:])
    outputs = model(torch.as_tensor(arrays[0]))
    return outputs, *(g.clone() for g in model.gradients(torch.as_tensor(upstream), rows))


def network(hidden_size, seed=0, **options):
    return TwoLayerNetwork(D, hidden_size, np.random.default_rng(seed), **options)


def definition(inputs, weights, output_weights):
    """(1/√m) Σ_r a_r σ(w_rᵀx) in PyTorch's own operations, with σ'(0) = 1."""
    product = inputs @ weights.T
    hidden = torch.where(product >= 0, product, torch.zeros_like(product))
    return (hidden * output_weights).sum(axis=1) / math.sqrt(len(weights))


def test_forward_is_the_definition():
    inputs, weights, output_weights = parts()
    X, W, a = exact(inputs), exact(weights), exact(output_weights)
    scale = Fraction(1 / math.sqrt(M))
    expected = [scale * sum(a[r] * max(W[r] @ x, 0) for r in range(M)) for x in X]
    actual = layer(weights, output_weights)(torch.from_numpy(inputs)).numpy()
    # Two scalar products and the scale, rounded here and there.
    magnitude = np.abs(inputs) @ np.abs(weights).T @ np.abs(output_weights) / math.sqrt(M)
    assert (abs(exact(actual) - expected) <= exact(gamma(D + M + 6) * magnitude)).all()


def test_forward_of_a_hand_worked_network():
    weights = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0], [3.0, 1.0]])
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0])
    inputs = torch.tensor([[1.0, 1.0], [-2.0, 0.0]])
    # (1 − 2 + 0 − 4)/2 and (0 − 0 + 2 − 0)/2.
    assert layer(weights, signs)(inputs).tolist() == [-2.5, 1.0]


def test_gradients_are_those_of_autograd():
    arrays, upstream = parts(1), torch.from_numpy(np.random.default_rng(2).standard_normal(N))
    theirs = tensors(*arrays)
    _, *actual = gradients(arrays, upstream)
    expected = torch.autograd.grad(definition(*theirs), theirs[1:], upstream)
    inputs, weights, output_weights = map(np.abs, arrays)
    backward = np.abs(upstream.numpy()) / math.sqrt(M)
    # Sums over N samples of products, each factor rounded a few times, the hidden units D times.
    bounds = [
        gamma(N + 6) * np.outer(output_weights, backward @ inputs),
        gamma(N + D + 6) * (backward @ (inputs @ weights.T)),
    ]
    for a, b, bound in zip(actual, expected, bounds, strict=True):
        assert (np.abs((a - b).numpy()) <= 2 * bound).all()


def test_gradients_are_finite_differences():
    inputs, weights, output_weights = parts(3)
    step = 2.0**-20
    # No weight moves a preactivation across its kink, so that central differences are exact
    # but for the rounding of u, divided by the step.
    assert np.abs(inputs @ weights.T).min() > step * np.abs(inputs).max()
    magnitude = (np.abs(inputs) @ np.abs(weights).T @ np.abs(output_weights)).max()
    rounding = gamma(D + M + 6) * (magnitude + 1) / step
    upstream = np.random.default_rng(4).standard_normal(N)
    _, *actual = gradients((inputs, weights, output_weights), upstream)
    X = torch.from_numpy(inputs)
    for k, parameter in enumerate((weights, output_weights)):
        for place in np.ndindex(parameter.shape):
            ends = []
            for sign in (1, -1):
                moved = [weights.copy(), output_weights.copy()]
                moved[k][place] += sign * step
                ends.append(layer(*moved)(X).numpy())
            slope = (ends[0] - ends[1]) @ upstream / (2 * step)
            assert abs(actual[k][place] - slope) <= rounding * np.abs(upstream).sum()


@pytest.mark.parametrize("weight", [[0.0, 0.0], [0.0, 3.0], [-0.0, -0.0]])
def test_derivative_at_zero_preactivation_is_one(weight):
    arrays = np.array([[2.0, 0.0]]), np.array([weight]), -np.ones(1)
    assert gradients(arrays, np.ones(1), slice(0, 1))[1].tolist() == [[-2.0, 0.0]]


def test_derivative_just_below_zero_is_zero():
    arrays = np.array([[2.0]]), np.array([[-5e-324]]), np.ones(1)
    assert gradients(arrays, np.ones(1), slice(0, 1))[1].tolist() == [[0.0]]


def test_pytorchs_own_relu_has_the_other_convention():
    weights = torch.zeros(1, requires_grad=True)
    torch.relu(weights).sum().backward()
    assert weights.grad.tolist() == [0.0]


def test_parameters_have_the_documented_shapes_and_type():
    model = network(M)
    assert {name: (p.shape, p.dtype) for name, p in model.named_parameters()} == {
        "weights": ((M, D), torch.float64),
        "output_weights": ((M,), torch.float64),
    }


def test_weights_are_standard_normal():
    weights = network(8000).weights.detach().numpy().ravel()
    empirical = np.arange(1, weights.size + 1) / weights.size
    deviation = np.abs(empirical - special.ndtr(np.sort(weights))).max()
    # Dvoretzky-Kiefer-Wolfowitz with Massart's constant, which is Hoeffding's; and one jump.
    assert deviation <= hoeffding(weights.size) + 1 / weights.size


def test_weights_are_uncorrelated_with_unit_variance():
    m = 20_000
    weights = network(m).weights.detach().numpy()
    # ‖v‖² of m normal numbers is within 2√(mt) + 2t of m (Laurent & Massart 2000), for the D
    # columns and, by polarisation, for the sums and differences of two that give a covariance.
    t = math.log(2 * D * D / FAILURE)
    deviation = np.abs(weights.T @ weights / m - np.eye(D)).max()
    assert deviation <= 2 * math.sqrt(t / m) + 2 * t / m


def test_output_weights_are_signs():
    assert set(network(100).output_weights.tolist()) == {-1.0, 1.0}


def test_signs_are_fair():
    m = 20_000
    positive = (network(m).output_weights > 0).double().mean().item()
    assert abs(positive - 0.5) <= hoeffding(m)


def test_signs_are_independent_of_the_weights():
    m = 20_000
    model = network(m)
    agree = (model.output_weights[:, None] * model.weights > 0).double().mean(axis=0)
    assert (agree - 0.5).abs().max().item() <= hoeffding(m, D)


def test_hidden_weights_are_drawn_first():
    first = np.random.default_rng(9).standard_normal((M, D))
    assert network(M, seed=9).weights.tolist() == first.tolist()


def test_same_seed_gives_the_same_network():
    one, two = network(M, seed=4), network(M, seed=4)
    assert one.weights.tolist() == two.weights.tolist()
    assert one.output_weights.tolist() == two.output_weights.tolist()


def test_another_seed_gives_another_network():
    assert not torch.isclose(network(M, seed=4).weights, network(M, seed=5).weights).any()


def test_blocks_of_a_hand_worked_layer(monkeypatch):
    monkeypatch.setattr(device, "BLOCK_ENTRIES", 7)
    units, places = zip(*device.blocks(3, 5, torch.empty(0)), strict=True)
    assert units == (slice(0, 2), slice(2, 4), slice(4, 5))
    assert places == (slice(0, 6), slice(6, 12), slice(12, 15))


@pytest.mark.parametrize("entries", [1, N, 2 * N + 1, 5 * N, 1000])
def test_network_does_not_depend_on_the_block_size(monkeypatch, entries):
    generator = np.random.default_rng(5)
    # Small integers and 1/√16, so that every sum is exact in any order.
    arrays = [generator.integers(-3, 4, shape).astype(float) for shape in [(N, D), (16, D), 16]]
    monkeypatch.setattr(device, "BLOCK_ENTRIES", entries)
    X, *parameters = tensors(*arrays)
    u, upstream = definition(X, *parameters), torch.arange(N).double()
    expected = [u, *torch.autograd.grad(u, parameters, upstream)]
    ours, theirs = ([p.tolist() for p in q] for q in (gradients(arrays, upstream), expected))
    assert ours == theirs


@pytest.mark.parametrize("batch", [slice(0, 0), slice(0, 2), slice(3, 5), slice(5, N), slice(0, N)])
def test_gradient_of_a_batch_is_that_of_the_batch_alone(batch):
    generator = np.random.default_rng(6)
    arrays = [generator.integers(-3, 4, shape).astype(float) for shape in [(N, D), (16, D), 16]]
    X, *parameters = tensors(*arrays)
    upstream = torch.arange(1.0, N + 1, dtype=torch.float64)[batch]
    _, *actual = gradients(arrays, upstream, batch)
    alone = definition(X[batch], *parameters)
    expected = torch.autograd.grad(alone, parameters, upstream)
    assert [part.tolist() for part in actual] == [part.tolist() for part in expected]


def test_a_batch_multiplies_its_own_patterns_only(monkeypatch):
    shapes, multiply = [], device.multiply

    def record(left, right, out):
        shapes.append((tuple(left.shape), tuple(right.shape)))
        multiply(left, right, out)

    monkeypatch.setattr(device, "multiply", record)
    gradients(parts(), np.ones(3), slice(2, 5))
    assert shapes == [((N, D), (D, M)), ((D, 3), (3, M))]


def test_gradients_are_of_the_last_pass():
    model, inputs = network(M, train_output=True), torch.from_numpy(parts()[0])
    model(-inputs)
    model(inputs)
    last = [g.tolist() for g in model.gradients(torch.ones(N).double(), slice(0, N))]
    alone = gradients((inputs, *(p.detach() for p in model.parameters())), np.ones(N))
    assert last == [g.tolist() for g in alone[1:]]


def test_single_precision_rounds_the_same_network():
    single, double = (network(M, dtype=dtype) for dtype in (torch.float32, torch.float64))
    for a, b in zip(single.parameters(), double.parameters(), strict=True):
        assert a.dtype == torch.float32
        assert a.tolist() == b.float().tolist()
        assert a.requires_grad == b.requires_grad
    inputs = torch.from_numpy(parts()[0])
    assert double(inputs).dtype == torch.float64
    assert double.float()(inputs.float()).tolist() == single(inputs.float()).tolist()


@pytest.mark.parametrize("train_output", [False, True])
def test_output_weights_get_a_gradient_only_when_trained(train_output):
    model = network(M, train_output=train_output)
    model(torch.ones(1, D, dtype=torch.float64))
    found = model.gradients(torch.ones(1, dtype=torch.float64), slice(0, 1))
    assert [g.shape for g in found] == [(M, D), (M,)][: 1 + train_output]


def test_output_weights_are_fixed_by_default():
    assert not network(M).output_weights.requires_grad


@pytest.mark.parametrize(("d", "m"), [(0, 1), (1, 0), (-1, 1), (1, -1)])
def test_sizes_below_one_are_refused(d, m):
    with pytest.raises(ValueError, match=f"d = {d}, m = {m}"):
        TwoLayerNetwork(d, m, np.random.default_rng(0))


def test_sizes_of_one_are_a_network():
    model = TwoLayerNetwork(1, 1, np.random.default_rng(0))
    w, a = model.weights.item(), model.output_weights.item()
    x = math.copysign(3, w)
    expected = 3 * a * abs(w)
    output = model(torch.tensor([[x]], dtype=torch.float64)).item()
    assert abs(output - expected) <= 2 * UNIT_ROUNDOFF * abs(expected)


def smooth(sharpness, **options):
    return SmoothNetwork(D, M, np.random.default_rng(0), sharpness=sharpness, **options)


def test_smooth_network_has_the_weights_of_the_other():
    for dtype in (torch.float64, torch.float32):
        ours, theirs = smooth(3.0, dtype=dtype), network(M, dtype=dtype)
        for (name, one), (_, other) in zip(
            ours.named_parameters(), theirs.named_parameters(), strict=True
        ):
            assert one.dtype == other.dtype == dtype
            assert one.requires_grad == other.requires_grad == (name == "weights")
            assert one.tolist() == other.tolist()
    assert smooth(3.0, train_output=True).output_weights.requires_grad


@pytest.mark.parametrize("sharpness", [0.7, 3.0, 100.0])
def test_smooth_network_is_its_definition_and_so_is_its_gradient(sharpness):
    model, (inputs, *_) = smooth(sharpness), parts(1)
    weights, signs = (p.detach().numpy() for p in model.parameters())
    product = inputs @ weights.T
    # ln(1 + e^(βz))/β, and its slope 1/(1 + e^(−βz)).
    expected = np.logaddexp(0, sharpness * product) @ signs / sharpness / math.sqrt(M)
    # PyTorch takes z itself from βz = 20 on.
    beyond = math.exp(-20) / sharpness * math.sqrt(M)
    outputs = model(torch.from_numpy(inputs))
    np.testing.assert_allclose(outputs.numpy(), expected, rtol=1e-12, atol=beyond)
    upstream = np.random.default_rng(2).standard_normal(N)
    (by_weights,) = model.gradients(torch.from_numpy(upstream), slice(0, N))
    slopes = special.expit(sharpness * product)
    gradient = signs[:, None] * ((slopes.T * upstream) @ inputs) / math.sqrt(M)
    np.testing.assert_allclose(by_weights.numpy(), gradient, rtol=1e-7, atol=1e-7)


def test_smooth_network_comes_near_to_the_other_as_it_sharpens():
    inputs = torch.from_numpy(parts(1)[0])
    limit = network(M)(inputs)
    far = [(smooth(2.0**k)(inputs) - limit).abs().max().item() for k in range(0, 16, 3)]
    # The softplus is above the ReLU by ln(2)/β at most.
    assert all(d <= math.sqrt(M) * math.log(2) / 2 ** (3 * k) for k, d in enumerate(far))
    assert far[0] > 0.01
    assert sorted(far, reverse=True) == far
