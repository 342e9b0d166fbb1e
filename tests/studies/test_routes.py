"""The two routes on three inputs, their constants worked out by hand."""

import math

import numpy as np
import pytest
from oracles import gamma

from overparam import hypotheses
from studies import routes

# ‖X‖² = 2 from the inputs e1, e1 and e2, ‖y‖ = 3, λ0 = 1/4, δ = 1/2.
DATASET = {"inputs": np.array([[1.0, 0], [1, 0], [0, 1]]), "labels": np.array([2, 2, 1])}
LAMBDA_ZERO, DELTA = 1 / 4, 1 / 2
# √(3 · 12) = 6 is measured for ‖y − u(0)‖.
RUN = {
    "loss": np.array([12.0, 5.0]),
    "width": np.array(128),
    "probe_distance_max": np.array([0.0, 0.4567, 0.3]),
}

# ln(2·9/(1/6)) = 4.6821: 8·9/(1/16) = 1152 times that.
PAPER_GRAM = 1152 * math.log(108)
# √(2π)·(1/6)·(1/4)/(16·9) = √(2π)/3456.
PAPER_RADIUS = math.sqrt(2 * math.pi) / 3456
# 6·(9 + 3/2) = 63.
PAPER_RESIDUAL = math.sqrt(63)
# (2·√3·√63/(1/4·R))² = 4·3·63·16/R².
PAPER_WIDTH = 12096 / PAPER_RADIUS**2
# ν̄ = (√3/2 − 1/√2)²/8 and R = (4/9)·√(2π)·ν̄.
SHARE = (math.sqrt(3) / 2 - math.sqrt(1 / 2)) ** 2 / 8
SHARP_RADIUS = 4 * math.sqrt(2 * math.pi) / 9 * SHARE
# ln(3·3/(1/2)) = ln 18, and 2/(1/4) = 8.
SHARP_GRAM = 8 * math.log(18) / (1 / 4 + 3 / 4 * math.log(3 / 4))
# 3 + √(9/(2·1/2)) = 6.
SHARP_RESIDUAL = 6.0
# (2·√2·6/(1/4·R))² = 4·2·36·16/R².
SHARP_WIDTH = 4608 / SHARP_RADIUS**2
EXPECTED_NUMBERS = {
    "operator-squared": r"\num{2.000}",
    "route-paper-width": r"\num{2.3e+10}",
    "route-sharp-width": r"\num{3.7e+8}",
    # lg(3.7254e8/128) = 6.464.
    "route-sharp-orders": r"\num{6.5} orders of magnitude above",
}
EXPECTED_ROWS = [
    row.split(" & ")
    for row in (
        # 1152·4.6821; 8·2.8904/0.034238.
        r"$\lmin(\Hzero)\ge\frac34\lzero$ from $m=$ & \num{5390} & \num{675} & -- & --",
        # (3.5170/0.72530)².
        r"$R$ & \num{0.000725} & \num{0.00352} & \num{0.457} & \num{23.5}",
        # 63/36.
        r"$\norm{\y-\uu(0)}\le$ & \num{7.94} & \num{6.00} & \num{6.00} & \num{1.75}",
        # 3/2.
        r"speed: $\sqrt n$, $\norm{\mathbf X}$ & \num{1.73} & \num{1.41} & -- & \num{1.50}",
        # 23.513 · 7/4 · 3/2.
        r"width of the theorem & \num{2.30e+10} & \num{3.73e+8} & \num{128} & \num{61.7}",
    )
]


def test_constants_of_both_routes():
    paper, sharp = routes.routes(DATASET, LAMBDA_ZERO, DELTA)
    expected = [PAPER_GRAM, PAPER_RADIUS, PAPER_RESIDUAL, math.sqrt(3), PAPER_WIDTH]
    np.testing.assert_allclose(paper, expected, rtol=gamma(40))
    expected = [SHARP_GRAM, SHARP_RADIUS, SHARP_RESIDUAL, math.sqrt(2), SHARP_WIDTH]
    np.testing.assert_allclose(sharp, expected, rtol=gamma(40))


def test_numbers():
    assert routes.numbers(DATASET, RUN, LAMBDA_ZERO, delta=DELTA) == EXPECTED_NUMBERS


def test_rows():
    assert routes.rows(DATASET, RUN, LAMBDA_ZERO, delta=DELTA) == EXPECTED_ROWS


def test_factors_of_the_steps_multiply_to_that_of_the_width():
    paper, sharp = routes.routes(DATASET, LAMBDA_ZERO, DELTA)
    steps = (
        sharp.radius / paper.radius,
        paper.residual / sharp.residual,
        paper.speed / sharp.speed,
    )
    assert math.prod(steps) ** 2 == pytest.approx(paper.width / sharp.width, rel=gamma(40))


def test_paper_route_is_that_of_the_claims_with_a_third_of_delta():
    n, norm = 3, 3.0
    paper = hypotheses.paper_route(n, norm, LAMBDA_ZERO, DELTA)
    assert paper.gram_width == hypotheses.gram_width(n, DELTA / 3, LAMBDA_ZERO)
    assert paper.radius == hypotheses.stable_radius(n, DELTA / 3, LAMBDA_ZERO)
    width = hypotheses.convergence_width(n, paper.residual, LAMBDA_ZERO, paper.radius)
    assert paper.width == pytest.approx(width, rel=gamma(20))
    # The closed form of `thm:a-priori`.
    closed = 13824 / math.pi * n**5 * (norm**2 + n / 2) / (LAMBDA_ZERO**4 * DELTA**3)
    assert paper.width == pytest.approx(closed, rel=gamma(40))


@pytest.mark.parametrize(
    ("targets_norm", "operator_norm", "delta", "largest"),
    [(3.0, math.sqrt(2), 0.5, 0), (0.0, 0.02, 0.5, 2)],
)
def test_width_of_the_sharp_route_is_the_largest_of_three(
    targets_norm, operator_norm, delta, largest
):
    """The norms are not those of any data: only the formula is asked."""
    n, lambda_zero = 3, 0.25
    sharp = hypotheses.sharp_route(n, targets_norm, lambda_zero, delta, operator_norm)
    share = (math.sqrt(3) / 2 - math.sqrt(1 / 2)) ** 2 * lambda_zero / operator_norm**2
    radius = 4 * math.sqrt(2 * math.pi) / 9 * share
    log, bound = math.log(3 * n / delta), targets_norm + math.sqrt(3 * n / (2 * delta))
    psi = 1 / 4 + 3 / 4 * math.log(3 / 4)
    terms = [
        4 * operator_norm**2 * bound**2 / (lambda_zero * radius) ** 2,
        operator_norm**2 * log / (psi * lambda_zero),
        153 / share * log,
    ]
    assert sharp.width == pytest.approx(terms[largest], rel=gamma(40))
    assert terms[largest] == max(terms)
