"""Sentences follow the results: conditional text in both cases, none that another build denies."""

import json
import re
import shutil
import subprocess

import pypdf
import pytest
from pypdf.generic import ContentStream
from workflow import ROOT

from publishing import write_colophon

SECTIONS = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("report/sections/*")}
TEX = "\n".join(SECTIONS.values())
REFERENCE = json.loads((ROOT / "reference.json").read_text(encoding="utf-8"))["numbers"]
PRINTED = [names for file, names in REFERENCE.items() if not file.endswith("_rows")]


def arguments(macro, text, count):
    """The arguments of each use of a macro in the text."""
    for use in re.finditer(rf"\\{macro}(?={{)", text):
        found, place = [], use.end()
        for _ in range(count):
            start, depth = place + 1, 0
            while depth or place < start:
                depth += {"{": 1, "}": -1}.get(text[place], 0)
                place += 1
            found.append(text[start : place - 1])
        yield found


def words(text):
    """The words of LaTeX or of a page, without mathematics and macros."""
    return re.findall(r"[a-z]{2,}", re.sub(r"\$.*?\$|\\\w+({[^}]*})?|-\n", " ", text).lower())


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
@pytest.mark.parametrize("changed", [[], ["network.seed"]])
@pytest.mark.parametrize("outcome", ["yes", "no"])
def test_conditional_text_in_both_cases(tmp_path, changed, outcome):
    source = (
        r"\documentclass{article}\input{preamble}\input{macros}\begin{document}"
        rf"{write_colophon.notice(changed)}\newresult{{a}}{{{outcome}}}\newresult{{b}}{{inner}}"
        r"One\verdict{a}{ holds \result{b}}{ fails}\shipped{, as shipped}."
        r" \described{A picture\shipped{ falls}.}{P}\end{document}"
    )
    (tmp_path / "a.tex").write_text(source)
    for name in ("preamble.tex", "macros.tex"):
        shutil.copy(ROOT / "report" / name, tmp_path)
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "a.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    reader = pypdf.PdfReader(tmp_path / "a.pdf")
    (page,) = reader.pages
    text = " ".join(page.extract_text().split())
    verb = "holds inner" if outcome == "yes" else "fails"
    assert f"One {verb}{'' if changed else ', as shipped'}." in text
    assert ("Not the shipped configuration. This build changes network.seed" in text) == bool(
        changed
    )
    marks = ContentStream(page.get_contents(), reader).operations
    (picture,) = [entries[1]["/Alt"] for entries, mark in marks if mark == b"BDC"]
    assert picture == ("A picture." if changed else "A picture falls.")


def test_an_unknown_verdict_stops_the_build():
    macros = (ROOT / "report/macros.tex").read_text(encoding="utf-8")
    (verdict,) = re.findall(r"\\newcommand{\\verdict}.*?\\fi}\n", macros, re.DOTALL)
    assert r"\PackageError" in verdict


def test_verdicts_are_results_that_say_yes_or_no():
    known = {name: text for names in PRINTED for name, (text, _) in names.items()}
    names = {name for name, *_ in arguments("verdict", TEX, 3)}
    assert len(names) >= 3
    assert {known[name] for name in names} <= {"yes", "no"}
    # And no result that says so is printed.
    assert {n for n, text in known.items() if text in ("yes", "no")} == names


def test_another_build_says_nothing_of_the_outcome_of_the_shipped_one(built):
    pages = pypdf.PdfReader(built / "report/main.pdf").pages
    text = " ".join(words("\n".join(page.extract_text() for page in pages)))
    notice = (built / "report/generated/notice.tex").read_text(encoding="utf-8")
    assert r"\newresult{shipped}{no}" in notice
    said = [" ".join(words(piece)) for (piece,) in arguments("shipped", TEX, 1)]
    assert len(said) > 30
    assert [piece for piece in said if len(piece.split()) > 4 and piece in text] == []


NAME = re.compile(r"\\(?:result|[cC]?ref|label){[^}]*}")


def outcomes(text):
    """Words that tell an outcome, beside a result and not from one."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    text = re.sub(
        r"\\begin{(\w+)}(?=(?:(?!\\end{\1}).)*\\checkedby).*?\\end{proof}", "", text, flags=re.S
    )
    for macro, count in (("shipped", 1), ("verdict", 3), ("caption", 1)):
        for parts in arguments(macro, text, count):
            text = text.replace("}{".join(parts), "")
    verb = r"crosses|does not cross|holds|falls|grows|stays|vanishes|loses|is still|at every width"
    for sentence in re.split(r"(?<=[.;:])\s", text):
        if r"\result{" in sentence and (
            found := re.search(rf"\b(?:{verb})\b", NAME.sub("", sentence))
        ):
            yield found[0], " ".join(sentence.split())


STUDIES = {path.stem for path in ROOT.glob("code/studies/[!_]*.py")} | {"answers", "finite_width"}
# Of theory, of a definition, or said of a number that follows.
ALLOWED = (
    r"The time from which the loss loses on the bound goes",
    r"the smallest eigenvalue of the indicators' kernel falls to",
    r"The loss loses on the bound from",
    r"from there on it loses on the bound",
    r"falls? like \$m\^{-1/2}",
    r"The loss crosses its restarted bound in \\result",
    r"that the weights stay",
    r"loses as many of its \\num\{40\} directions",
)


@pytest.mark.parametrize("name", sorted(STUDIES & set(SECTIONS)))
def test_a_sentence_with_a_result_takes_its_verdict_from_one(name):
    left = [
        (verb, sentence)
        for verb, sentence in outcomes(SECTIONS[name])
        if not any(re.search(allowed, sentence, re.IGNORECASE) for allowed in ALLOWED)
    ]
    assert left == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"It crosses at \result{a}.", ["crosses"]),
        (r"It \result{crosses}. Another one crosses.", []),
        (r"It is \result{a}\shipped{ and crosses}.", []),
        (r"\verdict{a}{It holds}{It falls}: \result{b}.", []),
    ],
)
def test_outcomes_are_found(text, found):
    assert [verb for verb, _ in outcomes(text)] == found
