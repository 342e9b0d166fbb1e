"""A page of LaTeXML made plain: what a browser and a screen reader need, and nothing else.

Trees of `xml.etree`; the kinds of a page's elements stay in their classes, for style.css.
"""

import re
import xml.etree.ElementTree as ET

HEADING = re.compile(r"h[1-6]")
# Attributes that say how LaTeXML sets things, or repeat what stands there.
PLAIN = {"title", "style", "alttext", "mathsize"}


def content(page):
    """The element that holds the text of a page."""
    (main,) = (
        element for element in page.iter("div") if element.get("class") == "ltx_page_content"
    )
    return main[0]


def heading(page):
    """The text of a page's title."""
    return text_of(next(content(page).iter("h1")))


def text_of(element):
    """The words of an element."""
    return " ".join("".join(element.itertext()).split())


def clean(text):
    """Leave out attributes that this edition does not use."""
    for element in text.iter():
        for name in PLAIN & {*element.attrib}:
            del element.attrib[name]


def number_headings(element, level=1):
    """Give headings the level of what they are the heading of; a proof's is none."""
    for child in element:
        if HEADING.fullmatch(child.tag):
            child.tag = f"h{level}"
        else:
            titled = any(HEADING.fullmatch(part.tag) for part in child)
            if "ltx_proof" in child.get("class", ""):
                child[0].tag, titled = "span", False
            number_headings(child, level + titled)


def plain_titles(text):
    """Leave the word out of an appendix's title, as in the PDF."""
    for tag in text.iter("span"):
        if "ltx_tag_appendix" in tag.get("class", ""):
            tag.text = tag.text.removeprefix("Appendix ")


def wrap(parent, child, attributes, tag="div"):
    """Put an element around a child; that element."""
    place = [*parent].index(child)
    box = ET.Element(tag, attributes)
    box.tail, child.tail = child.tail, None
    parent[place] = box
    box.append(child)
    return box


def let_scroll(text):
    """Put what may be wider than a phone into boxes of its own."""
    for parent in [*text.iter()]:
        for child in [*parent]:
            kind = child.get("class", "")
            if child.tag == "table" and "ltx_eqn_table" in kind:
                child.set("role", "presentation")
                wrap(parent, child, {"class": "equation"})
            elif child.tag == "table":
                name_headers(child)
                wrap(parent, child, _focus("scroll", "Table"))
            elif child.tag == "pre":
                child.set("tabindex", "0")


def name_headers(table):
    """Make the row above a table's first line its header, and say of what each header is one."""
    rows = [*table.iter("tr")]
    if len(rows) > 1 and "ltx_border_t" in rows[1][0].get("class", "").split():
        for cell in rows[0]:
            cell.tag = "th"
            cell.set("class", f"{cell.get('class')} ltx_th_column")
    for cell in table.iter("th"):
        cell.set("scope", "col" if "ltx_th_column" in cell.get("class", "") else "row")


def _focus(kind, name):
    """Attributes of a box that the keyboard can scroll."""
    return {"class": kind, "tabindex": "0", "role": "group", "aria-label": name}


def plain_bibliography(text):
    """Leave out from where an entry is cited; an address is its own text."""
    for entry in text.iter("li"):
        for block in [*entry]:
            if "ltx_bib_cited" in block.get("class", ""):
                entry.remove(block)
            elif block.text in ("External Links: ", "Note: "):
                block.text = ""
    for link in text.iter("a"):
        if "ltx_bib_external" in link.get("class", ""):
            link.text = re.sub(r"^https?://(?:dx\.)?", "", link.get("href"))
        elif "ltx_path" in link.get("class", ""):
            link.tag = "code"
            link.attrib.clear()


def drop_ids(text, used):
    """Leave out the ids to which nothing leads."""
    for element in text.iter():
        if element.get("id") and element.get("id") not in used:
            del element.attrib["id"]


def written(element):
    """HTML of an element."""
    return ET.tostring(element, encoding="unicode", method="html")
