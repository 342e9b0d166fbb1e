"""The claims of `sec:hypotheses` on a run of three losses, and how they are counted."""

import math

import numpy as np
import pytest
from oracles import gamma

from studies import hypotheses

CLAIMS = [
    dict(zip(("name", "value", "limit", "holds"), row, strict=True))
    for row in [
        ("gram_width", 100.0, 2e6, "no"),
        ("gram_error", 0.123456, 0.2, "yes"),
        ("initial_lambda_min", 0.0876543, 0.0654321, "yes"),
        ("distance_bound", 300.4, 7.51e-5, "no"),
        ("distance_in_radius", 1.0, 1e6, "no"),  # six orders, not more
        ("gram_change", 0.987654, 9.87654e-5, "no"),
        ("lambda_min", 0.0345678, 0.0234567, "yes"),
        ("sliding_lambda_min", 3.45678e7, 0.0234567, "yes"),  # by nine orders
        ("distance", 3.97, 300.4, "yes"),
        ("width", 100.0, 2e25, "no"),
        ("convergence", 33.3333, 1.0, "no"),
    ]
]
# Below λ0/2 at the steps 2 and 3 of eleven looks.
RUN = {
    "time": np.array([0, 0.11111, 0.22222, 0.33333]),
    "watch_looks": np.array(11),
    "watch_step": np.array([2, 3]),
}
EXPECTED_NUMBERS = {
    "delta": r"\num{0.2}",
    "stable-radius": r"\num{7.51e-5}",
    "distance-bound": r"\num{300}",
    # 300.4/7.51e-5 = 4·10⁶, and lg 4 = 0.602; below lg 2 = 0.301.
    "distance-bound-orders": r"\num{6.6} orders of magnitude above",
    "gram-error": r"\num{0.123}",
    "gram-error-over-limit": r"\num{0.62}",
    "gram-width": r"\num{2.00e+6}",
    "gram-width-orders": r"\num{4.3} orders of magnitude above",
    "convergence-width": r"\num{2.00e+25}",
    "convergence-width-orders": r"\num{23.3} orders of magnitude above",
    "watch-looks": r"\num{11}",
    "watch-below": r"\num{2}",
    "watch-first": r"first at $t=\num{0.222}$",
    "lambda-min-smallest": r"\num{0.0346}",
    "lambda-half": r"\num{0.0235}",
    "distance-largest": r"\num{3.97}",
    # 300.4/3.97 = 75.67.
    "distance-share-of-bound": r"\num{76}",
    "initial-lambda-min-verdict": "holds",
    "lambda-min-verdict": "holds",
    "distance-verdict": "holds",
    # R′ and the width of Theorem 3.2.
    "claims-failing-widely": r"\num{2}",
    "claims-failing": r"\num{6}",
    "claims": r"\num{11}",
}
EXPECTED_ROWS = [
    row.split(" & ")
    for row in (
        r"Lemma 3.1 & width for $\norm{\Hzero-\Hinf}_2\le\lzero/4$"
        r" & \num{100} & \num{2.00e+6} & fails",
        r"Lemma 3.1 & $\norm{\Hzero-\Hinf}_2\le\lzero/4$ & \num{0.123} & \num{0.200} & holds",
        r"Lemma 3.1 & $\lmin(\Hzero)\ge\frac34\lzero$ & \num{0.0877} & \num{0.0654} & holds",
        r"Lemma 3.4 & $R'<R$ & \num{300} & \num{7.51e-5} & fails",
        r"Lemma 3.2 & $\max_{r,t}\norm{\w_r(t)-\w_r(0)}\le R$ & \num{1.00} & \num{1.00e+6} & fails",
        r"Lemma 3.2 & $\max_t\norm{\HH(t)-\Hzero}_2\le\lzero/4$"
        r" & \num{0.988} & \num{9.88e-5} & fails",
        r"Lemma 3.2 & $\lmin(\HH(t))\ge\lzero/2$ at the sampled $t$"
        r" & \num{0.0346} & \num{0.0235} & holds",
        r"with \cref{prop:sliding} & $\lmin(\HH^p(t))\ge\lzero/2$ there"
        r" & \num{3.46e+7} & \num{0.0235} & holds",
        r"Lemma 3.3 & $\max_{r,t}\norm{\w_r(t)-\w_r(0)}\le R'$ & \num{3.97} & \num{300} & holds",
        r"Theorem 3.2 & width for $R'<R$ & \num{100} & \num{2.00e+25} & fails",
        r"Theorem 3.2 & $\max_t\,\norm{\uu-\y}^2/(e^{-\lzero t}\norm{\uu(0)-\y}^2)\le1$"
        r" & \num{33.3} & \num{1.00} & fails",
    )
]


def test_numbers():
    assert hypotheses.numbers(CLAIMS, RUN, delta=0.15001) == EXPECTED_NUMBERS


@pytest.mark.parametrize("name", hypotheses.QUOTED)
def test_a_claim_that_fails_is_said_to_fail(name):
    claims = [row | ({"holds": "no"} if row["name"] == name else {}) for row in CLAIMS]
    values = hypotheses.numbers(claims, RUN, delta=0.2)
    verdicts = {key: values[f"{key.replace('_', '-')}-verdict"] for key in hypotheses.QUOTED}
    assert verdicts == dict.fromkeys(hypotheses.QUOTED, "holds") | {name: "fails"}


def test_a_width_that_suffices_is_below():
    claims = [row | ({"limit": 10.0} if row["name"] == "width" else {}) for row in CLAIMS]
    values = hypotheses.numbers(claims, RUN, delta=0.2)
    assert values["convergence-width-orders"] == r"\num{1.00} orders of magnitude below"


def test_a_watch_that_sees_nothing_below_says_never():
    values = hypotheses.numbers(CLAIMS, RUN | {"watch_step": np.array([], int)}, delta=0.2)
    assert [values[f"watch-{k}"] for k in ("below", "first")] == [r"\num{0}", "never"]


@pytest.mark.parametrize(("watched", "smallest"), [([], 0.2), ([0.21, 0.19], 0.19), ([0.22], 0.2)])
def test_smallest_eigenvalue_is_that_of_windows_and_watch(watched, smallest):
    run = {"probe_lambda_min": np.array([0.3, 0.2]), "watch_lambda_min": np.array(watched)}
    assert hypotheses.smallest_lambda_min(run) == smallest


def test_rows():
    assert hypotheses.rows(CLAIMS) == EXPECTED_ROWS


@pytest.mark.parametrize(("relation", "holds"), [("<=", "yes yes no no"), (">=", "no yes yes no")])
def test_claim_holds_up_to_its_limit(relation, holds):
    values = [math.nextafter(1, 0), 1, math.nextafter(1, 2), math.nan]
    rows = [hypotheses.claim("claim", value, relation, 1) for value in values]
    assert [row["holds"] for row in rows] == holds.split()
    assert {type(row[name]) for row in rows for name in ("value", "limit")} == {float}


def test_table_of_a_hand_worked_run():
    # n = 2, m = 100, λ0 = ¼, δ = ½ and ‖y − u(0)‖² = 2·8 = 4².
    run = {
        "time": np.array([0.0, 4, 8]),
        "loss": np.array([8.0, 22 / math.e, 1 / math.e**2]),
        "initial_gram_error": np.array(0.05),
        "probe_lambda_min": np.array([0.3, 0.2, 0.25]),
        "watch_lambda_min": np.array([]),
        "probe_sliding_lambda_min": np.array([0.3, 0.1, 0.25]),
        "probe_gram_change": np.array([0, 0.9, 0.8]),
        "probe_distance_max": np.array([0, 4.0, 3.0]),
    }
    networks = [(2, "", 0.25), (3, 100, 0.2), (3, 200, 0.1)]
    eigenvalues = [dict(zip(("n", "m", "lambda_min"), row, strict=True)) for row in networks]
    # R = √(2π)·δλ0/(16n²) and R′ = 2√n·4/(√m·λ0).
    radius, distance = math.sqrt(2 * math.pi) / 512, 3.2 * math.sqrt(2)
    expected = [
        # 8n²·log(2n²/δ)/λ0².
        ("gram_width", 100, ">=", 512 * math.log(16), "no"),
        ("gram_error", 0.05, "<=", 1 / 16, "yes"),
        ("initial_lambda_min", 0.2, ">=", 3 / 16, "yes"),
        ("distance_bound", distance, "<=", radius, "no"),
        ("distance_in_radius", 4, "<=", radius, "no"),
        ("gram_change", 0.9, "<=", 1 / 16, "no"),
        ("lambda_min", 0.2, ">=", 1 / 8, "yes"),
        ("sliding_lambda_min", 0.1, ">=", 1 / 8, "no"),
        ("distance", 4, "<=", distance, "yes"),
        # 4n·4²/(λ0·R)².
        ("width", 100, ">=", 2048 / radius**2, "no"),
        # The bound is 8/e at t = 4 and 8/e² at t = 8.
        ("convergence", 11 / 4, "<=", 1, "no"),
    ]
    rows = hypotheses.table(run, eigenvalues, delta=0.5)
    words = [(row["name"], row["relation"], row["holds"]) for row in rows]
    assert words == [(r[0], r[2], r[4]) for r in expected]
    actual = [(row["value"], row["limit"]) for row in rows]
    np.testing.assert_allclose(actual, [(r[1], r[3]) for r in expected], rtol=gamma(20))
    assert [*rows[0]] == ["name", "value", "relation", "limit", "holds"]
