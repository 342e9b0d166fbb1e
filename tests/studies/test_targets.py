"""Three kinds of targets: their squares along the eigenvectors, and short runs on each."""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import targets

LAMBDA_ZERO = math.log(2)
TIME = np.arange(4) / 2
# Bounds of 2^(−t) times the first loss: 1, 0.707, 0.5, 0.354 times it.
LOSSES = {"digits": [9.0, 6, 4.6, 4], "scaled": [0.5, 0.3, 0.2, 0.16], "shuffled": [8.0, 5, 3, 3]}
FLIPPED = {"digits": [0, 0.3, 0.1234567], "scaled": [0, 0.1, 0.02222], "shuffled": [0, 0.2, 1 / 3]}
RUNS = {
    kind: {
        "time": TIME,
        "loss": np.array(loss),
        "probe_step": np.array([0, 2, 3]),
        "probe_flipped": np.array(FLIPPED[kind]),
        "probe_distance_median": np.array([0, 10 * loss[-1], loss[-1] / 7]),
    }
    for kind, loss in LOSSES.items()
}
# Eleven or more eigenvectors, ascending: the ten last ones lead.
ALIGNMENT = {
    "digits": np.array([1.0, 2, *range(3, 13)]),  # 1 + 2 of 78
    "scaled": np.array([4.0, 0, 5, *range(10)]),  # 4 + 0 + 5 of 54
    "shuffled": np.array([7.0, *range(10)]),  # 7 of 52
}
EXPECTED_NUMBERS = {
    "targets-leading": r"\num{10}",
    # √(12 · 9), a mean of 9 over 12 samples.
    "digits-residual": r"\num{10.4}",
    "digits-outside": r"\num{3.85}",
    "digits-loss-ratio": r"\num{0.444}",
    "digits-flipped": r"\num{12.3}",
    "digits-distance": r"\num{0.571}",
    # 4.6 > 4.5.
    "digits-crossing": r"crosses the bound at $t=\num{1.00}$",
    # √(13/2).
    "scaled-residual": r"\num{2.55}",
    "scaled-outside": r"\num{16.7}",
    "scaled-loss-ratio": r"\num{0.320}",
    "scaled-flipped": r"\num{2.22}",
    "scaled-distance": r"\num{0.0229}",
    "scaled-crossing": "does not cross the bound",
    # √(11 · 8).
    "shuffled-residual": r"\num{9.38}",
    "shuffled-outside": r"\num{13.5}",
    "shuffled-loss-ratio": r"\num{0.375}",
    "shuffled-flipped": r"\num{33.3}",
    "shuffled-distance": r"\num{0.429}",
    "shuffled-crossing": r"crosses the bound at $t=\num{1.50}$",
}


def test_numbers():
    assert targets.numbers(RUNS, ALIGNMENT, LAMBDA_ZERO) == EXPECTED_NUMBERS


@pytest.mark.parametrize(
    ("seed", "shuffled"),
    # The orders 7, 3, 1 and 7, 1, 3 of the digits: (7 − 3)²/2, 1² and (7 + 3)²/2, and so on.
    [(0, [8, 1, 50]), (3, [18, 9, 32])],
)
def test_squares_of_three_inputs(seed, shuffled):
    # Two inputs at sixty degrees and one orthogonal to both: H^∞ has ½ on the diagonal and 1/6
    # between the two, so that its eigenvectors are (1, −1, 0)/√2, (0, 0, 1) and (1, 1, 0)/√2.
    inputs = np.array([[1.0, 0, 0], [1 / 2, math.sqrt(3) / 2, 0], [0, 0, 1]])
    found = targets.arrays({"inputs": inputs, "labels": np.array([3, 1, 7])}, seed=seed)
    # Digits 3, 1, 7; scaled to −1/3, −7/9, 5/9.
    expected = {
        "eigenvalues": [1 / 3, 1 / 2, 2 / 3],
        "digits": [2, 49, 8],
        "scaled": [(4 / 9) ** 2 / 2, (5 / 9) ** 2, (10 / 9) ** 2 / 2],
        "shuffled": shuffled,
    }
    assert [*found] == [*expected]
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=gamma(100))


def test_figure(draw, check_lines):
    alignment = {"digits": np.array([1.0, 2, 5]), "scaled": np.array([2.0, 3, 5])}
    alignment["shuffled"] = np.array([3.0, 4, 1])
    # The bound is drawn along the last run.
    runs = RUNS | {"shuffled": RUNS["shuffled"] | {"time": TIME * 2}}
    losses, shares, patterns, distances = draw(targets.figure, runs, alignment, LAMBDA_ZERO)
    drawn = [
        ("", TIME, [1, 2 / 3, 46 / 90, 4 / 9]),
        ("", TIME, [1, 3 / 5, 2 / 5, 8 / 25]),
        ("", TIME * 2, [1, 5 / 8, 3 / 8, 3 / 8]),
        ("bound", [0, 1, 2, 3], [1, 1 / 2, 1 / 4, 1 / 8]),
    ]
    check_lines(losses, drawn)
    # Outside the last, the two last, all three; 1e-12 keeps the logarithm finite.
    outside = [[3 / 8, 1 / 8, 0], [1 / 2, 1 / 5, 0], [7 / 8, 3 / 8, 0]]
    drawn = [("", [1, 2, 3], np.array(values) + 1e-12) for values in outside]
    check_lines(shares, drawn)
    times = [TIME[[0, 2, 3]], TIME[[0, 2, 3]], TIME[[0, 2, 3]] * 2]
    check_lines(patterns, [("", t, FLIPPED[k]) for k, t in zip(RUNS, times, strict=True)])
    moved = {
        "digits": [0, 40, 4 / 7],
        r"digits in $[-1,1]$": [0, 1.6, 0.16 / 7],
        "shuffled digits": [0, 30, 3 / 7],
    }
    check_lines(distances, [(k, t, moved[k]) for k, t in zip(moved, times, strict=True)])
    assert (patterns.get_ylim()[0], distances.get_ylim()[0]) == (0, 0)
    labels = [text.get_text() for text in losses.figure.legends[0].get_texts()]
    assert labels == [*moved]


def test_figure_needs_a_kind_for_each_color(draw):
    with pytest.raises(ValueError, match="zip"):
        draw(targets.figure, {"digits": RUNS["digits"]}, ALIGNMENT, LAMBDA_ZERO)
