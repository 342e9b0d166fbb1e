"""H^∞ by its closed form to 60 digits, by integration, and H(0) by all of its patterns."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
from oracles import gamma
from scipy.integrate import quad
from scipy.special import ndtr

DIGITS = 60


def number(fraction):
    return mpmath.mpf(fraction.numerator) / fraction.denominator


def angle(x, y):
    """Angle between non-zero rational vectors."""
    cosine = number(x @ y) / mpmath.sqrt(number((x @ x) * (y @ y)))
    return mpmath.acos(max(-1, min(1, cosine)))


def closed_form(x, y, angle=angle, weight=lambda theta: (mpmath.pi - theta) / (2 * mpmath.pi)):
    """`eq:h-closed-form` for rational vectors."""
    with mpmath.workdps(DIGITS):
        return number(x @ y) * weight(angle(x, y))


def h_infinity(inputs):
    """H^∞ (n, n) in fractions, each within 10^(2 − DIGITS) for entries below 1."""
    entries = [[closed_form(x, y) for y in inputs] for x in inputs]
    scale = 10**DIGITS
    with mpmath.workdps(2 * DIGITS):
        rounded = [[Fraction(int(mpmath.nint(e * scale)), scale) for e in row] for row in entries]
    return np.array(rounded)


def both_active(x, y):
    """P(wᵀx ≥ 0, wᵀy ≥ 0) by conditioning on s = wᵀx/‖x‖, and the error of the integration.

    Given s, wᵀy is normal with mean s‖y‖cos θ and standard deviation ‖y‖sin θ.
    """
    square = (x @ x) * (y @ y) - (x @ y) ** 2
    if square == 0:
        return (0.5 if x @ y > 0 else 0.0), 0.0
    cotangent = float(x @ y) / math.sqrt(square)

    def density(s):
        return math.exp(-s * s / 2) / math.sqrt(2 * math.pi) * ndtr(cotangent * s)

    steep = 1 / (1 + abs(cotangent))
    pieces = [quad(density, *ends, epsabs=1e-13) for ends in itertools.pairwise([0, steep, 10])]
    # The integrand is rounded some 20 times, and the rest beyond 10 left out.
    return sum(p[0] for p in pieces), sum(p[1] for p in pieces) + gamma(20) + ndtr(-10.0)


def plane_patterns(inputs):
    """Probabilities (k,) and patterns (k, n) of one unit for inputs (n, 2): arcs of directions."""
    normals = np.arctan2(inputs[:, 1], inputs[:, 0])[:, None] + np.array([-1, 1]) * math.pi / 2
    ends = np.sort(normals.ravel() % (2 * math.pi))
    lengths = np.diff(ends, append=ends[0] + 2 * math.pi)
    middles = ends + lengths / 2
    # An arc of no length is a rounding error between equal ends; its sign would be one, too.
    arcs = lengths > 1e-12
    directions = np.stack([np.cos(middles), np.sin(middles)], axis=1)[arcs]
    return lengths[arcs] / (2 * math.pi), directions @ inputs.T >= 0


def initial_kernels(inputs, m):
    """Probabilities (k,) and H(0) (k, n, n) over all patterns of m units, for inputs (n, 2)."""
    probabilities, patterns = plane_patterns(inputs)
    choices = np.array(list(itertools.product(range(len(probabilities)), repeat=m)))
    shared = np.einsum("kri,krj->kij", *[patterns[choices].astype(float)] * 2) / m
    return probabilities[choices].prod(axis=1), inputs @ inputs.T * shared
