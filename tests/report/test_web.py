"""The web edition of the toy build against its PDF, and in a browser."""

import html
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import pytest
from workflow import ROOT, planned, snakemake

from publishing import coq_source

pytestmark = pytest.mark.skipif(
    not (shutil.which("latexml") and shutil.which("pdftocairo")),
    reason="no LaTeXML or Poppler (apt-get install latexml poppler-utils)",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (apt-get install chromium)")
VOID = {"meta", "link", "img", "br", "hr"}


class Reader(HTMLParser):
    """HTML as a tree of elements."""

    def __init__(self):
        super().__init__()
        self.tree = ET.TreeBuilder()

    def handle_starttag(self, tag, attributes):
        self.tree.start(tag, {name: value or "" for name, value in attributes})
        if tag in VOID:
            self.tree.end(tag)

    def handle_endtag(self, tag):
        self.tree.end(tag)

    def handle_data(self, data):
        self.tree.data(data)


def read(text):
    """The tree of a page, in which every element is closed."""
    reader = Reader()
    reader.feed(text.removeprefix("<!DOCTYPE html>\n").strip())
    return reader.tree.close()


def words(element):
    return " ".join("".join(element.itertext()).split())


@pytest.fixture(scope="module")
def web(built):
    """The folder of the edition."""
    run = snakemake(built, "web")
    assert run.returncode == 0, run.stderr
    return built / "web"


@pytest.fixture(scope="module")
def pages(web):
    """name → tree of every page of the report, in no order."""
    return {path.name: read(path.read_text(encoding="utf-8")) for path in web.glob("*.html")}


@pytest.fixture(scope="module")
def every_page(web):
    """address in the folder → tree, sources included."""
    found = {path: path.read_text(encoding="utf-8") for path in web.rglob("*.html")}
    return {str(path.relative_to(web)): read(text) for path, text in found.items()}


@pytest.fixture(scope="module")
def order(pages):
    """The names of the pages in the order of the links from each to the next."""
    names = ["index.html"]
    while (link := pages[names[-1]].find(".//nav/a[@rel='next']")) is not None:
        names.append(link.get("href"))
    return names


@pytest.fixture(scope="module")
def aux(built):
    return (built / "report/build/main.aux").read_text(encoding="utf-8")


def numbers(aux):
    """label → number in the PDF."""
    found = re.findall(r"^\\newlabel{([^}@]+)}{{{?(.*?)}?}{", aux, re.MULTILINE)
    return {label: number for label, number in found}


def number(element):
    """The number of an element of a page, as it is shown."""
    for part in element.iter():
        if "ltx_tag" in part.get("class", "").split():
            shown = words(part)
            return shown if "item" in part.get("class") else re.sub(r"^\w+ (?=\w)|[():]", "", shown)
    return None


def shown_numbers(pages):
    """label → number in the edition; a section that is a page has the page's name."""
    found = {}
    for name, page in pages.items():
        found[f"sec:{name.removesuffix('.html')}"] = number(page.find(".//main"))
        for element in page.find(".//main").iter():
            if ":" in element.get("id", "") and not element.get("id").startswith("coq:"):
                found[element.get("id")] = number(element)
    return found


def test_everything_has_the_number_of_the_pdf(pages, aux):
    expected, shown = numbers(aux), shown_numbers(pages)
    assert {label: shown.get(label) for label in expected} == expected
    kinds = Counter(label.partition(":")[0] for label in expected)
    assert kinds["eq"] > 30
    assert min(kinds[kind] for kind in ("sec", "lem", "prop", "thm", "fig", "tab", "hyp")) > 4


def test_the_check_of_numbers_can_fail():
    page = read(
        "<html><main><h1><span class='ltx_tag'>Appendix B </span>One</h1>"
        "<h2 id='lem:a'><span class='ltx_tag'>Lemma 3</span></h2>"
        "<p id='eq:a'>x<span class='ltx_tag ltx_tag_equation'>(7)</span></p>"
        "<p id='hyp:a'><span class='ltx_tag ltx_tag_item'>(A1)</span></p></main></html>"
    )
    assert shown_numbers({"one.html": page}) == {
        **{"sec:one": "B", "lem:a": "3", "eq:a": "7", "hyp:a": "(A1)"}
    }
    assert numbers(r"\newlabel{hyp:a}{{{(A1)}}{3}" + "\n" + r"\newlabel{sec:one}{{B}{3}") == {
        **{"hyp:a": "(A1)", "sec:one": "B"}
    }


def test_the_bibliography_has_the_numbers_of_the_pdf(built, pages, aux):
    bibliography = (built / "report/build/main.bbl").read_text(encoding="utf-8")
    entries = pages["references.html"].findall(".//li")
    shown = {words(entry[0]).strip("[]"): words(entry) for entry in entries}
    years = dict(re.findall(r"^\\bibcite{.*?}{{(\d+)}{(\d+)}", aux, re.MULTILINE))
    assert shown.keys() == years.keys()
    assert len(years) > 20
    assert all(f"({year})" in shown[number] for number, year in years.items())
    names = re.findall(r"\\bibitem\[(.*?)[ ~(]", bibliography)
    for name, text in zip(names, shown.values(), strict=True):
        assert re.sub(r"[{}]|\\.", "", name)[:4] in text


KINDS = "Lemma|Theorem|Proposition|Remark|Section|Figure|Table|Appendi(?:x|ce)"
NUMBER = r"(?:\d+(?:\.\d+)?|[A-D])\b"
REFERENCE = re.compile(rf"\b(?:{KINDS})s? {NUMBER}(?:(?:, and |, | and | to )(?!\d+ ){NUMBER})*")


def references(text):
    """How often each reference stands in a text."""
    return Counter(REFERENCE.findall(" ".join(text.split())))


def test_references_are_those_of_the_pdf(built, pages):
    command = ["pdftotext", built / "report/main.pdf", "-"]
    pdf = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    printed = references(pdf)
    shown = references(" ".join(words(page.find(".//main")) for page in pages.values()))
    assert shown == printed
    assert sum(printed.values()) > 200


def sources_with(pattern):
    text = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("report/sections/*.tex"))
    return re.findall(pattern, re.sub(r"(?<!\\)%.*", "", text))


def target(web, page, address):
    """The file and the fragment to which an address on a page leads."""
    path, _, fragment = address.partition("#")
    return (web / page).parent / unquote(path) if path else web / page, unquote(fragment)


def line_at(web, page, address):
    """The line of the source to which an address leads."""
    path, fragment = target(web, page, address)
    element = read(path.read_text(encoding="utf-8")).find(f".//span[@id='{fragment}']")
    return "".join(element.itertext()).rstrip("\n")


def small_print(pages, start):
    """(page, link) of every link in small print that begins so."""
    for name, page in pages.items():
        for paragraph in page.iter("p"):
            if paragraph.get("class") == "backing" and words(paragraph).startswith(start):
                yield from ((name, link) for link in paragraph.iter("a"))


def test_each_statement_leads_to_its_tests(web, pages):
    found = [*small_print(pages, "checked by")]
    assert sorted(words(link) for _, link in found) == sorted(sources_with(r"\\checkedby{(.*?)}"))
    for page, link in found:
        function = words(link).partition("::")[2]
        assert line_at(web, page, link.get("href")).startswith(f"def {function}(")


@pytest.mark.parametrize(("start", "star"), [("core proved in Coq", r"\*"), ("proved in Coq", "")])
def test_each_statement_leads_to_its_theorems_and_these_to_their_proofs(web, pages, start, star):
    found = [*small_print(pages, start)]
    named = ",".join(sources_with(rf"\\provedby{star}{{(.*?)}}")).split(",")
    assert sorted(words(link) for _, link in found) == sorted(name.strip() for name in named)
    for page, link in found:
        path, fragment = target(web, page, link.get("href"))
        (place,) = (e for e in pages[path.name].iter("p") if e.get("id") == fragment)
        statement = line_at(web, path.name, place.find("a").get("href"))
        assert re.match(rf"(?:{'|'.join(coq_source.THEOREMS)}) {words(link)}\b", statement)


def test_each_figure_leads_to_its_data_code_and_rule(built, web, pages):
    found = {}
    for name, page in pages.items():
        for figure in page.iter("figure"):
            links = figure.findall("figcaption/p[@class='backing']/a")
            for picture in figure.iter("img"):
                found[picture.get("src")] = name, [link.get("href") for link in links]
    studies = sorted(path.stem for path in built.glob("figures/*.pdf"))
    assert {f"figures/{study}.svg" for study in studies} <= found.keys()
    for study in studies:
        page, (data, picture, code, rule) = found[f"figures/{study}.svg"]
        original = (built / f"figures/{study}.csv").read_bytes()
        assert target(web, page, data)[0].read_bytes() == original
        assert target(web, page, picture)[0].suffix == ".svg"
        assert line_at(web, page, code).startswith("def figure(")
        assert line_at(web, page, rule).strip() == f'"{study}": {{'


def test_pictures_say_what_they_show(pages):
    pattern = r"(?s)\\includegraphics\[alt={((?:[^{}]|{[^{}]*})*)}\]|\\described{(.*?)}"
    written = [one or other for one, other in sources_with(pattern)]
    # Of toy sizes.
    expected = [" ".join(re.sub(r"\\shipped{.*?}", "", text).split()) for text in written]
    shown = [picture.get("alt") for page in pages.values() for picture in page.iter("img")]
    typeset = [text.replace("'", "’") for text in expected]
    assert sorted(text.replace("'", "’") for text in shown) == sorted(typeset)
    assert len(shown) > 10


def test_text_of_figures_is_readable(web):
    for picture in web.glob("figures/*.svg"):
        glyphs = ET.parse(picture).findall(".//{*}use")
        assert len(glyphs) > 8
        assert picture.stat().st_size < 400_000


# Pages for everyone.
def broken(every_page, exists):
    """page → address of each link or picture that leads nowhere in the folder."""
    ids = {name: {e.get("id") for e in page.iter()} for name, page in every_page.items()}
    for name, page in every_page.items():
        for element in page.iter():
            address = element.get("href") or element.get("src")
            if not address or re.match(r"https?://|data:", address):
                continue
            path, _, fragment = address.partition("#")
            where = _joined(name, unquote(path)) if path else name
            if not exists(where) or (fragment and unquote(fragment) not in ids.get(where, ())):
                yield name, address


def _joined(name, path):
    parts = name.split("/")[:-1]
    for part in path.split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def test_every_link_leads_somewhere(web, every_page):
    assert list(broken(every_page, lambda path: (web / path).is_file())) == []
    links = [link for page in every_page.values() for link in page.iter("a")]
    assert len(links) > 500
    assert all(words(link) for link in links)


@pytest.mark.parametrize("address", ["b.html", "#no", "c/d.html#no", "../a.html"])
def test_the_check_of_links_can_fail(address):
    there = {"a.html": "<html><p id='yes'>a</p></html>", "c/d.html": "<html></html>"}
    every_page = {name: read(text) for name, text in there.items()}
    every_page["c/e.html"] = read(f"<html><a href='{address}'>a</a></html>")
    found = list(broken(every_page, lambda path: path in there))
    assert bool(found) == (address != "../a.html")


def test_addresses_outside_are_those_of_the_bibliography(every_page):
    outside = Counter(
        name
        for name, page in every_page.items()
        for element in page.iter()
        if re.match(r"https?:", element.get("href", "") or element.get("src", ""))
    )
    assert set(outside) <= {"references.html"}


def complaints(page):
    """What a reader with a screen reader or a keyboard misses on a page."""
    if page.get("lang") != "en-GB":
        yield "no language"
    if not words(page.find("head/title")):
        yield "no title"
    if page.find("body")[0].get("class") != "skip":
        yield "no link to the text"
    levels = [int(e.tag[1]) for e in page.iter() if re.fullmatch(r"h[1-6]", e.tag)]
    if levels.count(1) != 1 or any(b > a + 1 for a, b in pairwise(levels)):
        yield f"headings {levels}"
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    yield from (f"{name} twice" for name, count in Counter(ids).items() if count > 1)
    for element in page.iter():
        if element.tag == "img" and not element.get("alt"):
            yield "a picture without a description"
        if element.tag in ("script", "style", "merror", "font"):
            yield f"an element {element.tag}"
        if "ltx_ERROR" in element.get("class", ""):
            yield f"what LaTeXML did not know: {words(element)}"
    for table in page.iter("table"):
        if table.get("role") != "presentation" and table.find(".//th[@scope]") is None:
            yield "a table without a header"


def test_pages_are_accessible(every_page):
    for name, page in every_page.items():
        assert list(complaints(page)) == [], name


PLAIN = (
    "<html lang='en-GB'><head><title>t</title></head><body><a class='skip'>s</a>"
    "<h1>a</h1><h2>b</h2><p id='c'>d</p></body></html>"
)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("en-GB", "en", "no language"),
        ("<title>t", "<title>", "no title"),
        ("skip", "other", "no link to the text"),
        ("h2>", "h3>", "headings [1, 3]"),
        ("h2>", "h1>", "headings [1, 1]"),
        ("</body>", "<p id='c'>e</p></body>", "c twice"),
        ("</body>", "<img src='a'></body>", "a picture without a description"),
        ("</body>", "<script></script></body>", "an element script"),
        ("</body>", "<i class='ltx_ERROR'>x</i></body>", "what LaTeXML did not know: x"),
        ("</body>", "<table><tr><td>1</td></tr></table></body>", "a table without a header"),
    ],
)
def test_the_check_of_pages_can_fail(old, new, complaint):
    assert list(complaints(read(PLAIN))) == []
    assert list(complaints(read(PLAIN.replace(old, new)))) == [complaint]


def test_pages_follow_the_contents(pages, order):
    listed = [link.get("href") for link in pages["index.html"].findall(".//main//nav//a")]
    assert order == ["index.html", *listed]
    assert sorted(order) == sorted(pages)
    for before, name in pairwise(order[1:]):
        assert pages[name].find(".//nav/a[@rel='prev']").get("href") == before


def test_the_first_page_says_which_keys_are_not_the_shipped_ones(pages):
    text = words(pages["index.html"].find(".//main"))
    notice = re.search(r"Not the shipped configuration\. This build changes (.*?) Numbers", text)[1]
    assert "training.batch_size" in notice
    assert "hypotheses.delta" not in notice


def test_nothing_of_the_making_is_left(built, web):
    made_here = re.compile(
        rf"{re.escape(str(built))}|/tmp/|\b20\d\d-\d\d-\d\d|Generated|LaTeXML\.|\\[a-z]+{{|"
        r"LABEL:|href=\"(?:cref|check|proof|core|statement|figure|described):"
    )
    for path in [*web.glob("*.html"), *web.glob("figures/*.svg")]:
        assert made_here.findall(path.read_text(encoding="utf-8")) == [], path
    beside = {path.name for path in web.iterdir() if path.suffix != ".html"}
    # And the record of what it was made from.
    assert beside == {"figures", "source", "style.css", ".index.html.made"}


def test_it_is_no_part_of_the_default_build(built, web):
    assert "web" not in planned(built, "--forceall")
    assert planned(built, "web") == set()


def test_a_failure_keeps_the_earlier_edition(built, web, tmp_path):
    copy = shutil.copytree(built, tmp_path / "copy")
    path, page = copy / "report/sections/errata.tex", copy / "web/errata.html"
    path.write_text(path.read_text(encoding="utf-8") + r"\num{1,5}", encoding="utf-8")
    before = page.read_bytes()
    run = snakemake(copy, "web")
    assert run.returncode != 0
    assert r"errata.tex: \num{1,5} is not a number" in run.stderr
    assert "Traceback" not in run.stderr
    assert page.read_bytes() == before
    assert list(copy.glob(".web*")) == []
    assert planned(copy, "web") == {"web"}


@pytest.mark.slow
def test_the_same_sources_give_the_same_bytes(built, web, tmp_path):
    copy = shutil.copytree(built, tmp_path / "other")
    (copy / "web/index.html").unlink()
    run = snakemake(copy, "web")
    assert run.returncode == 0, run.stderr
    files = [path.relative_to(web) for path in web.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert [
        name for name in files if (web / name).read_bytes() != (copy / "web" / name).read_bytes()
    ] == []


# Colours.
def colours(css):
    """The palettes of a style sheet: name → (red, green, blue)."""
    for block in re.findall(r":root {(.*?)}", css, re.DOTALL):
        found = re.findall(r"--(\w+): #([0-9a-f]{6});", block)
        yield {name: [int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for name, code in found}


def contrast(one, other):
    """As the Web Content Accessibility Guidelines define it."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out():
    light, dark = colours((ROOT / "report/web/style.css").read_text(encoding="utf-8"))
    for palette in (light, dark):
        for text in ("ink", "faint", "link"):
            for ground in ("paper", "box", "mark"):
                assert contrast(palette[text], palette[ground]) >= 4.5 + 2.5 * (ground != "mark")
    assert contrast([1, 1, 1], [0, 0, 0]) == pytest.approx(21)
    assert contrast([0.5] * 3, [0.6] * 3) < 1.5


# A browser: each page in a frame of each width, from files, without network.
HARNESS = """<!DOCTYPE html><meta charset="utf-8"><iframe style="height:900px;border:0"></iframe>
<pre></pre><script>
const frame = document.querySelector("iframe"), seen = [];
const load = page => new Promise(done => { frame.onload = done; frame.src = page; });
const scrolls = ".equation, .scroll, .picture, pre, .skip";
(async () => {
  for (const width of [1200, 390]) for (const page of PAGES) {
    frame.style.width = width + "px";
    await load(page);
    const text = frame.contentDocument, edge = text.documentElement.clientWidth + 1;
    const wide = [...text.querySelectorAll("body *")].filter(
      part => !part.closest(scrolls) && part.getBoundingClientRect().right > edge);
    seen.push({page, width, over: text.documentElement.scrollWidth >= edge + 1,
      wide: wide.map(part => part.textContent.slice(0, 50)), sheets: text.styleSheets.length,
      missing: [...text.images].filter(picture => !picture.naturalWidth).length,
      flat: [...text.querySelectorAll("mfrac")].filter(
        part => part.getBoundingClientRect().height < 12).length});
  }
  document.querySelector("pre").textContent = JSON.stringify(seen);
})();
</script>"""


def looked_at(folder, pages, profile):
    """What a browser says of each page at each width, and its console."""
    harness = folder / "harness.html"
    harness.write_text(HARNESS.replace("PAGES", json.dumps(pages)), encoding="utf-8")
    line = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    line += ["--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND"]
    line += [f"--user-data-dir={profile}", "--virtual-time-budget=120000", "--dump-dom"]
    run = subprocess.run(
        [*line, harness.as_uri()], capture_output=True, text=True, errors="replace", timeout=600
    )
    harness.unlink()
    seen = re.search(r"<pre>(.*?)</pre>", run.stdout, re.DOTALL)[1]
    return json.loads(html.unescape(seen)), re.findall(r".*:CONSOLE.*", run.stderr)


def faults(seen):
    """(page, width, what) of everything that a page should not show."""
    for view in seen:
        for fault in ("over", "wide", "missing", "flat"):
            if view[fault]:
                yield view["page"], view["width"], fault
        if view["sheets"] != 1:
            yield view["page"], view["width"], "sheets"


@browser
def test_pages_fit_a_desktop_and_a_phone(web, every_page, tmp_path):
    seen, console = looked_at(web, sorted(every_page), tmp_path / "profile")
    assert console == []
    assert len(seen) == 2 * len(every_page)
    assert list(faults(seen)) == []


@browser
def test_the_check_of_pages_in_a_browser_can_fail(tmp_path):
    start = "<!DOCTYPE html><link rel='stylesheet' href='data:text/css,'>"
    long = "x" * 100
    page = start + f"<p><b>{long}</b></p><img src='no.png' alt='a'><p>\n</p><script>no()</script>"
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.html").write_text(start + "<p>b</p>")
    seen, console = looked_at(tmp_path, ["a.html", "b.html"], tmp_path / "profile")
    assert {*faults(seen)} == {
        *(("a.html", 1200, "missing"), ("a.html", 390, "missing")),
        *(("a.html", 390, "over"), ("a.html", 390, "wide")),
    }
    assert any("no is not defined" in line for line in console)
