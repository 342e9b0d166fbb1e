"""Compare the report's key numbers with reference.json: results/verification.csv.

On another machine bits may differ, numbers may not: a number that is off by more than its tolerance
is an error.  `--update` writes the numbers of this machine into reference.json instead.
"""

import json
import re
from pathlib import Path

import scripting

RESULT = re.compile(r"\\newresult{([\w-]+)}{\\num{([-+.\de]+)}}")


def printed_numbers(folder):
    """name → number, of every result in report/generated that is a number."""
    found = {}
    for path in sorted(folder.glob("*.tex")):
        found |= {name: float(number) for name, number in RESULT.findall(path.read_text())}
    return found


def compare(references, numbers):
    """A row for each reference: its value, the value here, the relative tolerance, the verdict."""
    rows = []
    for name, reference in references.items():
        here, value = numbers.get(name), reference["value"]
        close = here is not None and abs(here - value) <= reference["tolerance"] * abs(value)
        rows.append(
            {
                "name": name,
                "reference": value,
                "here": "missing" if here is None else here,
                "tolerance": reference["tolerance"],
                "verdict": "pass" if close else "MISS",
            }
        )
    return rows


def table(rows):
    """The rows as aligned text."""
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    pairs = (zip(line, widths, strict=True) for line in lines)
    return "\n".join("  ".join(cell.ljust(width) for cell, width in pair) for pair in pairs)


def main(arguments):
    references = json.loads(arguments.reference.read_text(encoding="utf-8"))
    numbers = printed_numbers(arguments.generated)
    if arguments.update:
        for name, reference in references.items():
            reference["value"] = numbers[name]
        text = json.dumps(references, indent=2, ensure_ascii=False)
        scripting.write_text(arguments.reference, text + "\n")
        return
    rows = compare(references, numbers)
    print(table(rows))
    if missed := [row["name"] for row in rows if row["verdict"] == "MISS"]:
        raise ValueError(f"off by more than the tolerance in reference.json: {', '.join(missed)}")
    scripting.write_csv(arguments.output, rows)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--reference", type=Path, default=Path("reference.json"))
    parser.add_argument("--generated", type=Path, default=Path("report/generated"))
    parser.add_argument("--update", action="store_true", help="make this machine the reference")
    parser.add_argument("--output", default="results/verification.csv")
    return parser


if __name__ == "__main__":
    scripting.run(main, make_parser().parse_args())
