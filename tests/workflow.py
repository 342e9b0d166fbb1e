"""A copy of the project with toy sizes, and the commands that build it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from pipeline.config import shipped

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    "benchmarks",
    "code",
    "data",
    "profiles",
    "proofs",
    "reference.json",
    "report",
    "tests/config.yaml",
    "tests/library",
    "tests/theory",
    "Snakefile",
    "config.yaml",
]
UNMADE = shutil.ignore_patterns("__pycache__", "generated", "build", "main.pdf")


def copy_project(target):
    """The files that git tracks and the workflow reads, without anything it has made."""
    for name in [*SOURCES, "config.schema.yaml"]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=UNMADE)
        else:
            shutil.copy(ROOT / name, target / name)
    return target


def shipped_as(built, folder):
    """A copy of the toy build as `folder`, as if its configuration were the shipped one."""
    shutil.copytree(built, folder)
    toy = yaml.safe_load((folder / "tests/config.yaml").read_text(encoding="utf-8"))
    config = {name: keys | toy.get(name, {}) for name, keys in shipped().items()}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def command(*arguments, cores=2):
    """The command line of a toy build."""
    start = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
    return [*start, "--configfile", "tests/config.yaml"]


def snakemake(folder, *arguments):
    return subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, errors="replace"
    )


def planned(folder, *arguments):
    """The rules that a dry run would execute."""
    run = snakemake(folder, *arguments, "--dry-run", "--quiet", "host")
    assert run.returncode == 0, run.stderr
    return set(re.findall(r"^(?:local)?rule (\w+):", run.stdout + run.stderr, re.MULTILINE))


def without_network():
    """A prefix that runs a command without any network, where this user may do that."""
    prefix = ["unshare", "--net"]
    able = shutil.which("unshare") and subprocess.run([*prefix, "true"]).returncode == 0
    return prefix if able else []


def listing(folder):
    """The log of the last build: every job with its inputs, of which the terminal shows a part."""
    last = max(folder.glob(".snakemake/log/*.log"), key=lambda path: path.name)
    return last.read_text(encoding="utf-8", errors="replace")


MADE = ("results/**/*", "figures/*", "report/generated/*", "report/main.pdf")


def made(folder):
    """The files that a build makes, relative to the folder; without their records."""
    found = (path for pattern in MADE for path in folder.glob(pattern) if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in found if path.suffix != ".made")
