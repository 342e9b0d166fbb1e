"""Three stages on 2, 3 and 6 samples, for 3, 2 and 3 steps: unequal, so that no end is another's.

A step of 2η = 3/2 takes 3/4, 1/2 and 1/4 of flow time; λ0 = log 2, log 4 and log √2.
"""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import stagewise

COLUMNS = ("stage", "n", "lambda_min", "stability_limit")
STAGES = [
    dict(zip(COLUMNS, row, strict=True))
    for row in [
        (1, 2, math.log(2), 3.5),
        (2, 3, 2 * math.log(2), 2.34567),
        (3, 6, math.log(2) / 2, 4.0),
    ]
]
RUN = {
    "learning_rate": np.array(3 / 4),
    "step": np.arange(9),
    "stage": np.array([1, 1, 1, 2, 2, 3, 3, 3]),
    "time": np.cumsum([0, *[3 / 4] * 3, *[1 / 2] * 2, *[1 / 4] * 3]),
    # Bounds, with those at the ends: 6.5, 3.865, 2.298, 1.366; 7.7777, 3.889, 1.944; 5, 4.585,
    # 4.204, 3.856.
    "loss_stage": np.array([6.5, 3.5, 2.2, 7.7777, 3.5, 5.0, 4.5, 4.3]),
    "stage_end_loss": np.array([1.23456, 1.98765, 2.87654]),
    "loss_all": np.array([20.0, 18, 15, 13, 12, 9, 7, 6.5, 5.4321]),
}
FULL = {
    "step": np.arange(12),
    "loss": np.array([20.0, 16, 12, 10, 8, 7.1, 6, 5.4321, 5.1, 4.5, 4.2, 3.9]),
}
# By stages 5.4321 and 6 at the end, with 5.1 and 3 after as many steps and 7.1 and 4 after five.
AT_ONCE = {"loss": np.array([20.0, 16, 12, 10, 8, 4, 5, 4, 3])}
PAIRS = {
    "at_once7": FULL,
    "stages7": RUN,
    "stages9": RUN | {"loss_all": np.append(RUN["loss_all"][:-1], 6.0)},
    "at_once9": AT_ONCE,
}
EXPECTED_NUMBERS = {
    "stages": r"\num{3}",
    # ⌊8/3⌋.
    "steps-per-stage": r"\num{2}",
    "stage-limit-smallest": r"\num{2.35}",
    "stage-limit-side": "below",
    # 1.98765 > 1.944, at its end, and 4.3 > 4.204; the first stage stays below.
    "stages-crossed": r"\num{2}",
    "stagewise-loss-end": r"\num{5.43}",
    # 5.4321/5.1, after 8 steps of either.
    "stagewise-over-full-steps": r"\num{1.07}",
    # 3 · 2 + 2 · 3 + 3 · 6, and 11 · 6.
    "stagewise-samples-seen": r"\num{30}",
    "full-samples-seen": r"\num{66}",
    # 30/6, where the full batch has 7.1.
    "equal-samples-step": r"\num{5}",
    "stagewise-over-full-samples": r"\num{0.765}",
    # 5.4321/5.1 and 6/3; 5.4321/7.1 and 6/4.
    "pairs": r"\num{2}",
    "pairs-steps-smallest": r"\num{1.07}",
    "pairs-steps-largest": r"\num{2.00}",
    "pairs-samples-smallest": r"\num{0.765}",
    "pairs-samples-largest": r"\num{1.50}",
    # 0.765 is not above one.
    "curriculum-loses": "no",
    "stage-one-loss-end": r"\num{1.2}",
    # 3 · 3/4 and 3 · 1/4.
    "stage-first-time": r"\num{2.250}",
    "stage-last-time": r"\num{0.750}",
    "stage-first-loss-largest": r"\num{7.78}",
    "stage-last-loss-start": r"\num{5.00}",
    "full-steps-to-stagewise-end": r"is as low after \num{7} steps",
}
# Stage, samples, λ0, limit, first and last loss, last bound, step of the crossing.
EXPECTED_ROWS = [
    row.split(" & ")
    for row in (
        r"1 & \num{2} & \num{0.693} & \num{3.50} & \num{6.50} & \num{1.23} & \num{1.37} & no",
        r"2 & \num{3} & \num{1.39} & \num{2.35} & \num{7.78} & \num{1.99} & \num{1.94} & \num{2}",
        r"3 & \num{6} & \num{0.347} & \num{4.00} & \num{5.00} & \num{2.88} & \num{3.86} & \num{2}",
    )
]


def test_numbers():
    assert stagewise.numbers(RUN, FULL, STAGES, PAIRS) == EXPECTED_NUMBERS


def test_a_shorter_full_batch_run_is_compared_at_its_end():
    full = {"step": np.arange(4), "loss": np.array([20.0, 16, 12, 10])}
    shorter = {
        # 13/10, after 3 steps of either; 5.4321/10.
        "stagewise-over-full-steps": r"\num{1.30}",
        "full-samples-seen": r"\num{18}",
        "equal-samples-step": r"\num{3}",
        "stagewise-over-full-samples": r"\num{0.543}",
        "full-steps-to-stagewise-end": r"is not as low in \num{3} steps",
    }
    assert stagewise.numbers(RUN, full, STAGES, PAIRS) == EXPECTED_NUMBERS | shorter


def test_a_rate_at_the_limit_of_a_stage_is_not_below():
    values = stagewise.numbers(RUN | {"learning_rate": 2.34567}, FULL, STAGES, PAIRS)
    assert values["stage-limit-side"] == "not below"


# The loss after five and after eight steps of the full batch, and of a pair; by stages 5.4321.
@pytest.mark.parametrize(
    ("full", "pair", "loses"),
    [
        ((5, 5), (5, 5), "yes"),
        ((6, 5), (5, 5), "no"),
        ((5, 6), (5, 5), "no"),
        ((5, 5), (6, 5), "no"),
        ((5, 5), (5, 5.4321), "no"),
    ],
)
def test_the_curriculum_loses_where_every_ratio_is_above_one(full, pair, loses):
    losses = [FULL["loss"].copy(), FULL["loss"].copy()]
    for loss, (early, late) in zip(losses, (full, pair), strict=True):
        loss[[5, 8]] = early, late
    pairs = {"stages7": RUN, "at_once7": {"loss": losses[1]}}
    values = stagewise.numbers(RUN, FULL | {"loss": losses[0]}, STAGES, pairs)
    assert values["curriculum-loses"] == loses


def test_a_run_has_a_loss_more_than_steps():
    first = {name: RUN[name][:2] for name in ("stage", "loss_stage")}
    first |= {name: RUN[name][:3] for name in ("step", "time", "loss_all")}
    first["learning_rate"] = RUN["learning_rate"]
    first["stage_end_loss"] = RUN["stage_end_loss"][:1]
    pairs = {"stages7": first, "at_once7": FULL}
    assert stagewise.numbers(first, FULL, STAGES[:1], pairs)["steps-per-stage"] == r"\num{2}"


def test_rows():
    assert stagewise.rows(RUN, STAGES) == EXPECTED_ROWS


def test_figure(draw, check_lines):
    upper, lower = draw(stagewise.figure, RUN, FULL, STAGES)
    first = 6.5 / 2 ** (np.arange(4) * 3 / 4)
    last = 5 / 2 ** (np.arange(4) / 8)
    ends = [("", [3, 3], [0, 1]), ("", [5, 5], [0, 1])]
    drawn = [
        ("loss on the stage's samples", range(4), [6.5, 3.5, 2.2, 1.23456]),
        (r"$e^{-\lambda_0t}$, restarted at each stage", range(4), first),
        ("", [3, 4, 5], [7.7777, 3.5, 1.98765]),
        ("", [3, 4, 5], [7.7777, 7.7777 / 2, 7.7777 / 4]),
        ("", [5, 6, 7, 8], [5, 4.5, 4.3, 2.87654]),
        ("", [5, 6, 7, 8], last),
        *ends,
    ]
    check_lines(upper, drawn)
    drawn = [
        ("stagewise, loss on all samples", range(9), RUN["loss_all"]),
        ("all samples at every step", range(12), FULL["loss"]),
        *ends,
    ]
    check_lines(lower, drawn)
    assert (upper.get_xlim(), lower.get_xlim()) == ((0, 8), (0, 8))
    colors = [[line.get_color() for line in axes.get_lines()] for axes in (upper, lower)]
    assert colors == [["C0", "C2"] * 3 + ["0.8"] * 2, ["C0", "C1", "0.8", "0.8"]]


def test_stages_are_named_in_their_middle_above_the_lines(draw):
    upper, _ = draw(stagewise.figure, RUN, FULL, STAGES)
    names = [(text.get_text(), text.xy[0]) for text in upper.texts]
    assert names == [("digit 0", 3 / 2), ("$0,1$", 4), (r"$0\dots2$", 13 / 2)]
    # Ten times what matplotlib leaves: a twentieth of the range of logarithms.
    top = 10 * 7.7777 * (7.7777 / 1.23456) ** (1 / 20)
    assert upper.get_ylim()[1] == pytest.approx(top, rel=gamma(100))
