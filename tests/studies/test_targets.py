"""Five kinds of targets: their squares along the eigenvectors, and short runs on each."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from oracles import gamma

from studies import targets

LAMBDA_ZERO = math.log(2)
# The bound leaves 1, 0.707, 0.5, 0.354, 0.25 of the first loss at t = 0, ½, …, 2.  Each run is
# measured up to t = 3/2, and then followed for a step or none.
LOSSES = {
    "digits": [9.0, 6, 4.6, 4],
    "centred": [6.0, 4.2, 2.9, 2.1, 1.4],
    "small": [0.4, 0.28, 0.19, 0.14],
    "scaled": [0.5, 0.3, 0.2, 0.16, 0.13],
    "shuffled1": [8.0, 5, 3, 3],
    "shuffled20": [7.0, 4, 3.6, 2.2, 1.9],
}
FLIPPED = {
    "digits": [0, 0.3, 0.1234567],
    "centred": [0, 0.2, 0.2111111],
    "small": [0, 0.15, 0.01111],
    "scaled": [0, 0.1, 0.02222],
    "shuffled1": [0, 0.2, 1 / 3],
    "shuffled20": [0, 0.25, 0.4],
}
RUNS = {
    name: {
        "time": np.arange(len(loss)) / 2,
        "loss": np.array(loss),
        "measured_steps": np.array(3),
        "probe_step": np.array([0, 2, 3]),
        "probe_flipped": np.array(FLIPPED[name]),
        "probe_distance_median": np.array([0, 10 * loss[3], loss[3] / 7]),
    }
    for name, loss in LOSSES.items()
}
# Eleven or more eigenvectors, ascending: the ten last ones lead.
ALIGNMENT = {
    "digits": np.array([1.0, 2, *range(3, 13)]),  # 1 + 2 of 78
    "centred": np.array([6.0, 1, *range(10)]),  # 6 + 1 of 52
    "small": np.array([1.0, *[1] * 10]),  # 1 of 11
    "scaled": np.array([4.0, 0, 5, *range(10)]),  # 4 + 0 + 5 of 54
    "shuffled1": np.array([7.0, *range(10)]),  # 7 of 52
    "shuffled20": np.array([2.0, 3, *[1] * 10]),  # 2 + 3 of 15
}
EXPECTED_NUMBERS = {
    "targets-leading": r"\num{10}",
    "targets-time": r"\num{1.50}",
    "targets-runs": r"\num{6}",
    # All but those of centred and of small digits.
    "targets-crossed": r"\num{4}",
}
# Targets; √ of loss times samples, as √(12 · 9); share outside; loss at t = 3/2 over the first;
# flipped; distance; the time at which loss over bound is smallest; that of the crossing.
EXPECTED_ROWS = [
    row.split(" & ")
    for row in (
        # Loss over bound 1, 0.943, 1.022, 1.257.
        r"digits, $y$ & \num{10.4} & \num{3.85} & \num{0.444} & \num{12.3} & \num{0.571}"
        r" & \num{0.500} & \num{1.00}",
        # 1, 0.990, 0.967, 0.990, 0.933.
        r"$y-4.5$ & \num{8.49} & \num{13.5} & \num{0.350} & \num{21.1} & \num{0.300}"
        r" & \num{2.00} & not up to \num{2.00}",
        # 1, 0.990, 0.950, 0.990.
        r"$y/4.5$ & \num{2.10} & \num{9.09} & \num{0.350} & \num{1.11} & \num{0.0200}"
        r" & \num{1.00} & not up to \num{1.50}",
        # 1, 0.849, 0.8, 0.905, 1.04.
        r"$(y-4.5)/4.5$ & \num{2.55} & \num{16.7} & \num{0.320} & \num{2.22} & \num{0.0229}"
        r" & \num{1.00} & \num{2.00}",
        # 1, 0.884, 0.75, 1.06.
        r"shuffled & \num{9.38} & \num{13.5} & \num{0.375} & \num{33.3} & \num{0.429}"
        r" & \num{1.00} & \num{1.50}",
        # 1, 0.808, 1.029, 0.889, 1.086.
        r"shuffled & \num{9.17} & \num{33.3} & \num{0.314} & \num{40.0} & \num{0.314}"
        r" & \num{0.500} & \num{1.00}",
    )
]


def test_numbers():
    assert targets.numbers(RUNS, LAMBDA_ZERO) == EXPECTED_NUMBERS


def test_rows():
    assert targets.rows(RUNS, ALIGNMENT, LAMBDA_ZERO) == EXPECTED_ROWS


def test_squares_of_three_inputs():
    # Two inputs at sixty degrees and one orthogonal to both: H^∞ has ½ on the diagonal and 1/6
    # between the two, so that its eigenvectors are (1, −1, 0)/√2, (0, 0, 1) and (1, 1, 0)/√2.
    inputs = np.array([[1.0, 0, 0], [1 / 2, math.sqrt(3) / 2, 0], [0, 0, 1]])
    found = targets.arrays({"inputs": inputs, "labels": np.array([3, 1, 7])}, seeds=[0, 3])
    # Digits 3, 1, 7; centred to −3/2, −7/2, 5/2; small 2/3, 2/9, 14/9; scaled −1/3, −7/9, 5/9.
    expected = {
        "eigenvalues": [1 / 3, 1 / 2, 2 / 3],
        "digits": [2, 49, 8],
        "centred": [2, (5 / 2) ** 2, 5**2 / 2],
        "small": [(4 / 9) ** 2 / 2, (14 / 9) ** 2, (8 / 9) ** 2 / 2],
        "scaled": [(4 / 9) ** 2 / 2, (5 / 9) ** 2, (10 / 9) ** 2 / 2],
        # In the orders 7, 3, 1 and 7, 1, 3: (7 − 3)²/2, 1² and (7 + 3)²/2, and so on.
        "shuffled0": [8, 1, 50],
        "shuffled3": [18, 9, 32],
    }
    assert [*found] == [*expected]
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=gamma(100))


ENDS = {"digits": 5, "centred": 3, "small": 2, "scaled": 7, "shuffled1": 1, "shuffled20": 9}


@pytest.fixture
def panels(draw):
    """The figure's panels for alignments of three eigenvectors, 2, 3 and that of ENDS."""
    alignment = {name: np.array([2.0, 3, end]) for name, end in ENDS.items()}
    # The bound is drawn along the last run.
    last = RUNS["shuffled20"] | {"time": np.arange(5.0)}
    return draw(targets.figure, RUNS | {"shuffled20": last}, alignment, LAMBDA_ZERO)


def test_losses_and_shares_of_the_figure(panels, check_lines):
    losses, shares, *_ = panels
    times = [np.arange(4) / 2] * 5 + [np.arange(4)]
    ratios = [
        [1, 2 / 3, 46 / 90, 4 / 9],
        [1, 42 / 60, 29 / 60, 21 / 60],
        [1, 28 / 40, 19 / 40, 14 / 40],
        [1, 3 / 5, 2 / 5, 8 / 25],
        [1, 5 / 8, 3 / 8, 3 / 8],
        [1, 4 / 7, 36 / 70, 22 / 70],
    ]
    drawn = [("", *line) for line in zip(times, ratios, strict=True)]
    check_lines(losses, [*drawn, ("bound", [0, 1, 2, 3], [1, 1 / 2, 1 / 4, 1 / 8])])
    # Outside the last, the two last, all three; 1e-12 keeps the logarithm finite.  Division by 4.5
    # changes no share.
    ends = [end for name, end in ENDS.items() if name not in ("small", "scaled")]
    outside = [np.array([5, 2, 0]) / (5 + end) + 1e-12 for end in ends]
    check_lines(shares, [("", [1, 2, 3], values) for values in outside])


def test_flips_and_distances_of_the_figure(panels, check_lines):
    *_, patterns, distances = panels
    times = [np.array([0, 1, 3 / 2])] * 5 + [np.array([0, 2, 3])]
    check_lines(patterns, [("", t, FLIPPED[k]) for k, t in zip(RUNS, times, strict=True)])
    # The shuffled digits have one label.
    labels = ["digits, $y$", "$y-4.5$", "$y/4.5$", "$(y-4.5)/4.5$", "shuffled"]
    ends = [4, 2.1, 0.14, 0.16, 3, 2.2]
    moved = [[0, 10 * loss, loss / 7] for loss in ends]
    check_lines(distances, [*zip([*labels, ""], times, moved, strict=True)])
    assert (patterns.get_ylim()[0], distances.get_ylim()[0]) == (0, 0)
    assert [text.get_text() for text in distances.figure.legends[0].get_texts()] == labels


def test_each_kind_has_a_color_and_dashes_in_all_panels(panels):
    losses, shares, patterns, distances = panels
    colors = [to_rgba(line.get_color()) for line in shares.get_lines()]
    assert colors == [to_rgba(f"C{k}") for k in (0, 1, 4, 4)]
    for axes in (losses, patterns, distances):
        lines = axes.get_lines()[:6]
        colors = [to_rgba(line.get_color()) for line in lines]
        assert colors == [to_rgba(f"C{k}") for k in (0, 1, 2, 3, 4, 4)]
        # Matplotlib has no public name for a dash given by its lengths.
        first, *others, last = [str(line._unscaled_dash_pattern) for line in lines]
        assert first == str((0, None))
        assert len({first, *others}) == 5
        assert last == others[-1]
