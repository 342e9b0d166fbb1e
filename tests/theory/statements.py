"""What the checks of the report's statements share: the search, and rational examples.

A check takes a candidate (what a statement claims) and an example.  `test_<name>` runs it with the
claim as printed; `refute` demands that the same search finds a counterexample to a wrong variant.
"""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import exact


def each_wrong(variants):
    """Parametrises `wrong` over a dict from names to wrong variants."""
    return pytest.mark.parametrize("wrong", list(variants.values()), ids=list(variants))


def refute(check, candidate, examples):
    """Fails unless the search finds an example on which check(candidate, example) fails."""

    @settings(phases=[Phase.generate], report_multiple_bugs=False, database=None, max_examples=1000)
    @given(examples)
    def search(example):
        check(candidate, example)

    with pytest.raises(AssertionError):
        search()


# Strategies are cached, as hypothesis takes longer to set one up than to draw from it.
@cache
def fractions(low, high):
    """Multiples of 1/12 between rational bounds."""
    ends = math.ceil(12 * low), math.floor(12 * high)
    return st.integers(*ends).map(lambda twelfths: Fraction(twelfths, 12))


@cache
def integers(shape, low=-3, high=3):
    """Integer arrays."""
    return hnp.arrays(np.int64, shape, elements=st.integers(low, high), fill=st.nothing())


@cache
def vectors(d):
    """Rational vectors in R^d."""
    return st.lists(fractions(-3, 3), min_size=d, max_size=d).map(exact)


@cache
def unit_vectors(d):
    """Rational vectors of length exactly 1, by the stereographic projection."""
    return st.builds(stereographic, vectors(d - 1), st.sampled_from([1, -1]))


def stereographic(s, sign):
    return sign * np.append(2 * s, s @ s - 1) / (s @ s + Fraction(1))


def line(x):
    """The same tuple for x and −x, and for no other unit vector."""
    return max(tuple(x), tuple(-x))


@st.composite
def unit_inputs(draw, parallel=False, dimensions=(1, 4), most=4):
    """Rows of length exactly 1; no two parallel unless that is allowed."""
    d = draw(st.integers(*dimensions))
    key = None if parallel else line
    rows = st.lists(unit_vectors(d), min_size=1, max_size=most, unique_by=key)
    return np.array(draw(rows))


def rank(matrix):
    """The number of pivots of elimination in fractions."""
    matrix, pivots = matrix.copy(), 0
    for column in range(matrix.shape[1]):
        rows = pivots + np.flatnonzero(matrix[pivots:, column])
        if len(rows):
            matrix[[pivots, rows[0]]] = matrix[[rows[0], pivots]]
            below = matrix[pivots + 1 :]
            below -= np.outer(below[:, column], matrix[pivots]) / matrix[pivots, column]
            pivots += 1
    return pivots
