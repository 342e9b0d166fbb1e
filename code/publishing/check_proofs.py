"""Check the files of proofs/ with Coq, and list theorems and axioms: results/proofs.csv.

A proof that is left open, does not compile, or rests on an assumption that the standard library's
real numbers do not make is an error of one line.
"""

import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import files
import scripting
from publishing import coq_source

# What Coq 8.16 makes its real numbers of; nothing in proofs/ adds to it.
ALLOWED = {
    # A decidable property holds of all numbers or fails of one: real numbers can be compared.
    "ClassicalDedekindReals.sig_forall_dec",
    # Functions with equal values are equal: so are Dedekind cuts with the same members.
    "FunctionalExtensionality.functional_extensionality_dep",
    # Not P can be decided: bounded sets have a supremum, hence square roots and exp.
    "ClassicalDedekindReals.sig_not_dec",
    # Excluded middle: Rtopology proves compactness with it, hence the mean value theorem.
    "Classical_Prop.classic",
}


def coqc(file):
    """Compile a file in its folder, warnings being errors; return what coqc prints.

    Raises:
        ValueError: coqc is not installed, or it stops; the message says where and why.
    """
    if not shutil.which("coqc"):
        raise ValueError("coqc was not found; install it with: sudo apt-get install coq")
    done = subprocess.run(
        ["coqc", "-q", "-w", "+default", file.name],
        cwd=file.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    scripting.log.info(done.stdout)
    if done.returncode:
        line, message = coq_source.error(done.stdout)
        place = file.name if line is None else f"{file.name}, line {line}"
        raise ValueError(f"{place}: {textwrap.shorten(message, 300)}")
    return done.stdout


def compiled(sources, folder):
    """Compile copies of the sources in a folder, in their order; `Require` of them all."""
    copies = [Path(shutil.copy(source, folder)) for source in sources]
    for copy in copies:
        coqc(copy)
    return f"Require {' '.join(copy.stem for copy in copies)}.\n"


def assumptions(folder, require, names):
    """What theorems assume together, as Coq takes half a second for every question.

    Raises:
        ValueError: an assumption is not allowed; a theorem that makes it is named.
    """
    found = _ask(folder, require, names)
    if extra := sorted(set(found) - ALLOWED):
        guilty = next(name for name in names if extra[0] in _ask(folder, require, [name]))
        raise ValueError(f"{guilty} assumes {extra[0]}, which the reals do not need")
    return sorted(found)


def _ask(folder, require, names):
    question = f"{require}Definition all := ({', '.join(names)}).\nPrint Assumptions all.\n"
    path = Path(folder, "assumptions.v")
    path.write_text(question, encoding="utf-8")
    (found,) = coq_source.assumptions(coqc(path))
    return found


def refuse_open_proofs(source):
    """Raise ValueError where the source contains a word that leaves a statement unproved."""
    if found := coq_source.open_words(source.read_text(encoding="utf-8")):
        word, line = found[0]
        raise ValueError(f"{source.name}, line {line}: {word} leaves a statement unproved")


def stated(source):
    """The statements of a source, of which there must be one, by their names in other files."""
    theorems = coq_source.statements(source.read_text(encoding="utf-8"))
    if not theorems:
        raise ValueError(f"{source.name} states no theorem")
    return {f"{source.stem}.{theorem.name}": theorem for theorem in theorems}


def main(arguments):
    theorems = {}
    for source in arguments.sources:
        refuse_open_proofs(source)
        theorems |= stated(source)
    with tempfile.TemporaryDirectory() as folder:
        axioms = assumptions(folder, compiled(arguments.sources, folder), list(theorems))
    rows = [{"theorem": name, "kind": t.kind, "line": t.line} for name, t in theorems.items()]
    rows += [{"theorem": name, "kind": "Axiom", "line": 0} for name in axioms]
    files.write_csv(arguments.output, rows)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument(
        "--sources", type=Path, nargs="+", default=coq_source.FILES, help="the Coq files"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("results/proofs.csv"), help="the file to write"
    )
    return parser
