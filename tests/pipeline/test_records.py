"""The records of data/: made by the rule, complete, and what their commands give here."""

import hashlib
import shlex
import subprocess
import sys

import numpy as np
import pytest
from workflow import ROOT, SOURCES

import files
from overparam.dataset import digest
from pipeline.config import shipped
from pipeline.runs import RECORDS
from pipeline.studies import records
from record_run import ORIGIN, REPLAYED, STUDIES


def read(rule):
    """Path → record, the narrowest first."""
    rows = {path: files.read_csv(ROOT / path)[0] for path in records(rule)}
    return dict(sorted(rows.items(), key=lambda item: item[1]["m"]))


PATHS = {rule: read(rule) for rule in RECORDS}
ROWS, PROOFS = ([*PATHS[rule].values()] for rule in ("width", "convergence"))
# Single precision rounds by 6e-8, double by 1e-16; a step multiplies an error by less than 1 + the
# curvature that the kinks add, and other kernels of a BLAS sum in another order.
FIRST_STEPS, DOUBLE_STEPS = 1e-4, 1e-12
FLAGS = ("--single", "--settle", "--origin")
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
    """The options of a record's command without those of outputs, and its flags."""
    python, script, *words = shlex.split(row["command"])
    assert (python, script) == ("python", "code/train_network.py")
    flags = [word for word in words if word in FLAGS]
    words = [word for word in words if word not in flags]
    return without(words, "--output", "--log", "--device"), flags


def replay(folder, row, *options):
    """The first steps of a record's run, measured if it was."""
    options_of_run, flags = command(row)
    lengths = "--flow-time", "--follow", "--probes", "--window", "--certify"
    length = ["--steps", max(REPLAYED)]
    length += ["--probes", 2, "--window", 2] if "--probes" in options_of_run else []
    words = *without(options_of_run, *lengths), *flags, *length, *options
    run(folder, "train_network.py", *words, "--output", "run.npz")
    return files.read_npz(folder / "run.npz")


def differences(row, found):
    """Relative differences of the losses after the first steps, and of H(0)."""
    pairs = [(found["loss"][step], row[f"loss_{step}"]) for step in REPLAYED]
    pairs += [(found["loss"][0], row["loss_initial"])]
    if "initial_gram_error" in row:
        pairs += [(found["initial_gram_error"], row["initial_gram_error"])]
        pairs += [(found["probe_lambda_min"][0], row["lambda_min_initial"])]
    return np.array([abs(here / there - 1) for here, there in pairs])


def test_records_are_in_git_and_in_the_copies_of_the_tests():
    assert "data" in SOURCES
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "check-ignore", *(path for rule in PATHS for path in PATHS[rule])],
        capture_output=True,
        text=True,
    )
    assert listed.stdout == ""


def test_a_record_is_named_by_its_run_and_says_where_it_comes_from():
    names = {
        "width": "data/wide/m{m}_seed{seed}.csv",
        "convergence": "data/convergence/other{seed}.csv",
    }
    for rule, rows in PATHS.items():
        for path, row in rows.items():
            assert path == names[rule].format(**row)
            assert row["commit"].endswith(", clean"), f"{path}: sources with changes"
            options, flags = command(row)
            assert ("--single" in flags, "--origin" in flags) == (rule == "width", True)
            # Before there was the flag runs ended with the first proof, which may settle it too.
            assert row.get("fate") != "open" or "--settle" in flags
            named = {options[k]: options[k + 1] for k in range(0, len(options), 2)}
            assert (named["--width"], named["--seed"]) == (str(row["m"]), str(row["seed"]))
            assert all(row[name] for name in (*ORIGIN, "data", "configuration"))
    seeds = [row["seed"] for row in ROWS + PROOFS]
    assert len({*seeds}) == len(seeds)


def of_gpus(rows):
    """The records that GPUs made."""
    return [row for row in rows if "NVIDIA" in row["device"]]


@pytest.mark.parametrize("row", [ROWS[0], PROOFS[0], of_gpus(PROOFS)[0]])
def test_the_first_steps_of_a_record_are_those_of_its_command(folder, row):
    rounding = FIRST_STEPS if "--single" in row["command"] else DOUBLE_STEPS
    assert differences(row, replay(folder, row)).max() < rounding
    other = replay(folder, row, "--seed", row["seed"] + 1)
    assert differences(row, other).min() > rounding


@pytest.mark.slow
def test_the_first_steps_of_a_gpu_are_those_of_its_command(folder):
    """Of the narrowest network in single precision; wider ones need tens of gigabytes."""
    row = of_gpus(ROWS)[0]
    assert differences(row, replay(folder, row)).max() < FIRST_STEPS


@pytest.mark.parametrize(
    ("study", "options"),
    [
        ("width", ["--flow-time", 2, "--follow", 2, "--probes", 2, "--window", 2, "--single"]),
        ("convergence", ["--flow-time", 2, "--certify", 20]),
    ],
)
def test_a_record_has_the_row_of_its_study_losses_and_the_words_of_its_run(folder, study, options):
    options = *options, "--width", 16, "--learning-rate-fraction", 0.9, "--origin"
    run(folder, "train_network.py", *options, "--output", "toy.npz")
    options = "--run", "toy.npz", "--study", study, "--config", "{}", "--output", "toy.csv"
    run(folder, "record_run.py", *options)
    (row,) = files.read_csv(folder / "toy.csv")
    made, data = (files.read_npz(folder / name) for name in ("toy.npz", "results/dataset.npz"))
    lambda_zero = files.read_csv(folder / "results/h_infinity.csv")[0]["lambda_min"]
    assert row == {
        **STUDIES[study]("toy", made, data, lambda_zero),
        **{f"loss_{step}": float(made["loss"][step]) for step in (1, 2, 5, 10, 20)},
        **{name: str(made[name]) for name in ("command", "commit", "device", "versions", "date")},
        "data": digest(data["inputs"], data["labels"]),
        "configuration": hashlib.sha256(b"{}").hexdigest()[:16],
    }
    assert all(isinstance(row[name], str) for name in ORIGIN)


def made_again(folder, row, study):
    """The record of the run that a record's command gives here."""
    options, flags = command(row)
    path = f"{row.get('name', 'run')}.npz"
    run(folder, "train_network.py", *options, *flags, "--output", path)
    run(folder, "record_run.py", "--run", path, "--study", study, "--output", "row.csv")
    (found,) = files.read_csv(folder / "row.csv")
    assert [*found] == [*row]
    return found


@pytest.mark.slow
def test_a_recorded_proof_is_found_again(folder):
    """Of the narrowest network: weights that differ by rounding, and the verdict on them."""
    row = PROOFS[0]
    found = made_again(folder, row, "convergence")
    same = ("name", "n", "m", "seed", "steps", "holds", "fate", "data")
    assert [found[name] for name in same] == [row[name] for name in same]
    for name, value in row.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=WHOLE_RUN), name


@pytest.mark.slow
def test_a_whole_record_is_made_again(folder):
    """The widest network that a processor trains in a minute or two."""
    row = [row for row in ROWS if row["m"] <= 1 << 14][-1]
    found = made_again(folder, row, "width")
    for name, value in row.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=WHOLE_RUN), name
    same = ("m", "seed", "steps", "crossing_time", "data")
    assert [found[name] for name in same] == [row[name] for name in same]
