"""The event A_ir of Lemma 3.2: its frequency on few pairs, and what `sec:flip-event` prints."""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import flip_event

COLUMNS = ("radius", "frequency", "standard_error", "probability", "bound")
TABLE = [
    dict(zip(COLUMNS, row, strict=True))
    for row in [
        (0.03125, 0.0234567, 0.00123, 0.0249301, 0.0300007),
        (0.251, 0.25, 0.0, 0.2, 0.21),
        (2.5, 0.987654, 0.02, 0.4, 0.78654),
    ]
]
EXPECTED_NUMBERS = {
    "flip-networks": r"\num{3}",
    # |0.0234567 − 0.0249301|/0.00123 = 1.198, |0.987654 − 0.4|/0.02 = 29.38; none in the middle.
    "flip-deviation": r"\num{29}",
    # 0.0300007/0.0249301 − 1 = 0.2034, 0.21/0.2 − 1 = 0.05, 0.78654/0.4 − 1 = 0.96635; percent.
    "flip-bound-excess-smallest": r"\num{5}",
    "flip-bound-excess-largest": r"\num{97}",
}
EXPECTED_ROWS = [
    [r"\num{0.03}", r"\num{0.023(1)}", r"\num{0.02493}", r"\num{0.03000}"],
    [r"\num{0.3}", r"\num{0.250}", r"\num{0.2000}", r"\num{0.2100}"],
    [r"\num{2}", r"\num{0.99(2)}", r"\num{0.4000}", r"\num{0.7865}"],
]


def test_numbers():
    assert flip_event.numbers(TABLE, networks=3) == EXPECTED_NUMBERS


@pytest.mark.parametrize(
    ("frequency", "bound", "deviation", "excess"),
    [
        # Deviations of 0.075 · 32 = 2.4; excesses on either side of 9.5 percent.
        (0.125, 0.2 * 1.0946, r"\num{2.4}", (r"\num{9}", r"\num{9.5}")),
        (0.275, 0.2 * 1.0957, r"\num{2.4}", (r"\num{10}", r"\num{9.6}")),
    ],
)
def test_one_radius(frequency, bound, deviation, excess):
    row = {"frequency": frequency, "standard_error": 1 / 32, "probability": 0.2, "bound": bound}
    values = flip_event.numbers([row], networks=1)
    assert list(values.values())[1:] == [deviation, *excess]


def test_radii_at_which_networks_do_not_differ_say_nothing_of_the_deviation():
    with pytest.raises(ValueError, match=r"same in all networks .* flip_event\.radii needs one"):
        flip_event.numbers(TABLE[1:2], networks=3)


def test_rows():
    assert flip_event.rows(TABLE) == EXPECTED_ROWS


def test_event_includes_minus_the_radius_and_excludes_the_radius():
    # The pre-activations are ±½ and ±¼ for the first input, and their triples for the second.
    inputs, weights = np.array([[1.0, 0], [0, 3]]), np.array([[1, 1], [-1, -1], [2, -2], [-2, 2]])
    shares = flip_event.frequencies(inputs, weights / 4, [0.2, 0.25, 0.5, 0.75, 1.5, 2])
    assert shares == [0, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1]


def test_table_has_a_network_a_seed_and_a_row_a_radius(monkeypatch):
    # One input of length 1: the pre-activations are the first coordinates.
    drawn = [[[0.1, 9], [4, 9]], [[-0.2, 9], [0.3, 9]], [[-4, 9], [0.6, 9]]]
    found, seen = iter(drawn), []

    def draw(input_size, hidden_size, generator):
        seen.append((input_size, hidden_size, generator.standard_normal()))
        return np.array(next(found)), None

    monkeypatch.setattr(flip_event.initialisation, "draw", draw)
    dataset = {"inputs": np.array([[1.0, 0]])}
    rows = flip_event.table(dataset, width=2, seed=5, networks=3, radii=[0.5, 1])
    firsts = [np.random.default_rng(seed).standard_normal() for seed in (5, 6, 7)]
    assert seen == [(2, 2, first) for first in firsts]
    # Frequencies ½, 1, 0 and ½, 1, ½: variances ¼ and 1/12 of one network, a third of a mean.
    expected = [
        (1 / 2, 1 / 2, 1 / math.sqrt(12), math.erf(math.sqrt(1 / 8)), math.sqrt(1 / 2 / math.pi)),
        (1, 2 / 3, 1 / 6, math.erf(math.sqrt(1 / 2)), math.sqrt(2 / math.pi)),
    ]
    assert [tuple(row) for row in rows] == [COLUMNS] * 2
    np.testing.assert_allclose([[*row.values()] for row in rows], expected, rtol=gamma(20))
    assert {type(value) for row in rows for value in list(row.values())[1:]} == {float}
