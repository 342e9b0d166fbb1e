"""The records of data/wide: made by the rule, complete, and what their commands give here."""

import shlex
import subprocess
import sys

import numpy as np
import pytest
from workflow import ROOT, SOURCES

import files
from pipeline.config import shipped
from pipeline.studies import records
from studies import wide

RECORDS = [files.read_csv(ROOT / path) for path in records()]
ROWS = sorted((row for (row,) in RECORDS), key=lambda row: row["m"])
# Single precision rounds by 6e-8; a step multiplies an error by less than 1 + the curvature that
# the kinks add, and other kernels of a BLAS sum in another order.
FIRST_STEPS = 1e-4
# Signs of w_rᵀx_i that rounding decides, and after 1725 steps patterns that chatter otherwise.
WHOLE_RUN = 0.05


def run(folder, script, *options):
    line = [sys.executable, str(ROOT / "code" / script), *map(str, options)]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with the data of config.yaml and the row of H^∞."""
    path = tmp_path_factory.mktemp("records")
    (path / "results").mkdir()
    data = shipped()["dataset"]
    run(path, "make_dataset.py", "--samples", data["samples"], "--seed", data["seed"])
    run(path, "compute_eigenvalues.py", "--seeds", "--output", "results/h_infinity.csv")
    return path


def without(options, *names):
    """The options without some of them and their values."""
    kept = []
    for option, value in zip(options[::2], options[1::2], strict=True):
        if option not in names:
            kept += [option, value]
    return kept


def command(row):
    """The options of a record's command, without those of outputs, and with values for all."""
    python, script, *words = shlex.split(row["command"])
    assert (python, script) == ("python", "code/train_network.py")
    words = [word for word in words if word not in ("--single", "--origin")]
    return without(words, "--output", "--log", "--device")


def replay(folder, row, *options):
    """The first steps of a record's run."""
    kept = without(command(row), "--flow-time", "--follow", "--probes", "--window")
    length = "--steps", max(wide.REPLAYED), "--probes", 2, "--window", 2
    run(folder, "train_network.py", *kept, *length, *options, "--single", "--output", "run.npz")
    return files.read_npz(folder / "run.npz")


def differences(row, found):
    """Relative differences of the losses after the first steps, and of H(0)."""
    pairs = [(found["loss"][step], row[f"loss_{step}"]) for step in wide.REPLAYED]
    pairs += [(found["loss"][0], row["loss_initial"])]
    pairs += [(found["initial_gram_error"], row["initial_gram_error"])]
    pairs += [(found["probe_lambda_min"][0], row["lambda_min_initial"])]
    return np.array([abs(here / there - 1) for here, there in pairs])


def test_records_are_in_git_and_in_the_copies_of_the_tests():
    assert "data" in SOURCES
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "check-ignore", *records()], capture_output=True, text=True
    )
    assert listed.stdout == ""


def test_a_record_is_named_by_its_run_and_says_where_it_comes_from():
    for path, row in zip(records(), (row for (row,) in RECORDS), strict=True):
        assert path == f"data/wide/m{row['m']}_seed{row['seed']}.csv"
        assert row["commit"].endswith(", clean"), f"{path}: sources with changes"
        options = command(row)
        named = {options[k]: options[k + 1] for k in range(0, len(options), 2)}
        assert (named["--width"], named["--seed"]) == (str(row["m"]), str(row["seed"]))
        assert all(row[name] for name in (*wide.ORIGIN, "data", "configuration"))
    assert len({row["seed"] for row in ROWS}) == len(ROWS)


def test_the_first_steps_of_a_record_are_those_of_its_command(folder):
    row = ROWS[0]
    assert differences(row, replay(folder, row)).max() < FIRST_STEPS
    other = replay(folder, row, "--seed", row["seed"] + 1)
    assert differences(row, other).min() > FIRST_STEPS


@pytest.mark.slow
def test_the_first_steps_of_the_widest_record_are_those_of_its_command(folder):
    row = ROWS[-1]
    assert differences(row, replay(folder, row)).max() < FIRST_STEPS


@pytest.mark.slow
def test_a_whole_record_is_made_again(folder):
    """The widest network that a processor trains in a minute or two."""
    row = [row for row in ROWS if row["m"] <= 1 << 14][-1]
    run(folder, "train_network.py", *command(row), "--single", "--origin", "--output", "run.npz")
    run(folder, "record_run.py", "--run", "run.npz", "--output", "row.csv")
    (found,) = files.read_csv(folder / "row.csv")
    assert [*found] == [*row]
    for name, value in row.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=WHOLE_RUN), name
    same = ("m", "seed", "steps", "crossing_time", "data")
    assert [found[name] for name in same] == [row[name] for name in same]
