"""Results on disk: files that are whole or absent, and readers that name what is damaged.

Formats: npz of finite arrays and words; csv whose cells are numbers, words or empty; text; PDF.
"""

import contextlib
import csv
import io
import logging
import math
import os
import re
import shutil
from pathlib import Path

import numpy as np

import records

# Columns of our csv files that hold words, and those in which a cell may be empty.
WORDS = {"matrix", "name", "relation", "holds", "theorem", "kind", "digest", "fate"}
WORDS |= {"command", "commit", "configuration", "device", "versions", "date", "data"}
OPTIONAL = {"m", "seed", "undecided", "crossing_time", "needed"}


@contextlib.contextmanager
def replacing(path):
    """A temporary path beside `path`, renamed to it when the block ends without an error.

    It names the process: a job that outlived its snakemake, or a part that somebody runs by hand,
    may be writing the same file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def scratch(path):
    """An empty folder beside `path`, for the time of the block."""
    path = Path(path)
    _remove_leftovers(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_leftovers(path):
    """Remove what killed jobs have left of this file: temporaries of processes that are gone."""
    name = re.compile(rf"\.{re.escape(path.name)}\.(\d+){re.escape(path.suffix)}")
    for sibling in path.parent.iterdir():
        if (match := name.fullmatch(sibling.name)) and not _is_alive(int(match[1])):
            if sibling.is_dir():
                shutil.rmtree(sibling, ignore_errors=True)
            else:
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
    if not _is_finite(values):
        bad = values[~np.isfinite(values)][0]
        raise ValueError(f"{path} is not written: {name} would be {bad}")


def _is_finite(values):
    """Whether all are; of words there is nothing to ask."""
    return values.dtype.kind == "U" or np.isfinite(values).all()


def read_npz(path):
    """The arrays of an npz as a dict.

    Raises:
        ValueError: names the file, which is no whole npz, holds pickled objects, is not finite or
            not what its record says.
    """
    records.checked(path)
    try:
        # An open file, as `load` leaves its own open where it fails.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
            arrays = dict(data)
        for name, array in arrays.items():
            if not _is_finite(array):
                raise ValueError(f"{name} is not finite")
    # A damaged zip ends in whatever the libraries below raise.
    except Exception as error:
        raise _damaged(path, error) from error
    return _Entries(path, arrays)


class _Entries(dict):
    """What a file holds; an entry that it lacks is named with the file."""

    def __init__(self, path, entries):
        super().__init__(entries)
        self.path = path

    def __missing__(self, name):
        raise ValueError(f"{self.path} has no {name}; delete it and build again")


def _damaged(path, error):
    """One line that names the file and what is wrong with it."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return ValueError(f"{path} is damaged ({reason}); delete it and build again")


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
    """The rows of a csv as dicts of ints, floats and, in columns of WORDS, strings.

    A cell of OPTIONAL may be empty, and is then an empty string.

    Raises:
        ValueError: names file, line and column of a cell that is missing, damaged or not finite, or
            the file that is not what its record says.
    """
    records.checked(path)
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except (ValueError, csv.Error) as error:
        raise _damaged(path, error) from error
    if not rows or len({*reader.fieldnames}) < len(reader.fieldnames):
        fault = "has two columns of one name" if rows else "has no rows"
        raise ValueError(f"{path} {fault}; delete it and build again")
    return [
        _Entries(path, {name: _cell(name, text, f"{path}, line {i}") for name, text in row.items()})
        for i, row in enumerate(rows, start=2)
    ]


def _cell(column, text, place):
    """The value of a cell."""
    if isinstance(text, str):
        if column in WORDS or (column in OPTIONAL and not text):
            return text
        if "_" not in text:  # Python would read 1_0 as ten
            with contextlib.suppress(ValueError):
                value = int(text) if re.fullmatch(r"-?\d+", text) else float(text)
                if math.isfinite(value):
                    return value
    raise ValueError(f"{place}: {_shown(column)} is {_shown(text)}; delete it and build again")


def _shown(value):
    """A value as it stands, or on one line."""
    return value if isinstance(value, str) and value.isprintable() else repr(value)


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
    with _copied_as_meant():
        figure.savefig(page, format="pdf", metadata={"CreationDate": None})
    with replacing(path) as temporary:
        temporary.write_bytes(page.getvalue())
    write_csv(Path(path).with_suffix(".csv"), _points(figure))


@contextlib.contextmanager
def _copied_as_meant():
    """Let the PDF say what the symbols of Computer Modern mean.

    Matplotlib 3.11 takes a character's place in its font for its Unicode, so that a minus is copied
    as an inverted exclamation mark, λ as a cedilla and a bar as j.
    """
    from matplotlib._mathtext_data import latex_to_bakoma, tex2uni
    from matplotlib.backends._backend_pdf_ps import CharacterTracker

    meant = {("cmex10", chr(latex_to_bakoma[r"\__sqrt__"][1])): "√"}
    for name, (font, code) in latex_to_bakoma.items():
        # Plain text is set in cmr10, with ASCII where it is.
        if (font != "cmr10" or code > 127) and (len(name) == 1 or name[1:] in tex2uni):
            meaning = name if len(name) == 1 else chr(tex2uni[name[1:]])
            meant[font, chr(code)] = meaning
    original = CharacterTracker.subset_to_unicode

    def subset_to_unicode(tracker, font, *place):
        text = original(tracker, font, *place)
        return meant.get((Path(font).stem, text), text)

    CharacterTracker.subset_to_unicode = subset_to_unicode
    try:
        yield
    finally:
        CharacterTracker.subset_to_unicode = original


def _points(figure):
    """A row for each point of each line: number of the panel, name of the line, x, y."""
    return [
        {"panel": panel, "line": line_name(axes, line), "x": float(x), "y": float(y)}
        for panel, axes in enumerate(figure.axes)
        for line in axes.get_lines()
        for x, y in zip(*line.get_data(), strict=True)
    ]


def line_name(axes, line):
    """The label of a line, without the underscore that keeps it out of the legend; of one without a
    label what its panel shows."""
    label = line.get_label()
    if label.startswith("_child"):
        return axes.get_title() or axes.get_ylabel()
    return label.removeprefix("_")
