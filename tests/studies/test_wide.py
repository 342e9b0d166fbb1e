"""Where the claims begin, on six networks whose power laws are worked out by hand."""

import math

import numpy as np
import pytest
from matplotlib import pyplot as plt
from oracles import gamma

from overparam.dataset import digest
from studies import wide, width

# The data of tests/studies/test_routes.py, where the radii and widths of both routes stand.
DATASET = {"inputs": np.array([[1.0, 0], [1, 0], [0, 1]]), "labels": np.array([2, 2, 1])}
LAMBDA_ZERO, DELTA = 1 / 4, 1 / 2
PAPER_RADIUS = math.sqrt(2 * math.pi) / 3456
SHARP_RADIUS = math.sqrt(2 * math.pi) / 18 * (math.sqrt(3) / 2 - math.sqrt(1 / 2)) ** 2
# The narrowest is 1/512 of the widest, and in no fit.  The others are 4^x · 256 wide with x = −2 to
# 2; lg₂ of their values is a line and a multiple of (1, −2, 0, 2, −1), which is orthogonal to
# constants and to x: the line is the fit.  With k times that the sum of squares left is 10k², so
# that the level has the variance ⅔k² and the slope ⅓k².
COLUMNS = {
    "recorded": [0, 0, 0, 1, 1, 1],
    "m": [8, 16, 64, 256, 1024, 4096],
    "seed": [1, 2, 3, 4, 5, 6],
    "crossing_time": [3.0, 9.0, "", 12.0, "", ""],
    "time_end": [10.4, 10.0, 10.0, 11.0, 10.0, 10.0],
    # −x, −2x + 2, −x, −3x and, with twice the deviation, −x − 4.
    "initial_gram_error": [5.0, 8, 1 / 2, 1, 2, 1 / 8],
    "gram_change_largest": [7.0, 128, 4, 4, 4, 1 / 8],
    "distance_largest": [6.0, 8, 1 / 2, 1, 2, 1 / 8],
    "distance_median": [4.0, 128, 2, 1, 1 / 2, 1 / 128],
    "flipped": [0.3, 1, 1 / 128, 1 / 16, 1 / 2, 1 / 256],
    "sliding": [0.1, 0.2, 0.3, 0.4, 0.5, 0.0123],
    # From ¾λ0 = 0.1875, from λ0/2 = 0.125, never; at most 1.
    "lambda_min_initial": [0.1, 0.15, 0.19, 0.2, 0.2, 0.2],
    "lambda_min_smallest": [0.2, 0.1, 0.13, 0.12, 1 / 8, 0.14],
    "sliding_lambda_min_smallest": [0.05, 0.06, 0.07, 0.08, 0.09, 0.1],
    "over_bound_largest": [1.0, 2.0, 1.0, 1.5, 1.0, 1.0],
}
WIDE = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
# A coercivity counts where it keeps the bound; without a bound a network is not of this study.
PROOFS = [
    {"m": 4096, "coercivity": 0.14, "fate": "kept"},
    {"m": 16, "coercivity": 0.2, "fate": "crossed"},
    {"m": 64, "coercivity": 0.3, "fate": ""},
    {"m": 1024, "coercivity": 1 / 8, "fate": "kept"},
    {"m": 1020, "coercivity": 0.2, "fate": "open"},
]
EXPECTED_NUMBERS = {
    "wide-networks": r"\num{6}",
    "wide-recorded": r"\num{3}",
    "wide-has-records": "yes",
    "wide-largest": r"\num{4096}",
    "wide-at-largest": r"\num{1}",
    "wide-fitted": r"\num{5}",
    "wide-fitted-from": r"\num{16}",
    "wide-time": r"\num{10.4}",
    # Slopes by x are twice those by lg₂ m; their errors are k/√3 = 0.577k.
    "wide-gram-error-slope": r"\num{-0.5(3)}",
    "wide-gram-change-slope": r"\num{-1.0(3)}",
    "wide-median-slope": r"\num{-1.5(3)}",
    "wide-distance-slope": r"\num{-0.5(3)}",
    "wide-flipped-slope": r"\num{-0.5(6)}",
    # From 4 to 1/8 and from 1/2 to 1/256, over a factor of 4.
    "wide-gram-change-local": r"\num{-2.5}",
    "wide-flipped-local": r"\num{-3.5}",
    # From 1/2 to 1/128, and from 2 to 1/8.
    "wide-median-local": r"\num{-3.0}",
    "wide-distance-local": r"\num{-2.0}",
    "wide-claims": r"\num{8}",
    # λ_min(H(0)), λ_min(H(t)) and the loss.
    "wide-claims-met": r"\num{3}",
    # At 3 and 9; 12 is later than 11.
    "wide-crossed": r"\num{2}",
    "wide-crossed-widest": r"\num{16}",
    # −x = −4: 256 · 4⁴.  The variance of x is (4²/3 + 2/3)/1² = 6, and 4^√6 = 29.8.
    "wide-gram-error-begins": r"fails up to $m=\num{4096}$, and by extrapolation begins at"
    r" \num{66000} (\num{2200} to \num{2.0e+6})",
    # −2x + 2 = −4: 256 · 4³.  (3²/3 + 2/3)/2² = 11/12, and 4^0.957 = 3.77.
    "wide-gram-change-begins": r"fails up to $m=\num{4096}$, and by extrapolation begins at"
    r" \num{16000} (\num{4300} to \num{62000})",
    "wide-lambda-min-begins": r"holds from $m=\num{1024}$ on",
    # 4096·(1/8)²/R².
    "wide-paper-radius-lazy": r"\num{1.2e+8}",
    "wide-sharp-radius-lazy": r"\num{5.2e+6}",
    "wide-sliding-lambda-min-begins": r"fails up to $m=\num{4096}$",
    "wide-forever-begins": r"is proved from $m=\num{1024}$ on (networks: \num{2})",
    # (1/8)/(1/16).
    "wide-gram-error-over": r"\num{2.00}",
    "wide-gram-change-over": r"\num{2.00}",
    # 1/256, and 1/8 to even.
    "wide-flipped": r"\num{0.39}",
    "wide-sliding": r"\num{1.2}",
    "wide-distance": r"\num{0.12}",
    # lg(2.30e10/65536) and lg(3.7254e8/65536).
    "wide-paper-orders": r"\num{5.5} orders of magnitude above",
    "wide-sharp-orders": r"\num{3.8} orders of magnitude above",
}
MOVED = r"$\max_{r,t}\norm{\w_r(t)-\w_r(0)}\le R$"
EXPECTED_ROWS = [
    row.split(" & ")
    for row in (
        r"$\norm{\Hzero-\Hinf}_2\le\lzero/4$"
        r" & \llap{$^*$}\num{66000} & \num{2200} to \num{2.0e+6} & \num{5400} & --",
        r"$\lmin(\Hzero)\ge\frac34\lzero$"
        r" & \num{64} & \num{4} networks & \num{5400} & \num{680}",
        # 256/R²; x = −lg₂ R = 10.429, √((x² + 2)/3) = 6.076 and 4^6.076 = 4550.
        rf"{MOVED}, paper's"
        r" & \llap{$^*$}\num{4.9e+8} & \num{110000} to \num{2.2e+12} & \num{2.3e+10} & --",
        # x = 8.151, 4.777 and 752.
        rf"{MOVED}, sharp"
        r" & \llap{$^*$}\num{2.1e+7} & \num{28000} to \num{1.6e+10} & -- & \num{3.7e+8}",
        r"$\max_t\norm{\HH(t)-\Hzero}_2\le\lzero/4$"
        r" & \llap{$^*$}\num{16000} & \num{4300} to \num{62000} & \num{2.3e+10} & --",
        r"$\min_t\lmin(\HH(t))\ge\lzero/2$"
        r" & \num{1024} & \num{2} networks & \num{2.3e+10} & \num{3.7e+8}",
        r"$\min_t\lmin(\HH^p(t))\ge\lzero/2$"
        r" & -- & -- & \num{2.3e+10} & \num{3.7e+8}",
        r"loss at most its bound"
        r" & \num{1024} & \num{2} networks & \num{2.3e+10} & \num{3.7e+8}",
        r"the same for ever, proved"
        r" & \num{1024} & \num{2} networks & \num{2.3e+10} & \num{3.7e+8}",
    )
]


def replaced(**columns):
    """The networks with some columns replaced."""
    return [
        row | {name: values[k] for name, values in columns.items()} for k, row in enumerate(WIDE)
    ]


def test_numbers():
    assert wide.numbers(WIDE, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA) == EXPECTED_NUMBERS


def test_rows():
    assert wide.rows(WIDE, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA) == EXPECTED_ROWS


def begins(name, column, values):
    """The Onset of a claim where a column has these values."""
    networks = replaced(**{column: values})
    return wide.onsets(networks, PROOFS, DATASET, LAMBDA_ZERO, DELTA)[name][1]


def test_a_claim_begins_above_the_widest_network_that_fails():
    column, limit = "lambda_min_smallest", 1 / 8
    assert begins("lambda_min", column, [limit] * 6) == (8, 6, None, None)
    assert begins("lambda_min", column, [0, 1, 0, 1, 1, 1]) == (256, 3, None, None)
    assert begins("lambda_min", column, [1, 1, 1, 1, 1, 0]) == (None, 0, None, None)
    below = np.nextafter(limit, 0)
    assert begins("lambda_min", column, [1, 1, 1, 1, below, limit]) == (4096, 1, None, None)
    # A limit from above includes itself too.
    assert begins("gram_error", "initial_gram_error", [1, 1, 1, 1, 1, 1 / 16])[0] == 4096


def test_the_limit_of_the_averaged_patterns_is_half_of_lambda_zero():
    column, limit = "sliding_lambda_min_smallest", 1 / 8
    assert begins("sliding_lambda_min", column, [limit] * 6)[0] == 8
    below = np.nextafter(limit, 0)
    assert begins("sliding_lambda_min", column, [1, 1, 1, 1, below, limit])[0] == 4096


def test_networks_that_meet_a_claim_where_others_fail_are_told():
    twice = [*WIDE[:-1], *(WIDE[-2] | {"lambda_min_smallest": x} for x in (0.1, 0.2)), WIDE[-1]]
    numbers = wide.numbers(twice, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    assert numbers["wide-lambda-min-begins"] == (
        r"holds from $m=\num{4096}$ on (of those with $m=\num{1024}$, \num{2} of \num{3})"
    )
    networks = replaced(lambda_min_smallest=[1 / 8] * 6)
    numbers = wide.numbers(networks, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    assert numbers["wide-lambda-min-begins"] == r"holds from $m=\num{8}$ on"


def test_the_lazy_width_is_that_of_the_mean_of_the_widest():
    networks = [*WIDE, WIDE[-1] | {"distance_largest": 3 / 8}]
    claim = wide.Claim("distance_largest", 1 / 16, None, None)
    assert wide.lazy(networks, claim) == 4096 * 16


def test_one_network_is_no_plural():
    assert wide.place(wide.Onset(4, 1, None, None)) == [r"\num{4}", r"\num{1} network"]


def test_laws_are_fitted_from_the_widest_over_256_on():
    narrow = {"m": 1000}
    assert wide.wide_enough([narrow, {"m": 256_000}]) == [narrow, {"m": 256_000}]
    # 256500/256 = 1001.9…, 256500/257 = 998.05….
    assert wide.wide_enough([narrow, {"m": 256_500}]) == [{"m": 256_500}]


@pytest.mark.parametrize(("end", "said"), [(0.8e40, True), (1.5e40, False)])
def test_nothing_is_said_of_widths_beyond_1e40(end, said):
    # One over the width, with deviations that the fit evens out.
    networks = [{"m": m, "x": 2.0**k / m} for m, k in [(1, 1), (16, -2), (256, 1)]]
    width, factor = wide.extrapolation(networks, wide.Claim("x", 1 / end, None, None))
    assert width == (pytest.approx(end, rel=1e-9) if said else None)
    assert (factor is None) == (not said)


@pytest.mark.parametrize("column", ["flipped", "sliding"])
@pytest.mark.parametrize(("share", "printed"), [(0.024501, "2.5"), (0.024499, "2.4")])
def test_shares_are_in_percent(column, share, printed):
    networks = replaced(**{column: [*COLUMNS[column][:-1], share]})
    values = wide.numbers(networks, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    assert values[f"wide-{column}"] == rf"\num{{{printed}}}"


def test_of_two_networks_of_a_width_both_must_meet_a_claim():
    twice = [*WIDE, WIDE[-1] | {"lambda_min_smallest": 0.1}]
    found = wide.onsets(twice, PROOFS, DATASET, LAMBDA_ZERO, DELTA)["lambda_min"][1]
    assert found == (None, 0, None, None)
    met = wide.numbers(twice, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    assert (met["wide-claims-met"], met["wide-at-largest"]) == (r"\num{2}", r"\num{2}")


def test_a_law_that_does_not_go_to_the_limit_is_not_extrapolated():
    rising = [1.0, 1, 2, 4, 8, 16]
    assert begins("gram_error", "initial_gram_error", rising) == (None, 0, None, None)
    # So flat that the limit lies beyond every width of which one would speak.
    flat = [1.0, 1, 0.999, 0.9985, 0.998, 0.997]
    assert begins("gram_error", "initial_gram_error", flat) == (None, 0, None, None)
    numbers = wide.numbers(
        replaced(gram_change_largest=rising), PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA
    )
    assert numbers["wide-gram-change-begins"] == r"fails up to $m=\num{4096}$"
    assert numbers["wide-paper-orders"] == "at no known distance from"


def test_a_value_of_zero_has_no_law():
    with pytest.raises(ValueError, match="initial_gram_error is 0"):
        begins("gram_error", "initial_gram_error", [1, 0.0, 1, 1, 1, 1])


def test_no_network_may_cross_and_none_may_be_recorded():
    networks = replaced(crossing_time=[""] * 6, recorded=[0] * 6)
    numbers = wide.numbers(networks, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    assert (numbers["wide-crossed"], numbers["wide-crossed-widest"]) == (r"\num{0}", "none")
    assert (numbers["wide-recorded"], numbers["wide-has-records"]) == (r"\num{0}", "no")


def test_records_of_other_data_are_left_out():
    networks = [{"m": 16, "seed": 2, "loss": 0.5}, {"m": 4, "seed": 9, "loss": 0.25}]
    here = {"data": digest(**DATASET), "command": "python"}
    records = [
        {"m": 64, "seed": 1, "loss": 0.125} | here,
        {"m": 64, "seed": 5, "loss": 0.75} | here | {"data": "another"},
        {"m": 16, "seed": 1, "loss": 1.5} | here,
    ]
    expected = [(0, 4, 9, 0.25), (1, 16, 1, 1.5), (0, 16, 2, 0.5), (1, 64, 1, 0.125)]
    names = ("recorded", "m", "seed", "loss")
    rows = [dict(zip(names, row, strict=True)) for row in expected]
    assert wide.table(networks, records, DATASET) == rows
    assert wide.table(networks, [], DATASET) == [rows[0], rows[2]]


def test_what_holds_for_ever_is_told_by_the_proofs():
    assert [row["m"] for row in wide.kept(PROOFS)] == [16, 1020, 1024, 4096]
    assert [row["coercivity"] for row in wide.kept(PROOFS)] == [0, 0, 1 / 8, 0.14]
    slow = [row | {"coercivity": min(row["coercivity"], 0.12)} for row in PROOFS]
    found = wide.onsets(WIDE, slow, DATASET, LAMBDA_ZERO, DELTA)["forever"][1]
    assert found == (None, 0, None, None)
    numbers = wide.numbers(WIDE, slow[:-1], DATASET, LAMBDA_ZERO, delta=DELTA)
    assert numbers["wide-forever-begins"] == r"is not proved at $m=\num{4096}$, the widest tried"
    # Which is not among the claims that the widest network meets.
    assert numbers["wide-claims-met"] == EXPECTED_NUMBERS["wide-claims-met"]


# A computed network is drawn open and without a name, a recorded one full.
COMPUTED, RECORDED = [8, 16, 64], [256, 1024, 4096]


@pytest.fixture
def panels(draw):
    """Letter → panel of the figure."""
    drawn = draw(wide.figure, WIDE, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    return {axes.get_label(): axes for axes in drawn}


def points(column, label):
    values = COLUMNS[column]
    return [("", COMPUTED, values[:3]), (label, RECORDED, values[3:])]


def law(x, *ends):
    """A law through 256·4^x, of which lg₂ is these values at both ends."""
    return "", [256 * 4.0**e for e in x], [2.0**e for e in ends]


def test_the_law_of_a_claim_that_has_begun_ends_with_the_widest_network(draw):
    values = [1.0, 1, 1 / 2, 1 / 4, 1 / 16, 1 / 32]
    networks = replaced(initial_gram_error=values)
    panels = draw(wide.figure, networks, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    (panel,) = [axes for axes in panels if axes.get_label() == "G"]
    laws = [line.get_xdata() for line in panel.get_lines() if line.get_label() == "_law"]
    # The other one still ends where it meets the limit.
    np.testing.assert_allclose(laws, [(16, 4096), (16, 256 * 4**3)], rtol=1e-9)


def test_norms_are_drawn_with_laws_to_where_they_meet_the_limit(panels, check_lines):
    lines = [
        *points("initial_gram_error", r"$H(0)-H^\infty$"),
        law((-2, 4), 2, -4),
        *points("gram_change_largest", "$H(t)-H(0)$"),
        law((-2, 3), 6, -4),
        (r"$\lambda_0/4$", [0, 1], [1 / 16, 1 / 16]),
    ]
    check_lines(panels["G"], lines)


def test_eigenvalues_are_drawn_beside_the_limit(panels, check_lines):
    lines = [
        *points("lambda_min_initial", "$H(0)$"),
        *points("lambda_min_smallest", "$H(t)$"),
        *points("sliding_lambda_min_smallest", "$H^p(t)$"),
        (r"$\lambda_0/2$", [0, 1], [1 / 8, 1 / 8]),
    ]
    check_lines(panels["E"], lines)


def test_shares_and_distances_are_drawn(panels, check_lines):
    check_lines(panels["S"], [*points("flipped", "flipped"), *points("sliding", "changing")])
    lines = [
        *points("distance_largest", "largest"),
        law((-2, 2), 2, -2),
        *points("distance_median", "median"),
        law((-2, 2), 6, -6),
    ]
    check_lines(panels["D"], lines)
    assert all(axes.get_xscale() == "log" for axes in panels.values())
    assert all(panels[name].get_yscale() == "log" for name in "GESD")
    fills = {line.get_fillstyle() for line in panels["S"].get_lines()}
    assert fills == {"none", "full"}


def test_one_axis_has_every_claim_with_its_beginning_and_both_routes(panels):
    paper, sharp = (12096 / PAPER_RADIUS**2, 4608 / SHARP_RADIUS**2)
    gram = 1152 * math.log(108), 8 * math.log(18) / (1 / 4 + 3 / 4 * math.log(3 / 4))
    ends = [65536, 256 / PAPER_RADIUS**2, 256 / SHARP_RADIUS**2, 16384]
    # k²(x²/3 + 2/3)/slope² of the four laws.
    x = [4, -math.log2(PAPER_RADIUS), -math.log2(SHARP_RADIUS), 3]
    slopes = [1, 1, 1, 2]
    factors = [4 ** math.sqrt((z**2 + 2) / 3 / s**2) for z, s in zip(x, slopes, strict=True)]
    heights = [9, 7, 6, 5]
    bars = [
        ("", [end / factor, end * factor], [height, height])
        for end, factor, height in zip(ends, factors, heights, strict=True)
    ]
    lines = [
        *bars,
        ("measured", [64, 1024, 1024, 1024], [8, 4, 2, 1]),
        ("extrapolated", ends, heights),
        ("sharp route", [gram[1], *[sharp] * 5], [8, 6, 4, 3, 2, 1]),
        ("paper's route", [*[gram[0]] * 2, *[paper] * 6], [9, 8, 7, 5, 4, 3, 2, 1]),
    ]
    drawn = panels["T"].get_lines()
    assert [line.get_label().removeprefix("_standard error") for line in drawn] == [
        label for label, *_ in lines
    ]
    # A factor is e to some power, whose rounding it multiplies.
    for line, (_, *places) in zip(drawn, lines, strict=True):
        np.testing.assert_allclose(line.get_data(), places, rtol=1e-12)
    labels = [label.get_text() for label in panels["T"].get_yticklabels()]
    assert labels == [name for *_, name in wide.CLAIMS.values()]
    assert panels["T"].get_yticks().tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    spans = [patch.get_x() + np.array([0, patch.get_width()]) for patch in panels["T"].patches]
    assert [span.tolist() for span in spans] == [[256, 4096], [8, 64]]


def test_only_what_is_measured_is_drawn_full(panels):
    fills = {line.get_label(): line.get_fillstyle() for line in panels["T"].get_lines()}
    names = ("measured", "extrapolated", "sharp route", "paper's route")
    assert [fills[name] for name in names] == ["full", "none", "none", "none"]
    assert panels["T"].get_ylim() == pytest.approx((0.4, 9.6))


def test_a_law_is_a_straight_line_through_values_on_none(draw):
    networks = [{"m": m, "x": x} for m, x in [(16, 1.0), (64, 2.0), (256, 2.0)]]
    (axes,) = draw(lambda: plt.subplots()[0])
    wide.draw_law(axes, networks, "x")
    # lg₂ of the values, 0, 1 and 1, has the mean 2/3 and the slope 1/2.
    (line,) = axes.get_lines()
    np.testing.assert_allclose(line.get_ydata(), [2 ** (1 / 6), 2 ** (7 / 6)], rtol=1e-12)


# Smallest and largest value of a panel's lines, and the share of its height that is left free.
ROOM = {"E": (0.05, 0.2, 0.3), "S": (1 / 256, 1.0, 0.2)}
COLUMNS_OF_LEGENDS = {"G": 1, "E": 2, "S": 2, "D": 1}


@pytest.mark.parametrize("panel", ROOM)
def test_room_is_left_for_the_legends(panels, panel):
    low, high, share = np.log(ROOM[panel][0]), np.log(ROOM[panel][1]), ROOM[panel][2]
    # Matplotlib leaves a twentieth of the range on both sides.
    margin = (high - low) / 20
    limits = low - margin, low - margin + (high - low + 2 * margin) / (1 - share)
    assert np.log(panels[panel].get_ylim()) == pytest.approx(limits, rel=1e-9)


# Of the powers of ten two are in view, three, and four.
@pytest.mark.parametrize(("smallest", "plain"), [(0.02, True), (0.005, True), (0.0005, False)])
def test_a_panel_has_room_for_three_powers_of_ten(draw, smallest, plain):
    networks = replaced(sliding=[smallest] * 6, flipped=[1.0] * 6)
    panels = draw(wide.figure, networks, PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA)
    (panel,) = [axes for axes in panels if axes.get_label() == "S"]
    panel.figure.draw_without_rendering()
    assert any("10^" in label.get_text() for label in panel.get_yticklabels()) == (not plain)


@pytest.mark.parametrize(("panel", "columns"), COLUMNS_OF_LEGENDS.items())
def test_columns_of_the_legends(panels, panel, columns):
    # Matplotlib has no public name for them.
    assert panels[panel].get_legend()._ncols == columns


def test_without_records_only_the_computed_widths_are_shaded(draw):
    axes, *_ = draw(
        wide.figure, replaced(recorded=[0] * 6), PROOFS, DATASET, LAMBDA_ZERO, delta=DELTA
    )
    assert [patch.get_x() for patch in axes.patches] == [8]


def test_an_extrapolation_is_the_width_at_which_the_fitted_law_meets_the_limit():
    """Against the fit of the width study, in logarithms of base ten."""
    claim = wide.claims(DATASET, LAMBDA_ZERO, DELTA)["gram_change"]
    networks = WIDE[1:]
    slope, error = width.slope(networks, claim.column)
    end, factor = wide.extrapolation(networks, claim)
    m, values = (np.log10([row[name] for row in networks]) for name in ("m", claim.column))
    level = values.mean() - slope * m.mean()
    assert level + slope * math.log10(end) == pytest.approx(math.log10(1 / 16), rel=gamma(1000))
    # From the centre of the widths on, the error of the slope alone is the most of it.
    assert math.log(factor) > error / abs(slope) * (math.log(end) - math.log(256))
