"""`make clean` removes what the workflow makes, `make distclean` environments and caches too."""

import subprocess

import pytest
from workflow import ROOT, copy_project, made

ENVIRONMENTS = {".venv/", ".venv-lock/", ".venv-slurm/"}
CACHES = {"__pycache__/", ".pytest_cache/", ".hypothesis/", ".ruff_cache/"}
TRACKED = ["Makefile", ".gitignore", "figures/README.md"]


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def ignored():
    """The patterns of .gitignore without those that keep a file."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line[0] not in "#!"}


@pytest.fixture
def clone(tmp_path):
    """A repository in which each ignored pattern has a file, and the sources are committed."""
    copy_project(tmp_path)
    for name in TRACKED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    run(tmp_path, "git", "init", "--quiet")
    run(tmp_path, "git", "add", ".")
    for pattern in ignored():
        path = tmp_path / pattern.removeprefix("/").replace("*", "x.pdf")
        path = path / "deep/file" if pattern.endswith("/") else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "code/overparam/__pycache__").mkdir()
    (tmp_path / "code/overparam/__pycache__/a.pyc").touch()
    (tmp_path / "my.pdf").touch()
    return tmp_path


def left(folder):
    """What git ignores and still exists, as far as it has files."""
    status = run(folder, "git", "status", "--porcelain", "--ignored")
    return {line[3:] for line in status.splitlines() if line.startswith("!!")}


def test_everything_that_a_build_makes_is_ignored(clone, built):
    for path in made(built):
        run(clone, "git", "check-ignore", "--quiet", path)


def test_clean_leaves_environments_and_caches(clone):
    before = left(clone)
    assert {".snakemake/", "figures/x.pdf", "results/"} <= before
    run(clone, "make", "clean")
    assert left(clone) == (ENVIRONMENTS | CACHES | {"code/overparam/__pycache__/"}) & before


def test_distclean_leaves_what_git_tracks_and_what_is_not_ours(clone):
    run(clone, "make", "distclean")
    assert left(clone) == set()
    assert run(clone, "git", "ls-files", "--deleted", "--modified") == ""
    assert run(clone, "git", "ls-files", "--others").split() == ["my.pdf"]
    # In a folder where there is nothing to remove, too.
    run(clone, "make", "distclean")
