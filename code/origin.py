"""Where a result comes from: commit, machine, versions, date.

Only what is recorded for good has the latter ones; the results of a build are the same bytes
everywhere.
"""

import datetime
import hashlib
import platform
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from threadpoolctl import threadpool_info

ROOT = Path(__file__).resolve().parents[1]


def commit(but=()):
    """The commit of the sources and whether they have been changed since, but for the folders that
    are named; `unknown` without git."""
    git = ["git", "-C", str(ROOT)]
    others = [f":(exclude){folder}" for folder in but]
    status = [*git, "status", "--porcelain", "--", ".", *others]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        status = subprocess.run(status, capture_output=True, text=True)
    except OSError:
        return "unknown"
    if head.returncode or status.returncode:
        return "unknown"
    return f"{head.stdout.strip()[:12]}, {'changed' if status.stdout else 'clean'}"


def digest(content):
    """The first 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def processor():
    """The name of the processor, as Linux tells it, or of its kind."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def device_name(device):
    """The name of the processor or, for cuda, of the GPU."""
    if device == "cpu":
        return processor()
    import torch  # here, as the Snakefile does without it

    return torch.cuda.get_device_name()


def of_run(device):
    """name → words about a training run, in the process that trains it."""
    kernels = {
        f"{library['internal_api']} {library.get('architecture') or library.get('version')}"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    packages = [f"{name} {version(name)}" for name in ("torch", "numpy")]
    return {
        "command": f"python {shlex.join(sys.argv)}",
        # Records that are new do not change what was run.
        "commit": commit(but=["data"]),
        "device": device_name(device),
        "versions": ", ".join([*packages, *sorted(kernels)]),
        "date": datetime.date.today().isoformat(),
    }
