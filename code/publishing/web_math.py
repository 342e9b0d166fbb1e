"""Mathematics of LaTeXML for browsers, which know MathML Core; long formulas may break."""

import re
import xml.etree.ElementTree as ET

from publishing import web_page

# A formula of more characters may break behind these, or behind those where it has none of these.
LONG = 24
RELATIONS, SIGNS = "=≤≥<>≔∈,", "+\N{MINUS SIGN}"
STOP = re.compile(r"[.,;:?!)\]’”\u2013\u2014-]+")
# Bold digits of Unicode.
BOLD = {ord("0") + digit: 0x1D7CE + digit for digit in range(10)}


def simplify(text):
    """Leave out what browsers do not use, and say to them what they do not know."""
    for formula in text.iter("math"):
        for name in ("id", "class", "alttext"):
            formula.attrib.pop(name, None)
        for element in formula.iter():
            _core(element)


def _core(element):
    """Of mathvariant browsers know one value, for one element."""
    variant = element.attrib.pop("mathvariant", None)
    if element.tag == "mi" and variant == "normal" and len(element.text or "") == 1:
        element.set("mathvariant", "normal")
    if element.tag == "mn" and variant == "bold":
        element.text = element.text.strip().translate(BOLD)
    # A bar is a relation for browsers, with space around it.
    if element.get("fence") and element.text in ("∥", "|"):
        element.attrib = {"lspace": "0em", "rspace": "0em"} | element.attrib


def flow(text):
    """Let formulas in a line break where TeX breaks them, and nowhere before a full stop."""
    for parent in [*text.iter()]:
        for child in [*parent]:
            if child.tag == "math" and child.get("display") == "inline":
                _keep_stop(parent, _broken(parent, child))


def _broken(parent, formula):
    """Put a long formula's parts in its place, each a formula; the last of them."""
    parts = pieces(formula[0]) if len(formula) == 1 else []
    if len(parts) < 2:
        return formula
    made = []
    for part in parts:
        made.append(ET.Element("math", formula.attrib))
        ET.SubElement(made[-1], "mrow").extend(part)
    made[-1].tail = formula.tail
    place = [*parent].index(formula)
    parent[place : place + 1] = made
    return made[-1]


def pieces(row, breaks=RELATIONS):
    """The children of a long row in lists, each but the last ended by an operator."""
    if row.tag != "mrow" or len(web_page.text_of(row)) <= LONG:
        return [[row]]
    parts = [[]]
    for child in row:
        parts[-1].append(child)
        if child.tag == "mo" and child.text in breaks and len(parts[-1]) > 1:
            child.set("form", "infix")
            parts.append([])
    if len(parts) == 1 and breaks is RELATIONS:
        return pieces(row, SIGNS)
    return [part for part in parts if part]


def _keep_stop(parent, formula):
    """Keep a formula and the punctuation behind it on one line."""
    if stop := STOP.match(formula.tail or ""):
        rest = formula.tail[stop.end() :]
        box = web_page.wrap(parent, formula, {"class": "unbroken"}, "span")
        formula.tail, box.tail = stop[0], rest
