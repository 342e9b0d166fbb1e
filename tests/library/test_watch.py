"""The watches: eigenvalues at every step of a run, and kinks of weights moved by hand."""

import math

import numpy as np
import pytest
import torch

from overparam import gram
from overparam.network import TwoLayerNetwork
from overparam.training import train_model
from overparam.watch import KinkWatch, LambdaMinWatch


@pytest.fixture
def run():
    """Train a network whose H(t) changes; λ_min at each step, and what a watch says of it."""

    def train(threshold, every=1, steps=12):
        generator = np.random.default_rng(5)
        inputs = generator.standard_normal((6, 3))
        inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
        network, values = TwoLayerNetwork(3, 40, generator), []
        watch = LambdaMinWatch(network, inputs, threshold, every)

        def observe(step):
            watch(step)
            weights = network.weights.detach().numpy()
            values.append(np.linalg.eigvalsh(gram.h_finite(inputs, weights))[0])

        targets = 10 * generator.standard_normal(6)
        train_model(network, inputs, targets, [slice(0, 6)] * steps, 0.5, math.inf, observe)
        return np.array(values), watch.results()

    return train


def test_every_fall_below_the_threshold_is_seen_with_its_value(run):
    values, _ = run(0)
    assert len(np.unique(values)) > 5
    threshold = (np.sort(values)[3] + np.sort(values)[4]) / 2
    _, seen = run(threshold)
    below = np.flatnonzero(values < threshold)
    assert 0 < len(below) < len(values)
    assert seen["watch_step"].tolist() == below.tolist()
    assert seen["watch_lambda_min"].tolist() == values[below].tolist()
    assert seen["watch_looks"] == len(values) == 13


def test_only_every_so_many_steps_are_looked_at(run):
    values, seen = run(1e3, every=5)
    assert seen["watch_step"].tolist() == [0, 5, 10]
    assert seen["watch_lambda_min"].tolist() == values[[0, 5, 10]].tolist()
    assert seen["watch_looks"] == 3


def test_nothing_below_is_an_empty_record(run):
    values, seen = run(values_below := -1.0)
    assert (values > values_below).all()
    assert seen["watch_step"].shape == seen["watch_lambda_min"].shape == (0,)


def kinks(states, first):
    """What a KinkWatch says of pre-activations (2, 2) at the steps 0, 1, and so on."""
    network = TwoLayerNetwork(2, 2, np.random.default_rng(0))
    watch = KinkWatch(network, np.eye(2), first)
    for step, product in enumerate(states):
        with torch.no_grad():
            network.weights.copy_(torch.tensor(product).T)
        watch(step)
    return watch.results()


def test_pairs_that_change_at_least_twice_are_counted_with_their_distance():
    # At the steps 1 to 5 the first pair changes four times, the next once, the third twice and the
    # last never, as at zero it is active; what is before step 1 would add a change to each.
    pairs = [
        [-9.0, 1, -2, 3, -4, 5],
        [-9.0, 8, 7, -6, -5, -4],
        [9.0, -7, 1, 2, -1, -2],
        [-9.0, 0, 1, 0, 1, 0],
    ]
    found = kinks(np.transpose(pairs).reshape(6, 2, 2).tolist(), 1)
    assert found == {
        "kinks_steps": 4,
        "kinks_share": 2 / 4,
        "kinks_changes": (4 + 2) / 2,
        # The means over the steps 2 to 5 are 14/4 and 6/4.
        "kinks_distance": (14 / 4 + 6 / 4) / 2,
    }
    assert kinks(np.transpose(pairs).reshape(6, 2, 2).tolist(), 0)["kinks_share"] == 3 / 4


def test_the_distance_is_a_median_over_pairs():
    signs = np.array([1.0, -1, 1, -1])[:, None, None]
    found = kinks((signs * [[1, 1], [2, 40]]).tolist(), 0)
    assert (found["kinks_share"], found["kinks_changes"]) == (1, 3)
    assert found["kinks_distance"] == 1.5


def test_a_run_without_sliding_has_no_changes():
    states = [[[1.0, -1], [2, 1]], [[1.0, 1], [2, 1]], [[1.0, 1], [2, 1]]]
    expected = {"kinks_steps": 2, "kinks_share": 0, "kinks_changes": 0, "kinks_distance": 0}
    assert kinks(states, 0) == expected
