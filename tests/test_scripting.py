"""What scripts share: whole or absent files, one-line errors, one thread, exact round trips."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import scripting

CODE = Path(scripting.__file__).parent


def run_script(folder, main, *arguments):
    """A script whose main has the given body, run as the rules run theirs."""
    script = folder / "make_something.py"
    script.write_text(
        "import scripting\n"
        f"def main(arguments):\n    {main}\n"
        "scripting.run(main, scripting.parser('d').parse_args())\n",
        encoding="utf-8",
    )
    return subprocess.run(
        [sys.executable, script, *arguments],
        env=os.environ | {"PYTHONPATH": str(CODE)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "result.npz"
    path.write_text("old")
    return path


def test_replacing_replaces_when_the_block_ends(old_file):
    with scripting.replacing(old_file) as temporary:
        temporary.write_text("new")
        assert old_file.read_text() == "old"
    assert old_file.read_text() == "new"
    assert list(old_file.parent.iterdir()) == [old_file]


def fail_halfway(path):
    with scripting.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("interrupted")


def test_replacing_keeps_the_old_file_when_the_block_raises(old_file):
    with pytest.raises(RuntimeError, match="interrupted"):
        fail_halfway(old_file)
    assert old_file.read_text() == "old"
    assert list(old_file.parent.iterdir()) == [old_file]


def test_replacing_makes_nothing_when_the_block_raises(tmp_path):
    with pytest.raises(RuntimeError, match="interrupted"):
        fail_halfway(tmp_path / "result.npz")
    assert list(tmp_path.iterdir()) == []


def test_replacing_removes_what_a_killed_job_left_of_this_file(old_file):
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = old_file.with_name(f".result.npz.{gone.pid}.npz")
    alive = f".result.npz.{os.getppid()}.npz"
    names = (alive, ".result.npz.txt", f".my_result.npz.{gone.pid}.npz", ".result.npz.1.csv.7.csv")
    others = [old_file.with_name(name) for name in names]
    for path in (left, *others):
        path.touch()
    with scripting.replacing(old_file) as temporary:
        assert not left.exists()
        temporary.touch()
    assert set(old_file.parent.iterdir()) == {old_file, *others}


def test_replacing_makes_the_folder(tmp_path):
    scripting.write_text(tmp_path / "a" / "b" / "σ.tex", "∞\n")
    assert (tmp_path / "a" / "b" / "σ.tex").read_bytes() == "∞\n".encode()


def test_temporary_is_renamed_within_its_folder(old_file):
    with scripting.replacing(old_file) as temporary:
        assert temporary.parent == old_file.parent
        assert temporary.suffix == old_file.suffix
        temporary.touch()


def test_same_arrays_give_the_same_bytes_at_another_time(tmp_path, monkeypatch):
    arrays = {"x": np.arange(5) / 7, "label": np.arange(3)}
    scripting.write_npz(tmp_path / "one.npz", **arrays)
    later = time.time() + 1e6
    monkeypatch.setattr(time, "time", lambda: later)
    scripting.write_npz(tmp_path / "two.npz", **arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_npz_keeps_a_path_without_suffix(tmp_path):
    scripting.write_npz(tmp_path / "result", x=np.arange(3))
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_npz_round_trip(tmp_path):
    arrays = {"x": np.array([[0.1, -0.0, 1e-310]]), "n": np.array(500), "eta": np.array(1 / 3)}
    scripting.write_npz(tmp_path / "a.npz", **arrays)
    back = scripting.read_npz(tmp_path / "a.npz")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_arrays_that_are_not_finite_are_named(tmp_path, value):
    arrays = {"good": np.ones(2), "loss": np.array([1, value])}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=r"a\.npz: loss is not finite"):
        scripting.read_npz(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"old")
    with pytest.raises(ValueError, match=rf"a\.npz is not written: loss would be {value}"):
        scripting.write_npz(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=rf"a\.npz is not written: loss would be {value}"):
        scripting.write_csv(tmp_path / "a.npz", [{"m": "", "loss": 1.0}, {"m": 3, "loss": value}])
    assert (tmp_path / "a.npz").read_bytes() == b"old"


def test_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "pickle.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        scripting.read_npz(tmp_path / "pickle.npz")


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.integers())
def test_csv_keeps_all_digits(tmp_path_factory, value, numpy_scalar, whole):
    path = tmp_path_factory.getbasetemp() / "table.csv"
    scripting.write_csv(path, [{"x": np.float64(value) if numpy_scalar else value, "n": whole}])
    (row,) = scripting.read_csv(path)
    assert float(row["x"]).hex() == value.hex()
    assert int(row["n"]) == whole


def test_csv_has_a_header_and_unix_lines(tmp_path):
    scripting.write_csv(tmp_path / "t.csv", [{"a": 1, "b": "x"}, {"a": 2, "b": ""}])
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n1,x\n2,\n"


def test_csv_with_an_unknown_column_is_refused_and_not_written(tmp_path):
    with pytest.raises(ValueError, match="b"):
        scripting.write_csv(tmp_path / "t.csv", [{"a": 1}, {"a": 1, "b": 2}])
    assert list(tmp_path.iterdir()) == []


def test_figures_have_no_date_and_the_same_bytes(tmp_path):
    figure = Figure()
    figure.subplots().plot([1, 2])
    for name in ("one.pdf", "two.pdf"):
        scripting.save_figure(tmp_path / name, figure)
    content = (tmp_path / "one.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"CreationDate" not in content
    assert content == (tmp_path / "two.pdf").read_bytes()


def test_good_run_exits_0_and_prints_nothing(tmp_path):
    done = run_script(tmp_path, "pass")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "main",
    [
        "raise ValueError('width -5')",
        "raise OSError('width -5')",
        "float('width -5')",
        "raise MemoryError('width -5')",
        "raise ZeroDivisionError('width -5')",
    ],
)
def test_bad_input_is_one_line_and_exit_1(tmp_path, main):
    log = tmp_path / "logs" / "run.log"
    done = run_script(tmp_path, main, "--log", log)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("make_something.py: ")
    assert "width -5" in line
    assert line in log.read_text()


def test_bad_input_is_printed_once_without_a_log(tmp_path):
    done = run_script(tmp_path, "raise ValueError('width -5')")
    assert done.stderr == "make_something.py: width -5\n"


def test_missing_entry_of_an_input_is_named(tmp_path):
    done = run_script(tmp_path, "{}['loss']")
    assert done.stderr == "make_something.py: an input has no entry 'loss'\n"


def test_log_that_cannot_be_opened_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    done = run_script(tmp_path, "pass", "--log", tmp_path / "file" / "run.log")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "file" in done.stderr


def test_programming_errors_keep_their_traceback(tmp_path):
    done = run_script(tmp_path, "arguments.nothing", "--log", tmp_path / "run.log")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_main_runs_on_one_thread(tmp_path):
    script = (
        "import torch, scripting\n"
        "from threadpoolctl import threadpool_info, threadpool_limits\n"
        "def threads(_=None):\n"
        "    print(torch.get_num_threads(), {p['num_threads'] for p in threadpool_info()})\n"
        "torch.set_num_threads(2)\n"
        "threadpool_limits(limits=2)\n"
        "threads()\n"
        "scripting.run(threads, scripting.parser('d').parse_args([]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(CODE)},
        capture_output=True,
        text=True,
        check=True,
    )
    before, during = done.stdout.splitlines()
    assert before.startswith("2 ")
    assert during == "1 {1}"


def test_progress_yields_every_item():
    assert list(scripting.progress(iter([3, 1, 2]), 3)) == [3, 1, 2]


@pytest.mark.parametrize(("interval", "lines"), [(0, 3), (1000, 1)])
def test_progress_is_logged_after_each_interval(monkeypatch, caplog, interval, lines):
    monkeypatch.setattr(scripting, "LOG_INTERVAL", interval)
    caplog.set_level(logging.INFO, "overparam")
    list(scripting.progress("abc", 3, unit="seed"))
    assert len(caplog.messages) == lines
    assert caplog.messages[-1].startswith("3 seeds in")
