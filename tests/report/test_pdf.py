"""The PDF is for everyone: it can be searched, copied, navigated and read aloud."""

import io
import re

import pypdf
import pytest
from pypdf.generic import ContentStream, DictionaryObject
from workflow import ROOT

WORDS = ("coefficients", "difference", "flow", "first", "defined", "suffices", "Cauchy–Schwarz")
SYMBOLS = "λσθπκ∞≤≥∈∥√∂"
COMMENT = re.compile(r"(?<!\\)%.*")
SOURCES = [ROOT / "report/main.tex", *sorted(ROOT.glob("report/sections/*.tex"))]
TEX = "\n".join(COMMENT.sub("", path.read_text(encoding="utf-8")) for path in SOURCES)
PREAMBLE = (ROOT / "report/preamble.tex").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pdf(built):
    return pypdf.PdfReader(built / "report/main.pdf")


@pytest.fixture(scope="module")
def text(pdf):
    return "\n".join(page.extract_text() for page in pdf.pages)


def setting(name):
    """A value of \\hypersetup in the preamble."""
    return re.search(rf"{name}={{(.*?)}}", PREAMBLE)[1]


def test_title_subject_and_language(pdf):
    assert pdf.metadata.title == setting("pdftitle")
    assert pdf.metadata.subject == setting("pdfsubject")
    assert pdf.trailer["/Root"]["/Lang"] == setting("pdflang") == "en-GB"
    # The title page names no author, and the file names none.
    assert r"\author{}" in TEX
    assert not pdf.metadata.author


def test_the_file_title_is_that_of_the_page(pdf, text):
    page = set(re.findall(r"\w+", text[:200].lower()))
    assert set(re.findall(r"\w+", pdf.metadata.title.lower())) <= page


def test_the_first_page_says_what_this_is(text):
    opening = " ".join(text[:6000].split())
    abstract, contents = opening.index("Abstract"), opening.index("Contents")
    said = opening[abstract:contents]
    assert "This report answers an assignment about that paper" in said
    assert contents < opening.index("In the order of the assignment")


TERMS = {
    "the assignment": r"This report answers an assignment",
    "notebook": r"comes with a notebook",
    "scan": r"of which we have a scan",
    "the print": r"the print, that is the paper as published",
}


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_introduced_where_it_first_appears(term):
    """In the order of the pages: the abstract, the answers, the sections."""
    main = (ROOT / "report/main.tex").read_text(encoding="utf-8")
    names = re.findall(r"\\input{(sections/\w+)}", main)
    parts = [(ROOT / f"report/{name}.tex").read_text(encoding="utf-8") for name in names]
    pages = " ".join(COMMENT.sub("", "\n".join([main, *parts])).split())
    introduced = re.search(TERMS[term], pages)
    assert introduced
    assert re.search(rf"\b{term}\b", pages).start() >= introduced.start()


def bookmarks(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from bookmarks(entry)
        else:
            yield entry.title


def test_bookmarks_name_every_section(pdf):
    sections = re.findall(r"\\section\*?{(.*?)}", TEX)
    assert len(sections) > 10
    assert set(sections) | {"References"} <= set(bookmarks(pdf.outline))


def fonts(resources):
    """Every font that a page or a figure in it uses."""
    resources = resources.get_object()
    for font in resources.get("/Font", DictionaryObject()).get_object().values():
        yield font.get_object()
    for form in resources.get("/XObject", DictionaryObject()).get_object().values():
        if "/Resources" in form.get_object():
            yield from fonts(form.get_object()["/Resources"])


def complaints(reader):
    """What keeps a font from being drawn alike everywhere, or its text from being copied."""
    for font in (font for page in reader.pages for font in fonts(page["/Resources"])):
        name = font.get("/BaseFont", "a nameless font")
        if font["/Subtype"] == "/Type3":
            yield f"{name} is made of drawings"
            continue
        outer = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        descriptor = outer.get("/FontDescriptor", DictionaryObject()).get_object()
        if not any(key.startswith("/FontFile") for key in descriptor):
            yield f"{name} is not embedded"
        if "/ToUnicode" not in font:
            yield f"{name} has no Unicode"


def test_fonts_are_embedded_outlines_with_unicode(pdf):
    assert set(complaints(pdf)) == set()
    assert len({font["/BaseFont"] for page in pdf.pages for font in fonts(page["/Resources"])}) > 5


@pytest.mark.parametrize(
    ("fonttype", "complaint"), [(3, "drawings"), (42, ""), ("core", "not embedded")]
)
def test_the_check_of_fonts_can_fail(fonttype, complaint):
    plt = pytest.importorskip("matplotlib.pyplot")
    names = {"pdf.use14corefonts": True} if fonttype == "core" else {"pdf.fonttype": fonttype}
    page = io.BytesIO()
    with plt.rc_context({**names, "font.family": "sans-serif"}):
        figure = plt.figure()
        figure.text(0.5, 0.5, "text")
        figure.savefig(page, format="pdf")
        plt.close(figure)
    found = " ".join(complaints(pypdf.PdfReader(page)))
    assert complaint in found
    assert bool(found) == bool(complaint)


@pytest.mark.parametrize("word", WORDS)
def test_words_can_be_copied(text, word):
    assert re.search(rf"\b{word}\b", text)


def test_no_ligature_is_left_in_the_text(text):
    assert set("ﬀﬁﬂﬃﬄ") & set(text) == set()


def copied(text):
    """Text without the spaces that a reader puts between pieces of mathematics."""
    return re.sub(r"\s", "", text)


def test_bars_can_be_copied(pdf):
    """The claim in question, on the opening pages."""
    opening = copied("".join(page.extract_text() for page in pdf.pages[:2]))
    assert opening.count("|wr(0)Txi|<R") == 2
    assert "∥xi∥=1" in opening


FIGURE_TEXTS = {
    "loss_vs_bound": ["10−1", "MSE(0)e−λ0t", "timetofthegradientflow"],
    "anatomy": ["P(Air),median", "‖wr(t)−wr(0)‖", "λ0/2", "frozenH∞", "R′"],
    "sliding": ["|wTrxi|", "2λmin(HΠ)", "β=10"],
    "width": ["‖H(0)−H∞‖2", "∝1/√m", "m=16"],
    "step_size": ["10−2", "∝h", "h=0."],
    "targets": ["‖y‖2", "y−4.5", "y/4.5"],
}


@pytest.mark.parametrize("name", FIGURE_TEXTS)
def test_text_of_figures_can_be_copied(built, name):
    (page,) = pypdf.PdfReader(built / f"figures/{name}.pdf").pages
    text = copied(page.extract_text())
    assert [piece for piece in FIGURE_TEXTS[name] if piece not in text] == []


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_mathematics_can_be_copied(text, symbol):
    assert symbol in text


def spoken(reader):
    """The descriptions in the file, in order."""
    for page in reader.pages:
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            if operator == b"BDC" and isinstance(operands[1], dict) and "/Alt" in operands[1]:
                yield operands[1]["/Alt"]


# In LaTeX a description is plain text, but for what is said of the shipped configuration alone.
SHIPPED = re.compile(r"\\shipped{[^{}\\]+}")
PLAIN = rf"(?:[^{{}}\\]|{SHIPPED.pattern})+"
DESCRIBED = re.compile(rf"\\includegraphics\[alt={{({PLAIN})}}\]|\\described{{({PLAIN})}}")


def test_every_picture_is_described_in_the_source():
    for picture in re.finditer(r"\\begin{figure}.*?\\end{figure}", TEX, re.DOTALL):
        assert len(DESCRIBED.findall(picture[0])) == 1, picture[0][:200]
    drawn = len(re.findall(r"\\includegraphics|\\begin{tikzpicture}", TEX))
    assert len(DESCRIBED.findall(TEX)) == drawn > 7


def test_every_description_is_in_the_file(pdf):
    found = [SHIPPED.sub("", one or other) for one, other in DESCRIBED.findall(TEX)]
    # Of toy sizes.
    assert sorted(" ".join(text.split()) for text in spoken(pdf)) == sorted(
        " ".join(text.split()) for text in found
    )


def test_no_line_sticks_out(built):
    log = (built / "report/build/main.log").read_text(encoding="utf-8", errors="replace")
    assert re.findall(r"^Overfull.*", log, re.MULTILINE) == []


def parted(text):
    """Numbers of the statements between which and their proofs a caption stands."""
    for found in re.finditer(
        r"^(?:Theorem|Lemma|Proposition) (\d+) \(.*?^Proof\.", text, re.MULTILINE | re.DOTALL
    ):
        if re.search(r"^(?:Figure|Table) \d+:", found[0], re.MULTILINE):
            yield found[1]


def test_no_figure_parts_a_statement_from_its_proof(text):
    assert list(parted(text)) == []
    statements = re.findall(r"^(?:Theorem|Lemma|Proposition) \d+ \(", text, re.MULTILINE)
    assert len(statements) >= 25


def test_the_check_of_proofs_can_fail():
    text = "Lemma 3 (One). z\nProof. z\nFigure 1: A\nLemma 4 (Two). z\nFigure 2: B\nProof. z\n"
    assert list(parted(text)) == ["4"]
