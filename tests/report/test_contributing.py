"""CONTRIBUTING.md, followed to the letter: its study stands in the PDF and its test passes."""

import re
import shutil
import subprocess
import sys

import pypdf
import pytest
from workflow import ROOT, listing, snakemake

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = r":\n\n```\w*\n(.*?)```\n"
NEW = re.compile(r"A new file `([^`]*)`" + BLOCK, re.DOTALL)
BEFORE = re.compile(r"In `([^`]*)`, before `([^`]*)`" + BLOCK, re.DOTALL)


def follow(text, folder):
    """Do what the recipe says; the places that it touches."""
    for path, content in NEW.findall(text):
        assert not (folder / path).exists()
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    for path, anchor, content in BEFORE.findall(text):
        before, found, after = (folder / path).read_text(encoding="utf-8").partition(f"\n{anchor}")
        assert found, f"{path} has no line {anchor}"
        (folder / path).write_text(f"{before}\n{content}{anchor}{after}", encoding="utf-8")
    return [path for path, *_ in NEW.findall(text) + BEFORE.findall(text)]


@pytest.fixture(scope="module")
def extended(built, tmp_path_factory):
    """A copy of the toy build, extended by the recipe and built again."""
    folder = shutil.copytree(built, tmp_path_factory.mktemp("recipe") / "project")
    places = follow(TEXT, folder)
    run = snakemake(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder, places, listing(folder)


def test_the_figure_and_the_number_are_in_the_pdf(extended):
    folder, *_ = extended
    number = (folder / "report/generated/spectrum.tex").read_text(encoding="utf-8")
    shown = re.fullmatch(r"\\newresult{condition-number}{\\num{(.*)}}\n", number)[1]
    pages = [page.extract_text() for page in pypdf.PdfReader(folder / "report/main.pdf").pages]
    assert any(f"{shown} (Figure" in " ".join(page.split()) for page in pages)
    assert any("in descending order, on logarithmic axes" in " ".join(p.split()) for p in pages)
    assert (folder / "figures/spectrum.csv").read_text().count("\n") == 1 + 50


def test_the_colophon_says_what_makes_them(extended):
    rows = (extended[0] / "report/generated/colophon_rows.tex").read_text(encoding="utf-8")
    assert rows.count("code/studies/spectrum.py") == 2


def test_only_the_study_and_the_report_are_built(extended):
    ran = set(re.findall(r"^(?:local)?rule (\w+):", extended[2], re.MULTILINE))
    verbs = {f"{verb}_spectrum" for verb in ("compute", "plot", "summarise")}
    assert ran == verbs | {"write_colophon", "compile_report", "report"}


# What looks at the whole project without building it.
STATIC = [
    "tests/report/test_report.py",
    "tests/report/test_numbers.py::test_no_number_is_typed_by_hand",
    "tests/studies/test_every_number.py::test_every_study_has_a_test_file",
    "tests/studies/test_every_number.py::test_table_names_the_parameters_of_the_function",
    "tests/studies/test_every_number.py::test_every_part_of_a_module_is_in_the_table",
    "tests/studies/test_spectrum.py",
]


def test_its_test_and_those_of_the_whole_project_pass(extended):
    folder, *_ = extended
    ours = shutil.ignore_patterns("__pycache__", "config.yaml")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=ours, dirs_exist_ok=True)
    for path in ROOT.iterdir():
        if path.is_file() and not (folder / path.name).exists():
            shutil.copy(path, folder)
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *STATIC]
    run = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_a_study_touches_few_places(extended):
    # One more is reference.json, by a command.
    assert len(extended[1]) + 1 <= 13


def test_a_recipe_whose_anchor_is_gone_is_found(tmp_path):
    (tmp_path / "a.py").write_text("one\ntwo\n")
    follow("In `a.py`, before `two`:\n\n```\nnew\n```\n", tmp_path)
    assert (tmp_path / "a.py").read_text() == "one\nnew\ntwo\n"
    with pytest.raises(AssertionError, match=r"a\.py has no line three"):
        follow("In `a.py`, before `three`:\n\n```\nnew\n```\n", tmp_path)
