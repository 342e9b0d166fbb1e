"""Numbers for LaTeX: rounding, bounds that stay bounds, and no value that is not finite."""

import decimal
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam import latex

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def printed(text):
    r"""The exact value of \num{…}."""
    assert text.startswith(r"\num{")
    assert text.endswith("}")
    return Fraction(text[5:-1])


def last_place(value, digits):
    """One unit of the last of `digits` significant digits of a value that is not zero."""
    return Fraction(10) ** (decimal.Decimal(value).adjusted() - digits + 1)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.0549203, 3, "0.0549"),
        (0.0549203, 4, "0.05492"),
        (0.0549203, 1, "0.05"),
        (-0.0549203, 3, "-0.0549"),
        (0.05497, 3, "0.0550"),
        (0.25001, 3, "0.250"),
        (0.25, 3, "0.250"),
        (19, 3, "19"),
        (np.int64(500), 1, "500"),
        (19.0, 3, "19.0"),
        (9.996, 3, "10.0"),
        (99.96, 3, "100"),
        (123.4, 3, "123"),
        (19.3283, 4, "19.33"),
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
    ],
)
def test_significant_digits(value, digits, expected):
    assert latex.number(value, digits) == rf"\num{{{expected}}}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.000123456, "0.000123"),
        (0.0000999999, "0.000100"),
        (0.00009994, "9.99e-5"),
        (1.2e-11, "1.20e-11"),
        (123456.0, "123000"),
        (999499.0, "999000"),
        (999500.5, "1.00e+6"),
        (1.5e300, "1.50e+300"),
        (-2.5e-7, "-2.50e-7"),
    ],
)
def test_exponents_begin_outside_of_minus_four_to_five(value, expected):
    assert latex.number(value) == rf"\num{{{expected}}}"


@pytest.mark.parametrize("value", [0, 7, -12, 10000, 1234567, 2**80])
def test_integers_are_printed_in_full(value):
    assert latex.number(value, 1) == rf"\num{{{value}}}"


@pytest.mark.parametrize(("value", "expected"), [(0.125, "0.12"), (0.375, "0.38")])
def test_ties_go_to_the_even_digit(value, expected):
    assert latex.number(value, 2) == rf"\num{{{expected}}}"


@given(FLOATS.filter(bool), st.integers(1, 12))
def test_number_is_within_half_a_unit_of_the_last_place(value, digits):
    error = abs(printed(latex.number(value, digits)) - Fraction(value))
    assert error <= last_place(value, digits) / 2


@given(FLOATS.filter(bool), st.integers(1, 12))
def test_lower_bound_is_below_the_value_by_less_than_a_unit(value, digits):
    gap = Fraction(value) - printed(latex.lower_bound(value, digits))
    assert 0 <= gap < last_place(value, digits)


@given(FLOATS.filter(bool), st.integers(1, 12))
def test_upper_bound_is_above_the_value_by_less_than_a_unit(value, digits):
    gap = printed(latex.upper_bound(value, digits)) - Fraction(value)
    assert 0 <= gap < last_place(value, digits)


def test_upper_bound_is_rounded_up():
    assert latex.upper_bound(0.05491) == r"\num{0.0550}"
    assert latex.upper_bound(-0.05499) == r"\num{-0.0549}"


@pytest.mark.parametrize(
    ("value", "expected"), [(0.05499, "0.0549"), (-0.05491, "-0.0550"), (999999.0, "999000")]
)
def test_lower_bound_is_rounded_down(value, expected):
    assert latex.lower_bound(value) == rf"\num{{{expected}}}"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("function", [latex.number, latex.lower_bound, latex.upper_bound])
def test_values_that_are_not_finite_are_refused(function, value):
    with pytest.raises(ValueError, match="not a finite number"):
        function(value)


def test_results_are_one_macro_a_line():
    text = latex.results({"width": r"\num{1000}", "ratio": r"\num{0.861}"})
    assert text == "\\newresult{width}{\\num{1000}}\n\\newresult{ratio}{\\num{0.861}}\n"


def test_rows_are_the_body_of_a_table():
    assert latex.rows([["a", "1"], ["b", "2"]]) == "a & 1 \\\\\nb & 2 \\\\\n"


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.00078804, 5.928e-06, "0.000788(6)"),
        (0.6825, 0.00049, "0.6825(5)"),
        (0.68254, 0.00096, "0.683(1)"),
        (12.0, 3.2, "12(3)"),
        (-0.25, 0.01, "-0.25(1)"),
        (154.0, 20.0, "150(20)"),
    ],
)
def test_a_measurement_ends_with_the_digit_that_is_uncertain(value, error, text):
    assert latex.measured(value, error) == rf"\num{{{text}}}"


@pytest.mark.parametrize(
    ("value", "error"), [(1.0, 0.0), (1.0, -1.0), (1.0, math.nan), (math.inf, 1.0)]
)
def test_a_measurement_has_a_positive_error(value, error):
    with pytest.raises(ValueError, match="no measurement"):
        latex.measured(value, error)


@pytest.mark.parametrize(
    ("time", "options", "text"),
    [
        (None, {}, "does not cross the bound"),
        (None, {"step": None}, "does not cross the bound"),
        (2.5, {}, r"crosses the bound at $t=\num{2.50}$"),
        (0.25, {"digits": 2, "step": 7}, r"crosses the bound at step \num{7}, $t=\num{0.25}$"),
    ],
)
def test_a_crossing_is_a_verb(time, options, text):
    assert latex.crossing(time, **options) == text


@pytest.mark.parametrize(
    ("times", "text"),
    [
        ([None, None], r"is crossed by none of the \num{2} runs"),
        (
            [3.0, None, 1.0, 2.0],
            r"is crossed by \num{3} of the \num{4} runs, first at $t=\num{1.00}$ and last at"
            r" $t=\num{3.00}$",
        ),
        (
            [3.0, 1.0],
            r"is crossed by all \num{2} runs, first at $t=\num{1.00}$ and last at"
            r" $t=\num{3.00}$",
        ),
    ],
)
def test_crossings_are_counted(times, text):
    assert latex.crossings(times, "runs") == text


@pytest.mark.parametrize(
    ("exponent", "text"), [(6.54, r"\num{6.5}"), (0.0, r"\num{0}"), (-0.25, r"\num{0.25}")]
)
def test_orders_of_magnitude_have_a_side(exponent, text):
    side = "below" if exponent < 0 else "above"
    assert latex.orders(exponent) == f"{text} orders of magnitude {side}"


def test_a_verdict_is_a_word():
    assert (latex.verdict(True), latex.verdict(np.False_)) == ("yes", "no")
