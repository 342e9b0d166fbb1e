"""A job of the build: a script in a clean room, and beside what it makes the record of it.

    python -I code/job.py --made FILES --reads FILES -- SCRIPT ARGUMENTS

The script sees no variable, start-up file or cached bytecode of the user, and ends with the
processes above it.  A job that wrote nothing, or whose sources were written while it ran, fails.
"""

import contextlib
import ctypes
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path

CODE = Path(__file__).resolve().parent
# What may reach a job: where programs, libraries and temporary files are, how the network is
# reached (tectonic fetches its packages), which GPUs it may take, and what chooses kernels.
KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy")
KEPT += ("CUDA_VISIBLE_DEVICES",)
# One thread, as sums depend on their number.
FIXED = {"LC_ALL": "C.UTF-8", "USER": "job", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# The packages that numbers and figures depend on.
PACKAGES = ("matplotlib", "mnist1d", "numpy", "scipy", "torch")
HOME = Path(".snakemake/home")


class _Source(SourceFileLoader):
    """Compiles the source itself: cached bytecode counts as current by date and size alone."""

    def path_stats(self, path):
        raise OSError


def _find_sources():
    """Let Python find the modules of `code/`, and compile them from their sources."""

    def finder(path):
        if not Path(path).is_relative_to(CODE):
            raise ImportError
        return FileFinder(path, (_Source, [".py"]))

    sys.path_hooks.insert(0, finder)
    sys.path.insert(0, str(CODE))


_find_sources()
import records  # noqa: E402


def end_with_parent():
    """Let the kernel end this process when its parent ends, kill -9 included (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def environment(outer):
    """The variables of a job, from those of the build.

    HOME is an empty folder; caches, of matplotlib's list of fonts and of tectonic's packages, are
    the user's.
    """
    kept = {name: outer[name] for name in (*KEPT, *records.KERNEL_VARIABLES) if name in outer}
    cache = outer.get("XDG_CACHE_HOME") or os.path.join(outer.get("HOME", HOME), ".cache")
    return kept | FIXED | {"HOME": str(HOME.absolute()), "XDG_CACHE_HOME": os.path.abspath(cache)}


def loaded():
    """Versions and kernels of what this process has computed with."""
    from importlib.metadata import version
    from platform import python_version

    versions = {name: version(name) for name in PACKAGES if name in sys.modules}
    kernels = {"OpenBLAS": records.blas()} if "numpy" in sys.modules else {}
    if "torch" in sys.modules:
        kernels["ATen"] = sys.modules["torch"].backends.cpu.get_cpu_capability()
    return {"versions": {"Python": python_version()} | versions, "kernels": kernels}


def inside(report, script, *arguments):
    """In the clean room: run the script, then write to a descriptor what it has loaded."""
    end_with_parent()
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    with open(int(report), "w", encoding="utf-8") as file:
        json.dump(loaded(), file)


def run(command):
    """Run a script in the clean room; what it has loaded.  Exits as a script that fails does.

    Raises:
        ValueError: it was ended, or ended itself, before its end.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    ours, theirs = os.pipe()
    line = [sys.executable, "-I", __file__, "--inside", str(theirs), *command]
    with subprocess.Popen(line, env=environment(os.environ), pass_fds=[theirs]) as script:
        os.close(theirs)
        with open(ours, encoding="utf-8") as file:
            report = file.read()
    if script.returncode == -signal.SIGKILL:
        raise ValueError("killed (signal 9), as where the memory does not suffice")
    if script.returncode < 0:
        raise ValueError(f"ended before its end ({signal.strsignal(-script.returncode)})")
    if not (script.returncode or report):
        raise ValueError("ended before its end (exit)")
    if script.returncode:
        sys.exit(script.returncode)
    return json.loads(report)


def identity(path):
    """What changes when a file is written, moved or set back, whatever its date says; None where
    there is no file."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def main(made, reads, command):
    """Run the job and record it.

    Raises:
        ValueError, OSError: an input is not what its job wrote, or was written meanwhile; an output
            was not written.  Earlier outputs stay, without a record.
    """
    before = {path: identity(path) for path in (*reads, *made)}
    record = {"command": sys.argv[1:], "asked": records.asked()}
    record["reads"] = {path: records.checked(path) for path in reads}
    for path in made:
        records.place(path).unlink(missing_ok=True)
    found = run(command)
    for path in reads:
        if identity(path) != before[path]:
            raise ValueError(f"{path} was written while the job ran; build again")
    for path in made:
        if identity(path) in (before[path], None):
            raise ValueError(f"{path} was not written")
    for path in made:
        records.write(path, record | found)


def split(arguments):
    """What stands after --made, after --reads and after --."""
    reads, end = arguments.index("--reads"), arguments.index("--")
    return arguments[1:reads], arguments[reads + 1 : end], arguments[end + 1 :]


def name_of(command):
    return Path(command[0]).name


def fail(command, reason):
    """Exit with one line, which the log of the job ends with, as where the script itself fails."""
    message = f"{name_of(command)}: {reason}"
    with contextlib.suppress(OSError, ValueError):
        path = Path(command[command.index("--log") + 1])
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S,000')} {message}\n")
    sys.exit(message)


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        inside(*sys.argv[2:])
    else:
        end_with_parent()
        parts = split(sys.argv[1:])
        try:
            main(*parts)
        except KeyboardInterrupt:
            sys.exit(130)
        except (ValueError, OSError) as error:
            fail(parts[-1], error)
