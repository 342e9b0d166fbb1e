"""The report as a folder of HTML pages with MathML, one a section: web/index.html and beside it.

LaTeXML converts, Poppler draws the figures as SVG.  The pages need no network and no script: what
they link to, tests, proofs, code and data, is in the folder.
"""

import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import scripting
from publishing import latexml, pictures, web_links, web_math, web_page, web_sources, web_template

# A hundredth of a point is enough for the points of a path.
PATH = re.compile(r'(?<= d=")[^"]*')
DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def draw(pdf, output, page=1):
    """Write a page of a PDF as SVG; its (width, height) in CSS pixels.

    Raises:
        ValueError: names the PDF, which Poppler cannot read.
    """
    command = ["pdftocairo", "-svg", "-f", str(page), "-l", str(page), "-", output]
    done = subprocess.run(command, input=pdf.read_bytes(), capture_output=True)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise ValueError(f"{pdf} is damaged ({reason}); delete it and build again")
    text = PATH.sub(_rounded, output.read_text(encoding="utf-8"))
    output.write_text(text, encoding="utf-8")
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', text)
    return tuple(float(length) * 4 / 3 for length in size.groups())


def _rounded(path):
    return DECIMALS.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), path[0])


def names(pages):
    """Name of a page → its name in the folder, in the order of the contents.

    Raises:
        ValueError: the contents leave out a page.
    """
    (contents,) = (part for part in pages["index.html"].iter("nav") if "TOC" in part.get("class"))
    listed = [link.get("href").partition("#")[0] for link in contents.iter("a")]
    for name in pages.keys() - {"index.html", *listed}:
        raise ValueError(f"the contents do not name the section {web_page.heading(pages[name])}")
    return {name: new_name(name, pages[name]) for name in dict.fromkeys(["index.html", *listed])}


def new_name(name, page):
    """What its label says, or its title where a page has no label."""
    if name == "index.html":
        return name
    if name.startswith("sec_"):
        return name.removeprefix("sec_")
    return "-".join(re.findall(r"\w+", web_page.heading(page).lower())) + ".html"


def turn(text, new):
    """Let the links of a page lead to the new names; the addresses of all its links."""
    for link in text.iter("a"):
        page, mark, fragment = link.get("href", "").partition("#")
        if page in new:
            link.set("href", f"{new[page]}{mark}{fragment}")
        yield link.get("href", "")


def plain(pages, site, new):
    """The element with the text of each page, as the edition shows it, and what they link to."""
    texts = {name: web_page.content(pages[name]) for name in new}
    for text in texts.values():
        web_links.resolve(text, site)
        web_page.clean(text)
        web_math.simplify(text)
        web_page.plain_bibliography(text)
        web_page.plain_titles(text)
        web_page.number_headings(text)
        web_page.let_scroll(text)
        web_math.flow(text)
    linked = {address for text in texts.values() for address in turn(text, new)}
    for text in texts.values():
        web_page.drop_ids(text, {address.partition("#")[2] for address in linked})
    return texts, {address.partition("#")[0] for address in linked}


def written(texts, new):
    """(path in the folder, HTML) of each page, with links to its neighbours."""
    titles = {name: web_page.text_of(next(text.iter("h1"))) for name, text in texts.items()}
    order = list(texts)
    for place, name in enumerate(order):
        around = [order[i] if 0 < i < len(order) else None for i in (place - 1, place + 1)]
        before, after = (beside and (new[beside], titles[beside]) for beside in around)
        title = titles[name] if place == 0 else f"{titles[name]}: {titles[order[0]]}"
        body = web_page.written(texts[name])
        yield new[name], web_template.page(title, body, before=before, after=after)


def converted(report):
    """Name of a page of LaTeXML → its tree."""
    # LaTeXML does not read from a folder whose path has accents; that of temporary files has none.
    with tempfile.TemporaryDirectory() as work:
        latexml.convert(report, Path(work))
        return {path.name: ET.parse(path).getroot() for path in Path(work).glob("pages/*.html")}


def drawn(report, figures, folder):
    """Write figures and pictures as SVG, and the data of figures; name → size of each."""
    sizes = {}
    for figure in figures:
        sizes[figure.stem] = draw(figure, folder / f"{figure.stem}.svg")
        shutil.copyfile(figure.with_suffix(".csv"), folder / f"{figure.stem}.csv")
    of_report = pictures.of(report)
    with tempfile.TemporaryDirectory() as work:
        pdf = pictures.draw(of_report, report, Path(work))
        for page, name in enumerate(of_report, start=1):
            sizes[name] = draw(pdf, folder / f"{name}.svg", page)
    return sizes


def build(arguments, folder):
    """Write the edition into an empty folder."""
    report = arguments.report
    (folder / "figures").mkdir()
    sizes = drawn(report, arguments.figures, folder / "figures")
    sources = web_sources.Sources(
        {str(path): path.read_text(encoding="utf-8") for path in arguments.linked}
    )
    pages = converted(report)
    new = names(pages)
    site = web_links.Site(sources, makers(arguments.makers), sizes, appendix(pages, new))
    texts, linked = plain(pages, site, new)
    for path, text in [*written(texts, new), *web_sources.pages(sources, linked)]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    shutil.copyfile(report / "web" / "style.css", folder / "style.css")


def makers(entries):
    """study → (rule, module) of its figure, from `path=rule=module`."""
    parts = (entry.split("=") for entry in entries)
    return {Path(path).stem: (rule, module) for path, rule, module in parts if ".pdf" in path}


def appendix(pages, new):
    """The page on which the statements in Coq stand."""
    for name in new:
        if any(kind == "statement" for kind, *_ in web_links.marks(web_page.content(pages[name]))):
            return new[name]
    raise ValueError("no page of the report shows the statements in Coq")


def main(arguments):
    latexml.check_commands()
    target = arguments.output.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        build(arguments, made)
        if target.exists():
            target.rename(Path(work) / "earlier")
        made.rename(target)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--report", type=Path, default=Path("report"), help="its folder")
    parser.add_argument("--figures", type=Path, nargs="*", default=[], help="as PDF, csv beside")
    parser.add_argument("--makers", nargs="*", default=[], help="path=rule=module of what is shown")
    parser.add_argument(
        "--linked", type=Path, nargs="*", default=[], help="tests, proofs and code linked to"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("web/index.html"), help="the first page to write"
    )
    return parser
