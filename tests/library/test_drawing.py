"""Ticks and limits of logarithmic and linear axes."""

import matplotlib
import matplotlib.pyplot as plt
import pytest

from overparam import drawing

matplotlib.use("pdf")


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.mark.parametrize(
    ("scale", "limits", "share", "top"),
    [
        # Four decades below, as many above; two thirds of a height of 6 below.
        ("log", (1e-3, 10), 1 / 2, 1e5),
        ("linear", (-1, 3), 1 / 3, 5),
    ],
)
def test_curves_leave_a_share_of_the_height(axes, scale, limits, share, top):
    axes.set(yscale=scale, ylim=limits)
    drawing.leave_room(axes, share)
    assert axes.get_ylim() == pytest.approx((limits[0], top), rel=1e-12)


def test_logarithmic_ticks_are_plain_numbers(axes):
    axes.set(yscale="log", ylim=(0.04, 30))
    drawing.plain_labels(axes.yaxis)
    axes.figure.draw_without_rendering()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    shown = [text for text, y in zip(labels, axes.get_yticks(), strict=True) if 0.04 <= y <= 30]
    assert shown == ["0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10", "20"]
    assert list(axes.yaxis.get_minorticklocs()) == []


@pytest.mark.parametrize(
    ("limits", "plain"),
    [
        # One power of ten inside, none, and one at an end.
        ((250, 8000), True),
        ((20, 80), True),
        ((11, 100), True),
        # Two inside, and two at the ends.
        ((9, 101), False),
        ((10, 100), False),
    ],
)
def test_few_powers_of_ten_are_no_labels(axes, limits, plain):
    axes.set(xscale="log", xlim=limits)
    drawing.label_few_powers(axes.xaxis)
    axes.figure.draw_without_rendering()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert ("50" in labels or "500" in labels) == plain
    assert any("10^" in label for label in labels) == (not plain)


@pytest.mark.parametrize(("limits", "plain"), [((0.02, 11), True), ((0.02, 101), False)])
def test_an_axis_has_room_for_some_powers(axes, limits, plain):
    axes.set(yscale="log", ylim=limits)
    drawing.label_few_powers(axes.yaxis, powers=4)
    axes.figure.draw_without_rendering()
    assert any("10^" in label.get_text() for label in axes.get_yticklabels()) == (not plain)
