"""Everybody may reuse this and can cite it: licenses, citation and one version everywhere."""

import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch

import pypdf
import pytest
import yaml
from workflow import ROOT

REUSE = tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
MAIN = (ROOT / "report/main.tex").read_text(encoding="utf-8")
# What reuse leaves out: the licenses themselves.
TEXTS = ("LICENSE", "LICENSES/*")


def licenses_of(path, annotations=REUSE):
    """The license of each annotation that names the path."""
    return [
        annotation["SPDX-License-Identifier"]
        for annotation in annotations
        for pattern in annotation["path"]
        if fnmatch(path, pattern)
    ]


def tracked():
    run = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        pytest.skip("not a clone")
    return [path for path in run.stdout.splitlines() if not any(fnmatch(path, x) for x in TEXTS)]


def test_every_file_has_one_license():
    assert {path: found for path in tracked() if len(found := licenses_of(path)) != 1} == {}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("code/a/b.py", ["MIT"]),
        ("report/sections/a.tex", ["CC-BY-4.0"]),
        ("a.py", []),
        ("new/a.py", []),
    ],
)
def test_licenses_are_found(path, found):
    assert licenses_of(path) == found


def test_each_license_has_its_text_and_each_text_is_used():
    named = {annotation["SPDX-License-Identifier"] for annotation in REUSE}
    assert {path.stem for path in (ROOT / "LICENSES").iterdir()} == named
    words = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert all(f"LICENSES/{name}.txt" in words for name in named)
    assert yaml.safe_load(CITATION)["license"] == sorted(named, reverse=True)


@pytest.mark.skipif(shutil.which("reuse") is None, reason="no reuse (pip install reuse)")
def test_reuse_agrees():
    run = subprocess.run(["reuse", "lint"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_paper_is_cited():
    (paper,) = yaml.safe_load(CITATION)["references"]
    bibliography = (ROOT / "report/references.bib").read_text(encoding="utf-8")
    (entry,) = re.findall(r"@\w+{du2019,.*?^}", bibliography, re.MULTILINE | re.DOTALL)
    plain = re.sub(r"[{}\\']", "", entry)
    assert paper["title"] in plain
    assert str(paper["year"]) in plain
    assert all(author["family-names"].replace("ó", "o") in plain for author in paper["authors"])


def versions(changes):
    """Version and day of each section of the changes, the newest first."""
    return re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", changes, re.MULTILINE)


def test_one_version_everywhere():
    (version,) = re.findall(r"\\newcommand{\\version}{(.*?)}", MAIN)
    cited = yaml.safe_load(CITATION)
    assert cited["version"] == version
    assert versions(CHANGES)[0] == (version, cited["date-released"].isoformat())


def test_versions_and_days_go_down():
    found = versions(CHANGES)
    assert found == sorted(found, key=lambda one: [int(x) for x in one[0].split(".")], reverse=True)
    assert [day for _, day in found] == sorted((day for _, day in found), reverse=True)
    assert len(found) == CHANGES.count("\n## ") >= 2


def test_the_title_page_has_the_version(built):
    first = pypdf.PdfReader(built / "report/main.pdf").pages[0].extract_text()
    assert f"Version {versions(CHANGES)[0][0]}" in first[: first.index("Abstract")]
