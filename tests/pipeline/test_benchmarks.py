"""The benchmarks run and print a row for each case; what they measure is no matter for a test."""

import importlib.util
import subprocess
import sys

import pytest
import torch

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
        # JAX is optional; without it two dashes stand for its time and its ratio.
        a, b, c, d, *ratios = (float(word) if word != "--" else None for word in row[2:])
        assert (d is None) == (ratios[2] is None) == (importlib.util.find_spec("jax") is None)
        pairs = zip(ratios, (a, b, d), (b, c, b), strict=True)
        for ratio, above, below in [pair for pair in pairs if pair[0] is not None]:
            assert (above - ROUNDING) / (below + ROUNDING) - ROUNDING <= ratio
            assert (above + ROUNDING) / max(below - ROUNDING, 1e-9) + ROUNDING >= ratio


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_benchmark_without_the_device_it_is_asked_for_says_so(built):
    line = [sys.executable, "benchmarks/step.py", "--device", "cuda"]
    run = subprocess.run(line, cwd=built, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith("step.py: device cuda: ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(("option", "kind"), [([], "single"), (["--double"], "double")])
def test_runs_are_measured_at_every_width(built, option, kind):
    *found, fit = rows(built, "benchmarks/run.py", *option, "--widths", "64", "900", "--work", "1")
    assert [row[:2] for row in found] == [[kind, "64"], [kind, "900"]]
    for row in found:
        assert 50 < float(row[2]) < 2000  # megabytes
    assert fit[0] == "memory:"


def test_a_single_width_has_no_fit(built):
    assert len(rows(built, "benchmarks/run.py", "--widths", "64", "--work", "1")) == 1
