"""Compile report/main.tex with latexmk, or tectonic where there is no latexmk: report/main.pdf.

Undefined references, citations and macros are errors, and braces that stay open; they are printed
with file and line.  An earlier PDF is replaced only by a complete one.
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
OPEN = re.compile(r"^\(\\end occurred (?:inside a group|when ).*", re.MULTILINE)
LABEL = re.compile(r"(Reference|Citation) `(.*?)'")
COMMENT = re.compile(r"(?<!\\)%.*")


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


def packages(preamble):
    """The packages that a preamble asks for."""
    lists = re.findall(r"^\\usepackage(?:\[.*?\])?{(.*?)}", preamble, re.MULTILINE)
    return [name for names in lists for name in names.split(",")]


def missing(preamble):
    """The packages of a preamble that this TeX does not have; tectonic fetches its own."""
    if engine()[0] != "latexmk":
        return []
    names = [f"{name}.sty" for name in packages(preamble)]
    found = subprocess.run(["kpsewhich", *names], capture_output=True, text=True).stdout
    return [name for name in names if f"/{name}\n" not in found]


def check_packages(preamble):
    """Raise ValueError that names the packages that are missing, and how to get them."""
    if names := missing(preamble.read_text(encoding="utf-8")):
        raise ValueError(
            f"LaTeX lacks {', '.join(names)}; install them with `make latex` or `tlmgr install"
            f" {' '.join(name.removesuffix('.sty') for name in names)}`"
        )


def troubles(log, sources=()):
    """The lines of a LaTeX log that say what failed, each once; a hint for a missing package.

    A failed run leaves references unresolved, so they are named only where nothing else failed.
    `sources` are searched for the places that a warning does not name.
    """
    found = ERROR.findall(log) or UNDEFINED.findall(log)
    lines = list(dict.fromkeys(line.strip() for line in found))
    labels = list(dict.fromkeys(LABEL.findall("\n".join(lines))))
    places = {label: place for label in labels if (place := places_of(label[1], sources))}
    if places and not ERROR.search(log):
        lines = [f"{where}: {kind} `{name}' undefined" for (kind, name), where in places.items()]
    if not lines and (opened := OPEN.search(log)):
        lines = [*unbalanced(sources), opened[0]]
    if re.search(r"File `\S+\.(sty|cls|tfm)' not found", log):
        lines.append("a LaTeX package is missing: `make latex` names the packages to install")
    return lines


def lines_of(source):
    """Number and text of each line, without comments."""
    text = source.read_text(encoding="utf-8")
    return enumerate((COMMENT.sub("", line) for line in text.splitlines()), start=1)


def places_of(label, sources):
    """`file:line` of each line that refers to a label, but for those that set it."""
    reference = re.compile(
        rf"\\\w*(?:ref|cite\w*)\*?(?:\[.*?\])*{{[^}}]*(?<![\w:-]){re.escape(label)}(?![\w:-])"
    )
    return ", ".join(
        f"{source}:{number}"
        for source in sources
        for number, line in lines_of(source)
        if reference.search(line)
    )


def unbalanced(sources):
    """One line for each file in which more braces open than close: where the last one stands."""
    for source in sources:
        places = []
        for number, line in lines_of(source):
            for brace in re.findall(r"(?<!\\)[{}]", line):
                if brace == "{":
                    places.append(number)
                elif places:
                    places.pop()
        if places:
            yield f"{source}:{places[-1]}: a brace is not closed"


def read_log(folder):
    path = folder / "build" / "main.log"
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def main(arguments):
    folder = arguments.source.parent
    check_packages(folder / "preamble.tex")
    if arguments.check:
        return
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
    if done.returncode or UNDEFINED.search(log) or OPEN.search(log):
        sources = [arguments.source, *sorted(folder.glob("sections/*.tex"))]
        lines = troubles(log, sources) or done.stdout.splitlines()[-5:]
        raise ValueError("\n  ".join([f"{arguments.source} does not compile:", *lines]))
    with files.replacing(arguments.output) as temporary:
        shutil.copyfile(folder / "build" / "main.pdf", temporary)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument(
        "--source", type=Path, default=Path("report/main.tex"), help="the LaTeX file"
    )
    parser.add_argument("--check", action="store_true", help="only whether LaTeX has its packages")
    parser.add_argument("--epoch", type=int, default=0, help="SOURCE_DATE_EPOCH, the PDF's date")
    parser.add_argument(
        "--output", type=Path, default=Path("report/main.pdf"), help="the file to write"
    )
    return parser
