"""Locks that a killed build left behind, which Snakemake would stop at."""

import fcntl
from pathlib import Path


def clear_stale_locks(folder=Path(".snakemake")):
    """Remove the locks that a killed build left, if no other process works in this folder.

    Every process that reads the Snakefile holds a shared lock, which dies with it, kill -9
    included; one that can have it alone is the only one.

    Returns:
        The open file that holds the lock, to be kept; None where the file system has no locks.
    """
    folder.mkdir(exist_ok=True)
    held = open(folder / "alive", "w")  # noqa: SIM115
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(held, fcntl.LOCK_SH)
        return held
    except OSError:
        return None
    for lock in folder.glob("locks/*"):
        lock.unlink()
    fcntl.flock(held, fcntl.LOCK_SH)
    return held
