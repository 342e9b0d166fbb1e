"""A run of nine losses 16 · 2^(−e), measured in five windows of two steps; λ0 = log 2.

A step takes ½ of flow time, so that over a window the loss decays at the rate Δe · log 2.
"""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import anatomy

LAMBDA_ZERO = math.log(2)
RUN = {
    "time": np.arange(9) / 2,
    "loss": 16 / 2 ** np.array([0, 1.5, 3, 3.2, 4, 4.7, 5, 5.2, 5.6]),
    # The last window is cut short by the end of the run.
    "probe_step": np.array([0, 2, 3, 5, 7]),
    "probe_rayleigh": np.array([9.0, 6, 3.4, 0.8765, 1.1111]),
    "probe_sliding_rayleigh": np.array([0.9, 0.05, 0.285 * LAMBDA_ZERO, 0.25, 0.3033]),
    "probe_lambda_min": np.array([0.06, 0.05, 0.04, 0.03, 0.0345678]),
    "probe_sliding_lambda_min": np.array([0.5, LAMBDA_ZERO / 2, 0.3, 0.2, 0.123456]),
    "probe_flipped": np.array([0, 0.1, 0.2, 0.15, 0.123456]),
    "probe_sliding": np.array([0.01, 0.02, 0.03, 0.02, 0.0456789]),
    "probe_distance_max": np.array([0.0, 1, 2, 3, 4]),
    # P(|z| > 1.959964) = 0.05 for a normal z.
    "probe_distance_median": np.array([0, 0.5, 1, 1.5, 1.959964]),
}
# Δe of the windows 2 − 0, 4 − 2, 5 − 3, 7 − 5 of time 1, and 8 − 7 of time ½.
RATES = np.array([3, 1, 3 / 2, 1 / 2, 4 / 5]) * math.log(2)
FROZEN = {"time": np.array([0.0, 2, 4]), "initial": np.array([16.0, 2, 0.1])}
FROZEN["infinite"] = np.array([16.0, 3, 0.3])
EXPECTED_NUMBERS = {
    "probes": r"\num{5}",
    "window": r"\num{2}",
    # 4/5 · 0.693.
    "rate-end": r"\num{0.555}",
    # Twice 1.1111 and 0.8765.
    "rate-indicator-end": r"\num{2.22}",
    "rate-indicator-smallest": r"\num{1.75}",
    # The loss is nowhere above 16 · 2^(−t).
    "indicators-mislead": "no",
    # Twice 0.3033.
    "rate-sliding-end": r"\num{0.607}",
    # Of the last three windows the first has 0.38 − 1, the others 0.44 and 0.09; percent.
    "rate-sliding-error": r"\num{62}",
    # 6.8/1.040, 1.753/0.347, 2.222/0.555.
    "rate-indicator-factor": r"\num{6.5}",
    "lambda-min-end": r"\num{0.0346}",
    # At t = 1 it is λ0/2 itself.
    "sliding-below-half": r"first in the window at $t=\num{1.50}$",
    "sliding-lambda-min-end": r"\num{0.123}",
    "flipped-end": r"\num{12.3}",
    "sliding-end": r"\num{4.57}",
    "distance-median-end": r"\num{1.96}",
    "no-flip-probability-median-end": r"\num{0.05}",
    # 16/2^5.6 = 0.3299, over 0.1.
    "loss-over-frozen-end": r"\num{3.30}",
}


def test_numbers():
    assert anatomy.numbers(RUN, FROZEN, LAMBDA_ZERO, window=2) == EXPECTED_NUMBERS


def test_an_eigenvalue_above_half_is_never_below():
    # The smallest of them is 0.123456.
    values = anatomy.numbers(RUN, FROZEN, 0.2, window=2)
    assert values["sliding-below-half"] == "in no window"


@pytest.mark.parametrize(
    ("lambda_zero", "smallest", "mislead"),
    [
        # With 16 · 2^(−1.9t) the run crosses at its step 5, and 1.753 is above 1.317.
        (1.9 * math.log(2), 0.8765, "yes"),
        (1.9 * math.log(2), 1.9 * math.log(2) / 2, "no"),
        (math.log(2), 0.8765, "no"),
    ],
)
def test_indicators_mislead_where_a_run_crosses_that_should_not(lambda_zero, smallest, mislead):
    run = RUN | {"probe_rayleigh": np.array([9.0, 6, 3.4, smallest, 1.1111])}
    values = anatomy.numbers(run, FROZEN, lambda_zero, window=2)
    assert values["indicators-mislead"] == mislead


def test_frozen_kernels_of_two_inputs():
    # Pre-activations 3, −1, 4, −1 of the first input and 1, 3, −2, −1 of the second, at sixty
    # degrees: two units are active on each and one on both, so that H(0) has ½ on the diagonal and
    # ½ · ¼ beside it, and H^∞ 1/6.  Outputs (3 + 4)/2 and (1 − 3)/2; residuals 4 and 3.
    inputs = np.array([[1.0, 0], [1 / 2, math.sqrt(3) / 2]])
    weights = np.array([[p, (2 * q - p) / math.sqrt(3)] for p, q in [(3, 1), (-1, 3), (4, -2)]])
    weights = np.vstack([weights, [-1, -1 / math.sqrt(3)]])
    time = np.array([0, 1 / 2, 3])
    run = {"initial_weights": weights, "output_weights": np.array([1.0, -1, 1, 1]), "time": time}
    found = anatomy.arrays({"inputs": inputs, "labels": np.array([7.5, 2])}, run)
    # Along (1, −1)/√2 and (1, 1)/√2: (4 − 3)²/2 and (4 + 3)²/2, each over two samples.
    initial = np.exp(-2 * 3 / 8 * time) / 4 + np.exp(-2 * 5 / 8 * time) * 49 / 4
    infinite = np.exp(-2 * 1 / 3 * time) / 4 + np.exp(-2 * 2 / 3 * time) * 49 / 4
    assert [*found] == ["time", "initial", "infinite"]
    assert found["time"].tolist() == time.tolist()
    np.testing.assert_allclose(found["initial"], initial, rtol=gamma(200))
    np.testing.assert_allclose(found["infinite"], infinite, rtol=gamma(200))


CLAIMS = [
    {"name": name, "value": value} for name, value in (("distance", 3), ("distance_bound", 5))
]
# P(|z| < r) for r = ½, 1, 3/2, 2.
MEDIAN = [0.38292492254802624, 0.6826894921370859, 0.8663855974622838, 0.9544997361036416]


def test_figure(draw, check_lines):
    # Bounds 16 · 2^(−0.95k): 4.7 < 4.75, so that the run crosses at its step 5.
    slow, median = 1.9 * math.log(2), [0, 1 / 2, 1, 3 / 2, 2]
    run = RUN | {"probe_distance_median": np.array(median)}
    panels = draw(anatomy.figure, run, FROZEN, slow, CLAIMS, window=2)
    probes, crossing = [0, 1, 3 / 2, 5 / 2, 7 / 2], ("", [5 / 2, 5 / 2], [0, 1])
    bound = 16 / 2 ** (0.95 * np.arange(9))
    expected = [
        [
            ("measured", RUN["time"], RUN["loss"]),
            ("frozen $H(0)$", FROZEN["time"], FROZEN["initial"]),
            ("bound", RUN["time"], bound),
            (r"frozen $H^\infty$", FROZEN["time"], FROZEN["infinite"]),
        ],
        [
            ("measured", probes, RATES),
            ("$H(t)$", probes, [18, 12, 6.8, 1.753, 2.2222]),
            ("$H^p$", probes, [1.8, 0.1, 0.57 * math.log(2), 0.5, 0.6066]),
            (r"bound, $\lambda_0$", [0, 1], [slow] * 2),
        ],
        [
            ("$H(t)$", probes, RUN["probe_lambda_min"]),
            ("$H^p$", probes, RUN["probe_sliding_lambda_min"]),
            (r"$\lambda_0/2$", [0, 1], [0.95 * math.log(2)] * 2),
        ],
        [
            ("flipped", probes[1:], RUN["probe_flipped"][1:]),
            ("changing", probes, RUN["probe_sliding"]),
            ("$P(A_{ir})$, median", probes[1:], MEDIAN),
        ],
        [
            ("largest", probes[1:], [1, 2, 3, 4]),
            ("median", probes[1:], median[1:]),
            ("$R'$", [0, 1], [5, 5]),
        ],
    ]
    for axes, lines in zip(panels, expected, strict=True):
        check_lines(axes, [*lines, crossing])
        assert axes.get_xlim() == (0, 4)
    assert [bool(axes.get_xlabel()) for axes in panels] == [False] * 4 + [True]
    assert panels[1].get_ylim() == pytest.approx((slow / 4, 200 * slow), rel=gamma(10))


def test_figure_without_a_crossing_marks_none(draw):
    panels = draw(anatomy.figure, RUN, FROZEN, LAMBDA_ZERO, CLAIMS, window=2)
    assert [len(axes.get_lines()) for axes in panels] == [4, 4, 3, 3, 3]
