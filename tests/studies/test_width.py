"""The width study on a table of six networks, of which the widths differ by factors of 2."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
from oracles import gamma

from studies import width

LAMBDA_ZERO = 1 / 4
COLUMNS = {
    "m": [16, 16, 16, 32, 64, 64],
    "seed": [1, 2, 3, 4, 5, 6],
    "crossing_time": [7.77777, "", 13.3333, "", 12.0, ""],
    "lead_time": [3.1, 2.2, 2.8, 4.0, 5.1, 6.0],
    "followed_time": [12.3456, 35.0, 13.5, 41.2345, 12.0, 40.0],
    "time_end": [12.3456, 11.0, 13.0, 14.0, 12.0, 10.0],
    "loss_end": [0.9, 0.8, 0.4, 0.65, 0.6, 1.02],
    "bound_end": [0.1, 0.4, 0.4, 0.3, 0.4, 0.6],
    "initial_gram_error": [0.6, 0.3, 1.2, 0.3, 0.3, 0.15],
    "lambda_min_initial": [0.2, 0.1, 0.15, 0.21, 0.23, 0.22],
    "lambda_min": [0.1, 1 / 8, 0.135, 0.12, 0.2, 0.14],
    "sliding_lambda_min": [0.03, 0.02, 0.01111, 0.04, 0.05, 0.07654],
    "flipped": [0.2, 0.1, 0.2, 0.1, 0.05, 0.025],
    "sliding": [0.7, 0.8, 0.7533, 0.6, 0.6102, 0.63],
    "distance_median": [4.0, 2, 2, 2, 1, 2],
    "distance_max": [9.0, 8, 10, 7, 5, 6],
    "gram_change": [4.0, 5, 3, 2.5, 2, 3],
}
NETWORKS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
# Slopes are Σ(x − x̄)y / Σ(x − x̄)² for x = lg₂(m/16) = 0, 0, 0, 1, 2, 2, of which x̄ = 5/6 and
# Σ(x − x̄)² = 29/6, so that x − x̄ is −5/6 three times, 1/6, and 7/6 twice.
EXPECTED_NUMBERS = {
    "width-smallest": r"\num{16}",
    "width-largest": r"\num{64}",
    "width-runs": r"\num{6}",
    "width-networks-narrow": r"\num{3}",
    "width-networks-wide": r"\num{2}",
    "width-fraction": r"\num{0.33}",
    "width-time-end": r"\num{12.3}",
    "width-crossings": r"is crossed by \num{3} of the \num{6} runs, first at $t=\num{7.78}$"
    r" and last at $t=\num{13.3}$",
    # 7.78 < 12.3456 and 12, at its end; 13.3 > 13.
    "width-crossed-within": r"\num{2}",
    # Of 35, 41.2345 and 40.
    "width-followed": r"up to $t=\num{41.2}$",
    # Means of 3.1, 2.2, 2.8 and of 5.1, 6.
    "width-lead-narrow": r"\num{2.70}",
    "width-lead-wide": r"\num{5.55}",
    # 0.3 · 2^y with y = 1, 0, 2, 0, 0, −1: −(15/6 + 7/6)/(29/6) = −22/29.
    "gram-error-slope": r"\num{-0.76}",
    # Σ(y − ȳ)² = 16/3 leaves 16/3 − 22/29 · 11/3 = 74/29, a quarter of it over 29/6: 0.132 = 0.36².
    "gram-error-slope-error": r"\num{0.4}",
    # lg₂ of the ratios of the means 1/6, 0.1 and 0.0375: of 0.6 and 0.375.
    "flipped-slope-narrow": r"\num{-0.74}",
    "flipped-slope-wide": r"\num{-1.4}",
    # 2^y with y = 2, 1, 1, 1, 0, 1: (−20/6 + 1/6 + 7/6)/(29/6) = −12/29.
    "distance-slope": r"\num{-0.41}",
    # Σ(y − ȳ)² = 2 leaves 2 − 12/29 · 2 = 34/29, a quarter of it over 29/6: 0.0606 = 0.246².
    "distance-slope-error": r"\num{0.2}",
    # Means of 20, 10, 20 and of 5, 2.5 percent.
    "flipped-narrow": r"\num{16.7}",
    "flipped-wide": r"\num{3.75}",
    # Means of 70, 80, 75.33 and of 61.02, 63 percent.
    "sliding-narrow": r"\num{75}",
    "sliding-wide": r"\num{62}",
    "sliding-lambda-min-narrow": r"\num{0.0204}",
    "sliding-lambda-min-wide": r"\num{0.0633}",
    # 0.1 and 0.12 are below 1/8.
    "width-lambda-min-below": r"\num{2}",
    # All, and none within 1/16.
    "width-sliding-below": r"\num{6}",
    "width-kernel-kept": r"\num{0}",
    # (0.6 + 1.02)/(0.4 + 0.6).
    "loss-over-bound-wide": r"\num{1.6}",
}


def numbers(**columns):
    """The numbers with some columns replaced."""
    rows = [
        row | {name: values[k] for name, values in columns.items()}
        for k, row in enumerate(NETWORKS)
    ]
    return width.numbers(rows, LAMBDA_ZERO, fraction=1 / 3)


def test_numbers():
    assert numbers() == EXPECTED_NUMBERS


@pytest.mark.parametrize(
    ("times", "crossings", "within", "followed"),
    [
        ([""] * 6, r"none of the \num{6} runs", 0, r"up to $t=\num{41.2}$"),
        (
            [4.5, 11.5, 13.0, 2.5, 6.5, 10.5],
            r"all \num{6} runs, first at $t=\num{2.50}$ and last at $t=\num{13.0}$",
            *(4, "none"),
        ),
        (
            [13.5, "", "", "", "", 11.0],
            r"\num{2} of the \num{6} runs, first at $t=\num{11.0}$ and last at $t=\num{13.5}$",
            *(0, r"up to $t=\num{41.2}$"),
        ),
    ],
)
def test_widths_that_cross_never_always_or_late(times, crossings, within, followed):
    values = numbers(crossing_time=times)
    expected = [f"is crossed by {crossings}", rf"\num{{{within}}}", followed]
    names = ("crossings", "crossed-within", "followed")
    assert [values[f"width-{name}"] for name in names] == expected


def test_runs_whose_kernel_is_kept_or_falls_are_counted():
    # Up to λ0/4, and below λ0/2.
    change, smallest = [1 / 16, 0.07, 0.01, 1, 0, 0.0626], [0.125, 0.2, 0.1, 0.3, 0.4, 0.124]
    values = numbers(gram_change=change, sliding_lambda_min=smallest)
    assert values["width-kernel-kept"] == r"\num{3}"
    assert values["width-sliding-below"] == r"\num{2}"


def test_local_slopes_are_of_neighbouring_widths():
    # Means 9, 3, 1 and 1/4 at the widths 1, 3, 27 and 54; at the first of 12 and 6.
    values = [(1, 12), (1, 6), (3, 3), (27, 1), (54, 1 / 4)]
    rows = [{"m": m, "share": share} for m, share in values]
    assert width.local_slopes(rows, "share") == pytest.approx((-1, -2), rel=gamma(40))


@pytest.mark.parametrize("value", [0.0, -0.1])
@pytest.mark.parametrize("name", ["flipped", "distance_median", "initial_gram_error"])
def test_a_width_study_without_a_power_law_is_refused(name, value):
    values = [0.2, 0.1, 0.2, value, 0.05, 0.025]
    with pytest.raises(ValueError, match=rf"{name} is 0 .* width_study\.flow_time"):
        numbers(**{name: values})


def test_rows_of_the_table():
    # The bound from 8 with λ0 = log 2 is 8, 4, 2, ½, ¼; the run crosses after its measured end.
    last = {f"probe_{name}": np.array([9.0, k]) for k, name in enumerate(width.LAST)}
    last["probe_lambda_min"] = np.array([0.4, 0.1, 0.2])
    last["probe_sliding_lambda_min"] = np.array([0.75, 0.5, 1])
    run = {
        "width": np.array(32),
        "seed": np.array(7),
        "time": np.array([0.0, 1, 2, 4, 5]),
        "loss": np.array([8.0, 2, 1.5, 0.4, 0.3]),
        "measured_steps": np.array(3),
        "initial_gram_error": np.array(0.5),
        **last,
    }
    expected = {
        "m": 32,
        "seed": 7,
        "crossing_time": 5,
        # Of loss over bound, 1, 1/2, 3/4, 4/5, 6/5, the second is the smallest.
        "lead_time": 1,
        "followed_time": 5,
        "time_end": 4,
        "loss_initial": 8,
        "loss_end": 0.4,
        "bound_end": 1 / 2,
        "initial_gram_error": 0.5,
        "lambda_min_initial": 0.4,
        "lambda_min_smallest": 0.1,
        "sliding_lambda_min_smallest": 0.5,
        "lambda_min": 0.2,
        "sliding_lambda_min": 1,
        "flipped": 2,
        "sliding": 3,
        "distance_median": 4,
        "distance_max": 5,
        "gram_change": 6,
        "gram_change_largest": 9,
        "distance_largest": 9,
        # Up to the measured end: 1, and then 1/2, 3/4, 4/5.
        "over_bound_largest": 1,
    }
    row, below = (width.table_row(run, value) for value in (math.log(2), 0.1))
    assert [*row] == [*expected]
    assert row == pytest.approx(expected, rel=gamma(20))
    assert {type(value) for value in list(row.values())[2:]} == {float}
    assert below["crossing_time"] == ""
    others = {"a": (32, 6), "b": (32, 5), "c": (16, 9)}
    runs = {k: run | {"width": np.array(m), "seed": np.array(s)} for k, (m, s) in others.items()}
    rows = width.table(runs, math.log(2))
    assert [(row["m"], row["seed"]) for row in rows] == [(16, 9), (32, 5), (32, 6)]


# Width, measured steps, time and loss; the widest and the narrowest were followed further.
RUNS = {
    name: dict(zip(["width", "measured_steps", "time", "loss"], map(np.array, run), strict=True))
    for name, run in {
        "wide": (64, 2, [0.0, 1, 3, 5, 7], [8.0, 5, 4, 3, 2]),
        "narrow": (16, 1, [0.0, 2, 9], [9.0, 7, 1]),
        "middle": (32, 1, [0.0, 4], [6.0, 3]),
    }.items()
}
# Mean, smallest and largest of each column at the widths 16, 32 and 64.
BANDS = {
    "initial_gram_error": [(0.7, 0.3, 1.2), (0.3, 0.3, 0.3), (0.225, 0.15, 0.3)],
    "lambda_min_initial": [(0.15, 0.1, 0.2), (0.21, 0.21, 0.21), (0.225, 0.22, 0.23)],
    "lambda_min": [(0.12, 0.1, 0.135), (0.12, 0.12, 0.12), (0.17, 0.14, 0.2)],
    "sliding_lambda_min": [(0.02037, 0.01111, 0.03), (0.04, 0.04, 0.04), (0.06327, 0.05, 0.07654)],
    "flipped": [(1 / 6, 0.1, 0.2), (0.1, 0.1, 0.1), (0.0375, 0.025, 0.05)],
    "sliding": [(0.7511, 0.7, 0.8), (0.6, 0.6, 0.6), (0.6201, 0.6102, 0.63)],
    "distance_median": [(8 / 3, 2, 4), (2, 2, 2), (1.5, 1, 2)],
    "distance_max": [(9, 8, 10), (7, 7, 7), (5.5, 5, 6)],
    "gram_change": [(4, 3, 5), (2.5, 2.5, 2.5), (2.5, 2, 3)],
}


@pytest.fixture
def panels(draw):
    """Letter → panel of the figure, with the bound of λ0 = log 2."""
    return {axes.get_label(): axes for axes in draw(width.figure, NETWORKS, RUNS, math.log(2))}


def test_losses_stand_from_narrow_to_wide_beside_the_bound_of_the_widest(panels, check_lines):
    drawn = [
        ("$m=16$", [0, 2], [9, 7]),
        ("$m=32$", [0, 4], [6, 3]),
        ("$m=64$", [0, 1, 3], [8, 5, 4]),
        ("bound", [0, 1, 3], [8, 4, 1]),
    ]
    check_lines(panels["L"], drawn)
    assert panels["L"].get_xlim() == (0, 3)


def test_a_crossing_is_a_circle_and_a_run_without_one_a_triangle_over_a_cross(panels, check_lines):
    crossings = [(16, 7.77777), (16, 35), (16, 13.3333), (32, 41.2345), (64, 12), (64, 40)]
    points = [
        ("", [m], [height])
        for (m, time), lead in zip(crossings, COLUMNS["lead_time"], strict=True)
        for height in (time, lead)
    ]
    check_lines(panels["C"], points)
    assert [line.get_marker() for line in panels["C"].get_lines()] == [*"ox^xox^xox^x"]


LAW = r"$\propto 1/\sqrt{m}$"


@pytest.mark.parametrize(
    ("panel", "bands", "others"),
    [
        ("G", {"initial_gram_error": ""}, {LAW: 0.7}),
        ("F", {"flipped": "flipped", "sliding": "changing"}, {}),
        ("S", {"gram_change": ""}, {LAW: 4}),
        ("D", {"distance_max": "largest", "distance_median": "median"}, {LAW: 8 / 3}),
        (
            "E",
            {"lambda_min_initial": "$H(0)$", "lambda_min": "$H(t)$"}
            | {"sliding_lambda_min": "$H^p$"},
            {r"$\lambda_0/2$": math.log(2) / 2},
        ),
    ],
)
def test_lines_are_means_and_areas_reach_to_the_extremes(panels, check_lines, panel, bands, others):
    axes, widths = panels[panel], [16, 32, 64]
    drawn = [(label, widths, [mean for mean, *_ in BANDS[name]]) for name, label in bands.items()]
    for label, start in others.items():
        law = (label, widths, [start, start / math.sqrt(2), start / 2])
        drawn.append(law if label == LAW else (label, [0, 1], [start, start]))
    check_lines(axes, drawn)
    for name, area in zip(bands, axes.collections, strict=True):
        edge = {tuple(point) for path in area.get_paths() for point in path.vertices}
        reach = zip(widths, BANDS[name], strict=True)
        assert edge == {(m, extreme) for m, (_, *extremes) in reach for extreme in extremes}


# Smallest and largest value of a panel's lines and areas.
EXTREMES = {"C": (2.2, 41.2345), "G": (0.15, 1.2), "S": (2, 5), "D": (1, 10)}
EXTREMES |= {"E": (0.01111, math.log(2) / 2), "F": (0.025, 0.8)}


# A legend of two columns needs less.
ROOM = {"E": 0.36, "F": 0.22, "D": 0.42}
COLUMNS_OF_LEGENDS = {"E": 2, "F": 2, "D": 1, "G": 1, "S": 1}


@pytest.mark.parametrize("panel", [*"CGEFSD"])
def test_logarithmic_axes_end_near_the_data_or_leave_room_for_a_legend(panels, panel):
    axes, (low, high) = panels[panel], np.log(EXTREMES[panel])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    # Matplotlib leaves a twentieth of the range on both sides.
    margin = (high - low) / 20
    limits = low - margin, low - margin + (high - low + 2 * margin) / (1 - ROOM.get(panel, 0))
    assert np.log(axes.get_ylim()) == pytest.approx(limits, rel=1e-12)


@pytest.mark.parametrize(("panel", "columns"), COLUMNS_OF_LEGENDS.items())
def test_columns_of_the_legends(panels, panel, columns):
    # Matplotlib has no public name for them.
    assert panels[panel].get_legend()._ncols == columns
    assert panels["L"].get_legend()._ncols == 4


def test_more_widths_than_dashes_repeat_them_with_markers(draw):
    (axes,) = draw(lambda: plt.subplots()[0])
    run = {"time": np.linspace(0, 1, 5), "loss": np.linspace(2, 1, 5), "measured_steps": 4}
    width.draw_losses(axes, [run | {"width": 2**k} for k in range(11)], 0.1)
    lines = axes.get_lines()
    assert [line.get_marker() for line in lines[:-1]] == [""] * 5 + ["o"] * 5 + ["s"]
    # Matplotlib has no public name for a dash given by its lengths.
    dashes = [str(line._unscaled_dash_pattern) for line in lines]
    assert dashes[5:11] == [*dashes[:5], dashes[0]]
    # Five dashes and the solid line of the bound; the dots are left out.
    assert len({*dashes}) == 6
    assert dashes[-1] == str((0, None))
    assert str((0, (1, 1))) not in dashes


def test_a_record_is_the_row_of_the_width_study_and_its_steps():
    steps = np.arange(30)
    run = {
        "width": np.array(32),
        "seed": np.array(7),
        "time": steps / 2,
        "loss": 2.0**-steps,
        "measured_steps": np.array(29),
        "initial_gram_error": np.array(0.5),
        **{f"probe_{name}": np.array([3.0, 1, 2]) for name in width.LAST},
    }
    row = width.record("m32_seed7", run, None, 0.1)
    assert row == {**width.table_row(run, 0.1), "steps": 29}
