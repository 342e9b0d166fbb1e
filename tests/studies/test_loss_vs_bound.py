"""Two runs of few steps against the bound, which λ0 = log 2 halves in each unit of time."""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import loss_vs_bound

LAMBDA_ZERO = math.log(2)
# Steps of 3/8; the bound at t = 0, 3/8, …, 3/2 is 12 · 2^(−t) = 12, 9.253, 7.135, 5.502, 4.243.
FULL = {
    "step": np.arange(5),
    "time": np.arange(5) * 3 / 8,
    "loss": np.array([12.0, 9.1, 7.7777, 5.4, 5.55555]),
    "learning_rate": np.array(2.71828),
}
# From 10.0, so that its own bound is 10, 7.071, 5, 3.536, 2.5; it touches this at the start alone.
MINI = {
    "step": np.arange(5),
    "time": np.arange(5) / 2,
    "loss": np.array([10.0, 6.9, 4.9, 3.5, 2.34567]),
}
EXPECTED_NUMBERS = {
    "steps": r"\num{4}",
    "batch-size": r"\num{2}",
    "learning-rate-fraction": r"\num{0.33}",
    "learning-rate": r"\num{2.718}",
    "flow-time-step": r"\num{0.375}",
    "flow-time-end": r"\num{1.500}",
    "loss-initial": r"\num{12.0}",
    "loss-full-end": r"\num{5.56}",
    "loss-mini-end": r"\num{2.35}",
    "bound-end": r"\num{4.24}",
    # 5.55555/4.24264 and 2.34567/4.24264.
    "loss-full-over-bound-end": r"\num{1.31}",
    "loss-mini-over-bound-end": r"\num{0.553}",
    # 7.7777 is above 7.135.
    "crossing-full-time": r"\num{0.7500}",
    "crossing-full-step": r"\num{2}",
    "crossing-mini-time": "never",
    "crossing-mini-step": "never",
}


def numbers(full, mini):
    return loss_vs_bound.numbers(full, mini, LAMBDA_ZERO, fraction=1 / 3, batch_size=2)


def test_numbers():
    assert numbers(FULL, MINI) == EXPECTED_NUMBERS


def test_each_run_crosses_its_own_bound():
    values = numbers(MINI | {"learning_rate": 1.0}, FULL)
    assert [values[f"crossing-full-{k}"] for k in ("time", "step")] == ["never", "never"]
    assert [values[f"crossing-mini-{k}"] for k in ("time", "step")] == [r"\num{0.7500}", r"\num{2}"]


def approx(values):
    return pytest.approx(values, rel=gamma(40))


BOUND_LABEL = r"bound $\mathrm{MSE}(0)\,e^{-\lambda_0 t}$"


def test_figure_marks_the_crossing(draw, check_lines):
    axes, *_ = draw(loss_vs_bound.figure, FULL, MINI, LAMBDA_ZERO)
    bound = 12 * np.array([1, 2 ** (-3 / 8), 2 ** (-3 / 4), 2 ** (-9 / 8), 2 ** (-3 / 2)])
    lines = [
        ("full batch", FULL["time"], FULL["loss"]),
        ("mini-batches", MINI["time"], MINI["loss"]),
        (BOUND_LABEL, FULL["time"], bound),
        ("", [3 / 4], [12 / 2 ** (3 / 4)]),
    ]
    check_lines(axes, lines)
    assert axes.get_xlim() == (0, 3 / 2)
    (note,) = axes.texts
    assert note.get_text() == "loss crosses the bound\n$t=0.8$, step 2"
    assert note.xy == approx((3 / 4, 12 / 2 ** (3 / 4)))


def test_figure_without_a_crossing_has_no_mark(draw):
    axes, *_ = draw(loss_vs_bound.figure, MINI, FULL, LAMBDA_ZERO)
    assert len(axes.get_lines()) == 3
    assert not axes.texts


def test_steps_stand_above_their_times(draw):
    axes, *_ = draw(loss_vs_bound.figure, FULL, MINI, LAMBDA_ZERO)
    (steps,) = axes.child_axes
    axes.figure.draw_without_rendering()
    # A step takes 3/8 of time.
    assert steps.get_xlim() == approx((0, 4))
    times = steps.xaxis.get_transform().transform(np.array([0, 1, 4]))
    assert times == approx([0, 3 / 8, 3 / 2])
