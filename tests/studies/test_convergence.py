"""Proofs of convergence for the network of the library's test, by hand, and how they are told."""

import hashlib
import math
import struct

import numpy as np
import pytest

from overparam.convergence import Verdict
from overparam.dataset import digest
from studies import convergence

NAMES = ("assigned", "other8", "other9", "small_targets", "first_stage", "first_stage_shifted")
# "holds" four times of six; of the three on five samples two are of the seed 7.
COLUMNS = {
    "recorded": [0, 1, 0, 0, 0, 0],
    "name": NAMES,
    "n": [5, 5, 5, 5, 2, 2],
    "m": [8, 1600, 16, 8, 8, 8],
    "seed": [7, 8, 9, 7, 6, 6],
    "steps": [300, 400, 500, 20, 10, 11],
    "time": [12.3456, 23.4, 34.5678, 4.0, 1.5, 1.6],
    "loss_initial": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    "loss": [1.2345e-9, 2e-9, 3e-9, 4e-9, 5e-6, 6e-6],
    "radius": [0.034567, 0.5, 0.6, 0.7, 0.8, 0.9],
    "needed": [0.0333, "", 0.5, 0.6, 0.9, 0.8],
    "coercivity": [0.0456789, 0.0, 0.0789, 0.0891, 0.0912, 0.0923],
    "residual": [0.00123456, 0.2, 0.3, 0.4, 0.5, 0.6],
    "near": [0.099, 0.25, 0.3, 0.4, 0.5, 0.6],
    "holds": ["holds", "fails", "holds", "holds", "fails", "holds"],
    "crossing_time": ["", "", 7.654, "", "", ""],
    "fate": ["", "open", "crossed", "", "", ""],
    "digest": ["00ab000000000012", "01", "02", "03", "04", "05"],
}
PROOFS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
EXPECTED_NUMBERS = {
    "proved": r"\num{4}",
    "proofs-tried": r"\num{6}",
    # Of the seeds 7, 8, 9 and, on two samples, 6.
    "proof-networks": r"\num{2}",
    "proof-verdict": "every sliding flow from these weights converges to zero loss",
    "proof-steps": r"\num{300}",
    "proof-time": r"\num{12.3}",
    "proof-loss": r"\num{1.2e-9}",
    # A bound from above, and one from below.
    "proof-residual": r"\num{0.00124}",
    "proof-radius": r"\num{0.0345}",
    "proof-coercivity": r"\num{0.0456}",
    "proof-near": r"\num{9.9}",
    "proof-digest": r"\texttt{00ab000000000012}",
    "proofs-have-records": "yes",
    "proofs-recorded": r"\num{1}",
    "bound-margin": r"\num{1e-6}",
    # Of the seeds 9 and 8 alone.
    "proof-by-width": r"$m=\num{16}$: by $t=\num{34.6}$; $m=\num{1600}$: not by $t=\num{23.4}$",
    "bound-by-width": (
        r"$m=\num{16}$: crossed at $t=\num{7.65}$;"
        r" $m=\num{1600}$: kept up to $t=\num{23.4}$, then open"
    ),
}
# Width, steps, time, loss, asked, radius, coercivity, near pairs in per cent; what is asked is
# rounded up, radius and coercivity down: 0.8 is stored a little above what is written here, 0.6
# below.
EXPECTED_ROWS = [
    row.split(" & ")
    for row in (
        r"\cref{sec:training}, trained on & \num{8} & \num{300} & \num{12.3} & \num{1.2e-9}"
        r" & \num{0.03331} & \num{0.03456} & \num{0.0456} & \num{9.9} & holds",
        r"seed 8$^*$ & \num{1600} & \num{400} & \num{23.4} & \num{2.0e-9}"
        r" & -- & \num{0.5000} & -- & \num{25} & fails",
        r"seed 9 & \num{16} & \num{500} & \num{34.6} & \num{3.0e-9}"
        r" & \num{0.5000} & \num{0.5999} & \num{0.0788} & \num{30} & holds",
        r"\cref{sec:training}, on $\y/4.5$ & \num{8} & \num{20} & \num{4.00} & \num{4.0e-9}"
        r" & \num{0.6000} & \num{0.6999} & \num{0.0890} & \num{40} & holds",
        r"digit 0, target 0 & \num{8} & \num{10} & \num{1.50} & \num{5.0e-6}"
        r" & \num{0.9001} & \num{0.8000} & \num{0.0912} & \num{50} & fails",
        r"digit 0, target 1 & \num{8} & \num{11} & \num{1.60} & \num{6.0e-6}"
        r" & \num{0.8001} & \num{0.9000} & \num{0.0922} & \num{60} & holds",
    )
]


def test_numbers():
    assert convergence.numbers(PROOFS) == EXPECTED_NUMBERS


def test_no_proof_may_be_recorded():
    numbers = convergence.numbers([row | {"recorded": 0} for row in PROOFS])
    assert (numbers["proofs-have-records"], numbers["proofs-recorded"]) == ("no", r"\num{0}")


def test_numbers_where_nothing_is_proved():
    proofs = [row | {"holds": "fails", "needed": "", "coercivity": 0.0} for row in PROOFS]
    expected = {
        "proved": r"\num{0}",
        "proof-networks": r"\num{0}",
        "proof-verdict": "for these weights convergence is not proved",
        "proof-coercivity": r"\num{0}",
        "proof-by-width": (
            r"$m=\num{16}$: not by $t=\num{34.6}$; $m=\num{1600}$: not by $t=\num{23.4}$"
        ),
    }
    assert convergence.numbers(proofs) == EXPECTED_NUMBERS | expected
    assert {row[7] for row in convergence.rows(proofs)} == {"--"}
    assert {row[-1] for row in convergence.rows(proofs)} == {"fails"}


def other(m, seed, fate, time, crossing="", coercivity=0.0789, holds="holds"):
    names = ("name", "m", "seed", "fate", "time", "crossing_time", "coercivity", "holds")
    return dict(
        zip(names, (f"other{seed}", m, seed, fate, time, crossing, coercivity, holds), strict=True)
    )


def test_networks_of_one_width_are_told_together_and_apart_by_what_becomes_of_them():
    proofs = [
        other(8, 1, "kept", 3.004, coercivity=0.0899),
        other(8, 2, "kept", 3.001),
        other(4, 3, "crossed", 9.0, 7.0),
        other(8, 4, "open", 2.0, holds="fails"),
        other(4, 5, "crossed", 5.0, 8.0),
        other(4, 6, "crossed", 6.0, 6.5),
    ]
    assert convergence.by_width(proofs, "fate", convergence.outcome) == (
        r"$m=\num{4}$: crossed at $t=\num{6.50}$ to $\num{8.00}$ (\num{3});"
        # The smallest, rounded down.
        r" $m=\num{8}$: kept for ever, as $\Lambda\ge\num{0.07889}$ (\num{2}),"
        r" kept up to $t=\num{2.00}$, then open"
    )
    assert convergence.by_width(proofs, "holds", convergence.when) == (
        r"$m=\num{4}$: by $t=\num{5.00}$ to $\num{9.00}$ (\num{3});"
        r" $m=\num{8}$: by $t=\num{3.00}$ (\num{2}), not by $t=\num{2.00}$"
    )


def test_rows():
    assert convergence.rows(PROOFS) == EXPECTED_ROWS


# |w_rᵀx_i| is 3 and 4, 5 and 2; the second unit is not active on x2: H = ½ diag(2, 1).
WEIGHTS = np.array([[3.0, 4], [5, -2]])
U = np.array([8, 4]) / math.sqrt(2)
DATASET = {"inputs": np.array([[0.6, 0.8], [1.0, 0], [0, 1.0]]), "labels": np.array([1, 2, 3])}


def run(residual, seed, samples=(1, 2)):
    """A run of three steps, trained on samples; y − u is the residual there."""
    return {
        "samples": np.array(samples),
        "targets": U[: len(samples)] + residual,
        "final_weights": WEIGHTS,
        "output_weights": np.ones(2),
        "seed": np.array(seed),
        "loss": np.array([9.0, 8, 7, 6]),
        "time": np.array([0, 0.5, 1, 1.5]),
    }


def test_table():
    # Λ = ½, and √2‖y − u‖ is asked for, in the order of the report.
    runs = {
        "first_stage": run([0.1], 5, [1]),
        "other12": run([20, 0], 12),
        "other4": run([0, 2.2], 4),
        "assigned": run([0, 0.1], 1),
    }
    rows = convergence.table(DATASET, runs, [], 1.0)
    names = ["assigned", "other4", "other12", "first_stage"]
    assert [row["name"] for row in rows] == names
    assert [row["seed"] for row in rows] == [1, 4, 12, 5]
    assert [row["n"] for row in rows] == [2, 2, 2, 1]
    assert {row["recorded"] for row in rows} == {0}
    assert {row["m"] for row in rows} == {2}
    for row in rows:
        assert list(row) == list(COLUMNS)
        times = row["steps"], row["time"], row["loss_initial"], row["loss"]
        assert times == (3, 1.5, 9, 6)
        assert row["digest"] == digest_by_hand()
    assert [row["holds"] for row in rows] == ["holds", "holds", "fails", "holds"]
    assert [row["near"] for row in rows] == [0, 1 / 2, 1, 0]
    assert [row["needed"] == "" for row in rows] == [False, False, True, False]
    assert rows[2]["coercivity"] == 0
    # On x1 alone both units are active: Λ = 1, and ‖y − u‖/√2 is asked for.
    for row, size, coercivity in [(rows[0], 0.1, 0.5), (rows[1], 2.2, 0.5), (rows[3], 0.1, 1)]:
        assert row["residual"] == pytest.approx(size, abs=1e-12)
        assert row["coercivity"] == pytest.approx(coercivity, abs=1e-12)
        assert row["needed"] == pytest.approx(size / math.sqrt(2) / coercivity, rel=1e-10)
        assert row["needed"] < row["radius"] < 1.03 * row["needed"]


def test_records_of_the_data_stand_among_the_others_by_width_and_seed():
    run_row = convergence.table_row("other4", run([0, 0.1], 4), DATASET, 1.0)
    origin = {"command": "python", "data": digest(**DATASET)}
    records = [
        run_row | {"name": "other9", "m": 1, "seed": 9, "loss": 0.25} | origin,
        run_row | {"name": "other3", "m": 2, "seed": 3} | origin,
        run_row | {"name": "other2", "m": 2, "seed": 2} | origin | {"data": "another"},
    ]
    runs = {"other4": run([0, 0.1], 4), "assigned": run([0, 0.1], 1)}
    rows = convergence.table(DATASET, runs, records, 1.0)
    assert [row["name"] for row in rows] == ["assigned", "other9", "other3", "other4"]
    assert [row["recorded"] for row in rows] == [0, 1, 1, 0]
    assert {tuple(row) for row in rows} == {tuple(COLUMNS)}
    assert (rows[1]["m"], rows[1]["loss"]) == (1, 0.25)


# The loss of `run`, 9 to 6 in 3/2 of time; half of Λ = ½ in the proof below.
@pytest.mark.parametrize(
    ("lambda_zero", "residual", "crossing", "fate"),
    [
        # 9·e^{−λ0/2} < 8 from λ0 = 0.236 on, and 9·e^{−3λ0/2} < 6 from 0.270 on.
        (0.3, [0, 0.1], 0.5, "crossed"),
        (0.2, [0, 0.1], "", "kept"),
        # 22² and more over two samples is more than 9·e^{−3/10}; the proof fails.
        (0.2, [20, 0], "", "open"),
    ],
)
def test_a_bound_is_crossed_kept_or_open(lambda_zero, residual, crossing, fate):
    row = convergence.table_row("other4", run(residual, 4), DATASET, lambda_zero)
    assert (row["crossing_time"], row["fate"]) == (crossing, fate)
    row = convergence.table_row("assigned", run(residual, 4), DATASET, lambda_zero)
    assert (row["crossing_time"], row["fate"]) == ("", "")


# No step exceeds the bound: what decides are Λ ≥ λ0/2, the proof, and ‖y − u‖²/n at its end, where
# the bound is 4·e^{−1/2·6/5}.
FAST, BOUND = 0.25 * (1 + 1.1e-6), 4 * math.exp(-0.6)


@pytest.mark.parametrize(
    ("holds", "coercivity", "residual", "fate"),
    [
        # 1e-6 is left to what rounding there may be.
        (True, FAST, math.sqrt(3 * BOUND * (1 - 1.1e-6)), "kept"),
        (True, FAST, math.sqrt(3 * BOUND * (1 - 0.9e-6)), "open"),
        (True, 0.25 * (1 + 0.9e-6), 0.1, "open"),
        (False, FAST, 0.1, "open"),
    ],
)
def test_a_bound_is_kept_where_the_proof_is_fast_and_begins_below_it(
    holds, coercivity, residual, fate
):
    verdict = Verdict(holds, 0.1, 0.05, coercivity, residual, 0.1)
    of_run = {"loss": np.array([4.0, 3.0, 2.0]), "time": np.array([0, 0.5, 1.2])}
    found = convergence.fate("other4", of_run, verdict, 3, 0.5)
    assert found == {"crossing_time": "", "fate": fate}


def test_what_is_left_to_rounding_may_be_used_up():
    """The residual 2 of one sample, a bound that has not fallen, and λ0 = ½."""
    verdict = Verdict(True, 0.1, 0.05, (1 + 1e-6) * 0.5 / 2, 2.0, 0.1)
    of_run = {"loss": np.array([4 / (1 - 1e-6), 4.0]), "time": np.array([0.0, 0.0])}
    assert convergence.fate("other4", of_run, verdict, 1, 0.5)["fate"] == "kept"


def test_integer_targets_are_those_of_the_proof():
    of_run = run([0, 0], 1) | {"targets": np.array([6, 3])}
    row = convergence.table_row("assigned", of_run, DATASET, 1.0)
    assert row["residual"] == pytest.approx(np.linalg.norm([6, 3] - U), rel=1e-12)


def digest_by_hand():
    """Of WEIGHTS row by row and two output weights of 1."""
    content = struct.pack("<6d", 3, 4, 5, -2, 1, 1)
    return hashlib.sha256(content).hexdigest()[:16]


@pytest.mark.parametrize("order", ["C", "F"])
def test_digest_is_that_of_the_numbers_row_by_row(order):
    assert convergence.digest(np.array(WEIGHTS, order=order), np.ones(2)) == digest_by_hand()
    assert convergence.digest(WEIGHTS.astype(">f8"), np.ones(2)) == digest_by_hand()
    assert convergence.digest(WEIGHTS.T, np.ones(2)) != digest_by_hand()
    assert convergence.digest(WEIGHTS, -np.ones(2)) != digest_by_hand()
    assert len(digest_by_hand()) == 16


FULL = {"time": np.array([0, 2.0, 4]), "loss": np.array([9.0, 5, 3])}
# Four looks, the last of which proves; at the first no coercivity is left.
ASSIGNED = {
    "time": np.array([0, 0.5, 1, 1.5]),
    "loss": np.array([3.0, 2, 1, 0.5]),
    "look_step": np.array([0, 1, 2, 3]),
    "look_holds": np.array([False, False, False, True]),
    "look_kinks": np.array([0.01, 0.02, 0.015, 0.0125]),
    "look_kinks_coercivity": np.array([0.0, 0.1, 0.08, 0.07]),
    "look_kinks_radius": np.array([0.0, 3.0, 2, 0.1]),
    "look_radius": np.array([30.0, 20, 10, 0.2]),
    "look_coercivity": np.array([0.0, 0, 0, 0.04]),
    "look_near": np.array([1.0, 0.9, 0.8, 0.03]),
}


def test_figure(draw, check_lines):
    losses, radii, coercivities, pairs = draw(convergence.figure, ASSIGNED, FULL, 0.3)
    drawn = [
        ("full batch", [0, 2, 4], [9, 5, 3]),
        ("trained on", [4, 4.5, 5, 5.5], [3, 2, 1, 0.5]),
    ]
    check_lines(losses, drawn)
    drawn = [
        ("sliding pairs free", [4.5, 5, 5.5], [3, 2, 0.1]),
        ("of the proof", [5.5], [0.2]),
    ]
    check_lines(radii, drawn)
    drawn = [
        ("sliding pairs free", [4, 4.5, 5, 5.5], [0, 0.1, 0.08, 0.07]),
        ("of the proof", [5.5], [0.04]),
        (r"$\lambda_0/2$", [0, 1], [0.15, 0.15]),
    ]
    check_lines(coercivities, drawn)
    drawn = [("sliding", [4, 4.5, 5, 5.5], [1, 2, 1.5, 1.25]), ("near, in the proof", [5.5], [3])]
    check_lines(pairs, drawn)
    panels = losses, radii, coercivities, pairs
    assert [axes.get_yscale() for axes in panels] == ["log", "log", "linear", "linear"]
    assert [axes.get_ylim()[0] for axes in (coercivities, pairs)] == [0, 0]
    assert {axes.get_xlim() for axes in panels} == {(0, 1.03 * 5.5)}


@pytest.mark.parametrize("looks", [1, 3])
def test_figure_where_nothing_is_proved_and_no_coercivity_is_left(draw, looks):
    names = [name for name in ASSIGNED if name.startswith("look")]
    run = ASSIGNED | {name: ASSIGNED[name][:looks] for name in names}
    for name in ("look_kinks_coercivity", "look_kinks_radius", "look_kinks"):
        run[name] = np.zeros(looks)
    panels = draw(convergence.figure, run, FULL, 0.3)
    lines = [line for axes in panels for line in axes.get_lines()]
    assert [len(line.get_xdata()) for line in lines] == [3, 4, 0, 0, looks, 0, 2, looks, 0]
    panels[0].figure.canvas.draw()
