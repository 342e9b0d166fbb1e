"""The parts of the web edition, on small cases worked out by hand."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pypdf
import pytest
from workflow import ROOT

from publishing import (
    latexml,
    pictures,
    references,
    siunitx,
    web,
    web_links,
    web_math,
    web_page,
    web_sources,
)

LATEXML = pytest.mark.skipif(
    shutil.which("latexml") is None, reason="no LaTeXML (apt-get install latexml)"
)
REPORT = ROOT / "report"


# Numbers: text and mathematics.
NUMBERS = {
    "0": ("0", "0"),
    "7": ("7", "7"),
    "-3": ("−3", "-3"),
    "1000": ("1000", "1000"),
    "16000": ("16\u202f000", r"16\,000"),
    "1234567": ("1\u202f234\u202f567", r"1\,234\,567"),
    "0.0473": ("0.0473", "0.0473"),
    "12345.67891": ("12\u202f345.67891", r"12\,345.67891"),
    "0.907(3)": ("0.907(3)", "0.907(3)"),
    "12340(20)": ("12\u202f340(20)", r"12\,340(20)"),
    "1.02e+10": ("1.02\u202f·\u202f10\\textsuperscript{10}", r"1.02\cdot10^{10}"),
    "-3.44e-9": ("−3.44\u202f·\u202f10\\textsuperscript{−9}", r"-3.44\cdot10^{-9}"),
    "2.0e0": ("2.0", "2.0"),
}


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_for_text_and_mathematics(number):
    assert siunitx.printed(number) == NUMBERS[number]


@pytest.mark.parametrize("number", ["", "x", "1,5", "1e", "1.", "--1", "1e5e6", r"\pi"])
def test_what_is_no_number_is_named(number):
    with pytest.raises(ValueError, match="is not a number that the web edition can print") as error:
        siunitx.printed(number)
    assert rf"\num{{{number}}}" in str(error.value)


def flat(text):
    """LaTeX or the text of a PDF as its characters alone; a raised number stands on the line."""
    text = text.replace(r"\textsuperscript", "").replace("⋅", "·")
    return re.sub(r"[\s{}]", "", text)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_numbers_are_those_that_siunitx_prints(built, tmp_path):
    texts = [path.read_text(encoding="utf-8") for path in built.glob("report/generated/*.tex")]
    texts += [path.read_text(encoding="utf-8") for path in built.glob("report/sections/*.tex")]
    numbers = [*NUMBERS, *dict.fromkeys(siunitx.NUMBER.findall("".join(texts)))]
    assert len(numbers) > 200
    lines = r"\par ".join(rf"\num{{{number}}}" for number in numbers)
    (tmp_path / "a.tex").write_text(
        r"\documentclass{article}\input{preamble}\parindent0pt\pagestyle{empty}"
        rf"\begin{{document}}{lines}\end{{document}}"
    )
    shutil.copy(REPORT / "preamble.tex", tmp_path)
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "a.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    pages = pypdf.PdfReader(tmp_path / "a.pdf").pages
    printed = flat("".join(page.extract_text() for page in pages))
    assert printed == flat("".join(siunitx.printed(number)[0] for number in numbers))


# References, as cleveref prints them: sorted, three or more in a row as a range.
KNOWN = {
    **{f"l{number}": ("Lemma", str(number)) for number in (3, 4, 9, 10, 11)},
    **{f"p{number}": ("Proposition", str(number)) for number in (6, 7, 27)},
    **{f"s{number}": ("Section", number) for number in ("12.5", "12.6", "12.7", "13")},
    **{f"a{letter}": ("Appendix", letter) for letter in "ABD"},
}
REFERENCES = {
    "l3": "[Lemma 3]",
    "l4,l3": "[Lemmas 3] and [4]",
    "l11,l9,l10": "[Lemmas 9] to [11]",
    "l3,l9,l10,l11": "[Lemmas 3] and [9] to [11]",
    "l3,l9,p6": "[Lemmas 3] and [9] and [Proposition 6]",
    "l3,p7,p6": "[Lemma 3] and [Propositions 6] and [7]",
    "p27,l3,s13": "[Proposition 27], [Lemma 3], and [Section 13]",
    "s12.7,s12.5,s12.6": "[Sections 12.5] to [12.7]",
    "s12.5,s13": "[Sections 12.5] and [13]",
    "l3,l9,l11,l10,p6": "[Lemmas 3] and [9] to [11] and [Proposition 6]",
    "aA,aB": "[Appendices A] and [B]",
    "aA,aB,aD": "[Appendices A], [B] and [D]",
}


@pytest.mark.parametrize("labels", REFERENCES)
def test_references(labels):
    parts = references.pieces(labels.split(","), KNOWN)
    assert "".join(f"[{text}]" if label else text for text, label in parts) == REFERENCES[labels]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_references_are_those_that_cleveref_prints(tmp_path):
    """The same cases with statements of these kinds; only numbers that LaTeX gives them."""
    lists = ["a", "b,a", "c,a,b", "d,b,a", "a,e", "e,a", "a,b,e,f", "e,a,c", "a,b,c,f,e", "a,c,d"]
    lists += ["a,d,e", "a,g,i", "i,a,b,c,g", "h,a,d,f,i,e", "a,b,d,e,f,g"]
    kinds = {"a": "lemma", "b": "lemma", "c": "lemma", "d": "theorem", "e": "proposition"}
    kinds |= {"f": "proposition", "g": "lemma", "h": "theorem", "i": "lemma"}
    known = {label: (kind.capitalize(), str(n)) for n, (label, kind) in enumerate(kinds.items(), 1)}
    body = "".join(
        rf"\begin{{{kind}}}\label{{{name}}}x\end{{{kind}}}" for name, kind in kinds.items()
    )
    (tmp_path / "a.tex").write_text(
        r"\documentclass{article}\input{preamble}\input{macros}\begin{document}"
        + body
        + r"\clearpage "
        + "".join(rf"|\cref{{{labels}}}|\par " for labels in lists)
        + r"\end{document}"
    )
    for name in ("preamble.tex", "macros.tex"):
        shutil.copy(REPORT / name, tmp_path)
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "a.tex"]
    for _ in range(2):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    text = pypdf.PdfReader(tmp_path / "a.pdf").pages[1].extract_text()
    printed = [" ".join(line.split()) for line in re.findall(r"\|(.*?)\|", text, re.DOTALL)]
    assert printed == [
        "".join(part for part, _ in references.pieces(labels.split(","), known)) for labels in lists
    ]


# The macros of both preambles.
DEFINED = re.compile(r"\\(?:newcommand|NewDocumentCommand|DeclarePairedDelimiter|def)\s*{?\\(\w+)")


def defined(text):
    """The macros that a preamble defines, and \\includegraphics where it defines its key alt."""
    text = re.sub(r"(?<!\\)%.*", "", text).replace(
        r"\define@key{Gin}{alt}", r"\def\includegraphics"
    )
    return {*DEFINED.findall(text)}


def lacking(pdf, web, used):
    """The macros that the text uses and only the PDF's preamble defines."""
    macros = {*re.findall(r"\\([A-Za-z]+)", used)}
    return macros & defined(pdf) - defined(web)


def test_each_macro_of_the_text_is_defined_for_the_web_too():
    pdf = (REPORT / "preamble.tex").read_text(encoding="utf-8")
    web = (REPORT / "web/preamble.tex").read_text(encoding="utf-8")
    texts = [path.read_text(encoding="utf-8") for path in REPORT.glob("sections/*.tex")]
    used = "".join(texts) + (REPORT / "main.tex").read_text(encoding="utf-8")
    assert lacking(pdf, web, used) == set()
    assert {"checkedby", "provedby", "described", "includegraphics"} <= defined(pdf) & defined(web)


def test_the_check_of_macros_can_fail():
    pdf, web = r"\newcommand{\a}{}\newcommand{\b}{}\newcommand{\c}{}", r"\newcommand{\a}{}"
    assert lacking(pdf, web, r"\a \b") == {"b"}


def test_shared_macros_are_defined_once():
    shared = (REPORT / "macros.tex").read_text() + (REPORT / "notation.tex").read_text()
    for name in ("preamble.tex", "web/preamble.tex"):
        assert defined(shared) & defined((REPORT / name).read_text(encoding="utf-8")) == set()


# LaTeXML's complaints.
@pytest.fixture
def small(tmp_path):
    """A report of one section; what it holds is to be written."""
    report = tmp_path / "report"
    for folder in ("sections", "generated"):
        (report / folder).mkdir(parents=True)
    shutil.copytree(REPORT / "web", report / "web")
    for name in ("macros.tex", "notation.tex"):
        shutil.copy(REPORT / name, report)
    (report / "references.bib").write_text("@misc{known, title = {T}, author = {A}, year = {2000}}")
    (report / "main.tex").write_text(
        r"\documentclass{article}\input{preamble}\input{macros}\input{notation}\begin{document}"
        r"\input{sections/one}\bibliographystyle{plainnat}\bibliography{references}\end{document}"
    )
    return report


def convert(report, text):
    (report / "sections/one.tex").write_text(text, encoding="utf-8")
    work = report.parent / "work"
    work.mkdir()
    latexml.convert(report, work)
    return "".join(path.read_text(encoding="utf-8") for path in work.glob("pages/*.html"))


SECTION = "\\section{One}\\label{sec:one}\n"
COMPLAINTS = {
    "an unknown macro": (r"$\unknown$", r"one.tex:2: .*\\unknown.* is not defined"),
    "an unknown environment": (r"\begin{no}a\end{no}", r"one.tex:2: .*{no} is not defined"),
    "an unknown result": (r"\result{no}", r"one.tex:2: .*Result `no' is undefined"),
    "an unknown \\cref": (r"\cref{sec:one,sec:no}", r"one.tex:2: `sec:no' is undefined"),
    "an unknown \\eqref": (r"\eqref{eq:no}", r"one.tex:2: `eq:no' is undefined"),
    "an unknown citation": (r"\citep{no}", r"one.tex:2: `no' is undefined"),
    "a script in text": ("a_b", r"one.tex:2: Script _ can only appear in math mode"),
    "no number": (r"\num{1,5}", r"one.tex: \\num\{1,5\} is not a number"),
}


@LATEXML
@pytest.mark.parametrize("case", COMPLAINTS)
def test_what_is_wrong_is_named_with_file_and_line(small, case):
    text, message = COMPLAINTS[case]
    with pytest.raises(ValueError, match=message):
        convert(small, SECTION + text)


@LATEXML
def test_what_is_right_is_converted(small):
    page = convert(
        small,
        SECTION + r"See \cref{sec:one}, \citet{known}, $m=\num{16000}$, \num{16000}, \num{1e-9}.",
    )
    for piece in ("Section 1</span>", "<mn>16\u2009000</mn>", "16\u202f000", "10<sup", "−9</sup>"):
        assert piece in page


def test_missing_programs_are_named_in_one_line(tmp_path):
    command = [sys.executable, str(ROOT / "code/publish.py"), "web"]
    command += ["--output", str(tmp_path / "web/index.html")]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr == (
        "web.py: the web edition needs latexml, latexmlpost, pdftocairo, pdflatex; on"
        " Debian/Ubuntu: sudo apt-get install latexml poppler-utils texlive-latex-base\n"
    )
    assert not (tmp_path / "web").exists()


# Sources.
SOURCES = web_sources.Sources(
    {
        "tests/test_a.py": "import a\n\n\ndef test_one():\n    pass\n",
        "proofs/a.v": "(* Theorem no : True. *)\nLemma one : True.\nProof. easy. Qed.\n",
        "code/studies/width.py": "def figure(a):\n    return a < 1\n",
        "code/pipeline/studies.py": 'parts = {\n        "width": {\n',
    }
)


def test_places_in_the_sources():
    assert SOURCES.test("tests/test_a.py::test_one") == "source/tests/test_a.py.html#L4"
    assert SOURCES.theorem("one") == ("proofs/a.v", 2)
    assert SOURCES.figure("code/studies/width.py") == "source/code/studies/width.py.html#L1"
    assert SOURCES.study("width") == "source/code/pipeline/studies.py.html#L2"


@pytest.mark.parametrize(
    ("find", "name", "message"),
    [
        ("test", "tests/test_a.py::test_on", "tests/test_a.py has no test_on"),
        ("test", "tests/test_b.py::test_one", "tests/test_b.py, which the report names, is not"),
        ("theorem", "no", "no Coq file has the theorem no"),
        ("figure", "proofs/a.v", "proofs/a.v has no function figure"),
        ("study", "wid", "code/pipeline/studies.py has no study wid"),
    ],
)
def test_what_is_not_in_the_sources_is_named(find, name, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(SOURCES, find)(name)


def test_a_page_of_a_source_has_its_lines():
    ((path, text),) = web_sources.pages(SOURCES, {"source/code/studies/width.py.html"})
    assert path == "source/code/studies/width.py.html"
    assert '<span id="L2">    return a &lt; 1\n</span>' in text
    assert 'href="../../../style.css"' in text


# Pages.
def tree(text):
    return ET.fromstring(f"<section>{text}</section>")


def test_headings_follow_each_other():
    page = tree(
        "<h1>a</h1><section><h5>b</h5><div class='ltx_theorem'><h6>c</h6></div></section>"
        "<section><h2>d</h2></section><div class='ltx_proof'><h6>e</h6></div>"
    )
    web_page.number_headings(page)
    tags = [(part.tag, part.text) for part in page.iter() if part.text]
    assert tags == [("h1", "a"), ("h2", "b"), ("h3", "c"), ("h2", "d"), ("span", "e")]


def test_a_long_formula_breaks_behind_relations_and_a_short_one_nowhere():
    row = "<mi>{0}</mi><mo>=</mo><mi>{0}</mi><mo>≤</mo><mi>{0}</mi>"
    short, long = (
        f"<math display='inline'><mrow>{row.format('x' * n)}</mrow></math>" for n in (1, 9)
    )
    page = tree(f"<p>a {short}, b {long}.</p>")
    web_math.flow(page)
    one, *parts = page.iter("math")
    assert web_page.text_of(one) == "x=x≤x"
    assert [web_page.text_of(part) for part in parts] == [f"{'x' * 9}=", f"{'x' * 9}≤", "x" * 9]
    # Punctuation stays with what it ends.
    assert [box.find("math").tail for box in page.iter("span")] == [",", "."]
    assert "".join(page.itertext()) == f"a x=x≤x, b {'x' * 9}={'x' * 9}≤{'x' * 9}."


def test_bold_digits_and_bars_are_said_to_browsers():
    page = tree(
        "<math id='a' alttext='b'><mn mathvariant='bold'> 1</mn><mi mathvariant='normal'>d</mi>"
        "<mo mathvariant='italic'>+</mo><mo fence='true'>∥</mo></math>"
    )
    web_math.simplify(page)
    assert ET.tostring(page, encoding="unicode") == (
        "<section><math><mn>\N{MATHEMATICAL BOLD DIGIT ONE}</mn>"
        '<mi mathvariant="normal">d</mi><mo>+</mo>'
        '<mo lspace="0em" rspace="0em" fence="true">∥</mo></math></section>'
    )


def test_marks_become_what_they_stand_for():
    site = web_links.Site(
        SOURCES,
        {"width": ("plot_width", "code/studies/width.py")},
        {"width": (585.6, 99.9), "ball-1": (9, 8)},
        "c.html",
    )
    page = tree(
        "<p><a href='check:tests/test_a.py::test_one'>check</a></p>"
        "<p><a href='core:one, two'>proof</a></p><p><a href='statement:one'>statement</a></p>"
        "<figure><p><a href='figure:width'>A  curve.</a></p><figcaption>C</figcaption></figure>"
        "<figure><p><a href='figure:ball-1'>A ball.</a></p><figcaption>B</figcaption></figure>"
    )
    web_links.resolve(page, site)
    assert web_page.text_of(page) == (
        "checked by tests/test_a.py::test_onecore proved in Coq: one, twoproofs/a.v, line 2"
        "CData: width.csv; picture: width.svg; code: code/studies/width.py; rule: plot_widthB"
    )
    links = [link.get("href") for link in page.iter("a")]
    assert links[:4] == [
        "source/tests/test_a.py.html#L4",
        "c.html#coq:one",
        "c.html#coq:two",
        "source/proofs/a.v.html#L2",
    ]
    one, other = page.iter("img")
    assert one.attrib == {
        **{"src": "figures/width.svg", "alt": "A curve.", "width": "586", "height": "100"}
    }
    assert (other.get("src"), other.get("alt")) == ("figures/ball-1.svg", "A ball.")


def test_a_figure_that_is_not_there_is_named():
    page = tree("<p><a href='figure:no'>A curve.</a></p>")
    with pytest.raises(ValueError, match="the report shows the figure no, which is not among"):
        web_links.resolve(page, web_links.Site(SOURCES, {}, {}, ""))


def test_a_section_that_the_contents_leave_out_is_named():
    page = "<html><div class='ltx_page_content'><section><h1>{}</h1>{}</section></div></html>"
    nav = "<nav class='ltx_TOC'><a href='sec_one.html#a'>One</a></nav>"
    texts = {"index.html": ("All", nav), "sec_one.html": ("One", ""), "Sx1.html": ("An Aside", "")}
    pages = {name: ET.fromstring(page.format(*text)) for name, text in texts.items()}
    with pytest.raises(ValueError, match="the contents do not name the section An Aside"):
        web.names(pages)
    nav = pages["index.html"].find(".//nav")
    ET.SubElement(nav, "a", {"href": "Sx1.html"})
    assert list(web.names(pages).items()) == [
        ("index.html", "index.html"),
        ("sec_one.html", "one.html"),
        ("Sx1.html", "an-aside.html"),
    ]


@pytest.mark.skipif(shutil.which("pdftocairo") is None, reason="no Poppler")
def test_a_damaged_figure_is_named(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 no more")
    with pytest.raises(ValueError, match=r"a.pdf is damaged \(.+\); delete it and build again"):
        web.draw(tmp_path / "a.pdf", tmp_path / "a.svg")


# Pictures.
BALL = "\\begin{tikzpicture}\n\\draw (0,0) circle (1);\n\\end{tikzpicture}"


def test_pictures_are_taken_out_line_for_line():
    text, found = pictures.taken_out(f"a\n{{{BALL}}} b\n{BALL}%\nc", "ball")
    assert text == "a\n{ball-1%\n%\n} b\nball-2%\n%\n%\nc"
    assert found == {"ball-1": BALL, "ball-2": BALL}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_pictures_are_pages_of_their_size(tmp_path):
    two = {"one": BALL, "other": BALL.replace("(1)", "(2)")}
    pages = pypdf.PdfReader(pictures.draw(two, REPORT, tmp_path)).pages
    # Two centimetres and four, the width of the line, and a margin of two points, of 72.27 an inch.
    sizes = [(float(page.mediabox.width), float(page.mediabox.height)) for page in pages]
    expected = [(size / 2.54 * 72 + 4.4 / 72.27 * 72,) * 2 for size in (2, 4)]
    assert sizes == [pytest.approx(size, abs=0.01) for size in expected]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_a_picture_that_does_not_compile_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"pictures of .* do not compile:\n  .*Undefined control"):
        pictures.draw({"one": BALL.replace("draw", "drow")}, REPORT, tmp_path)
