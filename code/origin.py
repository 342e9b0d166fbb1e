"""Where a result comes from: commit, machine, versions, date.

Only what is recorded for good has the latter ones; the results of a build are the same bytes
everywhere.
"""

import datetime
import hashlib
import os
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
    are named; `unknown` without git.

    Of a repository around a copy that has none nothing is said.  Files that git does not know, or
    has been told not to look at, are changes.
    """
    others = [f":(exclude){folder}" for folder in but]
    try:
        if Path(_git("rev-parse", "--show-toplevel").strip()).resolve() != ROOT.resolve():
            return "unknown"
        head = _git("rev-parse", "HEAD")[:12]
        status = _git("status", "--porcelain", "--untracked-files=all", "--", ".", *others)
        unseen = [line for line in _git("ls-files", "-v").splitlines() if line[0] != "H"]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}, {'changed' if status or unseen else 'clean'}"


def _git(*arguments):
    """What git prints about these sources, whatever the user has set."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    line = ["git", "-C", str(ROOT), "-c", "core.excludesFile=/dev/null", *arguments]
    done = subprocess.run(line, env=outer, capture_output=True, text=True, check=True)
    return done.stdout


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
