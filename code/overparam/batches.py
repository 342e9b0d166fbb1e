"""Which samples a step of SGD runs over: the notebook's cyclic batches, and the stages.

Report: `sec:training`, `sec:stagewise`.  A batch is a slice into the samples.
"""

import itertools

import numpy as np


def cyclic_batches(samples, batch_size, steps):
    """The notebook's batches: `steps` consecutive slices of at most batch_size samples, cyclic."""
    for step in range(steps):
        start = step * batch_size % samples
        yield slice(start, min(start + batch_size, samples))


def stage_indices(labels, stage):
    """Indices of the samples of stage 1, 2, …: those whose digit is below `stage`."""
    return np.flatnonzero(labels < stage)


def stage_batches(stages, steps_per_stage):
    """Each stage's samples (a list of slices) as a batch, steps_per_stage times."""
    for samples in stages:
        yield from itertools.repeat(samples, steps_per_stage)
