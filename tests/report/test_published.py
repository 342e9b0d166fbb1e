"""published/ holds the report for those who build nothing, and a check says when it is stale."""

import json
import re
import shutil
import subprocess
import sys

import pypdf
import pytest
from workflow import ROOT, shipped_as

import records
from publishing import published

needs_poppler = pytest.mark.skipif(shutil.which("pdftocairo") is None, reason="no pdftocairo")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def publish(folder, *arguments):
    command = [sys.executable, "code/publish.py", "published", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def clone(built, tmp_path_factory):
    """A repository of the toy build, whose configuration is the toy one, after publishing."""
    folder = shipped_as(built, tmp_path_factory.mktemp("clone") / "companion")
    shutil.copy(ROOT / ".gitignore", folder)
    shutil.copy(ROOT / "requirements.lock", folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    (folder / "stray").touch()
    refused = publish(folder)
    assert not (folder / "published").exists()
    (folder / "stray").unlink()
    done = publish(folder)
    assert done.returncode == 0, done.stderr
    return folder, refused, done.stdout


@needs_poppler
def test_what_is_not_committed_is_not_published(clone):
    _, refused, _ = clone
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith("published.py: nothing is published, as this folder has changes")


@needs_poppler
def test_the_pdf_is_that_of_the_build_with_the_digest_of_the_sources(clone):
    folder, _, said = clone
    report = (folder / "report/main.pdf").read_bytes()
    assert (folder / "published/companion.pdf").read_bytes().startswith(report)
    reader = pypdf.PdfReader(folder / "published/companion.pdf")
    before = dict(pypdf.PdfReader(folder / "report/main.pdf").metadata)
    assert reader.metadata == before | {"/SourcesDigest": published.digest(folder)}
    content = json.loads((folder / "published/digest.json").read_text(encoding="utf-8"))
    assert content["sources"] == published.digest(folder)
    assert "lambda-zero" in content["numbers"]["eigenvalues"]
    assert re.search(r"published: the report and \d+ figures, \d\.\d MB", said)


@needs_poppler
def test_every_figure_is_there_with_its_caption(clone):
    folder, *_ = clone
    text = (folder / "published/README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^!\[(.*)\]\((figures/(\w+)\.svg)\)\n\n(.*)$", text, re.MULTILINE)
    assert [name for _, _, name, _ in shown] == published.figures_of_the_report()
    captions = re.findall(r'^  "\w+": "(.*)",$', (ROOT / "report/captions.rst").read_text(), re.M)
    assert {caption for *_, caption in shown} == {*captions}
    assert all(alternative == caption for alternative, *_, caption in shown)
    assert all(
        (folder / "published" / path).read_text().startswith("<?xml") for _, path, *_ in shown
    )


@needs_poppler
def test_the_same_commit_gives_the_same_bytes(clone, tmp_path):
    folder, *_ = clone
    kept = shutil.copytree(folder / "published", tmp_path / "published")
    git(folder, "add", "published")
    git(folder, "commit", "--quiet", "-m", "published")
    git(folder, "reset", "--soft", "HEAD~1")
    git(folder, "stash", "--quiet")
    assert publish(folder).returncode == 0
    for path in kept.rglob("*.*"):
        assert path.read_bytes() == (folder / "published" / path.relative_to(kept)).read_bytes()


def check(folder, mistake):
    """The check fails, and one of its lines has the mistake."""
    done = publish(folder, "--check")
    assert done.returncode == 1
    first, *lines = done.stderr.splitlines()
    assert first == "published.py: published is out of date; run make publish:"
    assert any(re.search(mistake, line) for line in lines), lines


@needs_poppler
def test_what_is_published_is_up_to_date(clone):
    folder, *_ = clone
    done = publish(folder, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_poppler
@pytest.mark.parametrize(
    ("path", "old", "new", "mistake"),
    [
        ("code/study.py", r"\Z", "\n# more\n", "the folder is of the sources"),
        ("report/sections/errata.tex", r"\Z", "% more\n", "the PDF is of the sources"),
        (
            "report/generated/flip_event.tex",
            r"\\num{\d",
            r"\\num{7",
            "^  flip_event .* is .*, here .*7",
        ),
        (
            "published/digest.json",
            r'"sources": "',
            '"sources": "a',
            "the folder is of the sources a",
        ),
    ],
)
def test_what_is_stale_is_named(clone, path, old, new, mistake):
    folder, *_ = clone
    original = (folder / path).read_text(encoding="utf-8")
    # With its record a changed file would be refused.
    records.place(folder / path).unlink(missing_ok=True)
    try:
        (folder / path).write_text(re.sub(old, new, original, count=1), encoding="utf-8")
        check(folder, mistake)
    finally:
        (folder / path).write_text(original, encoding="utf-8")


@needs_poppler
def test_other_words_and_missing_figures_are_named(clone, tmp_path):
    folder, *_ = clone
    pdf, svg = folder / "report/main.pdf", folder / "published/figures/width.svg"
    for path in (pdf, svg):
        shutil.copy(path, tmp_path)
    try:
        shutil.copy(folder / "figures/width.pdf", pdf)
        svg.unlink()
        check(folder, r"the PDF has other words than the build: \w+ \| \w+")
        check(folder, "its figures are .*")
    finally:
        shutil.copy(tmp_path / "main.pdf", pdf)
        shutil.copy(tmp_path / "width.svg", svg)


def test_nothing_published_is_said(tmp_path, capsys):
    published.check(tmp_path)
    assert (
        capsys.readouterr().out == f"nothing is published yet: `make publish` writes {tmp_path}\n"
    )


@pytest.fixture
def sources(tmp_path):
    for path in ("code/a.py", "report/sections/a.tex", "report/main.pdf", "Snakefile", "README.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("one")
    (tmp_path / "reference.json").write_text('{"configuration": {"a": 1}, "numbers": {}}')
    return tmp_path


@pytest.mark.parametrize(
    ("path", "content", "another"),
    [
        *((path, "two", True) for path in ("code/a.py", "report/sections/a.tex", "Snakefile")),
        *((path, "two", False) for path in ("report/main.pdf", "README.md", "tests.py")),
        *((path, "two", False) for path in ("report/generated/a.tex", "code/__pycache__/a.pyc")),
        *((path, "two", True) for path in ("data/a.npz", "report/b.tex")),
        ("reference.json", '{"configuration": {"a": 2}, "numbers": {}}', True),
        ("reference.json", '{"configuration": {"a": 1}, "numbers": {"b": 1}}', False),
    ],
)
def test_the_digest_is_of_what_decides_the_pdf(sources, path, content, another):
    before = published.digest(sources)
    (sources / path).parent.mkdir(parents=True, exist_ok=True)
    (sources / path).write_text(content)
    assert (published.digest(sources) != before) is another


def test_the_files_that_decide_are_none_that_a_build_makes():
    found = published.sources(ROOT)
    assert {"Snakefile", "config.yaml", "requirements.lock", "report/main.tex"} <= {*found}
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    ours = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if ours.returncode == 0:
        assert {*found} <= {*ours.stdout.splitlines()}


def test_the_front_page_shows_the_main_figure_and_links_the_report():
    (figure,) = re.findall(r"!\[.*?\]\((.*?)\)", README, re.DOTALL)
    assert figure == "published/figures/loss_vs_bound.svg"
    assert "(published/companion.pdf)" in README
    if (ROOT / published.FOLDER / "digest.json").exists():
        assert (ROOT / figure).exists()
        assert (ROOT / "published/companion.pdf").exists()


class Pages:
    """A PDF of one page with a text."""

    def __init__(self, text):
        self.pages = [self]
        self.text = text

    def extract_text(self):
        return self.text


def test_words_are_compared_up_to_the_colophon():
    one = f"It cros- ses at 7. {published.COLOPHON} from a1. Kernels: Haswell"
    other = f"It crosses at 8. {published.COLOPHON} from b2. Kernels: Zen"
    assert published.letters(Pages(one)) == published.letters(Pages(other)) == "Itcrossesat"
    assert published.letters(Pages("It fails.")) == "Itfails"


def test_the_report_has_the_colophon_where_it_is_looked_for():
    text = (ROOT / "report/sections/colophon.tex").read_text(encoding="utf-8")
    assert published.COLOPHON in text
