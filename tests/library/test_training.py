"""Training against SGD in exact fractions."""

import copy
import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import torch
from oracles import exact, gamma
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from overparam import training
from overparam.batches import cyclic_batches
from overparam.network import TwoLayerNetwork
from overparam.training import DivergenceError, train_model

HIDDEN, RATE = 4, 2.0**-5  # 1/√m = ½, so that a few steps on integers are exact in float64


class Line(nn.Module):
    """u = w·x of one weight."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))

    def forward(self, inputs):
        self.inputs = inputs
        return inputs[:, 0] * self.weight

    def gradients(self, upstream, rows):
        return [self.inputs[rows, 0] @ upstream]


def integer_problem(samples, seed, train_output=False):
    """A network and data whose numbers are small integers."""
    generator = np.random.default_rng(seed)
    model = TwoLayerNetwork(2, HIDDEN, generator, train_output)
    with torch.no_grad():
        model.weights.copy_(torch.from_numpy(generator.integers(-3, 4, (HIDDEN, 2))))
    inputs, targets = generator.integers(-3, 4, (samples, 2)), generator.integers(0, 10, samples)
    return model, inputs.astype(float), targets.astype(float)


def exact_outputs(X, W, a):
    return np.array([sum(a[r] * max(W[r] @ x, 0) for r in range(HIDDEN)) / 2 for x in X])


def exact_sgd(model, inputs, targets, batches, train_output=False):
    """The weights after SGD on fractions, and the losses over batches before and after their step
    and over all samples."""
    X, y = exact(inputs), exact(targets)
    W, a = (exact(p.detach().numpy()) for p in (model.weights, model.output_weights))
    before, after, loss = [], [], []
    errors = exact_outputs(X, W, a) - y
    for batch in batches:
        error = errors[batch]
        before.append(np.mean(error**2))
        loss.append(np.mean(errors**2))
        W_gradient, a_gradient = 0 * W, 0 * a
        for e, x in zip(error, X[batch], strict=True):
            for r in range(HIDDEN):
                if W[r] @ x >= 0:
                    W_gradient[r] += Fraction(2, len(error)) * e * a[r] / 2 * x
                    a_gradient[r] += Fraction(2, len(error)) * e * (W[r] @ x) / 2
        W = W - Fraction(RATE) * W_gradient
        a = a - Fraction(RATE) * a_gradient * train_output
        errors = exact_outputs(X, W, a) - y
        after.append(np.mean(errors[batch] ** 2))
    return W, a, before, after, [*loss, np.mean(errors**2)]


SCHEDULES = {
    "full batch": (4, [slice(0, 4)] * 4),
    "last batch short": (6, [slice(0, 4), slice(4, 6), slice(2, 6), slice(0, 4)]),
    "out of order": (4, [slice(2, 4), slice(3, 4), slice(0, 4)]),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_training_is_sgd(schedule, seed):
    samples, batches = SCHEDULES[schedule]
    model, inputs, targets = integer_problem(samples, seed)
    W, _, *expected_losses = exact_sgd(model, inputs, targets, batches)
    losses = train_model(model, inputs, targets, batches, RATE, math.inf)
    assert (exact(model.weights.detach().numpy()) == W).all()
    for actual, expected in zip(losses, expected_losses, strict=True):
        # Outputs are exact; their errors, squares, sum and mean are rounded.
        np.testing.assert_allclose(actual, np.float64(expected), rtol=gamma(samples + 4))


def test_training_trains_both_layers_when_asked():
    batches = [slice(0, 4)] * 2
    model, inputs, targets = integer_problem(4, 1, train_output=True)
    W, a, *_ = exact_sgd(model, inputs, targets, batches, train_output=True)
    train_model(model, inputs, targets, batches, RATE, math.inf)
    assert (exact(model.weights.detach().numpy()) == W).all()
    assert (exact(model.output_weights.detach().numpy()) == a).all()


def test_steps_are_those_of_pytorchs_optimiser():
    model, inputs, targets = integer_problem(6, 2, train_output=True)
    theirs = copy.deepcopy(model)
    optimiser = torch.optim.SGD(theirs.parameters(), 0.1)  # no power of two, so that bits are lost
    for _ in range(5):
        outputs = theirs(torch.from_numpy(inputs)).requires_grad_()
        loss = nn.MSELoss()(outputs, torch.from_numpy(targets))
        gradients = theirs.gradients(*torch.autograd.grad(loss, [outputs]), slice(0, 6))
        for parameter, gradient in zip(theirs.parameters(), gradients, strict=True):
            parameter.grad = gradient.clone()
        optimiser.step()
    train_model(model, inputs, targets, cyclic_batches(6, 6, 5), 0.1, math.inf)
    for ours, expected in zip(model.parameters(), theirs.parameters(), strict=True):
        assert ours.tolist() == expected.tolist()


def test_fixed_output_weights_stay():
    model, inputs, targets = integer_problem(4, 0)
    before = model.output_weights.tolist()
    train_model(model, inputs, targets, [slice(0, 4)] * 3, RATE, math.inf)
    assert model.output_weights.tolist() == before


def test_losses_and_observations_of_a_hand_worked_run():
    # w ← w − η·2w on x = 1, y = 0; the second sample has x = 0 and y = 2.
    model, batches, seen = Line(4.0), [slice(0, 1), slice(1, 2), slice(0, 1)], []
    run = (model, np.array([[1.0], [0.0]]), np.array([0.0, 2.0]), batches, 0.25, math.inf)
    losses = train_model(*run, lambda step: seen.append((step, model.weight.item())))
    assert seen == [(0, 4), (1, 2), (2, 2), (3, 1)]
    before, after, loss = (record.tolist() for record in losses)
    assert (before, after) == ([16, 4, 4], [4, 4, 1])
    assert loss == [10, 4, 4, 2.5]


def test_a_run_ends_where_it_is_asked_to():
    # 16, 4, 1, ¼: stopped before the step from the first loss below 2.
    asked = []

    def stop(loss):
        asked.append(len(loss))
        return loss[-1] < 2

    run = (Line(4.0), np.ones((1, 1)), np.zeros(1), [slice(0, 1)] * 9, 0.25, math.inf)
    before, after, loss = (record.tolist() for record in train_model(*run, stop=stop))
    assert (before, after, loss) == ([16, 4], [4, 1], [16, 4, 1])
    assert asked == [1, 2, 3]


def test_data_take_the_precision_of_the_model():
    run = (np.array([[1 + 2.0**-30]]), np.array([2 - 2.0**-30]), [slice(0, 1)], 0.25, math.inf)
    assert train_model(Line(1.0).float(), *run)[2].tolist() == [1, 1 / 4]


class Largest(TorchDispatchMode):
    """Entries of the largest new tensor that an operation returns."""

    entries = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result, given = function(*args, **(kwargs or {})), [*args, *(kwargs or {}).values()]
        known = {t.untyped_storage().data_ptr() for t in given if torch.is_tensor(t)}
        if torch.is_tensor(result) and result.untyped_storage().data_ptr() not in known:
            self.entries = max(self.entries, result.numel())
        return result


def allocated(function):
    """The largest number of bytes that Python and NumPy hold while function() runs."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("train_output", [False, True])
def test_only_the_first_step_allocates_a_hidden_layer(train_output):
    n, m = 60, 500
    model = TwoLayerNetwork(3, m, np.random.default_rng(0), train_output)
    run = (model, np.ones((n, 3)), np.ones(n), [slice(0, n)] * 2, 0.01, math.inf)
    first = allocated(lambda: train_model(*run))
    with Largest() as second:
        train_model(*run)
    assert first >= 8 * n * m * (1 + train_output)
    assert second.entries < n * m
    assert allocated(lambda: train_model(*run)) < 8 * n * m


def test_allocations_of_numpy_are_seen():
    assert allocated(lambda: np.ones((60, 500))) >= 8 * 60 * 500


@pytest.mark.parametrize("batch", [slice(0, 6), slice(0, 2), slice(1, 5)])
def test_a_step_passes_forward_once(batch):
    model, inputs, targets = integer_problem(6, 0)
    seen = []
    model.register_forward_hook(lambda *_: seen.append(1))
    train_model(model, inputs, targets, [batch] * 3, RATE, math.inf)
    assert len(seen) == 3 + 1


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_one_loss_more_than_steps(steps):
    model, inputs, targets = integer_problem(6, 0)
    losses = train_model(model, inputs, targets, cyclic_batches(6, 4, steps), RATE, math.inf)
    assert [len(record) for record in losses] == [steps, steps, steps + 1]


def test_full_batches_have_equal_losses():
    model, inputs, targets = integer_problem(4, 0)
    losses = train_model(model, inputs, targets, [slice(0, 4)] * 3, RATE, math.inf)
    before, after, loss = (record.tolist() for record in losses)
    assert (before, after) == (loss[:-1], loss[1:])


def diverge(steps, weight=10.0):
    """η = 2 on w² multiplies the loss by 9 at every step: 100, 900, 8100, 72900, 656100."""
    batches = [slice(0, 1)] * steps
    return train_model(Line(weight), np.ones((1, 1)), np.zeros(1), batches, 2.0, 1.0)


def test_training_without_batches_is_refused():
    model, inputs, targets = integer_problem(3, seed=1)
    with pytest.raises(ValueError, match="no batches"):
        train_model(model, inputs, targets, [], RATE, 1.0)


def test_divergence_names_step_learning_rate_and_limit():
    with pytest.raises(DivergenceError) as caught:
        diverge(10)
    message = str(caught.value)
    assert "after step 4 " in message
    assert "learning rate 2;" in message
    assert "stability limit n/lambda_max is 1; a smaller fraction of it or a wider" in message
    assert "\n" not in message


def test_divergence_is_a_value_error():
    with pytest.raises(ValueError, match="diverged"):
        diverge(10)


def test_growth_below_the_factor_is_no_divergence():
    assert diverge(3)[2].tolist() == [100, 900, 8100, 72900]


def test_growth_by_exactly_the_factor_is_no_divergence(monkeypatch):
    monkeypatch.setattr(training, "DIVERGENCE_FACTOR", 9.0)
    assert diverge(1)[2].tolist() == [100, 900]


def test_growth_just_above_the_factor_is_divergence(monkeypatch):
    monkeypatch.setattr(training, "DIVERGENCE_FACTOR", math.nextafter(9, 0))
    with pytest.raises(DivergenceError):
        diverge(1)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["inputs", "targets"])
def test_data_that_is_not_finite_raises_before_the_first_step(where, value):
    model, inputs, targets = integer_problem(4, 0)
    {"inputs": inputs[0], "targets": targets}[where][0] = value
    with pytest.raises(DivergenceError, match="after step 0"):
        train_model(model, inputs, targets, [slice(0, 4)], RATE, 1.0)


def test_nan_outside_the_batch_raises_too():
    model, inputs, targets = integer_problem(4, 0)
    targets[3] = math.nan
    with pytest.raises(DivergenceError, match="nan after step 0"):
        train_model(model, inputs, targets, [slice(0, 2)], RATE, 1.0)
