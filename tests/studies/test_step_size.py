"""The step study on runs of a few steps; λ0 = 2/3, so that 1 − hλ0/2 is ¾ for h = ¾."""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import step_size

LAMBDA_ZERO = 2 / 3
EIGENVALUES = [{"n": 7, "lambda_min": LAMBDA_ZERO}, {"n": 8, "lambda_min": 0.1}]
COLUMNS = ("time_step", "difference_largest", "difference_end", "bound_end", "discrete_bound_end")
# lg₂ of the steps, beside the first, is 0, −1, −3, and of the differences 0, −2, −3.
COMPARISONS = [
    dict(zip(COLUMNS, row, strict=True))
    for row in [
        (1 / 3, 0.65012, 0.54012, 2.71828, 1.41421),
        (1 / 6, 0.65012 / 4, 0.4, 2.0, 1.0),
        (1 / 24, 0.65012 / 8, 0.3, 3.0, 2.0),
    ]
]
# Bounds 10 · e^(−2t/3) = 10, 5.134, 2.636.
DOUBLE = {"time": np.array([0.0, 1, 2]), "loss": np.array([10.0, 5.2, 4.985])}
# It goes on for another step.
SINGLE = {
    "loss": np.array([10.0, 5.2 * math.exp(-0.7801), 4.985 * math.exp(0.1), 0.1]),
    "probe_lambda_min": np.array([0.3, 0.123456, 0.2]),
}
FULL = {
    "step": np.arange(5),
    "time": np.arange(5) * 3 / 4,
    "loss": np.array([16.0, 12, 8, 2, 1]),
}
EXPECTED_NUMBERS = {
    # 1/(3/4).
    "long-step-ratio": r"\num{1.3}",
    # At t = 2 the full batch has 8 · (2/8)^(2/3) = 3.1748, and 4.985/3.1748 = 1.570.
    "long-step-difference": r"\num{57}",
    "long-step-time": r"\num{2.00}",
    # 5.2 > 5.134.
    "long-step-crossing": r"crosses the bound at $t=\num{1.000}$",
    "long-step-lambda-min": r"\num{0.123}",
    "steps-compared": r"\num{4}",
    "step-longest": r"\num{0.333}",
    # From the means −4/3 and −5/3: (4/3 · 5/3 − 1/3 · 1/3 + 5/3 · 4/3)/(16/9 + 1/9 + 25/9) = 13/14.
    "step-order": r"\num{0.93}",
    "step-difference-largest": r"\num{65}",
    "step-difference-end": r"\num{54}",
    "bound-at-study-end": r"\num{2.718}",
    "discrete-bound-at-study-end": r"\num{1.414}",
    # 16 · (3/4)⁴ = 81/16.
    "discrete-bound-end": r"\num{5.06}",
    # 16, 12, 9, 6.75, 5.06; it may touch.
    "discrete-bound-holds": "stays below",
    # 3/4 · 7² · 3/2.
    "step-over-theorem": r"\num{55.1}",
    "precision-difference": r"\num{78}",
    "precision-time": r"\num{2.00}",
    # Bounds 6, 3.0805, 1.5816 and 8, 3.1564, 1.2454.
    "precision-late-single": r"crosses the bound at $t=\num{2.000}$",
    "precision-late-double": r"does not cross the bound up to $t=\num{2.79}$",
}
LATE = [
    {"time": np.array([0.0, 1, 2]), "loss": np.array([6.0, 3.08, 1.582])},
    {"time": np.array([0.0, 1.395, 2.79]), "loss": np.array([8.0, 3.156, 1.245])},
]


def numbers(single=SINGLE, double=DOUBLE, full=FULL):
    return step_size.numbers(COMPARISONS, single, double, *LATE, full, EIGENVALUES)


def test_numbers():
    found = numbers()
    assert found == EXPECTED_NUMBERS


def test_runs_of_one_length_in_both_precisions():
    single = SINGLE | {"loss": SINGLE["loss"][:3]}
    found = numbers(single=single)
    assert found == EXPECTED_NUMBERS


def test_a_long_step_below_the_bound():
    # 5.1 < 5.134; 1.2/3.1748 = 0.378, 62 percent below.
    double = DOUBLE | {"loss": np.array([10.0, 5.1, 1.2])}
    found = numbers(double=double)
    assert found["long-step-crossing"] == r"does not cross the bound up to $t=\num{2.00}$"
    assert found["long-step-difference"] == r"\num{62}"


def test_a_shorter_full_batch_is_compared_at_its_end():
    full = {name: values[:2] for name, values in FULL.items()}
    found = numbers(full=full)
    # At t = 3/4, 10 · 0.52^(3/4) = 6.123 against 12.
    assert found["long-step-time"] == r"\num{0.750}"
    assert found["long-step-difference"] == r"\num{49}"


def test_a_run_above_the_bound_of_descent_at_one_step():
    full = FULL | {"loss": np.array([16.0, 12, 8, 6.8, 1])}
    found = numbers(full=full)
    assert found["discrete-bound-holds"] == "does not stay below"


def test_a_step_study_in_which_nothing_changes_is_refused():
    same = [*COMPARISONS[:2], COMPARISONS[2] | {"difference_largest": 0.0}]
    with pytest.raises(ValueError, match=r"same losses .* step_study\.flow_time"):
        step_size.order(same)


LOSSES = {"b": [8.0, 9, 1, 9, 3], "a": [8.0, 4, 2], "c": [8.0, 5, 9, 5, 2, 5, 9, 5, 6]}
RUNS = {
    name: {
        "time": np.linspace(0, 6, len(loss)),
        "loss": np.array(loss),
        "step": np.arange(len(loss)),
    }
    for name, loss in LOSSES.items()
}


def test_runs_are_compared_with_the_next_finer_at_equal_times():
    # Bounds from 8 at t = 6: 8 · e^(−λ0 · 6), 8 · (1 − 3λ0/2)² and 8 · (1 − 3λ0/4)⁴ for λ0 = 1/3.
    bound = 8 * math.exp(-2)
    expected = [
        [3, 3 / 2, math.log(4), math.log(3 / 2), 2, bound, 2],
        [3 / 2, 3 / 4, math.log(2), math.log(2), 3, bound, 8 * (3 / 4) ** 4],
    ]
    names = "time_step finer_time_step difference_largest difference_end loss_end"
    rows = step_size.table(RUNS, 1 / 3)
    assert [[*row] for row in rows] == [[*names.split(), "bound_end", "discrete_bound_end"]] * 2
    np.testing.assert_allclose([[*row.values()] for row in rows], expected, rtol=gamma(20))
    assert {type(value) for row in rows for value in row.values()} == {float}


def test_a_single_step_is_compared_with_its_halves():
    losses = {"coarse": [8.0, 4], "fine": [8.0, 5, 3]}
    runs = {k: {"time": np.linspace(0, 2, len(v)), "loss": np.array(v)} for k, v in losses.items()}
    (row,) = step_size.table(runs, 1 / 3)
    assert row["difference_largest"] == pytest.approx(math.log(4 / 3), rel=gamma(20))


def test_figure(draw, check_lines):
    changes, errors = draw(step_size.figure, COMPARISONS, RUNS)
    # Losses 4, 2 over 1, 3; and 9, 1, 9, 3 over 9, 2, 9, 6.
    drawn = [
        ("$h=3.0000$", [3, 6], [math.log(4), math.log(3 / 2)]),
        ("$h=1.5000$", [1.5, 3, 4.5, 6], [0, math.log(2), 0, math.log(2)]),
    ]
    check_lines(changes, drawn)
    h, largest = [1 / 3, 1 / 6, 1 / 24], [0.65012, 0.65012 / 4, 0.65012 / 8]
    drawn = [
        ("largest", h, largest),
        ("at the end", h, [0.54012, 0.4, 0.3]),
        (r"$\propto h$", h, [0.65012, 0.65012 / 2, 0.65012 / 8]),
    ]
    check_lines(errors, drawn)
    assert changes.get_ylim() == errors.get_ylim()
