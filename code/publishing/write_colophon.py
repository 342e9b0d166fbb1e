"""Where the report comes from: report/generated/colophon.tex; its first page: notice and title.tex.

Commit, configuration, data, the rule and module behind each figure, table and file of numbers, and
versions and kernels from the records of the results: those that made them, which need not be those
of now.  No timings, which would differ from build to build.  The notice says where the
configuration is not the shipped one, whose outcome the sentences describe; the title has the names.
"""

import subprocess
from importlib.metadata import version
from pathlib import Path

import files
import origin
import records
import scripting
from overparam import dataset, latex
from publishing import compile_report

# What LaTeX does not print as it stands.
SPECIAL = {character: rf"\{character}" for character in "_#&%${}"}
SPECIAL |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def engine_version():
    """First line that the LaTeX engine prints about itself."""
    engine = "tectonic" if compile_report.engine()[0] == "tectonic" else "pdflatex"
    done = subprocess.run([engine, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def tools(made, kind):
    """The versions or the kernels in records, as text; where results differ, each.

    Args:
        made: the records.
        kind: their field, `versions` or `kernels`.
    """
    found = {}
    for record in made:
        for name, value in record[kind].items():
            found.setdefault(name, set()).add(value)
    return ", ".join(f"{name} {' and '.join(sorted(values))}" for name, values in found.items())


def records_of(results):
    """The record of each result; ValueError names one that has none or is another."""
    for path in results:
        records.checked(path)
        if not (record := records.read(path)):
            raise ValueError(f"{path} has no record of what it was made from; build again")
        yield record


def facts(commit, config, data, made):
    """Name and text of each line: commit, configuration, arrays of the data, records."""
    return {
        "commit": commit,
        "configuration": origin.digest(config.encode()),
        "data": dataset.digest(data["inputs"], data["labels"]),
        "versions": f"{tools(made, 'versions')}, snakemake {version('snakemake')}",
        "kernels": tools(made, "kernels"),
        "LaTeX": engine_version(),
    }


def escaped(text):
    """Text as LaTeX that prints it; two hyphens stay two."""
    return text.translate(str.maketrans(SPECIAL)).replace("--", "-{}-")


def typewriter(text):
    """`escaped` in a font of equal widths."""
    return rf"\texttt{{{escaped(text)}}}"


def notice(changed):
    """LaTeX for the first page: whether the configuration is the shipped one, and what is not."""
    lines = [rf"\newresult{{shipped}}{{{latex.verdict(not changed)}}}"]
    if changed:
        lines.append(rf"\configurationnotice{{{', '.join(map(typewriter, changed))}}}")
    return "\n".join(lines) + "\n"


def title(author, course, date):
    """LaTeX for the title page and the file's properties: empty where nothing is given."""
    if not author + course + date:
        return ""
    names = r"\\".join(escaped(name) for name in (author, course) if name)
    lines = [
        rf"\author{{{names}}}",
        r"\date{" + (escaped(date) or r"\vspace{-2em}") + "}",
        rf"\hypersetup{{pdfauthor={{{escaped(author)}}}}}",
    ]
    return "\n".join(lines) + "\n"


def main(arguments):
    data = files.read_npz(arguments.dataset)
    made = [*records_of(arguments.results)]
    lines = [
        [name, typewriter(text)]
        for name, text in facts(arguments.commit, arguments.config, data, made).items()
    ]
    makers = [maker.split("=") for maker in arguments.makers]
    files.write_text(arguments.facts, latex.rows(lines))
    rows = latex.rows([typewriter(cell) for cell in maker] for maker in makers)
    files.write_text(arguments.rows, rows)
    files.write_text(arguments.notice, notice(arguments.changed))
    files.write_text(arguments.title, title(arguments.author, arguments.course, arguments.date))


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--commit", default="unknown", help="of the sources")
    parser.add_argument("--config", default="", help="the configuration, as text")
    parser.add_argument(
        "--dataset", type=Path, default=Path("results/dataset.npz"), help="the samples"
    )
    parser.add_argument("--results", nargs="*", default=[], help="whose records are read")
    parser.add_argument("--changed", nargs="*", default=[], help="keys unlike the shipped ones")
    parser.add_argument("--makers", nargs="*", default=[], help="path=rule=module of what is shown")
    parser.add_argument("--author", default="", help="on the title page; none where empty")
    parser.add_argument("--course", default="", help="below the author; none where empty")
    parser.add_argument("--date", default="", help="below both; none where empty")
    parser.add_argument(
        "--facts",
        default="report/generated/colophon.tex",
        help="written: commit, configuration, data, versions",
    )
    parser.add_argument(
        "--rows",
        default="report/generated/colophon_rows.tex",
        help="written: what makes each figure and number",
    )
    parser.add_argument(
        "--notice",
        default="report/generated/notice.tex",
        help="written: what differs from the shipped configuration",
    )
    parser.add_argument("--title", default="report/generated/title.tex", help="written: the names")
    return parser
