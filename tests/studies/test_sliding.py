"""The controls of the sliding on runs of a few steps; λ0 = 1.9 log 2, so that bounds halve fast.

A full-batch step takes ½ of flow time, over which the bound falls by the factor 2^0.95.
"""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import sliding

LAMBDA_ZERO = 1.9 * math.log(2)
# Windows of two steps, the last cut short by the end of the run: over the time 1 the loss falls by
# 2³, 2, 2^1.5, 2^0.5, and by 2^0.4 over ½.
FULL = {
    "time": np.arange(9) / 2,
    "loss": 16 / 2 ** np.array([0, 1.5, 3, 3.2, 4, 4.7, 5, 5.2, 5.6]),
    "probe_step": np.array([0, 2, 3, 5, 7]),
    "probe_projected_rayleigh": np.array([9, 0.1, 0.285, 0.275, 0.4321]) * math.log(2),
    "probe_projected_lambda_min": np.array([0.06, 0.05, 0.04, 0.03, 0.0123456]),
    "probe_projected_sliding": np.array([0.01, 0.02, 0.03, 0.02, 0.0456789]),
    "probe_projected_inputs": np.array([[0.0, 1, 2]] * 4 + [[3, 8, 12]]),
}
RATES = np.array([3, 1, 3 / 2, 1 / 2, 4 / 5]) * math.log(2)
PROJECTED = {
    "time": np.arange(4) / 2,
    # Bounds 16/2^0.95k: 2.7 < 2.85.
    "loss": 16 / 2 ** np.array([0, 1, 2, 2.7]),
    "look_sliding": np.array([0, 0.2, 0.0345678]),
    "unit_path": np.array([[3.0, -2], [1, 0], [0, 0]]),
}


def slide(step, changes, distance, share, losses):
    """A run to the time 4 with changes counted from 2 on, and the losses at these two times."""
    count = round(4 / step)
    loss = np.full(count + 1, 7.0)
    loss[[count // 2, count]] = losses
    counts = {"kinks_steps": count // 2, "kinks_changes": changes, "kinks_distance": distance}
    return {"time": np.arange(count + 1) * step, "loss": loss, "kinks_share": share, **counts}


def smooth(sharpness, exponents, rayleigh):
    """A run of a smooth network with losses 16 · 2^(−exponent), measured at the steps 0, 3, 6."""
    return {
        "time": np.arange(9) / 2,
        "loss": 16 / 2 ** np.array(exponents),
        "softplus": np.array(float(sharpness)),
        "probe_step": np.array([0, 3, 6]),
        "probe_rayleigh": np.array(rayleigh) * math.log(2),
    }


# lg₂ of the steps is 0, −1, −2, of the changes, beside the first, 0, 1, 1, of distances 0, −1, −3.
RUNS = {
    "b": slide(1 / 2, 40.0, 0.04, 0.5, (5.0, 1.0)),
    # Bounds 16/2^0.95k: 4.7 < 4.75 at the step 5.  The rates from 3 and 6 on are 1.6 and 0.4.
    "hundred": smooth(100, [0, 1.5, 3, 3.2, 4, 4.7, 5, 5.2, 5.6], [50, 0.84, 0.194]),
    "c": slide(1 / 4, 40.0, 0.01, 0.0123456, (6.0, 2.0)),
    "a": slide(1.0, 20.0, 0.08, 0.0456789, (4.0, 1.0)),
    # Never above its bound; the rate is 4.
    "ten": smooth(10, 2.0 * np.arange(9), [50, 2.06, 1.86]),
}
EXPECTED_NUMBERS = {
    # Of the last three windows: 0.57/1.5, 0.55/0.5, 0.8642/0.8; percent.
    "state-rate-error": r"\num{62}",
    # 0.8642 · 0.693.
    "state-rate-end": r"\num{0.599}",
    # 0.4321 · 0.693/0.0123456.
    "state-rate-over-least": r"\num{24.3}",
    "state-lambda-min-end": r"\num{0.0123}",
    "state-sliding-end": r"\num{4.57}",
    "state-inputs-low": r"\num{3}",
    "state-inputs-median": r"\num{8}",
    "state-inputs-high": r"\num{12}",
    "finer-ratio": r"\num{4}",
    # Over the time 2: log(4)/2, log(3)/2.
    "finer-rate-coarse": r"\num{0.693}",
    "finer-rate-fine": r"\num{0.549}",
    "finer-share-coarse": r"\num{4.57}",
    "finer-share-fine": r"\num{1.23}",
    "finer-changes-coarse": r"\num{10.0}",
    "finer-changes-fine": r"\num{20.0}",
    # From the means −1 and 2/3, or −4/3: (−2/3 − 1/3)/2 and (4/3 + 5/3)/2.
    "finer-changes-order": r"\num{-0.500}",
    "finer-distance-order": r"\num{1.50}",
    "path-look": r"\num{20}",
    "projected-crossing": r"crosses the bound at $t=\num{1.500}$",
    "projected-sliding-end": r"\num{3.46}",
    "smooth-sharpness": r"\num{10}, \num{100}",
    "smooth-crossings": r"never, \num{2.500}",
    # 4.12/4, 3.72/4, 1.68/1.6 and 0.388/0.4.
    "smooth-rate-error": r"\num{7.0}",
}


def test_numbers():
    numbers = sliding.numbers(FULL, PROJECTED, RUNS, LAMBDA_ZERO, window=2)
    assert numbers == EXPECTED_NUMBERS


def test_without_sliding_pairs_no_order_is_defined():
    none = {"kinks_changes": 0.0, "kinks_distance": 0.0, "kinks_share": 0.0}
    numbers = sliding.numbers(
        FULL, PROJECTED, RUNS | {"c": RUNS["c"] | none}, LAMBDA_ZERO, window=2
    )
    assert numbers["finer-changes-order"] == numbers["finer-distance-order"] == "undefined"
    assert numbers["finer-changes-fine"] == numbers["finer-share-fine"] == r"\num{0}"


def test_a_projected_flow_below_its_bound_never_crosses():
    projected = PROJECTED | {"loss": 16 / 2 ** np.array([0, 1, 2, 2.9])}
    numbers = sliding.numbers(FULL, projected, RUNS, LAMBDA_ZERO, window=2)
    assert numbers["projected-crossing"] == r"does not cross the bound up to $t=\num{1.50}$"


def test_figure(draw, check_lines):
    rates, ratios, finer, plane = draw(sliding.figure, FULL, PROJECTED, RUNS, LAMBDA_ZERO, window=2)
    probes = [0, 1, 3 / 2, 5 / 2, 7 / 2]
    expected = [
        ("measured", probes, RATES),
        (r"$H^\Pi$", probes, np.array([18, 0.2, 0.57, 0.55, 0.8642]) * math.log(2)),
        (r"$2\lambda_{\min}(H^\Pi)$", probes, [0.12, 0.1, 0.08, 0.06, 0.0246912]),
        (r"bound, $\lambda_0$", [0, 1], [LAMBDA_ZERO] * 2),
    ]
    check_lines(rates, expected)
    assert rates.get_xlim() == (0, 4)
    assert rates.get_ylim() == pytest.approx((0.3 * LAMBDA_ZERO, 40 * LAMBDA_ZERO), rel=gamma(10))
    bound = 0.95 * np.arange(9)
    full = 2 ** (bound - [0, 1.5, 3, 3.2, 4, 4.7, 5, 5.2, 5.6])
    expected = [
        ("descent", FULL["time"], full),
        ("projection", [0, 1 / 2, 1, 3 / 2], 2 ** np.array([0, -0.05, -0.1, 0.15])),
        (r"softplus, $\beta=10$", FULL["time"], 2 ** (bound - 2 * np.arange(9))),
        (r"softplus, $\beta=100$", FULL["time"], full),
        ("bound", [0, 1], [1, 1]),
    ]
    check_lines(ratios, expected)
    assert (ratios.get_xlim(), ratios.get_ylim()) == (pytest.approx((1.2, 1.8)), (0.5, 3))
    expected = [
        ("changes of a pair / time", [1, 1 / 2, 1 / 4], [10, 20, 20]),
        (r"$|w_r^{\mathsf{T}}x_i|$", [1, 1 / 2, 1 / 4], [0.08, 0.04, 0.01]),
    ]
    check_lines(finer, expected)
    expected = [
        ("", [3, 1, 0], [-2, 0, 0]),
        ("", [3], [-2]),
        ("", [0], [0]),
        ("", [0, 1], [0, 0]),
        ("", [0, 0], [0, 1]),
    ]
    check_lines(plane, expected)


def test_the_dash_of_the_bound_is_one_that_no_run_has(draw):
    _, ratios, *_ = draw(sliding.figure, FULL, PROJECTED, RUNS, LAMBDA_ZERO, window=2)
    # Matplotlib has no public name for a dash given by its lengths.
    dashes = [line._unscaled_dash_pattern for line in ratios.get_lines()]
    assert dashes[-1] == (0, (1, 1))
    assert len(set(map(str, dashes))) == 5


def test_short_logarithmic_axes_have_decimals(draw):
    rates, ratios, *_ = draw(sliding.figure, FULL, PROJECTED, RUNS, LAMBDA_ZERO, window=2)
    for axes, wanted in [
        (rates, ["0.5", "1", "2", "5", "10", "20", "50"]),
        (ratios, ["0.5", "1", "2"]),
    ]:
        low, high = axes.get_ylim()
        inside = [tick for tick in axes.get_yticks() if low <= tick <= high]
        assert [axes.yaxis.get_major_formatter()(tick) for tick in inside] == wanted
        assert not any(label.get_text() for label in axes.get_yticklabels(minor=True))


INPUTS, TARGETS = np.array([[1.0, 0], [0.6, 0.8]]), np.array([-3.0, 2])
START = np.array([[0.5, 0.3]])


def begun(end):
    """A full-batch run with steps of 0.1 up to that time."""
    time = np.array([0, 0.1, end])
    return {"time": time, "initial_weights": START, "output_weights": np.array([1.0])}


def by_hand(steps, h):
    """Losses and the first weight at each step of 0.05, by Euler's method in closed cases."""
    w, losses, first, on = START[0].copy(), [], [], False
    for _ in range(steps + 1):
        e = TARGETS - np.maximum(INPUTS @ w, 0)
        losses.append(e @ e / 2)
        first.append(w[0])
        force = e @ INPUTS
        if on or w[0] + h * force[0] < 0:
            # On the kink only the second input moves the unit, upwards.
            w, on = np.array([0, w[1] + h * (0.8 * e[1] if on else force[1])]), True
        else:
            w = w + h * force
    return np.array(losses), np.array(first)


def test_flow_by_projection_until_it_crosses_its_bound():
    # From 7.2 the loss falls to 4.5 only: with λ0 = 0.15 it crosses at t = 3.1, in 62 steps.
    h = 0.05
    found = sliding.arrays(
        {"inputs": INPUTS, "labels": TARGETS}, begun(100.0), 0.15, step_ratio=1 / 2
    )
    losses, first = by_hand(200, h)
    crossing = np.argmax(losses > losses[0] * np.exp(-0.15 * h * np.arange(201)))
    assert crossing == 62
    np.testing.assert_allclose(found["loss"], losses[: crossing + 1], rtol=1e-12)
    np.testing.assert_allclose(found["time"], h * np.arange(crossing + 1), rtol=gamma(10))
    assert found["rate"].shape == (crossing,)
    measured = np.log(losses[:crossing] / losses[1 : crossing + 1]) / h
    np.testing.assert_allclose(found["rate"][10:], measured[10:], rtol=0.05)
    # At the start both inputs are active, H = [[1, 0.6], [0.6, 1]]; then 0.8² in a corner.
    assert found["look_time"] == pytest.approx([0, 20 * h, 40 * h, 60 * h])
    assert found["look_lambda_min"] == pytest.approx([0.4, 0, 0, 0], abs=1e-12)
    assert found["look_sliding"].tolist() == [0, 1 / 2, 1 / 2, 1 / 2]
    # It slides on one input only; the path is that of the first two.
    assert (found["path_unit"], found["path_inputs"]) == (0, [0, 1])
    assert found["unit_path"].shape == (5, 2)
    assert found["unit_path"][:, 0] == pytest.approx(first[[0, 20, 40, 60, crossing]], abs=1e-12)
    assert found["unit_path"][0, 1] == pytest.approx(0.54)


@pytest.mark.parametrize(
    ("end", "ratio", "steps"),
    [(1.99, 0.5, 39), (2.01, 0.5, 40), (2.01, 1, 20), (0.1, 3.0, 1), (0.45, 2.0, 2)],
)
def test_flow_by_projection_takes_at_most_the_time_of_the_run(end, ratio, steps):
    data = {"inputs": INPUTS, "labels": TARGETS}
    found = sliding.arrays(data, begun(end), 0.01, step_ratio=ratio)
    assert len(found["loss"]) == len(found["time"]) == steps + 1
    assert found["time"][-1] == pytest.approx(steps * ratio / 10)
    assert len(found["look_time"]) == math.ceil(steps / 20)
    assert len(found["unit_path"]) == len(found["look_time"]) + 1


def test_a_loss_at_its_bound_has_not_crossed():
    # Without a force nothing moves, and with λ0 = 0 the bound stays too.
    data = {"inputs": INPUTS, "labels": TARGETS + 1}
    run = begun(1.0) | {"initial_weights": np.array([[-1.0, -1]])}
    assert len(sliding.arrays(data, run, 0.0, step_ratio=1)["loss"]) == 11


# w_rᵀx_i at four looks, for three units and four inputs along the axes.
UNITS = [
    # Slides on one input only, from afar.
    [[90.0, 0, 5, 5], [90, 0, 5, 5], [90, 0, 5, 5], [90, 0, 5, 5]],
    # Meets the kink of the third input at the second look, and there is 3 from that of the first,
    # which it meets at the last; the second is for a moment on its kink at the second look, when
    # the others are farther away, and does not slide.
    [[-5.0, 4, 7, 9], [-3, 0, 1e-9, 9], [-2, 4, 0, 8], [1e-10, 4, 0, 7]],
    # Touches the kink of the first at the first look, and meets it at the third, when it is 2 from
    # that of the last; nearer to the limit than it seems.
    [[0.0, 6, 6, 9], [2, 6, 6, 5], [1e-9, 6, 6, 2], [0, 6, 6, 0]],
]
SLIDES = np.array([[False, True, True], [True, False, False], [False, True, False], [0, 0, 1]])


def longest(units, slides=SLIDES):
    weights = np.array(units).swapaxes(0, 1)
    found = sliding.longest_slide(np.eye(4), weights, slides.astype(bool))
    return found["path_unit"], found["path_inputs"], found["unit_path"].tolist()


def test_longest_slide_of_units_worked_by_hand():
    assert longest(UNITS) == (1, [0, 2], [[-5, 7], [-3, 1e-9], [-2, 0], [1e-10, 0]])


def test_another_unit_slides_farther():
    units = [*UNITS[:2], [[0.0, 6, 6, 9], [2, 6, 6, 5], [1e-9, 6, 6, -4], [0, 6, 6, 0]]]
    assert longest(units) == (2, [3, 0], [[9, 0], [5, 2], [-4, 1e-9], [0, 0]])


def test_a_pair_is_on_its_kink_within_rounding():
    # Off it by more than 1e-9 at the second look, the third input is met at the next.
    other = [[-5.0, 4, 7, 9], [-3, 0, 1.1e-9, 9], [-2.5, 4, 0, 8], [1e-10, 4, 0, 7]]
    assert longest([UNITS[0], other, UNITS[2]])[:2] == (1, [0, 2])
    other[2][0] = -1.5
    assert longest([UNITS[0], other, UNITS[2]])[:2] == (2, [3, 0])


def test_a_pair_caught_after_the_last_look_is_met_at_its_end():
    # The last input of the third unit is never seen on its kink: it counts where the others end.
    units = [*UNITS[:2], [[5.0, 6, 6, 9], [4, 6, 6, 5], [3.5, 6, 6, 2], [3.25, 6, 6, 1]]]
    assert longest(units)[:2] == (2, [0, 0])


def test_where_no_unit_slides_twice_the_first_is_shown():
    assert longest(UNITS, SLIDES & [[False, True, False]] & (np.arange(4) == 0)[:, None]) == (
        *(0, [0, 1]),
        [[90, 0]] * 4,
    )
