"""Numbers and rows of `sec:eigenvalues` from a table of six networks, worked out by hand."""

import numpy as np
import pytest

from studies import eigenvalues

COLUMNS = ("n", "m", "seed", "undecided", "lambda_min", "lambda_min_certified", "lambda_max")
# λ0 = 105/128 and ¾λ0 = 315/512 are exact in binary; the third network attains ¾λ0.
TABLE = [
    dict(zip(COLUMNS, row, strict=True))
    for row in [
        (7, "", "", "", 105 / 128, 0.82030999, 3.40625),
        (7, 64, 1, 3, 0.7181818, 0.71817999, 4.04949),
        (7, 65, 102, 0, 0.25, 0.0, 5.0),
        (7, 66, 103, 0, 315 / 512, -0.13, 6.0),
        (7, 67, 104, 5, 0.9543219, 0.95432099, 2.00049),
        (7, 68, 105, 0, 0.611, 0.611 - 1e-9, 8.0),
        (7, 69, 106, 0, 0.65, 0.2, 7.0),
    ]
]
# Distances √0.8 and √3.2 of the first two up to sign, √2 of both from the third, which is as long
# as 1 + 2⁻³⁰; and as long as 1 the others.
DATASET = {"inputs": np.array([[1.0, 0, 0], [0.6, 0.8, 0], [0, 0, 1 + 2.0**-30]])}
EXPECTED_NUMBERS = {
    "samples": r"\num{7}",
    "width": r"\num{64}",
    "lambda-zero": r"\num{0.8203}",
    # Rounded down, so that it still is a bound.
    "lambda-zero-certified": r"\num{0.820309}",
    "lambda-max-infinity": r"\num{3.406}",
    "lambda-min-initial": r"\num{0.7182}",
    "lambda-min-initial-certified": r"\num{0.718179}",
    # Of 0.25, 0.611, 315/512, 0.65, 0.718, 0.954: (0.61523 + 0.65)/2.
    "both-certified": "yes",
    "lambda-min-initial-median": r"\num{0.6326}",
    "lambda-min-initial-smallest": r"\num{0.2500}",
    "lambda-min-initial-largest": r"\num{0.9543}",
    # 0.25 · 128/105 = 0.30476 and 0.9543219 · 128/105 = 1.16336.
    "lambda-ratio-smallest": r"\num{0.305}",
    "lambda-ratio-largest": r"\num{1.16}",
    "networks": r"\num{6}",
    # 0.7182, 315/512, 0.954 and 0.65 are at least 315/512; 0.611 and 0.25 are not.
    "networks-three-quarters": r"\num{4}",
    "matrices": r"\num{7}",
    # A bound of 0 proves nothing.
    "matrices-certified": r"\num{5}",
    # 315/512 + 0.13 = 0.7452.
    "certificate-slack": r"\num{0.75}",
    "undecided-signs": r"\num{8}",
    # 0.89443, rounded down.
    "separation-smallest": r"\num{0.894}",
    # 2⁻³⁰ = 9.313e-10.
    "length-error-largest": r"\num{9.3e-10}",
    # 7/3.40625 = 2.05505.
    "stability-limit": r"\num{2.055}",
}
# λ_min, its bound rounded down, λ_max, λ_min · 128/105, and that · 4/3.
EXPECTED_ROWS = [
    row.split(" & ")
    for row in (
        r"$\Hinf$ & \num{0.82031} & \num{0.82030} & \num{3.406} & \num{1.00} & \num{1.33}",
        r"$\Hzero$, the trained network (seed 1)"
        r" & \num{0.71818} & \num{0.71817} & \num{4.049} & \num{0.875} & \num{1.17}",
        r"$\Hzero$, smallest of all seeds (seed 102)"
        r" & \num{0.25000} & \num{0} & \num{5.000} & \num{0.305} & \num{0.406}",
        r"$\Hzero$, largest of all seeds (seed 104)"
        r" & \num{0.95432} & \num{0.95432} & \num{2.000} & \num{1.16} & \num{1.55}",
    )
]


def test_numbers():
    assert eigenvalues.numbers(TABLE, DATASET) == EXPECTED_NUMBERS


@pytest.mark.parametrize("place", [0, 1])
def test_a_bound_of_zero_certifies_nothing(place):
    table = [*TABLE]
    table[place] = table[place] | {"lambda_min_certified": 0.0}
    assert eigenvalues.numbers(table, DATASET)["both-certified"] == "no"


def test_rows():
    assert eigenvalues.rows(TABLE) == EXPECTED_ROWS
