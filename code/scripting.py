"""What every script shares: one thread, one-line errors, a log, files that are whole or absent."""

import argparse
import contextlib
import csv
import io
import logging
import os
import re
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

# Seconds between two lines of progress in a log.
LOG_INTERVAL = 10
log = logging.getLogger("overparam")


def parser(description):
    """An argument parser with the options that every script has."""
    result = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    result.add_argument("--log", type=Path, help="file for progress and errors")
    return result


def run(main, arguments):
    """Call main(arguments) on one thread; exit 1 with one line on bad input.

    One thread, because the number of threads changes the last bits of every sum.
    """
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    try:
        _open_log(arguments.log)
        with threadpool_limits(limits=1):
            main(arguments)
    except KeyError as error:
        _fail(f"an input has no entry {error}")
    except MemoryError as error:
        _fail(f"the memory does not suffice ({error}); smaller sizes in the config need less")
    except (ValueError, ArithmeticError, OSError) as error:
        _fail(error)


def _open_log(path):
    """Send the log to a file, or nowhere: what a user must see is printed by `_fail`."""
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(logging.NullHandler())
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, mode="w", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(handler)


def _fail(reason):
    message = f"{Path(sys.argv[0]).name}: {reason}"
    log.error(message)
    sys.exit(message)


def progress(iterable, total, unit="step"):
    """Yield from iterable, with a bar on a terminal and a sparse line in the log."""
    start = last = time.monotonic()
    bar = tqdm(iterable, total=total, unit=unit, disable=None, leave=False, desc=_script())
    for done, item in enumerate(bar):
        now = time.monotonic()
        if done and now - last >= LOG_INTERVAL:
            rate = done / (now - start)
            left = (total - done) / rate
            log.info("%d of %d %ss, %.0f a second, %.0f s left", done, total, unit, rate, left)
            last = now
        yield item
    log.info("%d %ss in %.1f s", total, unit, time.monotonic() - start)


@contextlib.contextmanager
def replacing(path):
    """A temporary path beside `path`, renamed to it when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_leftovers(path):
    """Remove what killed jobs have left of this file: temporaries of processes that are gone."""
    name = re.compile(rf"\.{re.escape(path.name)}\.(\d+){re.escape(path.suffix)}")
    for sibling in path.parent.iterdir():
        if (match := name.fullmatch(sibling.name)) and not _is_alive(int(match[1])):
            sibling.unlink(missing_ok=True)


def _is_alive(process):
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def write_npz(path, **arrays):
    """Write arrays to an uncompressed npz.

    Raises:
        ValueError: an array is not finite; an earlier file stays.
    """
    for name, array in arrays.items():
        _check_finite(path, name, array)
    # An open file, as `savez` appends .npz to a path without it.
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def _check_finite(path, name, values):
    """What a reader would refuse is not written: its maker knows why, the reader does not."""
    values = np.asarray(values)
    if not np.isfinite(values).all():
        bad = values[~np.isfinite(values)][0]
        raise ValueError(f"{path} is not written: {name} would be {bad}")


def read_npz(path):
    """The arrays of an npz as a dict.

    Raises:
        ValueError: names the file, which is no whole npz, holds pickled objects or is not finite.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = dict(data)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and build again") from error
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{path}: {name} is not finite; delete it and build again")
    return arrays


def write_csv(path, rows):
    """Write a non-empty list of dicts with equal keys; floats keep all their digits.

    Raises:
        ValueError: a float is not finite; an earlier file stays.
    """
    for name in rows[0]:
        _check_finite(path, name, [row[name] for row in rows if isinstance(row[name], float)])
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path):
    """The rows of a csv as dicts of strings.

    Raises:
        ValueError: names the file, line and column of a cell that is missing or not finite.
    """
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    for line, row in enumerate(rows, start=2):
        for column, cell in row.items():
            if cell is None or cell.lower() in {"nan", "inf", "-inf"}:
                raise ValueError(
                    f"{path}, line {line}: {column} is {cell}; delete it and build again"
                )
    if not rows:
        raise ValueError(f"{path} has no rows; delete it and build again")
    return rows


def read_lambda_zero(path):
    """λ0 of H^∞, which stands in the first row of eigenvalues.csv."""
    return float(read_csv(path)[0]["lambda_min"])


def write_text(path, text):
    """Write text, UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def save_figure(path, figure):
    """Write a matplotlib figure as PDF without its date, and beside it the points of its lines."""
    # Matplotlib's own cmr10.ttf has no creation date, of which fontTools warns.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    # In memory first: matplotlib's writer leaves a traceback where a disk is full.
    page = io.BytesIO()
    figure.savefig(page, format="pdf", metadata={"CreationDate": None})
    with replacing(path) as temporary:
        temporary.write_bytes(page.getvalue())
    write_csv(Path(path).with_suffix(".csv"), _points(figure))


def _points(figure):
    """A row for each point of each line: number of the panel, label of the line, x, y."""
    return [
        {"panel": panel, "line": line.get_label(), "x": float(x), "y": float(y)}
        for panel, axes in enumerate(figure.axes)
        for line in axes.get_lines()
        for x, y in zip(*line.get_data(), strict=True)
    ]


def _script():
    return Path(sys.argv[0]).stem
