"""The Makefile on machines that lack something: a Python that is gone, a user without an entry."""

import os
import shutil
import subprocess
import sys

import pytest
from workflow import ROOT


@pytest.fixture
def folder(tmp_path):
    """A folder with an environment that was installed."""
    for path in [ROOT / "Makefile", *ROOT.glob("requirements*")]:
        shutil.copy(path, tmp_path)
    for name in (".venv", ".venv-slurm"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "installed").touch()
        (tmp_path / name / "bin/python").symlink_to(sys.executable)
    return tmp_path


def make(folder, *arguments, without=()):
    # `make test` hands its level and flags down.
    own = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    environment = {name: value for name, value in own.items() if name not in without}
    command = ["make", "--dry-run", *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize(("name", "target"), [(".venv", "reference"), (".venv-slurm", "slurm")])
def test_an_environment_whose_python_is_gone_is_made_again(folder, name, target):
    assert "-m venv" not in make(folder, target)
    python = folder / name / "bin/python"
    python.unlink()
    python.symlink_to("/nonexistent/python")
    assert f"-m venv --clear {name}" in make(folder, target)


def test_targets_do_not_run_at_once(folder):
    """They share apt's lock and .venv."""
    both = folder / "both.mk"
    both.write_text("include Makefile\none two:\n\techo $@ >> log; sleep 0.2; echo $@ >> log\n")
    subprocess.run(["make", "-s", "-j8", "-f", "both.mk", "one", "two"], cwd=folder, check=True)
    assert (folder / "log").read_text().split() == ["one", "one", "two", "two"]


def test_a_user_without_an_entry_has_a_home_and_a_name(folder, monkeypatch):
    (folder / "ask.mk").write_text('include Makefile\nask:\n\t+@echo "$$HOME $$LOGNAME"\n')
    known = make(folder, "-f", "ask.mk", "ask", without=("HOME", "LOGNAME")).splitlines()[-1]
    name = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
    assert known.split() == [str(folder), name]
    (folder / "id").write_text('#!/bin/sh\n[ "$1" = -u ] && echo 1000\n')
    (folder / "id").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    asked = make(folder, "-f", "ask.mk", "ask", without=("HOME", "LOGNAME")).splitlines()[-1]
    assert asked.split() == [str(folder), "user"]
    asked = make(folder, "-f", "ask.mk", "ask").splitlines()[-1]
    assert asked.split()[0] == os.environ["HOME"]
