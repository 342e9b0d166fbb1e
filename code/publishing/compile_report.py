"""Compile report/main.tex with latexmk, or tectonic where there is no latexmk: report/main.pdf.

Undefined references, citations and macros are errors; the lines of the log that name them are
printed.  An earlier PDF is replaced only by a complete one.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import files
import scripting

LATEXMK = (
    "latexmk -pdf -Werror -halt-on-error -file-line-error -interaction=nonstopmode -outdir=build"
)
TECTONIC = "tectonic -X compile --keep-logs --outdir build"
# What a log says of a failure: "file:line: message" down to the line of source, or warnings.
ERROR = re.compile(r"^(?:\S+:\d+: |! )(?:.*\n){1,8}?l\.\d+ .*|^(?:\S+:\d+: |! ).*", re.MULTILINE)
UNDEFINED = re.compile(r"^(?:LaTeX|Package \w+) Warning: .*undefined.*", re.MULTILINE)


def engine():
    """The command of the engine that is installed; ValueError when there is none."""
    for command in (LATEXMK, TECTONIC):
        if shutil.which(command.split()[0]):
            return command.split()
    raise ValueError("neither latexmk nor tectonic was found; run `make latex` to install one")


def environment(epoch):
    """The environment in which the same sources give the same bytes, and no log line is broken."""
    fixed = {"SOURCE_DATE_EPOCH": str(epoch), "FORCE_SOURCE_DATE": "1", "max_print_line": "10000"}
    return os.environ | fixed


def troubles(log):
    """The lines of a LaTeX log that say what failed, each once; a hint for a missing package.

    A failed run leaves references unresolved, so they are named only where nothing else failed.
    """
    found = ERROR.findall(log) or UNDEFINED.findall(log)
    lines = list(dict.fromkeys(line.strip() for line in found))
    if re.search(r"File `\S+\.(sty|cls|tfm)' not found", log):
        lines.append("a LaTeX package is missing: `make latex` names the packages to install")
    return lines


def read_log(folder):
    path = folder / "build" / "main.log"
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def main(arguments):
    folder = arguments.source.parent
    (folder / "build").mkdir(exist_ok=True)
    done = subprocess.run(
        [*engine(), arguments.source.name],
        cwd=folder,
        env=environment(arguments.epoch),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    scripting.log.info(done.stdout)
    log = read_log(folder)
    if done.returncode or UNDEFINED.search(log):
        lines = troubles(log) or done.stdout.splitlines()[-5:]
        raise ValueError("\n  ".join([f"{arguments.source} does not compile:", *lines]))
    with files.replacing(arguments.output) as temporary:
        shutil.copyfile(folder / "build" / "main.pdf", temporary)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument(
        "--source", type=Path, default=Path("report/main.tex"), help="the LaTeX file"
    )
    parser.add_argument("--epoch", type=int, default=0, help="SOURCE_DATE_EPOCH, the PDF's date")
    parser.add_argument(
        "--output", type=Path, default=Path("report/main.pdf"), help="the file to write"
    )
    return parser
