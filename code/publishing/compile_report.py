"""Compile report/main.tex with latexmk, or tectonic where there is no latexmk: report/main.pdf.

LaTeX works in a folder of its own, in which it finds the files that it is given and no others; its
logs are kept in report/build.  Undefined references, citations and macros are errors, and braces
that stay open; they are printed with file and line.  A whole PDF alone replaces an earlier one.
"""

import errno
import os
import re
import shutil
import subprocess
from pathlib import Path

import files
import scripting

LATEXMK = (
    "latexmk -norc -pdf -Werror -halt-on-error -file-line-error -interaction=nonstopmode -recorder"
)
TECTONIC = "tectonic -X compile --keep-logs"
# Bytes below which a disk is full.
SPACE = 2**16
# What a log says of a failure: "file:line: message" down to the line of source, or warnings.
ERROR = re.compile(r"^(?:\S+:\d+: |! )(?:.*\n){1,8}?l\.\d+ .*|^(?:\S+:\d+: |! ).*", re.MULTILINE)
UNDEFINED = re.compile(r"^(?:LaTeX|Package \w+) Warning: .*undefined.*", re.MULTILINE)
OPEN = re.compile(r"^\(\\end occurred (?:inside a group|when ).*", re.MULTILINE)
# The variables with which a user changes what TeX and its programs find and do.
USERS = re.compile(r"TEX.*|.*INPUTS(_\w+)?|\w*FONTS|MKTEX\w*|LATEXMK\w*|openout_any|openin_any")
# What TeX says beside the message: help that nobody can ask for, and that it ends.
ASIDE = re.compile(
    r"^(?:\s*$|See the .* for explanation|Type {2}H|\s*\.\.\.\s*$|.*==> Fatal error).*\n?",
    re.MULTILINE,
)
UNCLOSED = re.compile(r"File ended while scanning use of (\S+).*?\\input{(\S+?)}", re.DOTALL)
LABEL = re.compile(r"(Reference|Citation) `(.*?)'")
COMMENT = re.compile(r"(?<!\\)%.*")


def engine():
    """The command of the engine that is installed; ValueError when there is none."""
    for command in (LATEXMK, TECTONIC):
        if shutil.which(command.split()[0]):
            return command.split()
    raise ValueError("neither latexmk nor tectonic was found; run `make latex` to install one")


def environment(epoch, folder):
    """The environment in which the same sources give the same bytes, and no log line is broken.

    Of the user's own TeX there is nothing: no search path, and `folder` in place of texmf.
    """
    kept = {name: value for name, value in os.environ.items() if not USERS.fullmatch(name)}
    fixed = {"SOURCE_DATE_EPOCH": str(epoch), "FORCE_SOURCE_DATE": "1", "max_print_line": "10000"}
    trees = dict.fromkeys(["TEXMFHOME", "TEXMFVAR", "TEXMFCONFIG"], str(folder / "texmf"))
    return kept | fixed | trees


def packages(preamble):
    """The packages that a preamble asks for."""
    lists = re.findall(r"^\\usepackage(?:\[.*?\])?{(.*?)}", preamble, re.MULTILINE)
    return [name for names in lists for name in names.split(",")]


def missing(preamble):
    """The packages of a preamble that this TeX does not have; tectonic fetches its own."""
    if engine()[0] != "latexmk":
        return []
    names = [f"{name}.sty" for name in packages(preamble)]
    options = {"env": environment(0, Path("/nonexistent")), "capture_output": True, "text": True}
    found = subprocess.run(["kpsewhich", *names], **options).stdout
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
    if unclosed := UNCLOSED.search(log):
        named = [path for path in sources if path.stem == Path(unclosed[2]).name]
        return [*unbalanced(named), f"{unclosed[2]}.tex ends inside the braces of {unclosed[1]}"]
    found = ERROR.findall(log) or UNDEFINED.findall(log)
    lines = list(dict.fromkeys(filter(None, (ASIDE.sub("", line).strip() for line in found))))
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


def link(paths, folder):
    """Show the files in the folder, at the same relative paths."""
    for path in paths:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path.absolute())


def check_pdf(path):
    """Raise ValueError where a PDF is not whole."""
    import pypdf  # here, as whoever asks for the engine does without it

    try:
        with open(path, "rb") as file:
            pages = len(pypdf.PdfReader(file, strict=True).pages)
            file.seek(-8, os.SEEK_END)
            whole = pages and file.read().rstrip().endswith(b"%%EOF")
    except (OSError, pypdf.errors.PyPdfError) as error:
        raise ValueError(f"LaTeX has left no whole PDF ({error})") from error
    if not whole:
        raise ValueError("LaTeX has left a PDF without pages or without its end")


def keep_logs(folder, build):
    """Put what LaTeX has written, the PDF apart, in the place of what the last run left."""
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir()
    for path in folder.glob("main.*"):
        if path.suffix != ".pdf" and not path.is_symlink():
            shutil.move(path, build)


def run(command, cwd, epoch, folder):
    """Run LaTeX in `cwd`, with the environment of `folder`; what it prints is logged.

    Returns:
        The finished process, whose text is in stdout.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(epoch, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    scripting.log.info(done.stdout)
    return done


def compile_in(folder, arguments):
    """Compile in a folder: path of the PDF.

    Raises:
        ValueError: the mistakes in the sources, or what else went wrong.
        OSError: the disk is full, which LaTeX takes for such mistakes.
    """
    paths = arguments.files or all_files()
    link(paths, folder)
    inner = folder / arguments.source.parent
    done = run([*engine(), arguments.source.name], inner, arguments.epoch, folder)
    path = inner / "main.log"
    log = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    keep_logs(inner, arguments.source.parent / "build")
    if done.returncode and shutil.disk_usage(inner).free < SPACE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    if done.returncode or UNDEFINED.search(log) or OPEN.search(log):
        sources = [path for path in paths if path.suffix == ".tex"]
        lines = troubles(log, sources) or done.stdout.splitlines()[-5:]
        raise ValueError("\n  ".join([f"{arguments.source} does not compile:", *lines]))
    return inner / "main.pdf"


def main(arguments):
    check_packages(arguments.source.parent / "preamble.tex")
    if arguments.check:
        return
    with files.scratch(arguments.source.parent / "build") as folder:
        pdf = compile_in(folder, arguments)
        check_pdf(pdf)
        with files.replacing(arguments.output) as temporary:
            shutil.copyfile(pdf, temporary)
            with open(temporary, "rb") as file:
                os.fsync(file)


def all_files():
    """What the report consists of, where nobody says."""
    patterns = ("report/*.tex", "report/*.bib", "report/sections/*.tex", "report/generated/*.tex")
    return sorted(path for name in (*patterns, "figures/*.pdf") for path in Path().glob(name))


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument(
        "--source", type=Path, default=Path("report/main.tex"), help="the LaTeX file"
    )
    parser.add_argument(
        "--files",
        type=Path,
        nargs="+",
        help="what LaTeX may read; by default all of report/ and figures/",
    )
    parser.add_argument("--check", action="store_true", help="only whether LaTeX has its packages")
    parser.add_argument("--epoch", type=int, default=0, help="SOURCE_DATE_EPOCH, the PDF's date")
    parser.add_argument(
        "--output", type=Path, default=Path("report/main.pdf"), help="the file to write"
    )
    return parser
