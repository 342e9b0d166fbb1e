"""Compare every number that the report prints with reference.json: results/verification.csv.

On another machine bits may differ, numbers may not: a number that is off by more than its class
allows, another word or a missing name is an error.  `--update` makes this machine the reference; a
name that is new there gets the class without tolerance, until somebody gives a reason for another.

reference.json has `classes`, name → units (of the last printed digit), relative (tolerance) and
reason; and `numbers`, file → name → [LaTeX, class].
"""

import json
import re
from pathlib import Path

import files
import scripting

RESULT = re.compile(r"\\newresult{([\w-]+)}{(.*)}$", re.MULTILINE)
# The number in siunitx's argument, without the error in brackets.
NUMBER = re.compile(r"\\num{([-+]?\d*\.?\d+(?:e[-+]?\d+)?)(?:\(\d+\))?}")
STRICTEST = "exact"
# Files of report/generated whose numbers are no results.
OTHERS = {"colophon", "colophon_rows", "notice", "proofs", "proof_statements"}


def printed(path):
    """name → LaTeX of what a file of report/generated prints: results, or cells `row.column`."""
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
    """Whether a text has the words of the reference and numbers that its class allows."""
    if words(reference) != words(here):
        return False
    pairs = zip(NUMBER.findall(reference), NUMBER.findall(here), strict=True)
    return all(abs(float(a) - float(b)) <= tolerance(a, b, allowed) for a, b in pairs)


def tolerance(reference, here, allowed):
    """How far a printed number may be from its reference; and a rounding of this comparison."""
    units = allowed["units"] * max(unit(reference), unit(here))
    return max(units, allowed["relative"] * abs(float(reference))) * (1 + 1e-9)


def compare(reference, found):
    """A row for each number of either side: its reference, the text here, class and verdict."""
    rows = []
    for file in sorted({*reference["numbers"], *found}):
        expected, here = reference["numbers"].get(file, {}), found.get(file, {})
        for name in [*expected, *(name for name in here if name not in expected)]:
            latex, kind = expected.get(name, ["missing", STRICTEST])
            text = here.get(name, "missing")
            same = agrees(latex, text, reference["classes"][kind])
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
            name: [latex, reference["numbers"].get(file, {}).get(name, [None, STRICTEST])[1]]
            for name, latex in texts.items()
        }
        for file, texts in found.items()
    }
    return {"classes": reference["classes"], "numbers": numbers}


def formatted(reference):
    """JSON with one line a number."""
    text = json.dumps(reference, indent=2, ensure_ascii=False)
    return re.sub(r"\[\s+(.*),\s+(.*)\s+\]", r"[\1, \2]", text) + "\n"


def main(arguments):
    reference = json.loads(arguments.reference.read_text(encoding="utf-8"))
    generated = arguments.generated or sorted(Path("report/generated").glob("*.tex"))
    found = {path.stem: printed(path) for path in generated if path.stem not in OTHERS}
    if not found:
        raise ValueError("report/generated has no numbers; build the report first")
    if arguments.update:
        files.write_text(arguments.reference, formatted(updated(reference, found)))
        return
    rows = compare(reference, found)
    missed = [row for row in rows if row["verdict"] == "MISS"]
    for row in missed:
        print(f"{row['file']} {row['name']}: {row['here']}, reference {row['reference']}")
    if missed:
        names = ", ".join(f"{row['file']} {row['name']}" for row in missed)
        raise ValueError(f"not what reference.json allows: {names}")
    files.write_csv(arguments.output, rows)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--reference", type=Path, default=Path("reference.json"))
    parser.add_argument(
        "--generated", type=Path, nargs="+", help="default: all results in report/generated"
    )
    parser.add_argument("--update", action="store_true", help="make this machine the reference")
    parser.add_argument("--output", default="results/verification.csv")
    return parser
