"""What stands in a Coq source: statements, words that leave a proof open, printed assumptions.

Strings in, values out; `check_proofs.py` runs Coq.  A comment may contain comments, and a string in
a comment may contain `*)`, so comments are blanked by a scan, not by one expression.
"""

import re
from pathlib import Path
from typing import NamedTuple

# Each may import those before it.
FILES = [Path("proofs") / f"{name}.v" for name in ("times", "answers", "sliding", "example")]
TOKEN = re.compile(r'\(\*|\*\)|"(?:[^"]|"")*"')
# A sentence ends with a full stop before white space; the stop in `Nat.eqb` or `0.5` has none.
SENTENCE = re.compile(r"\S.*?\.(?=\s|\Z)", re.DOTALL)
ATTRIBUTES = r"(?:#\[[^]]*\]\s*)?(?:(?:Local|Global|Polymorphic|Monomorphic|Program)\s+)*"
THEOREMS = ("Theorem", "Lemma", "Corollary", "Proposition", "Fact", "Remark", "Property")
DEFINITIONS = ("Definition", "Fixpoint")
# What leaves a statement unproved, or proves it from what the statement does not say.
OPEN = (
    *("Admitted", "admit", "give_up", "Abort"),
    *("Axiom", "Axioms", "Parameter", "Parameters", "Conjecture", "Conjectures"),
    *("Hypothesis", "Hypotheses", "Variable", "Variables", "Context"),
    *("bypass_check", "Guard Checking", "Positivity Checking", "Universe Checking"),
)
WORD = re.compile(r"(?<![\w'])(?:{})(?![\w'])".format("|".join(OPEN).replace(" ", r"\s+")))
ERROR = re.compile(
    r"(?:^File \"[^\"]*\", line (?P<line>\d+), characters [\d-]+:\n)?^Error:\s*"
    r"(?:In environment\n(?:[\w', ]+ :.*\n(?: .*\n)*)*)?(?P<message>(?:.+\n?)+)",
    re.MULTILINE,
)
CLOSED, AXIOMS = "Closed under the global context", "Axioms:"


class Statement(NamedTuple):
    """One theorem or definition; the text runs from its keyword to the full stop."""

    kind: str
    name: str
    text: str
    line: int


def without_comments(source, strings=True):
    """The source with comments blanked, and without `strings` what stands between quotes too.

    Blanks keep the line breaks: every character that stays keeps its place.

    Raises:
        ValueError: a comment is not closed, or was not opened.
    """
    parts, depth, end = [], 0, 0
    for token in TOKEN.finditer(source):
        before, text = source[end : token.start()], token[0]
        parts.append(_blank(before) if depth else before)
        comment = depth > 0 or text == "(*"
        depth += {"(*": 1, "*)": -1}.get(text, 0)
        if depth < 0:
            raise ValueError(f"line {line_of(source, token.start())}: no comment is open here")
        parts.append(text if strings and not comment else _blank(text))
        end = token.end()
    if depth:
        raise ValueError("a comment is not closed")
    return "".join(parts) + source[end:]


def statements(source, kinds=THEOREMS):
    """The Statements of the given kinds, in order, without comments; scripts are left out."""
    opening = re.compile(ATTRIBUTES + rf"({'|'.join(kinds)})\s+([^\W\d][\w']*)")
    code, masked = without_comments(source), without_comments(source, strings=False)
    found = []
    for sentence in SENTENCE.finditer(masked):
        if head := opening.match(sentence[0]):
            start, end = sentence.span()
            line = line_of(source, start)
            found.append(Statement(head[1], head[2], _trimmed(code[start:end]), line))
    return found


def open_words(source):
    """(word, line) of each word, outside comments and strings, that leaves something unproved."""
    masked = without_comments(source, strings=False)
    return [(" ".join(m[0].split()), line_of(source, m.start())) for m in WORD.finditer(masked)]


def assumptions(output):
    """One list of names for each `Print Assumptions` whose answer stands in coqc's output."""
    header = re.compile(rf"^(?:{CLOSED}|{AXIOMS})$", re.MULTILINE)
    return [re.findall(r"^[^\s:]+", block, re.MULTILINE) for block in header.split(output)[1:]]


def error(output):
    """(line, message) of the error in coqc's output, on one line; line is None where it has none.

    The variables of the goal, which Coq lists before some messages, are left out.
    """
    found = ERROR.search(output)
    if not found:
        return None, "coqc failed without a message"
    return found["line"] and int(found["line"]), " ".join(found["message"].split())


def line_of(source, position):
    """The number of the line, counted from 1, on which a position stands."""
    return source.count("\n", 0, position) + 1


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def _trimmed(text):
    """The text without the trailing blanks and the empty lines that blanked comments leave."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
