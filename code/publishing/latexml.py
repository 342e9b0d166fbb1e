"""The report through LaTeXML: a folder of pages with MathML, one a section.

LaTeXML reads a copy of the sources with a preamble of its own; numbers and the bodies of tables
stand there as LaTeX, and pictures are names.  What it complains of is an error, named with file
and line.
"""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import scripting
from publishing import pictures, references, siunitx
from publishing.compile_report import places_of

ET.register_namespace("", references.LTX)

COMMANDS = {"latexml": "latexml", "latexmlpost": "latexml", "pdftocairo": "poppler-utils"}
COMMANDS |= {"pdflatex": "texlive-latex-base"}
# Formulas that LaTeXML does not understand are set as they stand.
COMPLAINT = re.compile(
    r"^(?:Error|Fatal|Warning):(?!not_parsed)(\S+) +(.*?)(?: +at (\S+); line (\d+).*)?$", re.M
)
MISSING = re.compile(r"Missing (?:Target for Label|Entry for citation): (.*)")


def check_commands():
    """Raise ValueError that names the programs that are missing, and how to get them."""
    if names := [name for name in COMMANDS if not shutil.which(name)]:
        packages = " ".join(dict.fromkeys(COMMANDS[name] for name in names))
        raise ValueError(
            f"the web edition needs {', '.join(names)}; on Debian/Ubuntu: sudo apt-get install"
            f" {packages}"
        )


def sources(report):
    """The files of the report that LaTeXML reads as they are, but for numbers."""
    names = ("main.tex", "macros.tex", "notation.tex", "references.bib")
    folders = ("sections", "generated")
    return [report / name for name in names] + sorted(
        path for folder in folders for path in (report / folder).glob("*.tex")
    )


def rows(report):
    """LaTeX that defines, for \\tablerows, the body of each table that a rule has written."""
    return "".join(
        rf"\expandafter\def\csname rows@{path.stem}\endcsname{{{path.read_text(encoding='utf-8')}}}"
        for path in sorted((report / "generated").glob("*.tex"))
        if path.stem == "colophon" or path.stem.endswith("_rows")
    )


def stage(report, folder):
    """Write what LaTeXML reads into an empty folder.

    Raises:
        ValueError: names the place of a number that cannot be printed.
    """
    for path in sources(report):
        copy = folder / path.relative_to(report)
        copy.parent.mkdir(exist_ok=True)
        text, _ = pictures.taken_out(path.read_text(encoding="utf-8"), path.stem)
        try:
            copy.write_text(siunitx.replaced(text), encoding="utf-8")
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    preamble = (report / "web" / "preamble.tex").read_text(encoding="utf-8")
    text = preamble + siunitx.replaced(rows(report))
    (folder / "preamble.tex").write_text(text, encoding="utf-8")


def complaints(output, report):
    """One line for each complaint of LaTeXML, with the file and line of the report."""
    files = {path.name: path for path in sources(report)}
    for kind, text, name, line in COMPLAINT.findall(output):
        if missing := MISSING.search(text):
            for label in missing[1].replace("LABEL:", "").split(","):
                yield undefined(label, report)
        elif name:
            yield f"{files.get(name, name)}:{line}: {text}"
        else:
            yield f"{kind}: {text}"


def undefined(label, report):
    """What is said of a label that is nowhere set, with the places that refer to it."""
    place = places_of(label, [path for path in sources(report) if path.suffix == ".tex"])
    return f"{place or report}: `{label}' is undefined"


def run(command, folder, report):
    """Run a program of LaTeXML; ValueError with its complaints."""
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    scripting.log.info(done.stderr)
    found = list(dict.fromkeys(complaints(done.stderr, report)))
    if done.returncode and not found:
        found = done.stderr.splitlines()[-3:]
    if found:
        raise ValueError("\n  ".join([f"LaTeXML cannot convert {report}:", *found]))


def refer(path, report):
    """Write the text of the references into a document of LaTeXML, whose head it keeps."""
    head, _, _ = path.read_text(encoding="utf-8").partition("<document")
    document = ET.parse(path).getroot()
    if unknown := references.write(document):
        raise ValueError("\n  ".join(undefined(label, report) for label in unknown))
    path.write_text(head + ET.tostring(document, encoding="unicode"), encoding="utf-8")


def convert(report, folder):
    """Write `folder/pages/*.html`, HTML as XML, whose ids are the report's labels.

    Raises:
        ValueError: names file and line of what LaTeXML complains of.
    """
    stage(report, folder)
    run(["latexml", "--nocomments", "--destination=main.xml", "main.tex"], folder, report)
    refer(folder / "main.xml", report)
    post = ["latexmlpost", "--destination=pages/index.html", "--format=xhtml", "--pmml"]
    post += ["--split", "--splitat=section", "--splitnaming=label", "--urlstyle=file"]
    # The style sheet of HTML, written as XML: what reads the pages needs no parser of its own.
    post += ["--stylesheet=LaTeXML-html5.xsl", "--nodefaultresources", "--nographicimages"]
    run([*post, "--novalidate", "main.xml"], folder, report)
