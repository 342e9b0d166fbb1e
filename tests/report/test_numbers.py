"""No orphan numbers: each result in the text comes from report/generated, and none is idle."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The sections that report results; the others are mathematics.
RESULTS = ("answers", "data_and_network", "finite_width")
# A study may report in a section of theory.
RESULTS += tuple(
    path.stem
    for path in ROOT.glob("code/studies/[!_]*.py")
    if (ROOT / f"report/sections/{path.stem}.tex").exists()
)
COMMENT = re.compile(r"(?<!\\)%.*")
# Names, files and references, in which a digit is no result.
NAMES = (
    r"\\begin{theorem}.*?\\end{proof}",
    r"\\begin{proposition}.*?\\end{proof}",
    r"\\(?:result|verdict|tablerows|label|[cC]ref|eqref|ref|cite\w*(?:\[[^]]*\])?|checkedby|provedby\*?){[^}]*}",
    r"\\(?:includegraphics|texttt|paragraph|sub\w*section\*?){[^}]*}",
    r"\[[^]$]*=[^]$]*\]",  # options
    r"(?:Theorems?|Lemmas?|Section|Table)[~ ](?:\d+|A)\.\d+(?: and[~ ]\d+\.\d+)?",
    r"MNIST-1D|SHA-256|I+\.\d|Practical \d",
)
# Numbers of the experiment's definition or of a formula, not of its outcome.
ALLOWED = (
    r"\\num\{40\}",  # coordinates of an MNIST-1D sample
    r"\b4\.5\b",  # the middle of the digits, by which targets are shifted and divided
    r"\\t?frac\d\d",  # fractions without braces
)


def without_names(text):
    """The text without comments and names."""
    text = COMMENT.sub("", text)
    for pattern in (*NAMES, *ALLOWED):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    return text


def orphans(text):
    """Numbers that look like results: in mathematics those with a decimal point or above 20
    (smaller ones are exponents and constants of formulas), outside of it all."""
    text = without_names(text)
    formulas = re.compile(
        r"\$.*?\$|\\\[.*?\\\]|\\begin{(equation|align)\*?}.*?\\end{\1\*?}", re.DOTALL
    )
    inside = [number for match in formulas.finditer(text) for number in numbers(match[0])]
    outside = numbers(formulas.sub(" ", text))
    return [n for n in inside if "." in n or int(n) > 20] + outside


def numbers(text):
    return re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)


@pytest.mark.parametrize("section", RESULTS)
def test_no_number_is_typed_by_hand(section):
    text = (ROOT / f"report/sections/{section}.tex").read_text(encoding="utf-8")
    # The scan's question and the set-up of the preliminary prose stand in words.
    assert orphans(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"The loss falls to $0.0071$.", ["0.0071"]),
        (r"after 5984 steps", ["5984"]),
        (r"$m=1000$", ["1000"]),
        (r"about 3 times", ["3"]),
        (r"\num{26.9}", ["26.9"]),
        (r"\result{loss-initial} and $\frac34\lzero$ by Theorem~3.2", []),
        (r"$n^6/(\lzero^4\delta^3)$ % 17", []),
    ],
)
def test_orphans_are_found(text, found):
    assert orphans(text) == found


def written_names(folder):
    """The names that a build has written into report/generated."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tex"))
    return set(re.findall(r"^\\newresult{([\w-]+)}", text, re.MULTILINE))


def used_names():
    files = [ROOT / "report/main.tex", *ROOT.glob("report/sections/*.tex")]
    text = "\n".join(COMMENT.sub("", path.read_text(encoding="utf-8")) for path in files)
    names = set(re.findall(r"\\(?:result|verdict){([\w-]+)}", text))
    return names | ({"shipped"} if r"\shipped{" in text else set())


def test_no_generated_number_is_idle(built):
    written = written_names(built / "report/generated")
    assert written == used_names()
    assert len(written) > 100


def test_written_names_are_found(tmp_path):
    text = "\\newresult{a}{\\num{1}}\n\\newresult{b-c}{never}\n% \\newresult{d}{x}\n"
    (tmp_path / "x.tex").write_text(text)
    assert written_names(tmp_path) == {"a", "b-c"}
