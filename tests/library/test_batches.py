"""Batches against the notebook's slices; stages against the digits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from overparam.batches import cyclic_batches, stage_batches, stage_indices


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 50))
def test_cyclic_batches_are_the_notebooks(samples, batch_size, steps):
    x_train = list(range(samples))
    expected = []
    for step in range(steps):
        bix = (step * batch_size) % len(x_train)
        expected.append(x_train[bix : bix + batch_size])
    assert [x_train[batch] for batch in cyclic_batches(samples, batch_size, steps)] == expected


def test_stage_indices_are_the_digits_below_the_stage():
    labels = np.array([3, 0, 1, 9, 0, 2])
    assert [stage_indices(labels, stage).tolist() for stage in (1, 2, 4, 10)] == [
        [1, 4],
        [1, 2, 4],
        [0, 1, 2, 4, 5],
        [0, 1, 2, 3, 4, 5],
    ]


def test_stage_batches_repeat_each_stage():
    stages = [np.array([1]), np.array([0, 1])]
    assert [b.tolist() for b in stage_batches(stages, 3)] == [[1]] * 3 + [[0, 1]] * 3
