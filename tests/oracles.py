"""Exact arithmetic, rounding bounds and concentration bounds that several tests share."""

import math
from fractions import Fraction

import numpy as np

UNIT_ROUNDOFF = 2.0**-53
# Probability that a test by sampling rejects a true claim, over its seed; the seeds are fixed.
FAILURE = 1e-9


def gamma(k):
    """γ_k = kε/(1 − kε), the relative error of k roundings (Higham 2002, Section 3.1)."""
    return k * UNIT_ROUNDOFF / (1 - k * UNIT_ROUNDOFF)


def exact(array):
    """The floats of an array as an object array of Fractions, which numpy can add and multiply."""
    array = np.asarray(array)
    fractions = np.empty(array.size, dtype=object)
    fractions[:] = [Fraction(value) for value in array.ravel().tolist()]
    return fractions.reshape(array.shape)


def is_positive_definite(matrix):
    """Whether all pivots of symmetric elimination on Fractions are positive (Sylvester)."""
    while len(matrix):
        if matrix[0, 0] <= 0:
            return False
        matrix = matrix[1:, 1:] - np.outer(matrix[1:, 0], matrix[0, 1:]) / matrix[0, 0]
    return True


def hoeffding(samples, means=1):
    """With probability 1 − FAILURE, `means` averages of terms in [0, 1] are all this close."""
    return math.sqrt(math.log(2 * means / FAILURE) / (2 * samples))


def unit_rows(samples):
    """The rows of samples, scaled to unit length up to rounding."""
    return samples / np.linalg.norm(samples, axis=1, keepdims=True)
