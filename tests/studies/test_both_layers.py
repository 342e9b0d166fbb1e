"""A run of both layers beside one of the first, and the bound, which λ0 = log 2 halves."""

import math

import numpy as np

from studies import both_layers

LAMBDA_ZERO = math.log(2)
# The bound at t = 0, 0.4, …, 1.6 is 10 · 2^(−t) = 10, 7.58, 5.74, 4.35, 3.30.
BOTH = {
    "time": np.arange(5) * 0.4,
    "loss": np.array([10.0, 7.0, 5.8, 4.0, 3.45678]),
    "probe_step": np.array([0, 3, 4]),
    "probe_lambda_min": np.array([0.3, 0.1234567, 0.2]),
    "probe_g_lambda_min": np.array([0.4, 0.7654321, 0.6]),
    "probe_sum_lambda_min": np.array([0.8, 1.0, 0.9]),
    "probe_rayleigh": np.array([2.0, 1.0, 0.5]),
    "probe_g_rayleigh": np.array([1.0, 4.0, 3.0]),
    "probe_output_change_max": np.array([0.0, 0.333333, 0.2222222]),
    "probe_output_change_median": np.array([0.0, 0.22222, 0.1111111]),
}
# Ends later, with a longer step.
FIRST = {"time": np.array([0.0, 1, 2, 3]), "loss": np.array([9.0, 6, 4, 0.5])}
EXPECTED_NUMBERS = {
    "both-time-end": r"\num{1.60}",
    "both-time-step": r"\num{0.400}",
    "both-loss-end": r"\num{3.46}",
    # At t = 1.6, between 6 and 4: 6 − 0.6 · 2.
    "both-first-layer-loss": r"\num{4.80}",
    "both-bound-end": r"\num{3.30}",
    # 5.8 > 5.74.
    "both-crossing": r"crosses at $t=\num{0.800}$",
    # 1/(1 + 2) and 3/(3 + ½).
    "both-dropped-initial": r"\num{33.3}",
    "both-dropped-end": r"\num{85.7}",
    "both-h-lambda-min-smallest": r"\num{0.123}",
    "both-g-lambda-min-largest": r"\num{0.77}",
    "both-change-median": r"\num{0.111}",
    "both-change-largest": r"\num{0.222}",
}


def test_numbers():
    assert both_layers.numbers(BOTH, FIRST, LAMBDA_ZERO) == EXPECTED_NUMBERS


def test_a_run_below_its_bound_does_not_cross():
    below = BOTH | {"loss": np.array([10.0, 7, 5.7, 4, 3])}
    values = both_layers.numbers(below, FIRST, LAMBDA_ZERO)
    assert values["both-crossing"] == "does not cross"


def test_figure(draw, check_lines):
    # The first layer's run has a step at the end of the other, 8/5, and one behind it.
    end = BOTH["time"][-1]
    first = FIRST | {"time": np.array([0.0, 1, end, 2])}
    losses, eigenvalues, shares, changes = draw(both_layers.figure, BOTH, first, LAMBDA_ZERO)
    probes = [0, 6 / 5, 8 / 5]
    bound = [10 / 2 ** (2 * k / 5) for k in range(5)]
    drawn = [
        ("both layers", BOTH["time"], BOTH["loss"]),
        ("first layer alone", [0, 1, end], [9, 6, 4]),
        ("bound", BOTH["time"], bound),
    ]
    check_lines(losses, drawn)
    drawn = [
        ("$H+G$", probes, [0.8, 1.0, 0.9]),
        ("$H$", probes, [0.3, 0.1234567, 0.2]),
        ("$G$", probes, [0.4, 0.7654321, 0.6]),
        (r"$\lambda_0/2$", [0, 1], [math.log(2) / 2] * 2),
    ]
    check_lines(eigenvalues, drawn)
    check_lines(shares, [("dropped by (ii)", probes, [1 / 3, 4 / 5, 6 / 7])])
    drawn = [
        ("largest", probes, [0, 0.333333, 0.2222222]),
        ("median", probes, [0, 0.22222, 0.1111111]),
    ]
    check_lines(changes, drawn)
    assert shares.get_ylim() == (0, 1)
    assert changes.get_ylim()[0] == 0
    assert {axes.get_xlim() for axes in (losses, eigenvalues, shares, changes)} == {(0, end)}
