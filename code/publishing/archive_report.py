"""The report for arXiv and journals: archive/companion.tar.gz, which plain pdflatex compiles alone.

It holds main.tex with all that it inputs, main.bbl and the figures.  The same sources give the same
bytes.
"""

import gzip
import io
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

import files
import scripting
from publishing import compile_report

INPUT = re.compile(r"^\\input{(.*?)}$", re.MULTILINE)
ROWS = re.compile(r"\\tablerows{(\w+)}")
FIGURES = r"\graphicspath{{../figures/}}"
# arXiv looks for it in the first lines.
HEAD = "\\pdfoutput=1\n"


def flattened(source, folder):
    """The text of a LaTeX file with the files of `folder` that it inputs in their places."""
    text = source.read_text(encoding="utf-8")
    # After an input TeX sees two ends of lines, the file's and its own, which are two spaces.
    text = INPUT.sub(lambda found: flattened(folder / f"{found[1]}.tex", folder) + "\\space", text)
    return ROWS.sub(lambda found: flattened(folder / f"generated/{found[1]}.tex", folder), text)


def alone(source):
    """main.tex as it stands in the archive.

    Raises:
        ValueError: the figures are not looked for where they are replaced.
    """
    text = flattened(source, source.parent)
    if FIGURES not in text:
        raise ValueError(f"{source} has no {FIGURES}")
    return HEAD + text.replace(FIGURES, r"\graphicspath{{figures/}}")


def bibliography(text, references, figures):
    """The main.bbl of a main.tex, from a run of LaTeX in a folder of its own.

    Raises:
        ValueError: main.tex does not compile.
    """
    command = compile_report.engine()
    if command[0] == "tectonic":
        command = [*command, "--keep-intermediates"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "figures").mkdir()
        (folder / "main.tex").write_text(text, encoding="utf-8")
        for path, place in [
            (references, folder),
            *((path, folder / "figures") for path in figures),
        ]:
            shutil.copy(path, place)
        done = compile_report.run([*command, "main.tex"], folder, 0, folder)
        if done.returncode:
            lines = compile_report.troubles(done.stdout) or done.stdout.splitlines()[-5:]
            raise ValueError("\n  ".join(["the archive does not compile:", *lines]))
        return (folder / "main.bbl").read_bytes()


def packed(members):
    """name → bytes as a tar.gz, whose bytes depend on nothing else."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in sorted(members.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def main(arguments):
    text = alone(arguments.source)
    members = {f"figures/{path.name}": path.read_bytes() for path in arguments.figures}
    members["main.bbl"] = bibliography(text, arguments.references, arguments.figures)
    members["main.tex"] = text.encode()
    content = packed(members)
    with files.replacing(arguments.output) as temporary:
        temporary.write_bytes(content)
    print(f"{arguments.output}: {len(members)} files, {len(content) / 1e6:.1f} MB")


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument(
        "--source", type=Path, default=Path("report/main.tex"), help="the LaTeX file"
    )
    parser.add_argument(
        "--references",
        type=Path,
        default=Path("report/references.bib"),
        help="the bibliography",
    )
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="the figures' PDFs")
    parser.add_argument(
        "--output", type=Path, default=Path("archive/companion.tar.gz"), help="the file to write"
    )
    return parser
