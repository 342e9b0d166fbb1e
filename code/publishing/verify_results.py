"""Compare every number that the report prints with reference.json: results/verification.csv.

On another machine bits may differ, numbers may not: a number that is off by more than its class
allows, another word or a missing name is an error.  `--update` makes this machine the reference; a
name that is new there gets the class `new`, without tolerance, until somebody judges it.

reference.json has `configuration`, that of the numbers; `classes`, name → units (of the last
printed digit), relative (tolerance), reason and, for a text that differs everywhere, its form; and
`numbers`, file → name → [LaTeX, class].
"""

import json
import re
from pathlib import Path

import files
import origin
import records
import scripting

RESULT = re.compile(r"\\newresult{([\w-]+)}{(.*)}$", re.MULTILINE)
# The number in siunitx's argument, and its error in units of the last digit.
NUMBER = re.compile(r"\\num{([-+]?\d*\.?\d+(?:e[-+]?\d+)?)(?:\((\d+)\))?}")
NEW = "new"
# Misses on the terminal; the table has all.
SHOWN = 20
STRICT = {NEW: {"units": 0, "relative": 0}}


def printed(path):
    """name → LaTeX of what a file of report/generated prints: results, or cells `row.column`.

    Raises:
        ValueError: the file is not what its record says.
    """
    records.checked(path)
    text = path.read_text(encoding="utf-8")
    if not path.stem.endswith("_rows"):
        return dict(RESULT.findall(text))
    rows = [row.removesuffix(r" \\").split(" & ") for row in text.splitlines()]
    return {
        f"{i}.{j}": cell for i, row in enumerate(rows, start=1) for j, cell in enumerate(row, 1)
    }


def unit(number):
    """What one in the last digit of a printed number is worth."""
    digits, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def words(latex):
    """The text with a mark for each number."""
    return NUMBER.sub("#", latex)


def agrees(reference, here, allowed):
    """Whether a text has the words of the reference and numbers that its class allows, or the form
    that the class asks for."""
    if form := allowed.get("form"):
        return re.fullmatch(form, here) is not None
    if words(reference) != words(here):
        return False
    pairs = zip(NUMBER.findall(reference), NUMBER.findall(here), strict=True)
    return all(
        abs(float(a) - float(b)) <= tolerance(a, b, allowed)
        and abs(int(error_a or 0) - int(error_b or 0)) <= allowed["units"]
        for (a, error_a), (b, error_b) in pairs
    )


def tolerance(reference, here, allowed):
    """How far a printed number may be from its reference; and a rounding of this comparison.

    The unit is the smaller one: with that of 0 or 1 anything would pass.
    """
    units = allowed["units"] * min(unit(reference), unit(here))
    return max(units, allowed["relative"] * abs(float(reference))) * (1 + 1e-9)


def compare(reference, found):
    """A row for each number of either side: its reference, the text here, class and verdict."""
    rows, classes = [], reference["classes"] | STRICT
    for file in sorted({*reference["numbers"], *found}):
        expected, here = reference["numbers"].get(file, {}), found.get(file, {})
        for name in [*expected, *(name for name in here if name not in expected)]:
            latex, kind = expected.get(name, ["missing", NEW])
            text = here.get(name, "missing")
            same = agrees(latex, text, classes[kind])
            rows.append(
                {
                    **{"file": file, "name": name, "reference": latex, "here": text},
                    **{"class": kind, "verdict": "pass" if same else "MISS"},
                }
            )
    return rows


def updated(reference, found):
    """The reference with the texts found, each in the class that it had."""
    numbers = {
        file: {
            name: [latex, reference["numbers"].get(file, {}).get(name, [None, NEW])[1]]
            for name, latex in texts.items()
        }
        for file, texts in found.items()
    }
    return reference | {"numbers": numbers}


def formatted(reference):
    """JSON with one line a section of the configuration, and one a number."""
    rest = {name: part for name, part in reference.items() if name != "configuration"}
    text = json.dumps(rest, indent=2, ensure_ascii=False)
    text = re.sub(r"\[\s+(.*),\s+(.*)\s+\]", r"[\1, \2]", text)
    sections = ",\n".join(
        f"    {json.dumps(section)}: {json.dumps(values)}"
        for section, values in reference["configuration"].items()
    )
    return f'{{\n  "configuration": {{\n{sections}\n  }},{text[1:]}\n'


def of_the_last_build():
    """The configuration of config.yaml, and the files of numbers and rows that it makes.

    Raises:
        ValueError: the last build was of another configuration.
    """
    from pipeline import config, provenance, studies  # here, as no job reads the tables

    written = config.shipped()
    numbers = provenance.of_numbers(written)
    digest = origin.digest(json.dumps(numbers, sort_keys=True).encode())
    if digest not in Path("report/generated/colophon.tex").read_text(encoding="utf-8"):
        raise ValueError("the last build was not of config.yaml; run make first")
    return numbers, map(Path, studies.printed(studies.parts(written)))


def main(arguments):
    reference = json.loads(arguments.reference.read_text(encoding="utf-8"))
    paths = arguments.generated
    if not paths:
        reference["configuration"], paths = of_the_last_build()
    found = {path.stem: printed(path) for path in paths}
    if arguments.update:
        files.write_text(arguments.reference, formatted(updated(reference, found)))
        return
    rows = compare(reference, found)
    files.write_csv(arguments.output, rows)
    missed = [row for row in rows if row["verdict"] == "MISS"]
    for row in missed[:SHOWN]:
        print(f"{row['file']} {row['name']}: {row['here']}, reference {row['reference']}")
    if missed:
        raise ValueError(complaint(missed, arguments))


def complaint(missed, arguments):
    """One line: which numbers are not as in the reference, and whether they can be expected to."""
    names = ", ".join(f"{row['file']} {row['name']}" for row in missed[:SHOWN])
    more = f" and {len(missed) - SHOWN} more" if len(missed) > SHOWN else ""
    keys = ", ".join(arguments.changed)
    why = f"; this build is of another configuration, which differs in {keys}" if keys else ""
    return f"not what reference.json allows: {names}{more} ({arguments.output}){why}"


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument(
        "--reference", type=Path, default=Path("reference.json"), help="the expected numbers"
    )
    parser.add_argument(
        "--generated", type=Path, nargs="+", help="default: those of the last build"
    )
    parser.add_argument(
        "--changed", nargs="*", default=[], help="keys of the configuration unlike the shipped ones"
    )
    parser.add_argument("--update", action="store_true", help="make this machine the reference")
    parser.add_argument("--output", default="results/verification.csv", help="the file to write")
    return parser
