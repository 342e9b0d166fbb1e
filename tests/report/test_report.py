"""The report's text against the tests that back it: no unbacked statement, no dead label."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from publishing import coq_source
from publishing.summarise_proofs import appendix

ROOT = Path(__file__).resolve().parents[2]
STATEMENTS = ("theorem", "lemma", "proposition")
COMMENT = re.compile(r"(?<!\\)%.*")


def tex_sources():
    """file name → text without comments, for every .tex file that people write."""
    files = [*(ROOT / "report").glob("*.tex"), *(ROOT / "report/sections").glob("*.tex")]
    return {path.name: COMMENT.sub("", path.read_text(encoding="utf-8")) for path in files}


def statements(text):
    """(label, named tests) of each numbered statement; the label is None where there is none."""
    found = re.findall(rf"\\begin{{({'|'.join(STATEMENTS)})}}(.*?)\\end{{\1}}", text, re.DOTALL)
    for _, body in found:
        label = re.search(r"\\label{(.*?)}", body)
        yield label and label[1], re.findall(r"\\checkedby{(.*?)}", body)


def unbacked(text, collected):
    """What is wrong with the statements' checks: one line each."""
    for label, tests in statements(text):
        if label is None:
            yield "a statement has no label"
        if not tests:
            yield f"{label} has no check"
    for test in re.findall(r"\\checkedby{(.*?)}", text):
        if test not in collected:
            yield f"{test} is not collected"


def labels(text):
    return re.findall(r"\\label{(.*?)}", text)


def referred(text):
    """The labels in \\cref, \\Cref, \\ref, \\eqref and the like, lists split."""
    lists = re.findall(r"\\(?:[cC]ref|ref|eqref|pageref|namecref)\*?{(.*?)}", text)
    return {label.strip() for group in lists for label in group.split(",")}


def collected_tests():
    """`file::test` of every test, without its parameters."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-o",
        "addopts=--import-mode=importlib",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}


WHOLE = "\n".join(tex_sources().values())


def test_every_statement_names_tests_that_are_collected():
    assert list(unbacked(WHOLE, collected_tests())) == []
    assert len(list(statements(WHOLE))) >= 25


def test_every_label_is_referred_to():
    assert set(labels(WHOLE)) - referred(WHOLE) == set()


def test_no_label_is_set_twice():
    names = labels(WHOLE)
    assert sorted(names) == sorted(set(names))


def unproved(text, sources, appendix):
    """Names in \\provedby that no Coq source states, or that the appendix does not show."""
    stated = {found.name for source in sources for found in coq_source.statements(source)}
    shown = set(re.findall(r"\\provedtarget{(.*?)}", appendix))
    for names in re.findall(r"\\provedby\*?{(.*?)}", text):
        for name in map(str.strip, names.split(",")):
            if name not in stated:
                yield f"{name} is not in the sources"
            elif name not in shown:
                yield f"{name} is not in the appendix"


PROOFS = [(ROOT / path).read_text(encoding="utf-8") for path in coq_source.FILES]


def test_every_provedby_names_a_theorem_that_the_appendix_shows():
    assert list(unproved(WHOLE, PROOFS, appendix(PROOFS))) == []
    assert len(re.findall(r"\\provedby\*?{", WHOLE)) >= 15


def test_the_appendix_shows_statements_and_no_scripts():
    text = appendix(PROOFS)
    assert "Theorem flip_iff_interval : " in text
    assert "Qed" not in text
    assert "Proof" not in text


@pytest.mark.parametrize(
    ("source", "shown", "complaint"),
    [
        ("Theorem b : True. Proof. easy. Qed.", "b", "a is not in the sources"),
        ("Theorem a : True. Proof. easy. Qed.", "b", "a is not in the appendix"),
        ("(* Theorem a : True. *)", "a", "a is not in the sources"),
    ],
)
def test_the_check_of_proofs_can_fail(source, shown, complaint):
    assert list(unproved(r"\provedby{a}", [source], rf"\provedtarget{{{shown}}}")) == [complaint]


GOOD = r"\begin{lemma}\label{lem:a} x \checkedby{tests/t.py::test_a}\end{lemma}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD.replace("test_a", "test_b"), "tests/t.py::test_b is not collected"),
        (GOOD.replace(r"\checkedby{tests/t.py::test_a}", ""), "lem:a has no check"),
        (GOOD.replace(r"\label{lem:a}", ""), "a statement has no label"),
        (GOOD + GOOD.replace("test_a", "test_c"), "tests/t.py::test_c is not collected"),
    ],
)
def test_the_check_of_statements_can_fail(text, complaint):
    assert list(unbacked(text, {"tests/t.py::test_a"})) == [complaint]


def test_the_check_of_statements_passes_what_is_backed():
    assert list(unbacked(GOOD, {"tests/t.py::test_a"})) == []


def test_comments_do_not_count():
    assert COMMENT.sub("", r"a \% b % \label{c}") == r"a \% b "


@pytest.mark.parametrize("text", [r"\label{a}\cref{b}", r"\label{a}% \cref{a}"])
def test_the_check_of_labels_can_fail(text):
    text = COMMENT.sub("", text)
    assert set(labels(text)) - referred(text) == {"a"}


@pytest.mark.parametrize("text", [r"\cref{b, a}", r"\Cref{a,b}", r"\eqref{a}", r"\ref{a}"])
def test_lists_of_references_are_split(text):
    assert "a" in referred(text)
