"""Two runs of few steps, and three of other networks, against the bound.

λ0 = log 2 halves it in each unit of time.
"""

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
# Of the first loss their bounds leave 0.841, 0.707 and 0.595 at t = 1/4, 1/2 and 3/4.
TIME = np.arange(4) / 4
RUNS = {
    "a": {"time": TIME, "loss": np.array([11.0, 9.3, 7.7, 6.2])},  # 9.3 > 9.250
    "b": {"time": TIME, "loss": np.array([13.0, 10.8, 9.1, 6.5])},  # below 10.93, 9.19, 7.73
    "c": {"time": TIME, "loss": np.array([9.0, 7.5, 6.4, 6.1])},  # 6.4 > 6.364
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
    "crossing-full": r"crosses the bound at step \num{2}, $t=\num{0.7500}$",
    "crossing-mini": r"does not cross the bound up to $t=\num{2.00}$",
    # Of loss over bound, 1, 0.983, 1.090, 0.981, 1.309, the fourth at t = 9/8 is the smallest.
    "lead-time": r"\num{1.12}",
    # 5.502/5.4.
    "lead-factor": r"\num{1.02}",
    # The full batch counts with its first three losses, up to t = 3/4.
    "seeds": r"\num{4}",
    "seeds-time-end": r"\num{0.750}",
    # Of 3/4, 1/4, never and 1/2: (1/2 + 3/4)/2.
    "seeds-crossings": r"is crossed by \num{3} of the \num{4} networks, first at $t=\num{0.250}$"
    r" and last at $t=\num{0.750}$",
    "seeds-crossing-median": r"crosses the bound at $t=\num{0.625}$",
    # 12, 11, 13, 9.
    "seeds-loss-initial-median": r"\num{11.5}",
    "seeds-loss-initial-smallest": r"\num{9.00}",
    "seeds-loss-initial-largest": r"\num{13.0}",
    # 7.7777, 6.2, 6.5, 6.1.
    "seeds-loss-end-median": r"\num{6.35}",
    "seeds-loss-end-smallest": r"\num{6.10}",
    "seeds-loss-end-largest": r"\num{7.78}",
    # Over 7.135, 6.541, 7.730 and 5.351: 1.0900, 0.9479, 0.8409, 1.1399.
    "seeds-ratio-median": r"\num{1.02}",
    "seeds-ratio-smallest": r"\num{0.841}",
    "seeds-ratio-largest": r"\num{1.14}",
}


def numbers(full, mini, runs=RUNS):
    return loss_vs_bound.numbers(full, mini, runs, LAMBDA_ZERO, fraction=1 / 3, batch_size=2)


def test_numbers():
    assert numbers(FULL, MINI) == EXPECTED_NUMBERS


@pytest.mark.parametrize(
    ("names", "full", "by", "median"),
    [
        # Never, never and 1/2.
        ("bc", MINI, (1, 3, "0.500", "0.500"), None),
        # Never and 1/4, of which the mean is not finite.
        ("a", MINI, (1, 2, "0.250", "0.250"), None),
        ("b", MINI, (0, 2), None),
        # 3/4, 1/4 and 1/2.
        ("ac", FULL, ("all", 3, "0.250", "0.750"), "0.500"),
    ],
)
def test_networks_that_cross_seldom_never_or_always(names, full, by, median):
    runs = {name: RUNS[name] for name in names}
    values = numbers(full | {"learning_rate": 1.0}, MINI, runs)
    crossings = rf"is crossed by none of the \num{{{by[1]}}} networks"
    if by[0]:
        part = "all" if by[0] == "all" else rf"\num{{{by[0]}}} of the"
        crossings = (
            rf"is crossed by {part} \num{{{by[1]}}} networks, first at $t=\num{{{by[2]}}}$ and last"
            rf" at $t=\num{{{by[3]}}}$"
        )
    assert values["seeds-crossings"] == crossings
    never = r"does not cross the bound up to $t=\num{0.750}$"
    verb = rf"crosses the bound at $t=\num{{{median}}}$" if median else never
    assert values["seeds-crossing-median"] == verb


def test_the_others_count_as_long_as_the_assigned_network_runs():
    full = FULL | {name: FULL[name][:2] for name in ("time", "loss", "step")}
    values = numbers(full, MINI)
    # Up to t = 3/8: 9.1, 9.3, 10.8 and 7.5, of which the second is above its bound.
    expected = [r"\num{0.375}", r"\num{9.20}", r"\num{10.8}"]
    names = ("time-end", "loss-end-median", "loss-end-largest")
    assert [values[f"seeds-{name}"] for name in names] == expected
    assert r"by \num{1} of the \num{4}" in values["seeds-crossings"]


def test_the_assigned_network_counts_as_long_as_the_others_run():
    # It has not yet crossed at t = 1/2.
    runs = {k: {name: values[:3] for name, values in run.items()} for k, run in RUNS.items()}
    values = numbers(FULL, MINI, runs)
    # 9.1, 7.7, 9.1 and 6.4.
    expected = [r"\num{0.500}", r"\num{9.10}"]
    assert [values[f"seeds-{name}"] for name in ("time-end", "loss-end-largest")] == expected
    assert r"by \num{2} of the \num{4}" in values["seeds-crossings"]


def test_each_run_crosses_its_own_bound():
    values = numbers(MINI | {"learning_rate": 1.0}, FULL)
    assert values["crossing-full"] == r"does not cross the bound up to $t=\num{2.00}$"
    assert values["crossing-mini"] == r"crosses the bound at step \num{2}, $t=\num{0.7500}$"


def approx(values):
    return pytest.approx(values, rel=gamma(40))


def test_figure_marks_the_crossing(draw, check_lines):
    losses, ratios = draw(loss_vs_bound.figure, FULL, MINI, RUNS, LAMBDA_ZERO)
    bound = 12 * np.array([1, 2 ** (-3 / 8), 2 ** (-3 / 4), 2 ** (-9 / 8), 2 ** (-3 / 2)])
    lines = [
        ("full batch", FULL["time"], FULL["loss"]),
        ("mini-batches", MINI["time"], MINI["loss"]),
        (r"bound $\mathrm{MSE}(0)\,e^{-\lambda_0 t}$", FULL["time"], bound),
        ("", [3 / 4], [12 / 2 ** (3 / 4)]),
    ]
    check_lines(losses, lines)
    assert {axes.get_xlim() for axes in (losses, ratios)} == {(0, 3 / 2)}
    (note,) = losses.texts
    assert note.get_text() == "loss crosses the bound\n$t=0.8$, step 2"
    assert note.xy == approx((3 / 4, 12 / 2 ** (3 / 4)))
    labels = [text.get_text() for text in losses.get_legend().get_texts()]
    assert labels == [label for label, *_ in lines[:3]]


# Of the first losses 11, 13 and 9 there are left, of 2^(−t): smallest, median, largest.
LEFT = [
    (1, 1, 1),
    (10.8 / 13, 7.5 / 9, 9.3 / 11),
    (7.7 / 11, 9.1 / 13, 6.4 / 9),
    (6.5 / 13, 6.2 / 11, 6.1 / 9),
]
SPREAD = [[left * 2**t for left in three] for three, t in zip(LEFT, TIME, strict=True)]


def test_ratios_are_to_the_bound_from_the_own_start(draw, check_lines):
    _, ratios = draw(loss_vs_bound.figure, FULL, MINI, RUNS, LAMBDA_ZERO)
    powers = [1, 2 ** (3 / 8), 2 ** (3 / 4), 2 ** (9 / 8), 2 ** (3 / 2)]
    own = [loss / 12 * power for loss, power in zip(FULL["loss"], powers, strict=True)]
    lines = [
        ("full batch", FULL["time"], own),
        ("other networks, median", TIME, [median for _, median, _ in SPREAD]),
        ("", [0, 1], [1, 1]),
    ]
    check_lines(ratios, lines)
    labels = [text.get_text() for text in ratios.get_legend().get_texts()]
    assert labels == ["full batch", "other networks, median"]


def test_band_reaches_from_the_smallest_to_the_largest_ratio_of_the_others(draw):
    _, ratios = draw(loss_vs_bound.figure, FULL, MINI, RUNS, LAMBDA_ZERO)
    (band,) = ratios.collections
    edge = {(t, round(y, 12)) for path in band.get_paths() for t, y in path.vertices}
    extremes = [(three[0], three[2]) for three in SPREAD]
    pairs = zip(TIME, extremes, strict=True)
    assert edge == {(t, round(ratio, 12)) for t, pair in pairs for ratio in pair}


def test_figure_without_a_crossing_has_no_mark(draw):
    losses, *_ = draw(loss_vs_bound.figure, MINI, FULL, RUNS, LAMBDA_ZERO)
    assert len(losses.get_lines()) == 3
    assert not losses.texts


def test_steps_stand_above_their_times(draw):
    axes, *_ = draw(loss_vs_bound.figure, FULL, MINI, RUNS, LAMBDA_ZERO)
    (steps,) = axes.child_axes
    axes.figure.draw_without_rendering()
    # A step takes 3/8 of time.
    assert steps.get_xlim() == approx((0, 4))
    times = steps.xaxis.get_transform().transform(np.array([0, 1, 4]))
    assert times == approx([0, 3 / 8, 3 / 2])
