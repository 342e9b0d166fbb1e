"""What `make` installs: what is asked for stands in the locks, and comes by hash and alone."""

import importlib.metadata
import re
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from workflow import ROOT

import lock_packages

LOCK, CUDA, SLURM = (
    (ROOT / f"requirements{kind}.lock").read_text(encoding="utf-8")
    for kind in ("", "-cuda", "-slurm")
)
LOCKS = [LOCK, CUDA, SLURM]
ASKED, ASKED_SLURM = (
    (ROOT / f"requirements{kind}.txt").read_text(encoding="utf-8") for kind in ("", "-slurm")
)


def pins(text):
    """`name==version` of each requirement of a file, without its hashes and markers."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {f"{canonicalize_name(name)}=={version}" for name, version in found}


def here(lock):
    """name → version of the packages whose markers hold here."""
    requirements = [Requirement(key) for key in lock_packages.entries(lock)]
    return {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one in requirements
        if not one.marker or one.marker.evaluate()
    }


def strangers(installed, lock):
    """Installed packages, name → version, that the lock lacks or has in another version."""
    known = here(lock)
    return {
        name: version
        for name, version in installed.items()
        # The build of torch, such as +cpu, is a local part of its version.
        if known.get(name) != version.partition("+")[0]
    }


def test_everything_that_is_asked_for_is_locked():
    assert pins(ASKED) <= pins(LOCK)
    assert len(pins(ASKED)) == len([x for x in ASKED.splitlines() if x and x[0] != "#"])
    assert pins(ASKED_SLURM) <= pins(SLURM)
    assert pins(ASKED_SLURM)


@pytest.mark.parametrize("name", sorted(pins(ASKED)))
def test_another_version_is_missed(name):
    assert not pins(ASKED.replace(name, f"{name}.1")) <= pins(LOCK)


def test_each_package_stands_in_one_lock_and_no_cuda_in_that_of_all():
    names = [[lock_packages.name_of(key) for key in lock_packages.entries(x)] for x in LOCKS]
    flat = {name for of_lock in names for name in of_lock}
    assert len(flat) == sum(len({*of_lock}) for of_lock in names)
    assert not [name for name in names[0] if lock_packages.CUDA.match(name)]
    assert "nvidia-cublas" in names[1]


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_has_a_version_and_a_hash(lock):
    lines = [line for line in lock.splitlines() if line and line[0] not in "# "]
    entries = lock_packages.entries(lock)
    # No line is outside of an entry, and none loads a file or an index.
    assert [line.removesuffix(" \\") for line in lines] == [*entries]
    assert [key for key, entry in entries.items() if not lock_packages.HASH.search(entry)] == []


@pytest.mark.skipif(
    not Path(sys.prefix, "installed").exists(), reason="this environment is not of make"
)
def test_what_is_installed_is_of_the_lock():
    found = importlib.metadata.distributions()
    installed = {canonicalize_name(one.metadata["Name"]): one.version for one in found}
    installed.pop("pip")  # of Python
    of_slurm = SLURM if "snakemake-executor-plugin-slurm" in installed else ""
    of_cuda = CUDA if "nvidia-cublas" in installed else ""
    assert strangers(installed, LOCK + of_slurm + of_cuda) == {}
    assert here(LOCK).keys() <= installed.keys()


def test_a_stranger_is_found():
    lock = "a==1.0 \\\n    --hash=x\nb==2.0 ; python_version < '3' \\\n    --hash=x\n"
    assert strangers({"a": "1.0+cpu"}, lock) == {}
    assert strangers({"a": "1.1", "b": "2.0", "c": "1"}, lock) == {"a": "1.1", "b": "2.0", "c": "1"}


def test_make_installs_by_hash_alone():
    run = subprocess.run(
        ["make", "-n", "-B", ".venv/installed", ".venv-slurm/installed"],
        **{"cwd": ROOT, "capture_output": True, "text": True, "check": True},
    )
    commands = re.findall(r"\S*/pip .*? install .*", run.stdout)
    assert len(commands) == 6
    assert all(" --require-hashes --no-deps " in command for command in commands)


ONE, TWO, THREE = ("sha256:" + digit * 64 for digit in "123")
TORCH = f"torch==2.0 \\\n    --hash={TWO}\n    # via -r requirements.txt\n"
PAGE = "".join(
    f'<a href="/whl/cpu/torch-{name}.whl#sha256={digit * 64}">x</a>\n'
    for name, digit in [
        ("2.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64", "1"),
        ("2.0%2Bcpu-cp311-cp311-win_amd64", "4"),
        ("2.0.1%2Bcpu-cp311-cp311-manylinux_2_28_x86_64", "5"),
        ("2.0%2Bcpu-cp312-cp312-linux_s390x", "3"),
    ]
)


def test_the_cpu_wheels_of_linux_are_read_from_the_page():
    assert lock_packages.of_cpu_index(PAGE, "2.0") == {ONE, THREE}


def test_the_wheels_of_pypi_are_read_from_its_page():
    names = ["torch-2.0-cp311-linux.whl", "torch-2.0.1-cp311-linux.whl", "torchx-2.0-a.whl"]
    hashes = [digest.removeprefix("sha256:") for digest in (ONE, TWO, THREE)]
    pairs = zip(names, hashes, strict=True)
    page = "".join(f'<a href="https://x.org/aa/{name}#sha256={digest}">' for name, digest in pairs)
    assert lock_packages.of_pypi(page, "2.0") == {ONE}


def test_torch_is_taken_from_both_indexes():
    """PyPI has four wheels a Python, PyTorch's index others: of 3.11 to 3.14 at least."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (torch,) = (e for k, e in lock_packages.entries(text).items() if k.startswith("torch=="))
    assert len(lock_packages.HASH.findall(torch)) >= 4 * 4 + 4 * 2


def test_an_entry_accepts_more_hashes():
    lines = [f"    --hash={digest}" for digest in (ONE, TWO, THREE)]
    expected = " \\\n".join(["torch==2.0", *lines]) + "\n    # via -r requirements.txt\n"
    assert lock_packages.with_hashes(TORCH, {ONE, THREE}) == expected
    assert lock_packages.entries(expected + "# end\na==1 \\\n    --hash=x\n") == {
        "torch==2.0": expected,
        "a==1": "a==1 \\\n    --hash=x\n",
    }


def test_without_pytorchs_index_its_hashes_stay_unless_torch_is_another(monkeypatch):
    def unreachable(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(lock_packages.urllib.request, "urlopen", unreachable)
    earlier = lock_packages.with_hashes(TORCH, {ONE})
    assert lock_packages.cpu_hashes(TORCH, earlier) == {ONE}
    with pytest.raises(ValueError, match=r"does not answer .*; torch is not locked"):
        lock_packages.cpu_hashes(TORCH.replace("2.0", "2.1"), earlier)
