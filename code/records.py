"""What a result was made from: a record beside it, with which whoever reads the result compares it.

The record of `x.npz` is `.x.npz.made`: JSON with the command of the job, the digests of all that it
read as they were before it began, versions and kernels of what it computed with, and the digest of
the result.  `job.py` writes it; a result without one was made by hand.
"""

import hashlib
import json
import os
from pathlib import Path

FIELDS = {
    **{"command": list, "reads": dict, "versions": dict, "kernels": dict},
    **{"asked": str, "digest": str},
}
# What chooses between kernels beside the processor: of such variables a job is given these alone.
OPENBLAS, ATEN = KERNEL_VARIABLES = ("OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY")


def asked():
    """The kernels that the environment asks PyTorch for: none where it leaves them to PyTorch."""
    return os.environ.get(ATEN, "")


def blas():
    """The kernels of OpenBLAS in this process, as far as it is loaded."""
    from threadpoolctl import threadpool_info

    found = [lib["architecture"] for lib in threadpool_info() if lib["internal_api"] == "openblas"]
    return ", ".join(sorted({*found}))


def place(path):
    """Where the record of a result lies."""
    path = Path(path)
    return path.with_name(f".{path.name}.made")


def digest(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path):
    """The record of a result as a dict; None where there is none or it is damaged."""
    try:
        record = json.loads(place(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    whole = isinstance(record, dict) and all(
        isinstance(record.get(name), kind) for name, kind in FIELDS.items()
    )
    return record if whole else None


def write(path, record):
    """Write the record of a result, with the result's digest."""
    text = json.dumps(record | {"digest": digest(path)}, indent=1, sort_keys=True)
    place(path).write_text(text + "\n", encoding="utf-8")


def checked(path):
    """The digest of a file.

    Raises:
        ValueError: the file has a record, and is not what the record describes.
    """
    found = digest(path)
    if place(path).exists() and (read(path) or {}).get("digest") != found:
        raise ValueError(
            f"{path} is not what its job wrote; delete it and build again, or delete"
            f" {place(path)} to take it as it is"
        )
    return found
