"""The watch against eigenvalues at every step of a run, from both sides of its threshold."""

import math

import numpy as np
import pytest

from overparam import gram
from overparam.network import TwoLayerNetwork
from overparam.training import train_model
from overparam.watch import LambdaMinWatch


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
