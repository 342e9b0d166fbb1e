"""What a LaTeX log says of a failure, and the choice of an engine."""

import argparse
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pypdf
import pytest
from workflow import ROOT

from publishing import compile_report
from publishing.compile_report import engine, environment, troubles

CLEAN = """\
This is pdfTeX, Version 3.141592653 (TeX Live 2025) (preloaded format=pdflatex)
(./main.tex (./preamble.tex) [1] [2]
LaTeX Font Info:    Trying to load font information for U+msa on input line 12.
Overfull \\hbox (3.1pt too wide) in paragraph at lines 10--12
Package hyperref Info: Option `unicode' set on input line 4.
Output written on main.pdf (2 pages, 120000 bytes).
"""
UNDEFINED_MACRO = """\
./sections/training.tex:14: Undefined control sequence.
l.14 The limit is $\\lmaxx
                        (\\Hinf)$ and the rate is smaller.
./sections/training.tex:14:  ==> Fatal error occurred, no output PDF file produced!
"""
UNDEFINED_RESULT = """\
./sections/training.tex:20: Package report Error: Result `step' is undefined.

See the report package documentation for explanation.
Type  H <return>  for immediate help.
 ...

l.20 In \\result{step}
                      steps
"""
MISSING_STYLE = """\
./preamble.tex:11: LaTeX Error: File `siunitx.sty' not found.

Type X to quit or <RETURN> to proceed,
or enter new name. (Default extension: sty)

Enter file name:
./preamble.tex:11: Emergency stop.
<read *>

l.12 \\usepackage
                {natbib}^^M
"""
MISSING_FIGURE = "./main.tex:3: LaTeX Error: File `loss.pdf' not found.\n"
OPEN_GROUP = (
    "(\\end occurred inside a group at level 1)\n\n### simple group (level 1) entered at line 9"
)
REFERENCE = "LaTeX Warning: Reference `eq:nothing' on page 3 undefined on input line 41.\n"
CITATION = "Package natbib Warning: Citation `du2018' on page 1 undefined on input line 9.\n"
SUMMARY = "LaTeX Warning: There were undefined references.\n"
HINT = "a LaTeX package is missing"


def test_clean_log_has_no_troubles():
    assert troubles(CLEAN) == []


def test_empty_log_has_no_troubles():
    assert troubles("") == []


def test_undefined_macro_is_named_with_its_place():
    text = "\n".join(troubles(CLEAN + UNDEFINED_MACRO))
    assert "./sections/training.tex:14: Undefined control sequence." in text
    assert r"\lmaxx" in text
    assert HINT not in text


def test_undefined_result_is_named_with_its_place():
    text = "\n".join(troubles(CLEAN + UNDEFINED_RESULT))
    assert "./sections/training.tex:20: Package report Error: Result `step' is undefined." in text


def test_help_that_nobody_can_ask_for_is_left_out():
    text = "\n".join(troubles(CLEAN + UNDEFINED_RESULT + UNDEFINED_MACRO))
    assert not [words for words in ("immediate help", "See the", "Fatal error") if words in text]
    assert r"\result{step}" in text


def test_a_file_that_ends_in_an_open_brace_is_named(tmp_path):
    source = tmp_path / "spectrum.tex"
    source.write_text("A line.\n\\emph{An open brace.\n")
    log = (
        "Runaway argument?\n./main.tex:58: File ended while scanning use of \\emph .\n"
        "<inserted text> \n                \\par \nl.58 \\input{sections/spectrum}\n"
        "./main.tex:58:  ==> Fatal error occurred, no output PDF file produced!\n"
    )
    assert troubles(log, [source]) == [
        f"{source}:2: a brace is not closed",
        r"sections/spectrum.tex ends inside the braces of \emph",
    ]


def test_error_without_file_and_line_is_found():
    text = "\n".join(troubles("! Undefined control sequence.\nl.3 \\nothing\n             here\n"))
    assert "Undefined control sequence" in text
    assert r"\nothing" in text


def test_missing_package_is_named_with_a_hint():
    *lines, hint = troubles(CLEAN + MISSING_STYLE)
    assert "File `siunitx.sty' not found" in "\n".join(lines)
    assert HINT in hint
    assert "make latex" in hint


@pytest.mark.parametrize("name", ["report.cls", "ec-lmr10.tfm"])
def test_missing_class_or_font_metric_gets_the_hint(name):
    assert HINT in troubles(f"! LaTeX Error: File `{name}' not found.\n")[-1]


def test_missing_figure_gets_no_hint_about_packages():
    (line,) = troubles(MISSING_FIGURE)
    assert "loss.pdf" in line


@pytest.mark.parametrize("warning", [REFERENCE, CITATION])
def test_undefined_reference_or_citation_is_named(warning):
    assert troubles(CLEAN + warning) == [warning.strip()]


def test_repeated_lines_are_named_once():
    assert troubles((REFERENCE + SUMMARY) * 3) == [REFERENCE.strip(), SUMMARY.strip()]


def test_unresolved_references_of_a_failed_run_are_left_out():
    text = "\n".join(troubles(REFERENCE + UNDEFINED_MACRO))
    assert "eq:nothing" not in text
    assert r"\lmaxx" in text


@pytest.fixture
def sources(tmp_path):
    """Two sources, one of which cites, refers, and leaves a brace open in its third line."""
    one, two = tmp_path / "one.tex", tmp_path / "two.tex"
    one.write_text("\\label{eq:nothing} \\cref{eq:nothing-else} {a}\n\\{ % {\n")
    two.write_text(
        "% \\cref{eq:nothing}\n\\Cref{sec:a,eq:nothing}, \\citep[Section~1]{du2018}\n{\\bf{x}\n"
    )
    return [one, two]


@pytest.mark.parametrize(
    ("warning", "kind"), [(REFERENCE, "Reference `eq:nothing'"), (CITATION, "Citation `du2018'")]
)
def test_undefined_labels_are_named_with_file_and_line(sources, warning, kind):
    (line,) = troubles(CLEAN + warning + SUMMARY, sources)
    assert line == f"{sources[1]}:2: {kind} undefined"


def test_an_open_brace_is_named_with_file_and_line(sources):
    brace, reason = troubles(CLEAN + OPEN_GROUP, sources)
    assert brace == f"{sources[1]}:3: a brace is not closed"
    assert "inside a group" in reason


def test_packages_that_are_missing_are_named_with_what_to_do(tmp_path, monkeypatch):
    install(tmp_path, "latexmk")
    install(tmp_path, "kpsewhich", text="#!/bin/sh\necho /tex/bm.sty\necho /tex/xcolor.sty\n")
    preamble = tmp_path / "preamble.tex"
    preamble.write_text("\\usepackage{bm}\n% \\usepackage{no}\n\\usepackage[a]{siunitx,xcolor}\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(ValueError, match=r"^LaTeX lacks siunitx\.sty; .*tlmgr install siunitx`$"):
        compile_report.check_packages(preamble)


def test_the_packages_of_the_report_are_looked_for():
    preamble = (ROOT / "report/preamble.tex").read_text(encoding="utf-8")
    assert {"siunitx", "bm", "accsupp", "cleveref"} < {*compile_report.packages(preamble)}
    if engine()[0] == "latexmk":
        assert compile_report.missing(preamble) == []


def install(folder, *names, text="#!/bin/sh\n"):
    for name in names:
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [(["latexmk"], "latexmk"), (["tectonic"], "tectonic"), (["latexmk", "tectonic"], "latexmk")],
)
def test_engine_is_latexmk_where_there_is_one(tmp_path, monkeypatch, installed, chosen):
    install(tmp_path, *installed)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine()[0] == chosen


def test_no_engine_is_an_error_that_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match=r"neither latexmk nor tectonic was found.*make latex"):
        engine()


USERS = {
    "TEXINPUTS": "/home/a//:",
    "TEXINPUTS_pdflatex": "/home/a",
    "BIBINPUTS": "/home/a",
    "BSTINPUTS": "/home/a",
    "TEXMFHOME": "/home/a/texmf",
    "TEXMFCNF": "/home/a",
    "TFMFONTS": "/home/a",
    "LATEXMKRCSYS": "/home/a/latexmkrc",
    "openout_any": "a",
}


def test_environment_fixes_the_date_and_drops_the_users_tex(monkeypatch):
    for name, value in (USERS | {"KEPT": "yes"}).items():
        monkeypatch.setenv(name, value)
    fixed = environment(86400, Path("/its/own"))
    assert (fixed["KEPT"], fixed["SOURCE_DATE_EPOCH"]) == ("yes", "86400")
    assert {*USERS} & {*fixed} == {"TEXMFHOME"}
    assert fixed["TEXMFHOME"] == fixed["TEXMFVAR"] == "/its/own/texmf"


def pdf(pages=1):
    """The bytes of a PDF with as many empty pages."""
    writer, content = pypdf.PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    writer.write(content)
    return content.getvalue()


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Run main with an engine that leaves a given log, exit code and PDF; the report's folder."""
    report = tmp_path / "report"
    report.mkdir()
    monkeypatch.chdir(tmp_path)

    def run(log, returncode=0, content=None):
        def leave(*_, cwd, **__):
            assert {path.name for path in cwd.iterdir()} == {"main.tex", "preamble.tex"}
            (cwd / "main.log").write_text(log)
            (cwd / "main.pdf").write_bytes(pdf() if content is None else content)
            return subprocess.CompletedProcess([], returncode, stdout="last line\n")

        monkeypatch.setattr(compile_report, "engine", lambda: ["engine"])
        monkeypatch.setattr(subprocess, "run", leave)
        source, output = Path("report/main.tex"), Path("report/main.pdf")
        output.write_text("old")
        (report / "preamble.tex").touch()
        (report / "main.aux").touch()
        source.write_text("a\n\\cref{eq:nothing} % \\cref{eq:other}\n")
        options = {"source": source, "output": output, "epoch": 0, "check": False, "files": None}
        compile_report.main(argparse.Namespace(**options))

    return run, report


def test_pdf_is_replaced_after_a_clean_run_and_its_log_is_kept(compiled):
    run, folder = compiled
    (folder / "build").mkdir()
    (folder / "build/main.aux").write_text("of a run that was killed")
    run(CLEAN)
    assert (folder / "main.pdf").read_bytes() == pdf()
    assert [path.name for path in (folder / "build").iterdir()] == ["main.log"]
    assert not list(folder.glob(".build*"))


@pytest.mark.parametrize("content", [b"", pdf()[:-30], pdf()[: len(pdf()) // 2], pdf(0)])
def test_a_pdf_that_is_not_whole_is_not_published(compiled, content):
    run, folder = compiled
    with pytest.raises(ValueError, match=r"LaTeX has left (no whole PDF|a PDF without)"):
        run(CLEAN, content=content)
    assert (folder / "main.pdf").read_text() == "old"


@pytest.mark.parametrize(
    ("log", "returncode", "named"),
    [
        (UNDEFINED_MACRO, 12, "lmaxx"),
        (REFERENCE, 0, "eq:nothing"),
        (CITATION, 0, "du2018"),
        (CLEAN, 1, "last line"),
        (CLEAN + OPEN_GROUP, 0, "end occurred inside a group"),
        (REFERENCE, 0, "main.tex:2: Reference `eq:nothing' undefined"),
    ],
)
def test_failure_is_named_and_keeps_the_earlier_pdf(compiled, log, returncode, named):
    run, folder = compiled
    with pytest.raises(ValueError, match=named):
        run(log, returncode)
    assert (folder / "main.pdf").read_text() == "old"


DOCUMENT = r"""\documentclass{article}
\input{preamble}
\begin{document}
\tableofcontents
\section{One}\label{one} See \ref{two} and \cite{knuth}.\newpage
\section{Two}\label{two} See \ref{one}. \includegraphics{dot}
\bibliographystyle{plain}\bibliography{references}
\end{document}
"""
BOOK = "@book{knuth, author={D. Knuth}, title={The book}, publisher={A}, year={1984}}\n"
COMPILE = [sys.executable, str(ROOT / "code/publish.py"), "compile_report"]


@pytest.fixture
def document(tmp_path):
    """A short report, with all that LaTeX does over several runs."""
    (tmp_path / "report").mkdir()
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/dot.pdf").write_bytes(pdf())
    preamble = "\\usepackage{graphicx}\n\\usepackage{hyperref}\n\\graphicspath{{../figures/}}\n"
    texts = {"main.tex": DOCUMENT, "preamble.tex": preamble, "references.bib": BOOK}
    for name, text in texts.items():
        (tmp_path / "report" / name).write_text(text)
    return tmp_path


def compile_document(folder, **environment):
    run = subprocess.run(
        COMPILE, cwd=folder, env=os.environ | environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return (folder / "report/main.pdf").read_bytes()


needs_latexmk = pytest.mark.skipif(not shutil.which("latexmk"), reason="no latexmk")


@needs_latexmk
@pytest.mark.parametrize("kills", [2, pytest.param(24, marks=pytest.mark.slow)])
def test_latex_that_is_killed_resumes(document, kills):
    """Killed at random moments, alone or with LaTeX, and started again each time."""
    start = time.monotonic()
    expected = compile_document(document)
    length = time.monotonic() - start
    for moment in np.random.default_rng(kills).uniform(0.1, 1, kills):
        running = subprocess.Popen(COMPILE, cwd=document, start_new_session=True)
        time.sleep(moment * length)
        if moment < 0.5:
            running.kill()  # LaTeX goes on
        else:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        assert (document / "report/main.pdf").read_bytes() == expected
        assert compile_document(document) == expected


@needs_latexmk
@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_what_an_earlier_run_left_is_of_no_matter(document, keep):
    expected = compile_document(document)
    for path in (document / "report/build").iterdir():
        path.write_bytes(path.read_bytes()[:keep] + b"\\nosuchmacro{")
    (document / "report/main.aux").write_text("\\nosuchmacro{")
    (document / "report/main.bbl").write_text("\\nosuchmacro{")
    assert compile_document(document) == expected


@needs_latexmk
def test_latex_of_the_user_reaches_nothing(document, tmp_path_factory):
    """Search paths, an rc file that runs code, a class and a bibliography of the same names."""
    theirs = tmp_path_factory.mktemp("theirs")
    expected = compile_document(document)
    for name in ("article.cls", "graphicx.sty", "plain.bst", "knuth.bib", "references.bib"):
        (theirs / name).write_text("theirs")
        tree = theirs / "texmf/tex/latex" / name
        tree.parent.mkdir(parents=True, exist_ok=True)
        tree.write_text("theirs")
    rc = "system('touch ran'); $pdflatex = 'false';"
    for path in (theirs / ".latexmkrc", document / ".latexmkrc", document / "report/latexmkrc"):
        path.write_text(rc)
    names = ("TEXINPUTS", "BIBINPUTS", "BSTINPUTS")
    paths = dict.fromkeys(names, f"{theirs}:") | {"HOME": str(theirs)}
    assert compile_document(document, **paths) == expected
    assert not list(document.rglob("ran"))


@needs_latexmk
def test_latex_sees_only_what_it_is_given(document):
    stray = document / "report/generated/stray.tex"
    stray.parent.mkdir()
    stray.write_text("A number: 42.")
    main = document / "report/main.tex"
    main.write_text(DOCUMENT.replace("\\newpage", "\\input{generated/stray}"))
    given = ["report/main.tex", "report/preamble.tex", "report/references.bib", "figures/dot.pdf"]
    run = subprocess.run(
        [*COMPILE, "--files", *given], cwd=document, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "File `generated/stray.tex' not found" in run.stderr


@needs_latexmk
def test_a_full_disk_in_latex_is_one_line(document):
    build = document / "report/small"
    build.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", build]).returncode:
        pytest.skip("mounting a small file system takes root")
    try:
        shutil.copytree(document / "figures", build / "figures")
        (build / "report").mkdir()
        for path in (document / "report").glob("*.*"):
            shutil.copy(path, build / "report")
        run = subprocess.run(COMPILE, cwd=build, capture_output=True, text=True)
        assert run.returncode == 1
        assert run.stderr.startswith("compile_report.py: "), run.stderr
        assert "No space left" in run.stderr
        assert "Traceback" not in run.stderr
        assert not list(build.glob("report/.build*"))
    finally:
        subprocess.run(["umount", build], check=True)
