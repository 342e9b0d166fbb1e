"""The README's commands, run in its order as they are typed; help for every option."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from workflow import ROOT, shipped_as

README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPTS = ["make_dataset", "compute_eigenvalues", "compute_stage_eigenvalues", "train_network"]
# These begin the tests, install, or need a cluster (tests/pipeline/test_slurm.py).
ELSEWHERE = re.compile(r"git clone|make (test|slurm)|\$EDITOR|alias sweep|sweep")


def blocks(text):
    """The lines of the blocks that name no language, without their comments."""
    # Every second fence ends a block.
    for fence, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if not fence:
            yield from (line.partition("  #")[0].strip() for line in block.splitlines())


COMMANDS = [line for line in blocks(README) if not ELSEWHERE.match(line)]


def test_the_commands_of_the_readme_are_found():
    assert {"make", "make help"} <= {*COMMANDS}
    assert len(COMMANDS) >= 10
    assert all(line.startswith(("make", ".venv/bin/python ")) for line in COMMANDS), COMMANDS
    # A script begins with the path of the environment, which a renamed folder has not.
    assert ".venv/bin/snakemake" not in README + (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def clone(built, tmp_path_factory):
    """The finished toy build as a folder in which a user stands: its config is the toy one."""
    folder = shipped_as(built, tmp_path_factory.mktemp("clone") / "companion")
    for name in ("Makefile", "deep.yaml", "wide.yaml", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    for path in ROOT.glob("requirements*"):
        shutil.copy(path, folder)
    environment = folder / ".venv"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (environment / "installed").touch()
    return folder


def typed(folder, line, **environment):
    """`line` in a shell that is nobody's child: `make test` hands its level and flags down."""
    shell = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        line, shell=True, cwd=folder, capture_output=True, text=True, env=shell | environment
    )


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_work_as_typed(clone, line):
    if "proofs" in line and not shutil.which("coqc"):
        line += " -n"
    done = typed(clone, line)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stdout + done.stderr


def test_make_help_names_every_target(clone):
    text = typed(clone, "make help").stdout
    (targets,) = re.findall(
        r"^.PHONY: (report .*)$", (clone / "Makefile").read_text(), re.MULTILINE
    )
    named = {word for word in targets.split() if f"make {word} " in text}
    assert named == {*targets.split()} - {"report", "help"}


def test_lint_says_which_linter_is_missing(clone, tmp_path):
    for name in ("make", "sh", "printf", "echo", "id", "python3"):
        if path := shutil.which(name):
            (tmp_path / name).symlink_to(path)
    done = typed(clone, f"{shutil.which('make')} lint", PATH=str(tmp_path))
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert line.startswith("make: chktex was not found;")


def helpless(text):
    """Options of a --help without a word about them."""
    options = re.split(r"\n  (?=-)", text.partition("\noptions:")[2])
    for option in options[1:]:
        head, *rest = re.split(r"\n\s+|  +", option.strip(), maxsplit=1)
        if not "".join(rest).strip():
            yield head


@pytest.mark.parametrize(
    "command",
    [
        *([f"code/{name}.py"] for name in [*SCRIPTS, "certify_convergence"]),
        *(["code/study.py", kind, "width"] for kind in ("table", "figure", "numbers")),
        ["code/publish.py", "archive_report"],
        ["code/publish.py", "write_colophon"],
        ["code/publish.py", "verify_results"],
        ["code/publish.py", "compile_report"],
        ["code/publish.py", "published"],
        ["code/publish.py", "summarise_proofs"],
        ["code/publish.py", "check_proofs"],
        ["code/publish.py", "web"],
    ],
    ids=" ".join,
)
def test_every_option_has_a_help(command):
    done = subprocess.run(
        [sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert list(helpless(done.stdout)) == []


def test_an_option_without_help_is_found():
    lines = ["-h, --help  show", "--a A", "--b B       words", "--long-one LONG\n       words"]
    text = "\n  ".join(["usage\n\noptions:", *lines])
    assert list(helpless(text)) == ["--a A"]
