"""Balls around initial weights, in exact arithmetic, and whether a pattern flips inside."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from statements import fractions, unit_vectors, vectors


class Ball(NamedTuple):
    """An input x = length · direction, the centre w0 and the radius R; points to try."""

    direction: np.ndarray
    length: Fraction
    w0: np.ndarray
    R: Fraction
    points: list

    @property
    def x(self):
        return self.length * self.direction

    @property
    def z(self):
        return self.w0 @ self.x


TINY = Fraction(1, 10**9)
EDGES = [sign * (1 + k * TINY) for sign in (-1, 1) for k in (-1, 0, 1)] + [-TINY, Fraction(0), TINY]


@st.composite
def balls(draw, length=1):
    """w0ᵀx is −R, 0, R exactly, or next to one of them, or anywhere."""
    d = draw(st.integers(1, 4))
    direction, v = draw(unit_vectors(d)), draw(vectors(d))
    R = draw(fractions(Fraction(1, 12), 5))
    z = R * draw(st.sampled_from(EDGES) | fractions(-2, 2))
    w0 = v - (v @ direction - z / length) * direction
    points = [w0 + R * draw(fractions(0, 1)) * draw(unit_vectors(d)) for _ in range(2)]
    return Ball(direction, Fraction(length), w0, R, points)


def at_least_zero(z):
    return z >= 0


def positive(z):
    return z > 0


def contains(ball, w, closed=True):
    distance, limit = (w - ball.w0) @ (w - ball.w0), ball.R**2
    return distance <= limit if closed else distance < limit


def search(ball, closed=True):
    """Points of the ball; if any point has another pattern than the centre, one of these has.

    xᵀw takes its extreme values over a ball at w0 ± R·x/‖x‖.  In the open ball these are not taken,
    but nearly: z ± R‖x‖ are multiples of 1/D, and the points below come within 1/(2D) of them.
    """
    D = ball.z.denominator * (ball.length * ball.R).denominator
    reach = ball.R - (0 if closed else 1 / (2 * D * ball.length))
    extremes = [ball.w0 - reach * ball.direction, ball.w0 + reach * ball.direction]
    return [w for w in extremes + ball.points if contains(ball, w, closed)]


def occurs(ball, closed=True, active=at_least_zero):
    """Whether a point of the ball has another pattern than its centre."""
    return any(active(ball.x @ w) != active(ball.z) for w in search(ball, closed))
