"""The pictures that the report draws with TikZ, for the web edition: one PDF, a page a picture.

LaTeX draws them, with the report's own preamble; LaTeXML would guess the sizes of their texts.
"""

import re
import shutil

from publishing.compile_report import run, troubles

PICTURE = re.compile(r"\\begin{tikzpicture}.*?\\end{tikzpicture}", re.DOTALL)
DOCUMENT = r"""\documentclass[11pt,a4paper]{article}
\input{preamble}\input{macros}\input{notation}
\newcommand{\page}[1]{\setbox0\vbox{\kern2pt\hbox{\kern2pt#1\kern2pt}\kern2pt}%
  \pdfpagewidth=\wd0 \pdfpageheight=\dimexpr\ht0+\dp0\relax\shipout\box0 }
\begin{document}
\pdfhorigin=0pt \pdfvorigin=0pt
"""


def taken_out(text, stem):
    """The text of a section with the names of its pictures in their place, line for line; and
    name → picture."""
    pictures = {}

    def name(found):
        pictures[f"{stem}-{len(pictures) + 1}"] = found[0]
        return [*pictures][-1] + "%\n" * found[0].count("\n")

    return PICTURE.sub(name, text), pictures


def of(report):
    """name → picture of all sections."""
    sections = sorted((report / "sections").glob("*.tex"))
    found = [taken_out(path.read_text(encoding="utf-8"), path.stem)[1] for path in sections]
    return {name: picture for pictures in found for name, picture in pictures.items()}


def draw(pictures, report, folder):
    """Write the pictures, a page each, as `folder/pictures.pdf`; its path.

    Raises:
        ValueError: names what LaTeX complains of.
    """
    for name in ("preamble.tex", "macros.tex", "notation.tex"):
        shutil.copy(report / name, folder)
    pages = "\n".join(rf"\page{{{picture}}}" for picture in pictures.values())
    text = f"{DOCUMENT}{pages}\n\\end{{document}}\n"
    (folder / "pictures.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-file-line-error", "-interaction=nonstopmode"]
    done = run([*command, "pictures.tex"], folder, 0, folder)
    if done.returncode:
        lines = troubles(done.stdout) or done.stdout.splitlines()[-3:]
        raise ValueError("\n  ".join([f"the pictures of {report} do not compile:", *lines]))
    return folder / "pictures.pdf"
