"""The marks that report/web/preamble.tex leaves in a page, made what they stand for.

figure: a picture, with what it is made from; check: a test; proof, core: theorems in Coq;
statement: the place of one in the appendix.
"""

import xml.etree.ElementTree as ET
from typing import NamedTuple

from publishing import web_page
from publishing.web_sources import Sources

# A picture of more pixels is not made as narrow as a phone.
WIDE = 450
KINDS = ("figure", "check", "proof", "core", "statement")


class Site(NamedTuple):
    """What the marks lead to: sources; study → (rule, module); figure → (width, height); the page
    of the statements in Coq."""

    sources: Sources
    makers: dict
    sizes: dict
    appendix: str


def marks(text):
    """(kind, what, link, ancestors from the nearest) of each mark."""
    parents = {child: parent for parent in text.iter() for child in parent}
    for link in [*text.iter("a")]:
        kind, _, what = link.get("href", "").partition(":")
        if kind in KINDS:
            way = [link]
            while way[-1] in parents:
                way.append(parents[way[-1]])
            yield kind, what, link, way[1:]


def resolve(text, site):
    """Make the marks of a page what they stand for."""
    for kind, what, link, way in marks(text):
        if kind == "figure":
            figure(what, link, way, site)
        elif kind == "check":
            fill(way[0], [("checked by ", what, site.sources.test(what))])
        elif kind == "statement":
            statement(what, way[0], site)
        else:
            names = [name.strip() for name in what.split(",")]
            words = ["core proved in Coq: " if kind == "core" else "proved in Coq: "]
            words += [", "] * (len(names) - 1)
            links = zip(words, names, strict=True)
            fill(way[0], [(word, name, f"{site.appendix}#coq:{name}") for word, name in links])


def fill(paragraph, links):
    """Make a paragraph small print: links, each as (words before it, text, address)."""
    paragraph.clear()
    paragraph.tag, paragraph.text = "p", links[0][0]
    paragraph.set("class", "backing")
    for (_, text, address), after in zip(links, [*links[1:], ("",)], strict=True):
        link = ET.SubElement(paragraph, "a", {"href": address})
        ET.SubElement(link, "code").text = text
        link.tail = after[0]


def statement(name, paragraph, site):
    """The place of a statement in the appendix, with a link to its proof."""
    path, line = site.sources.theorem(name)
    fill(paragraph, [("", f"{path}, line {line}", site.sources.link(path, line))])
    paragraph.set("id", f"coq:{name}")


def figure(name, link, way, site):
    """A picture in place of its mark; below the caption of a study's what it is made from."""
    if name not in site.sizes:
        raise ValueError(f"the report shows the figure {name}, which is not among the figures")
    width, height = site.sizes[name]
    description = web_page.text_of(link)
    link.clear()
    link.tag, link.text = "img", None
    link.attrib |= {"src": f"figures/{name}.svg", "alt": description}
    link.attrib |= {"width": f"{width:.0f}", "height": f"{height:.0f}"}
    way[0].set("class", "picture" if width > WIDE else "picture small")
    if name not in site.makers:
        return
    rule, module = site.makers[name]
    (caption,) = (part for element in way for part in element if part.tag == "figcaption")
    links = [("Data: ", f"{name}.csv", f"figures/{name}.csv")]
    links += [("; picture: ", f"{name}.svg", f"figures/{name}.svg")]
    links += [("; code: ", module, site.sources.figure(module))]
    links += [("; rule: ", rule, site.sources.study(name))]
    fill(ET.SubElement(caption, "p"), links)
