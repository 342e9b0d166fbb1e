"""Where the report comes from: report/generated/colophon.tex, and notice.tex for its first page.

Commit, configuration, data, versions, and the rule behind each figure and table; no timings, which
would differ from build to build.  The notice says where the configuration is not the shipped one,
whose outcome the sentences describe.
"""

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import compile_report
import scripting
from overparam import dataset, latex

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


def facts(arguments):
    """Name and text of each line, LaTeX."""
    data = scripting.read_npz(arguments.dataset)
    versions = {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return {
        "commit": arguments.commit,
        "configuration": digest(arguments.config.encode()),
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
    lines = [[name, typewriter(text)] for name, text in facts(arguments).items()]
    targets = [target.split("=") for target in arguments.targets]
    scripting.write_text(arguments.facts, latex.rows(lines))
    rows = latex.rows([typewriter(path), typewriter(rule)] for path, rule in targets)
    scripting.write_text(arguments.rows, rows)
    scripting.write_text(arguments.notice, notice(arguments.changed))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--commit", default="unknown")
    parser.add_argument("--config", default="", help="the configuration, as text")
    parser.add_argument("--dataset", type=Path, default=Path("results/dataset.npz"))
    parser.add_argument("--changed", nargs="*", default=[], help="keys unlike those of config.yaml")
    parser.add_argument("--targets", nargs="*", default=[], help="path=rule of figures and tables")
    parser.add_argument("--facts", default="report/generated/colophon.tex")
    parser.add_argument("--rows", default="report/generated/colophon_rows.tex")
    parser.add_argument("--notice", default="report/generated/notice.tex")
    scripting.run(main, parser.parse_args())
