"""Where the report comes from: report/generated/colophon.tex, and notice.tex for its first page.

Commit, configuration, data, versions, and the rule and module behind each figure, table and file of
numbers; no timings, which would differ from build to build.  The notice says where the
configuration is not the shipped one, whose outcome the sentences describe.
"""

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import files
import scripting
from overparam import dataset, latex
from publishing import compile_report

PACKAGES = ("numpy", "scipy", "torch", "matplotlib", "mnist1d", "snakemake")
# What LaTeX does not print as it stands.
SPECIAL = {character: rf"\{character}" for character in "_#&%${}"}
SPECIAL |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def digest(content):
    """The first 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def engine_version():
    """First line that the LaTeX engine prints about itself."""
    engine = "tectonic" if compile_report.engine()[0] == "tectonic" else "pdflatex"
    done = subprocess.run([engine, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def facts(commit, config, data):
    """Name and text of each line, from the commit, the configuration and the arrays of the data."""
    versions = {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return {
        "commit": commit,
        "configuration": digest(config.encode()),
        "data": dataset.digest(data["inputs"], data["labels"]),
        "versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
        "LaTeX": engine_version(),
    }


def typewriter(text):
    """Text as LaTeX that prints it; two hyphens stay two."""
    escaped = text.translate(str.maketrans(SPECIAL)).replace("--", "-{}-")
    return rf"\texttt{{{escaped}}}"


def notice(changed):
    """LaTeX for the first page: empty for the shipped configuration."""
    if not changed:
        return ""
    keys = ", ".join(map(typewriter, changed))
    return rf"\configurationnotice{{{keys}}}" + "\n"


def main(arguments):
    data = files.read_npz(arguments.dataset)
    lines = [
        [name, typewriter(text)]
        for name, text in facts(arguments.commit, arguments.config, data).items()
    ]
    makers = [maker.split("=") for maker in arguments.makers]
    files.write_text(arguments.facts, latex.rows(lines))
    rows = latex.rows([typewriter(cell) for cell in maker] for maker in makers)
    files.write_text(arguments.rows, rows)
    files.write_text(arguments.notice, notice(arguments.changed))


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--commit", default="unknown")
    parser.add_argument("--config", default="", help="the configuration, as text")
    parser.add_argument("--dataset", type=Path, default=Path("results/dataset.npz"))
    parser.add_argument("--changed", nargs="*", default=[], help="keys unlike those of config.yaml")
    parser.add_argument("--makers", nargs="*", default=[], help="path=rule=module of what is shown")
    parser.add_argument("--facts", default="report/generated/colophon.tex")
    parser.add_argument("--rows", default="report/generated/colophon_rows.tex")
    parser.add_argument("--notice", default="report/generated/notice.tex")
    return parser
