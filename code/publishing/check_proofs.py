"""Check the files of proofs/ with Coq and list what each theorem assumes: results/proofs.csv.

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


def assumptions(sources, names):
    """One list of assumptions for each theorem; a source may import those before it."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(shutil.copy(source, folder)) for source in sources]
        for copy in copies:
            coqc(copy)
        prints = Path(folder, "assumptions.v")
        lines = [f"Require {' '.join(copy.stem for copy in copies)}."]
        lines += [f"Print Assumptions {name}." for name in names]
        prints.write_text("\n".join(lines), encoding="utf-8")
        return coq_source.assumptions(coqc(prints))


def refuse_open_proofs(source):
    """Raise ValueError where the source contains a word that leaves a statement unproved."""
    if found := coq_source.open_words(source.read_text(encoding="utf-8")):
        word, line = found[0]
        raise ValueError(f"{source.name}, line {line}: {word} leaves a statement unproved")


def refuse_assumptions(rows):
    """Raise ValueError where a row has an assumption that is not allowed."""
    for row in rows:
        if extra := sorted(set(row["assumptions"].split(";")) - ALLOWED - {""}):
            raise ValueError(f"{row['theorem']} assumes {extra[0]}, which the reals do not need")


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
    found = assumptions(arguments.sources, theorems)
    rows = [
        {"theorem": name, "kind": t.kind, "line": t.line, "assumptions": ";".join(sorted(axioms))}
        for (name, t), axioms in zip(theorems.items(), found, strict=True)
    ]
    refuse_assumptions(rows)
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
