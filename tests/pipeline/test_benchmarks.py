"""The benchmarks run and print a row for each case; what they measure is no matter for a test."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
ROUNDING = 0.005  # two decimals are printed


def rows(folder, *arguments):
    """The rows that a benchmark prints below its header, as lists of words."""
    line = [sys.executable, *arguments]
    run = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [row.split() for row in run.stdout.splitlines()[1:]]


def test_steps_of_both_precisions_are_timed_and_compared(built):
    found = rows(built, "benchmarks/step.py", "--widths", "8", "20", "--rounds", "1", "--work", "1")
    expected = [[kind, width] for kind in ("double", "single") for width in ("8", "20")]
    assert [row[:2] for row in found] == expected
    for row in found:
        a, b, c, *ratios = map(float, row[2:])
        for ratio, above, below in zip(ratios, (a, b), (b, c), strict=True):
            assert (above - ROUNDING) / (below + ROUNDING) - ROUNDING <= ratio
            assert (above + ROUNDING) / max(below - ROUNDING, 1e-9) + ROUNDING >= ratio


@pytest.mark.parametrize(("option", "kind"), [([], "single"), (["--double"], "double")])
def test_runs_are_measured_at_every_width(built, option, kind):
    *found, fit = rows(built, "benchmarks/run.py", *option, "--widths", "64", "900", "--work", "1")
    assert [row[:2] for row in found] == [[kind, "64"], [kind, "900"]]
    for row in found:
        assert 50 < float(row[2]) < 2000  # megabytes
    assert fit[0] == "memory:"


def test_a_single_width_has_no_fit(built):
    assert len(rows(built, "benchmarks/run.py", "--widths", "64", "--work", "1")) == 1
