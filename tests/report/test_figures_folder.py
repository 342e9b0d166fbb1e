"""figures/README.md says what each figure will show, before there is any."""

import re

from workflow import ROOT

from pipeline.config import shipped
from pipeline.studies import parts
from publishing.published import captions

FIGURES = [part for part in parts(shipped()) if part.kind == "figure"]


def test_each_figure_has_its_caption_in_the_order_of_the_report():
    text = (ROOT / "figures/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.*?)` \| (.*) \|$", text, re.MULTILINE)
    expected = captions()
    assert rows == [(f"{part.study}.pdf", expected[part.study]) for part in FIGURES]


def test_the_command_makes_a_figure():
    text = (ROOT / "figures/README.md").read_text(encoding="utf-8")
    (path,) = re.findall(r"^\.venv/bin/python -m snakemake (\S+)$", text, re.MULTILINE)
    assert path in [part.output for part in FIGURES]
