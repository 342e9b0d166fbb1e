"""The archive: plain pdflatex makes of it, alone and elsewhere, the text of the report."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pypdf
import pytest
from workflow import snakemake

from publishing import archive_report

pytestmark = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
PDFLATEX = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-recorder", "main.tex"]


@pytest.fixture(scope="module")
def archive(built):
    run = snakemake(built, "archive")
    assert run.returncode == 0, run.stderr
    path = built / "archive/companion.tar.gz"
    assert re.search(r"archive/companion.tar.gz: \d+ files, \d+\.\d MB", run.stdout)
    yield path
    shutil.rmtree(path.parent)


@pytest.fixture(scope="module")
def compiled(archive, tmp_path_factory):
    """A folder in which nothing but the archive was, after pdflatex alone."""
    folder = tmp_path_factory.mktemp("empty")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    for _ in range(4):
        run = subprocess.run(PDFLATEX, cwd=folder, capture_output=True, text=True, errors="replace")
        assert run.returncode == 0, run.stdout[-2000:]
    return folder


def names(archive):
    with tarfile.open(archive) as tar:
        return [entry.name for entry in tar.getmembers()]


def words(path):
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def test_the_text_is_that_of_the_report(built, compiled):
    assert words(compiled / "main.pdf") == words(built / "report/main.pdf")
    log = (compiled / "main.log").read_text(encoding="utf-8", errors="replace")
    assert not re.search(r"undefined|Rerun to get|No file", log)


def test_nothing_is_missing_and_nothing_is_idle(archive, compiled):
    lines = (compiled / "main.fls").read_text(encoding="utf-8").splitlines()
    read = {line.removeprefix("INPUT ") for line in lines if line.startswith("INPUT ")}
    ours = {str(Path(path)) for path in read if not Path(path).is_absolute()}
    made = {"main.aux", "main.out", "main.toc"}
    assert ours - made == set(names(archive))


def test_names_are_plain_and_no_file_names_a_place_on_this_machine(archive, built):
    assert all(re.fullmatch(r"(figures/)?\w+\.\w+", name) for name in names(archive))
    places = [str(built), str(Path.home()), sys.prefix]
    with tarfile.open(archive) as tar:
        for entry in tar.getmembers():
            content = tar.extractfile(entry).read()
            assert [place for place in places if place.encode() in content] == []
            assert (entry.mtime, entry.uid, entry.uname) == (0, 0, "")


def test_the_same_sources_give_the_same_bytes(archive, built):
    before = archive.read_bytes()
    assert snakemake(built, "archive", "--force").returncode == 0
    assert archive.read_bytes() == before


def test_inputs_and_rows_are_in_their_places(tmp_path):
    (tmp_path / "generated").mkdir()
    (tmp_path / "main.tex").write_text("a\n\\input{b}\n% \\input{no}\nd \\tablerows{e_rows}\n")
    (tmp_path / "b.tex").write_text("b\n\\input{generated/c}\n")
    (tmp_path / "generated/c.tex").write_text("c\n")
    (tmp_path / "generated/e_rows.tex").write_text("1 & 2 \\\\\n")
    expected = "a\nb\nc\n\\space\n\\space\n% \\input{no}\nd 1 & 2 \\\\\n\n"
    assert archive_report.flattened(tmp_path / "main.tex", tmp_path) == expected
    with pytest.raises(ValueError, match=r"main.tex has no \\graphicspath"):
        archive_report.alone(tmp_path / "main.tex")


def test_bytes_depend_on_no_order():
    one, two = {"a": b"1", "b": b"2"}, {"b": b"2", "a": b"1"}
    assert archive_report.packed(one) == archive_report.packed(two)
    assert archive_report.packed(one) != archive_report.packed(one | {"b": b"3"})


def test_what_does_not_compile_is_named(tmp_path):
    (tmp_path / "references.bib").touch()
    text = "\\documentclass{article}\n\\begin{document}\n\\nothing\n\\end{document}\n"
    with pytest.raises(ValueError, match=r"does not compile:\n.*main\.tex:3: Undefined"):
        archive_report.bibliography(text, tmp_path / "references.bib", [])
