"""Pin every package with its hashes, for every platform and Python from 3.11: the *.lock files.

requirements.lock is what requirements.txt needs with all that this needs in turn,
requirements-slurm.lock what a cluster needs besides, requirements-cuda.lock the CUDA libraries that
PyPI's torch asks for on Linux.  PyTorch's own index has wheels for Linux that ask for none, so that
torch has the hashes of both.  `make lock` runs this with uv; it needs nothing but Python's library.
"""

import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPI = "https://pypi.org/simple/torch/"
CPU_INDEX = "https://download.pytorch.org/whl/cpu/torch/"
UV = ["uv", "pip", "compile", "--universal", "--python-version=3.11", "--generate-hashes"]
# A package begins its lines; its hashes and what asks for it are indented.
ENTRY = re.compile(r"^[\w.-]+==.*\n(?:[ \t].*\n)*", re.MULTILINE)
CUDA = re.compile(r"(?:nvidia|cuda|triton)\b")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
HEADER = (
    "# Made by `make lock`: {}.\n# Install it with: pip install --require-hashes --no-deps -r {}\n"
)


def entries(lock):
    """name and marker → the lines of each package of a lock; a package may have one a marker."""
    return {entry.partition(" \\\n")[0]: entry for entry in ENTRY.findall(lock)}


def name_of(key):
    return key.partition("==")[0]


def compiled(source, seed, *options):
    """What uv makes of a file of requirements; versions in `seed` stay as far as they may."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "lock")
        output.write_text(seed, encoding="utf-8")
        command = [sys.executable, "-m", *UV, source, *options, "--no-header", "--output-file"]
        subprocess.run([*command, str(output)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return output.read_text(encoding="utf-8")


def of_cpu_index(page, version):
    """The hashes of Linux's CPU wheels of that version, on a page of PyTorch's index."""
    wheel = rf"torch-{re.escape(version)}%2Bcpu-[^\"#]*linux[^\"#]*\.whl#sha256=([0-9a-f]{{64}})"
    return {f"sha256:{digest}" for digest in re.findall(wheel, page)}


def cpu_hashes(torch, earlier):
    """The hashes of torch's CPU wheels; those of an earlier entry where the index does not answer.

    Raises:
        ValueError: it does not answer, and the earlier entry is of another version.
    """
    version = re.match(r"torch==([\w.]+)", torch)[1]
    try:
        with urllib.request.urlopen(CPU_INDEX, timeout=30) as answer:
            return of_cpu_index(answer.read().decode(), version)
    except OSError as error:
        if not earlier.startswith(f"torch=={version} "):
            raise ValueError(
                f"{CPU_INDEX} does not answer ({error}); torch is not locked"
            ) from None
        print(f"{CPU_INDEX} does not answer; its hashes of torch {version} stay", file=sys.stderr)
        return set(HASH.findall(earlier)) - set(HASH.findall(torch))


def of_pypi(page, version):
    """The hashes of that version's wheels on PyPI's page; uv may see another index."""
    wheel = rf"/torch-{re.escape(version)}-[^\"#/]*\.whl#sha256=([0-9a-f]{{64}})"
    return {f"sha256:{digest}" for digest in re.findall(wheel, page)}


def pypi_hashes(torch):
    """The hashes of torch's wheels on PyPI."""
    with urllib.request.urlopen(PYPI, timeout=60) as answer:
        return of_pypi(answer.read().decode(), re.match(r"torch==([\w.]+)", torch)[1])


def with_hashes(entry, more):
    """An entry that accepts other files too."""
    head, *rest = entry.splitlines()
    asked = [line for line in rest if "# via" in line or "--hash" not in line]
    hashes = sorted(set(HASH.findall(entry)) | more)
    lines = [head, *(f"    --hash={digest} \\" for digest in hashes)]
    lines[-1] = lines[-1].removesuffix(" \\")
    return "\n".join([*lines, *asked]) + "\n"


def main():
    paths = {kind: ROOT / f"requirements{kind}.lock" for kind in ("", "-cuda", "-slurm")}
    old = {k: p.read_text(encoding="utf-8") if p.exists() else "" for k, p in paths.items()}
    text = compiled("requirements.txt", old[""] + old["-cuda"])
    base = entries(text)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as constraints:
        constraints.write(text)
        constraints.flush()
        options = ["--constraint", constraints.name]
        slurm = entries(compiled("requirements-slurm.txt", text + old["-slurm"], *options))
    (torch,) = (key for key in base if name_of(key) == "torch")
    earlier = next((e for k, e in entries(old[""]).items() if name_of(k) == "torch"), "")
    both = pypi_hashes(base[torch]) | cpu_hashes(base[torch], earlier)
    base[torch] = with_hashes(base[torch], both)
    known = {name_of(key) for key in base}
    parts = {
        "": ("every package of .venv", [e for k, e in base.items() if not CUDA.match(k)]),
        "-cuda": (
            "what PyPI's torch needs on Linux",
            [e for k, e in base.items() if CUDA.match(k)],
        ),
        "-slurm": (
            "of .venv-slurm, besides",
            [e for k, e in slurm.items() if name_of(k) not in known],
        ),
    }
    for kind, (what, chosen) in parts.items():
        paths[kind].write_text(
            HEADER.format(what, paths[kind].name) + "".join(chosen), encoding="utf-8"
        )


if __name__ == "__main__":
    try:
        main()
    except (ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"lock_packages.py: {error}")
