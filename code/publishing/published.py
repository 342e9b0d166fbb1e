"""published/: the PDF and the figures for those who build nothing, and whether they are current.

A commit cannot name itself, so that they carry a digest of the sources and of the shipped
configuration: digest.json, which has every number of the PDF too, and the PDF among its properties.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pypdf

import files
import origin
import scripting
from publishing import verify_results

FOLDER = Path("published")
REPORT = Path("report/main.pdf")
PROPERTY = "/SourcesDigest"
# What decides the PDF, beside the configuration in reference.json; not every one need exist.
DECIDING = ("code", "data", "proofs", "report", "Snakefile", "config.yaml", "requirements.lock")
MADE = re.compile(r"report/(generated|build|main\.pdf)|.*__pycache__|.*/\.")
# How the colophon begins.
COLOPHON = "This report was built by Snakemake"


def sources(root):
    """The files under `root` that decide the PDF, as sorted paths relative to it."""
    found = [path for name in DECIDING for path in [root / name, *(root / name).rglob("*")]]
    names = sorted(str(path.relative_to(root)) for path in found if path.is_file())
    return [name for name in names if not MADE.match(name)]


def digest(root):
    """The first 16 hexadecimal digits of SHA-256 of the sources and the shipped configuration."""
    configuration = json.loads((root / "reference.json").read_text(encoding="utf-8"))[
        "configuration"
    ]
    total = hashlib.sha256(json.dumps(configuration, sort_keys=True).encode())
    for name in sources(root):
        content = hashlib.sha256((root / name).read_bytes()).hexdigest()
        total.update(f"\n{name} {content}".encode())
    return total.hexdigest()[:16]


def check_clean():
    """Raise ValueError where this folder is no commit to which nothing has been changed."""
    _, _, state = origin.commit().partition(", ")
    if state != "clean":
        what = "has changes, which `git status` names" if state else "is no git repository"
        raise ValueError(f"nothing is published, as this folder {what}; commit first")


def captions():
    """study → caption of its figure."""
    text = Path("report/captions.rst").read_text(encoding="utf-8")
    return dict(re.findall(r'^  "(\w+)": "(.*)",$', text, re.MULTILINE))


def readme(figures, of_sources):
    """The page of the folder: each figure with its caption."""
    of_figure = captions()
    shown = "\n".join(
        f"## {name}\n\n![{of_figure[name]}](figures/{name}.svg)\n\n{of_figure[name]}\n"
        for name in figures
    )
    return (
        "# The report and its figures\n\n[companion.pdf](companion.pdf) is the report.  It and the"
        f" figures are of the sources with digest {of_sources}, by `make publish`.\n\n{shown}"
    )


def write_pdf(source, target, of_sources):
    """A copy of a PDF with the digest among its properties; its own bytes stay as they are."""
    writer = pypdf.PdfWriter(source, incremental=True)
    writer.add_metadata({PROPERTY: of_sources})
    with files.replacing(target) as temporary:
        writer.write(temporary)


def numbers():
    """file → name → LaTeX of the last build.

    Raises:
        ValueError: it was not of config.yaml.
    """
    _, paths = verify_results.of_the_last_build()
    return {path.stem: verify_results.printed(path) for path in paths}


def figures_of_the_report():
    from pipeline import config, studies

    return [part.study for part in studies.parts(config.shipped()) if part.kind == "figure"]


def publish(folder):
    """Build the report and write the folder anew.

    Raises:
        ValueError: something is not committed, no pdftocairo was found, or the build has failed.
    """
    check_clean()
    if not shutil.which("pdftocairo"):
        raise ValueError(
            "pdftocairo was not found; on Debian/Ubuntu: sudo apt-get install poppler-utils"
        )
    if subprocess.run([sys.executable, "-m", "snakemake"]).returncode:
        raise ValueError("nothing is published, as the build has failed")
    of_sources, figures = digest(Path()), figures_of_the_report()
    content = {"sources": of_sources, "numbers": numbers()}
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "figures").mkdir(parents=True)
    for name in figures:
        # Sharp at any size and, as git compresses it, half as large as a PNG of 150 dots an inch.
        target = folder / f"figures/{name}.svg"
        subprocess.run(["pdftocairo", "-svg", f"figures/{name}.pdf", str(target)], check=True)
    write_pdf(REPORT, folder / "companion.pdf", of_sources)
    files.write_text(folder / "README.md", readme(figures, of_sources))
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    files.write_text(folder / "digest.json", f"{text}\n")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: the report and {len(figures)} figures, {size / 1e6:.1f} MB; commit them")


def letters(pdf):
    """The words of a PDF up to its colophon, which tells of the build, and without those that have
    a digit, as one text without spaces and hyphens: a line may break elsewhere."""
    text = " ".join(page.extract_text() for page in pdf.pages)
    words = (text.rpartition(COLOPHON)[0] or text).split()
    kept = [word for word in words if not re.search(r"\d", word)]
    return re.sub(r"[\W_]", "", "".join(kept))


def first_difference(one, other):
    """What two texts have around the first place where they differ, as `a | b`; else empty."""
    pairs = zip(one, other, strict=False)
    place = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    around = slice(max(place - 20, 0), place + 20)
    return "" if one == other else f"{one[around]} | {other[around]}"


def mistakes(folder, root):
    """One line for everything in which the folder is not of the sources and of the last build."""
    content = json.loads((folder / "digest.json").read_text(encoding="utf-8"))
    now, pdf = digest(root), pypdf.PdfReader(folder / "companion.pdf")
    for what, found in [
        ("the folder", content["sources"]),
        ("the PDF", pdf.metadata.get(PROPERTY)),
    ]:
        if found != now:
            yield f"{what} is of the sources {found}, here are {now}"
    shown = sorted(path.stem for path in folder.glob("figures/*.svg"))
    if shown != sorted(figures_of_the_report()):
        yield f"its figures are {', '.join(shown)}"
    reference = json.loads((root / "reference.json").read_text(encoding="utf-8"))
    for row in verify_results.compare(
        verify_results.updated(reference, content["numbers"]), numbers()
    ):
        if row["verdict"] == "MISS":
            yield f"{row['file']} {row['name']} is {row['reference']}, here {row['here']}"
    if place := first_difference(letters(pdf), letters(pypdf.PdfReader(REPORT))):
        yield f"the PDF has other words than the build: {place}"


def check(folder):
    """Raise ValueError where the folder is not up to date; say so where nothing is published."""
    if not (folder / "digest.json").exists():
        print(f"nothing is published yet: `make publish` writes {folder}")
    elif lines := list(mistakes(folder, Path())):
        raise ValueError("\n  ".join([f"{folder} is out of date; run make publish:", *lines]))


def main(arguments):
    (check if arguments.check else publish)(arguments.folder)


def make_parser():
    parser = scripting.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="only whether it is up to date")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it is written")
    return parser
