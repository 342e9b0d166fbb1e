"""The statements that Coq checks, for the appendix: report/generated/{proofs,proof_statements}.tex.

Definitions and theorems as they stand in the sources, without their scripts, and whether this build
has checked them.
"""

from pathlib import Path

import files
import scripting
from overparam import latex
from publishing import coq_source

# Auxiliary lemmas stay in the file.
SHOWN = (*coq_source.DEFINITIONS, "Theorem", "Corollary")


def statement(entry):
    """One statement in verbatim, a theorem with the target of its \\provedby."""
    target = rf"\provedtarget{{{entry.name}}}" if entry.kind not in coq_source.DEFINITIONS else ""
    return f"{target}\\begin{{verbatim}}\n{entry.text}\n\\end{{verbatim}}\n"


def appendix(sources):
    """The appendix's body: each statement of the sources, in their order."""
    shown = [entry for source in sources for entry in coq_source.statements(source, kinds=SHOWN)]
    return "".join(map(statement, shown))


def verdict(rows):
    """What this build knows, from the rows of proofs.csv, or None where Coq has not run."""
    if rows is None:
        return "This build has not run Coq on them; the target \\texttt{proofs} does."
    axioms = sum(row["kind"] == "Axiom" for row in rows)
    return (
        f"In this build Coq checked all {latex.number(len(rows) - axioms)} theorems and lemmas of"
        f" the files; between them they use {latex.number(axioms)} axioms, those of the library's"
        " reals."
    )


def main(arguments):
    sources = [path.read_text(encoding="utf-8") for path in arguments.sources]
    rows = files.read_csv(arguments.proofs) if arguments.proofs else None
    text = latex.results({"proofs-verdict": verdict(rows)})
    files.write_text(arguments.numbers, text)
    files.write_text(arguments.appendix, appendix(sources))


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument(
        "--sources", type=Path, nargs="+", default=coq_source.FILES, help="the Coq files"
    )
    parser.add_argument("--proofs", help="results/proofs.csv; default: Coq has not run")
    parser.add_argument(
        "--numbers", default="report/generated/proofs.tex", help="written: whether Coq has checked"
    )
    parser.add_argument(
        "--appendix",
        default="report/generated/proof_statements.tex",
        help="written: the statements",
    )
    return parser
