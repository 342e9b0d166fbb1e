"""A run of both layers beside one of the first, and the bound, which λ0 = log 2 halves."""

import math

import numpy as np
from oracles import gamma

from studies import both_layers

LAMBDA_ZERO = math.log(2)
# The bound at t = 0, 0.4, …, 1.6 is 10 · 2^(−t) = 10, 7.58, 5.74, 4.35, 3.30.
BOTH = {
    "time": np.arange(5) * 0.4,
    "loss": np.array([10.0, 7.0, 5.8, 4.0, 3.45678]),
    # Windows of two steps from t = 0, 0.8 and 1.2, the last cut short by the end of the run.
    "probe_step": np.array([0, 2, 3]),
    "probe_lambda_min": np.array([0.3, 0.1234567, 0.2]),
    "probe_sliding_lambda_min": np.array([0.25, 0.0789, 0.0345678]),
    "probe_g_lambda_min": np.array([0.4, 0.7654321, 0.6]),
    "probe_sum_lambda_min": np.array([0.8, 1.0, 0.9]),
    "probe_rayleigh": np.array([2.0, 1.0, 0.5]),
    "probe_g_rayleigh": np.array([1.0, 0.2, 0.15]),
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
    "both-crossing": r"crosses the bound at $t=\num{0.800}$",
    # 1/(1 + 2) at the start.
    "both-dropped-initial": r"\num{33.3}",
    # 2 · 0.15 over the rate log(4/3.45678)/0.4 = 0.365.
    "both-dropped-end": r"\num{82.2}",
    # 0.15/(0.15 + ½).
    "both-dropped-indicators-end": r"\num{23.1}",
    "both-h-lambda-min-end": r"\num{0.200}",
    "both-sliding-lambda-min-end": r"\num{0.0346}",
    "both-h-lambda-min-smallest": r"\num{0.123}",
    "both-g-lambda-min-largest": r"\num{0.77}",
    "both-change-median": r"\num{0.111}",
    "both-change-largest": r"\num{0.222}",
}


def test_numbers():
    assert both_layers.numbers(BOTH, FIRST, LAMBDA_ZERO, window=2) == EXPECTED_NUMBERS


def test_a_run_below_its_bound_does_not_cross():
    below = BOTH | {"loss": np.array([10.0, 7, 5.7, 4, 3])}
    values = both_layers.numbers(below, FIRST, LAMBDA_ZERO, window=2)
    assert values["both-crossing"] == "does not cross the bound"


def test_a_share_is_of_the_decrease_in_its_window():
    # Over single steps the loss falls from 5.8 to 4 and from 4 to 3.45678.
    rates = [math.log(5.8 / 4) / 0.4, math.log(4 / 3.45678) / 0.4]
    expected = [1 / 3, 0.4 / rates[0], 0.3 / rates[1]]
    share = both_layers.dropped_share(BOTH, 1)
    np.testing.assert_allclose(share, expected, rtol=gamma(100))


def test_figure(draw, check_lines):
    # The first layer's run has a step at the end of the other, 8/5, and one behind it.
    end = BOTH["time"][-1]
    first = FIRST | {"time": np.array([0.0, 1, end, 2])}
    panels = draw(both_layers.figure, BOTH, first, LAMBDA_ZERO, window=2)
    losses, eigenvalues, shares, changes = panels
    probes = [0, 4 / 5, 6 / 5]
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
        ("$H^p$", probes, [0.25, 0.0789, 0.0345678]),
        ("$G$", probes, [0.4, 0.7654321, 0.6]),
        (r"$\lambda_0/2$", [0, 1], [math.log(2) / 2] * 2),
    ]
    check_lines(eigenvalues, drawn)
    # Over time 4/5 the loss falls from 5.8 to 3.45678, over 2/5 from 4.
    rates = [math.log(5.8 / 3.45678) / (4 / 5), math.log(4 / 3.45678) / (2 / 5)]
    dropped = [1 / 3, 2 / 5 / rates[0], 3 / 10 / rates[1]]
    check_lines(shares, [("", probes, dropped)])
    drawn = [
        ("largest", probes, [0, 0.333333, 0.2222222]),
        ("median", probes, [0, 0.22222, 0.1111111]),
    ]
    check_lines(changes, drawn)
    assert shares.get_ylim() == (0, 1)
    assert changes.get_ylim()[0] == 0
    assert {axes.get_xlim() for axes in panels} == {(0, end)}
