"""The statements that Coq checks, for the appendix: report/generated/{proofs,proof_statements}.tex.

Definitions and theorems as they stand in the source, without their scripts, and whether this build
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


def appendix(source):
    """The appendix's body: each statement of the source, in its order."""
    return "".join(map(statement, coq_source.statements(source, kinds=SHOWN)))


def verdict(rows):
    """What this build knows, from the rows of proofs.csv, or None where Coq has not run."""
    if rows is None:
        return "This build has not run Coq on it; the target \\texttt{proofs} does."
    axioms = {axiom for row in rows for axiom in row["assumptions"].split(";") if axiom}
    return (
        f"In this build Coq checked all {latex.number(len(rows))} theorems and lemmas of the file;"
        f" between them they use {latex.number(len(axioms))} axioms, those of the library's reals."
    )


def main(arguments):
    source = arguments.source.read_text(encoding="utf-8")
    rows = files.read_csv(arguments.proofs) if arguments.proofs else None
    text = latex.results({"proofs-verdict": verdict(rows)})
    files.write_text(arguments.numbers, text)
    files.write_text(arguments.appendix, appendix(source))


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--source", type=Path, default=Path("proofs/answers.v"))
    parser.add_argument("--proofs", help="results/proofs.csv; default: Coq has not run")
    parser.add_argument("--numbers", default="report/generated/proofs.tex")
    parser.add_argument("--appendix", default="report/generated/proof_statements.tex")
    return parser
