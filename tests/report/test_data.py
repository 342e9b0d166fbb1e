"""DATA.md against the files of a build, and the README's example."""

import csv
import re
import subprocess
import sys

import numpy as np
from workflow import ROOT

TEXT = (ROOT / "DATA.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def described(heading):
    """name → its shape, of the table below a heading; `shuffled<seed>` is any of these."""
    table = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)[1]
    found = {}
    for line in re.findall(r"^\| (`.*) \|$", table, re.MULTILINE):
        names, *cells = line.split(" | ")
        names = re.findall(r"`([^`]+)`", names)
        shapes = cells[0].split(", ") if len(cells) > 1 else [None]
        shapes = shapes if len(shapes) == len(names) else shapes * len(names)
        for name, shape in zip(names, shapes, strict=True):
            assert name not in found or heading == "Tables", name
            found[name] = shape
    return found


ARRAYS, COLUMNS = described("Arrays"), described("Tables")


def dimensions(shape, sizes):
    """The numbers that a shape such as n × d stands for, from the sizes known."""
    return tuple(int(word) if word.isdigit() else sizes.get(word) for word in shape.split(" × "))


def name_of(array):
    return re.sub(r"shuffled\d+", "shuffled<seed>", array)


def test_every_array_is_described_with_its_shape(built):
    seen = set()
    for path in built.glob("results/**/*.npz"):
        data = dict(np.load(path))
        sizes = {"d": 40}
        for name, array in data.items():
            shape = ARRAYS[name_of(name)]
            seen.add(name_of(name))
            if shape == "1":
                assert array.shape == (), f"{path}: {name}"
                continue
            letters = shape.split(" × ")
            assert array.ndim == len(letters), f"{path}: {name}"
            # A letter is the same number everywhere in a file.
            for letter, size in zip(letters, array.shape, strict=True):
                if name == "watch_step" or name == "watch_lambda_min":
                    continue  # of those looks at which it was below
                if path.name == "sliding.npz" and name == "unit_path":
                    continue  # a look more, at the end
                expected = int(letter) if letter.isdigit() else sizes.setdefault(letter, size)
                assert size == expected, f"{path}: {name}, {letter}"
    assert seen == set(ARRAYS)


def test_every_column_is_described(built):
    seen = set()
    for path in [
        p for folder in ("results", "figures", "data/*") for p in built.glob(f"{folder}/*.csv")
    ]:
        with open(path, newline="") as file:
            seen |= set(next(csv.reader(file)))
    assert seen == set(COLUMNS)


def example():
    """The Python block of the README."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    return code


def test_the_example_of_the_readme_draws_a_run(built):
    assert len(example().splitlines()) <= 10
    output = built / "my.png"
    try:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", example()], cwd=built, capture_output=True
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert output.read_bytes().startswith(b"\x89PNG")
    finally:
        output.unlink(missing_ok=True)
