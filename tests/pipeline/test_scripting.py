"""What scripts share: one-line errors, one thread, progress."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    "fail",
    [
        "torch.empty(10**17)",
        # The words of PyTorch 2 on a GPU.
        "raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB.')",
    ],
)
def test_pytorchs_failure_to_allocate_is_one_line(tmp_path, fail):
    done = run_script(tmp_path, f"import torch; {fail}")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("make_something.py: the memory does not suffice (")
    assert "allocate" in line
    assert "Traceback" in run_script(tmp_path, "raise RuntimeError('another')").stderr


def test_a_log_on_a_full_disk_costs_no_result(tmp_path):
    done = run_script(tmp_path, "scripting.log.info('x' * 10000)", "--log", "/dev/full")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_is_for_snakemake_to_tell(tmp_path):
    done = run_script(tmp_path, "raise KeyboardInterrupt")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


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
