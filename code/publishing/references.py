"""What cleveref prints for a list of labels, in a document of LaTeXML.

A `<ref href="cref:labels">` becomes text with a link for each label: "Lemma 3 and
Propositions 6 to 8".
"""

import re
import xml.etree.ElementTree as ET
from itertools import groupby

LTX = "http://dlmf.nist.gov/LaTeXML"
KINDS = {"section": "Section", "subsection": "Section", "appendix": "Appendix"}
KINDS |= {"figure": "Figure", "table": "Table", "equation": "Equation"}
PLURALS = {"Appendix": "Appendices"}


def labelled(document):
    """label → (kind, number) of everything that has a label and a number."""
    found = {}
    for element in document.iter():
        number = element.find(f"{{{LTX}}}tags/{{{LTX}}}tag[@role='refnum']")
        for label in element.get("labels", "").split():
            if number is not None:
                name = label.removeprefix("LABEL:")
                found[name] = (kind(element), "".join(number.itertext()).strip())
    return found


def kind(element):
    """The name of what an element is: Lemma, Section, Figure; None of what cleveref never names."""
    if statement := re.search(r"ltx_theorem_(\w+)", element.get("class", "")):
        return statement[1].capitalize()
    return KINDS.get(element.tag.removeprefix(f"{{{LTX}}}"))


def place(number):
    """A number as the places that it names, 12.3 as (12, 3)."""
    return tuple(int(part) if part.isdigit() else ord(part) for part in number.split("."))


def groups(labels, known):
    """(kind, [(number, label)]) of each kind in the order of its first label, sorted by number."""
    kinds = list(dict.fromkeys(known[label][0] for label in labels))
    for name in kinds:
        numbers = {known[label][1]: label for label in labels if known[label][0] == name}
        yield name, sorted(numbers.items(), key=lambda pair: place(pair[0]))


def runs(numbers):
    """(text before it, number, label): of three or more numbers in a row the first and the last."""
    parts = []
    for _, run in groupby(enumerate(numbers), key=_start):
        run = [pair for _, pair in run]
        parts += [[run[0], run[-1]]] if len(run) > 2 else [[pair] for pair in run]
    for index, ends in enumerate(parts):
        for (number, label), end in zip(ends, ("", " to "), strict=False):
            yield end or conjunction(index, len(parts), " and "), number, label


def _start(entry):
    """Equal for numbers that follow each other in a sorted list."""
    index, (number, _) = entry
    *before, last = place(number)
    return before, last - index


def conjunction(index, count, last):
    """What stands before a member of a list, `last` before the last of three or more."""
    if index == 0:
        return ""
    return ", " if index < count - 1 else (" and " if count == 2 else last)


def pieces(labels, known):
    """(text, label) of each part of a reference; the label is None of text without a link."""
    kinds = list(groups(labels, known))
    for index, (name, numbers) in enumerate(kinds):
        yield conjunction(index, len(kinds), ", and "), None
        shown = name if len(numbers) == 1 else PLURALS.get(name, f"{name}s")
        for before, number, label in runs(numbers):
            yield before, None
            yield number if before else f"{shown} {number}", label


def write(document):
    """Put the text of each reference into the tree; the labels that are not known, if any."""
    known, unknown = labelled(document), []
    for element in [*document.iter(f"{{{LTX}}}ref")]:
        if element.get("href", "").startswith("cref:"):
            labels = [label.strip() for label in element.get("href")[len("cref:") :].split(",")]
            missing = [label for label in labels if known.get(label, (None,))[0] is None]
            unknown += missing
            if not missing:
                _fill(element, pieces(labels, known))
    return list(dict.fromkeys(unknown))


def _fill(element, parts):
    """Turn a reference into text that holds the parts, each link a reference of LaTeXML."""
    element.tag, element.text = f"{{{LTX}}}text", ""
    element.attrib.clear()
    last = None
    for text, label in parts:
        if label is None and last is None:
            element.text += text
        elif label is None:
            last.tail += text
        else:
            last = ET.SubElement(element, f"{{{LTX}}}ref", {"labelref": f"LABEL:{label}"})
            last.text, last.tail = text, ""
