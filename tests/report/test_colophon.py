"""The colophon tells the truth: each fact against another way to learn it."""

import hashlib
import json
import platform
import re
import shutil
import struct
import subprocess
from importlib.metadata import version

import numpy as np
import pypdf
import pytest
import torch
import yaml
from threadpoolctl import threadpool_info
from workflow import ROOT, planned, snakemake

import origin
from publishing import write_colophon


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A scratch repository with one commit, in the place of the project's."""
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one")
    (tmp_path / ".gitignore").write_text("made")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def test_a_clean_commit_is_named(repository):
    assert origin.commit() == f"{git(repository, 'rev-parse', 'HEAD')[:12]}, clean"


@pytest.mark.parametrize(
    ("name", "state"), [("file", "changed"), ("another file", "changed"), ("made", "clean")]
)
def test_a_change_is_named_and_a_made_file_is_none(repository, name, state):
    (repository / name).write_text("two")
    assert origin.commit().endswith(f", {state}")


def test_a_folder_may_be_left_out(repository):
    (repository / "data").mkdir()
    (repository / "data/row.csv").write_text("new")
    assert origin.commit().endswith(", changed")
    assert origin.commit(but=["data"]).endswith(", clean")
    (repository / "file").write_text("two")
    assert origin.commit(but=["data"]).endswith(", changed")


def test_without_git_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    assert origin.commit() == "unknown"
    git(tmp_path, "init", "--quiet")
    assert origin.commit() == "unknown"  # no commit yet
    monkeypatch.setenv("PATH", str(tmp_path))
    assert origin.commit() == "unknown"  # no git


def test_an_outer_repository_and_the_environment_name_no_commit(repository, tmp_path, monkeypatch):
    """A copy without .git inside another repository, and GIT_DIR of another."""
    copy = repository / "copy"
    copy.mkdir()
    monkeypatch.setattr(origin, "ROOT", copy)
    assert origin.commit() == "unknown"
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(copy))
    assert origin.commit() == "unknown"
    monkeypatch.setattr(origin, "ROOT", repository)
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    assert origin.commit().endswith(", clean")


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_does_not_look_at_is_a_change(repository, flag):
    git(repository, "update-index", flag, "file")
    assert git(repository, "status", "--porcelain") == ""
    assert origin.commit().endswith(", changed")


def test_settings_of_the_user_hide_no_change(repository, tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(
        "[core]\n  excludesFile = ~/ignored\n[status]\n  showUntrackedFiles = no\n"
    )
    (home / "ignored").write_text("*.py\n")
    monkeypatch.setenv("HOME", str(home))
    (repository / "new.py").touch()
    assert git(repository, "status", "--porcelain") == ""
    assert origin.commit().endswith(", changed")


def record(numpy="1.0", kernel="Haswell", torch=None):
    versions = {"Python": "3.11", "numpy": numpy} | ({"torch": torch} if torch else {})
    return {"versions": versions, "kernels": {"OpenBLAS": kernel}}


def facts(**changed):
    data = {"inputs": np.array([[changed.pop("data", 1.0)]]), "labels": np.array([3])}
    given = {"commit": "unknown", "config": "{}", "data": data, "made": [record()]}
    return write_colophon.facts(**given | changed)


def test_versions_and_kernels_are_those_of_the_records_each_where_they_differ():
    made = [record(torch="2"), record("1.1"), record(kernel="Zen")]
    assert write_colophon.tools(made, "versions") == "Python 3.11, numpy 1.0 and 1.1, torch 2"
    assert write_colophon.tools(made, "kernels") == "OpenBLAS Haswell and Zen"


def test_a_result_without_a_record_is_named(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(ValueError, match=r"a\.csv has no record"):
        [*write_colophon.records_of([tmp_path / "a.csv"])]


@pytest.mark.parametrize(
    ("changed", "fact"),
    [
        ({"config": "{a}"}, "configuration"),
        ({"data": 1.000001}, "data"),
        ({"commit": "c"}, "commit"),
        ({"made": [record("1.1")]}, "versions"),
        ({"made": [record(kernel="Zen")]}, "kernels"),
    ],
)
def test_a_change_shows_in_its_fact_and_no_other(changed, fact):
    before, after = facts(), facts(**changed)
    assert {name for name in before if before[name] != after[name]} == {fact}


def printed(built, name):
    """The cells of a generated table as a reader sees them, a list a row."""
    text = (built / f"report/generated/{name}.tex").read_text(encoding="utf-8")
    text = re.sub(r"\\texttt{(.*?)}(?= &| \\\\)", r"\1", text)
    return [
        re.sub(r"\\([_#&%${}])", r"\1", row).split(" & ") for row in text.split(" \\\\\n") if row
    ]


def merged(base, other):
    """Nested settings, those of `other` before those of `base`."""
    if not (isinstance(base, dict) and isinstance(other, dict)):
        return other
    return base | {k: merged(base[k], v) if k in base else v for k, v in other.items()}


def test_the_facts_of_a_build_are_right(built):
    shown = dict(printed(built, "colophon"))
    config, toy = (
        yaml.safe_load((built / path).read_text(encoding="utf-8"))
        for path in ("config.yaml", "tests/config.yaml")
    )
    # On the names no number depends.
    numbers = {name: part for name, part in merged(config, toy).items() if name != "report"}
    text = json.dumps(numbers, sort_keys=True).encode()
    assert shown["commit"] == "unknown"  # a copy without git
    assert shown["configuration"] == hashlib.sha256(text).hexdigest()[:16]
    data = np.load(built / "results/dataset.npz")
    rows = zip(data["inputs"].tolist(), data["labels"].tolist(), strict=True)
    numbers = [number for x, y in rows for number in (*(round(1e6 * c) for c in x), y)]
    packed = struct.pack(f"<{len(numbers)}i", *numbers)
    assert shown["data"] == hashlib.sha256(packed).hexdigest()[:16]
    versions = dict(entry.split() for entry in shown["versions"].split(", "))
    assert versions.pop("Python") == platform.python_version()
    assert versions == {name: version(name) for name in versions}
    assert set(versions) == {"numpy", "scipy", "torch", "matplotlib", "mnist1d", "snakemake"}
    blas = {lib["architecture"] for lib in threadpool_info() if lib["internal_api"] == "openblas"}
    aten = torch.backends.cpu.get_cpu_capability()
    assert shown["kernels"] == f"OpenBLAS {', '.join(sorted(blas))}, ATen {aten}"
    # The log that the engine has written names it too, with the same version and distribution.
    log = (built / "report/build/main.log").read_text(encoding="utf-8", errors="replace")
    assert set(re.findall(r"[\d.]+", shown["LaTeX"])) <= set(re.findall(r"[\d.]+", log[:200]))


def in_the_report():
    """The paths of the figures, generated tables and files of numbers that the report shows."""
    files = sorted(ROOT.glob("report/sections/*.tex"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    figures = re.findall(r"\\includegraphics(?:\[.*?\])?{(.*?)}", text)
    # The facts and these rows are no result.
    tables = set(re.findall(r"\\tablerows{(.*?)}", text)) - {"colophon", "colophon_rows"}
    main = (ROOT / "report/main.tex").read_text(encoding="utf-8")
    inputs = set(re.findall(r"\\input{(generated/.*?)}", main)) - {
        "generated/notice",
        "generated/title",
    }
    paths = {f"figures/{name}.pdf" for name in figures}
    paths |= {f"report/generated/{name}.tex" for name in tables}
    return paths | {f"report/{name}.tex" for name in inputs}


def test_every_figure_and_table_has_a_row(built):
    paths = [path for path, *_ in printed(built, "colophon_rows")]
    assert set(paths) == in_the_report()
    assert len(paths) == len(set(paths)) >= 22


def test_the_command_remakes_each_by_its_rule(built):
    text = (ROOT / "report/sections/colophon.tex").read_text(encoding="utf-8")
    assert r"remade by \texttt{.venv/bin/python -m snakemake} and its path" in text
    rows = printed(built, "colophon_rows")
    # Forced, as the build is finished: each path must bring its own rule, and no other rule runs.
    run = planned(built, "--force", *(path for path, *_ in rows))
    assert run == {rule for _, rule, _ in rows}


def test_the_module_of_each_number_makes_it(built):
    rows = printed(built, "colophon_rows")
    paths = [path for path, *_ in rows]
    run = snakemake(built, *paths, "--force", "--dry-run", "--printshellcmds")
    # The command of a job names its module and its output.
    command = re.compile(r" -- (code/(?:study|publish)\.py .*)")
    found = {}
    for line in command.findall(run.stdout + run.stderr):
        script, kind, name = line.split()[:3]
        module = f"studies/{name}" if script == "code/study.py" else f"publishing/{kind}"
        found |= {path: f"code/{module}.py" for path in paths if f" {path} " in line}
    assert found == {path: module for path, _, module in rows}


SPECIAL = r"a_b #1 50% x&y $z$ {c} \d ~e ^f --cores 4"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_what_latex_would_take_for_its_own_is_printed(tmp_path):
    source = (
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{lmodern}\begin{document}"
        rf"\thispagestyle{{empty}}{write_colophon.typewriter(SPECIAL)}\end{{document}}"
    )
    (tmp_path / "a.tex").write_text(source)
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "a.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (page,) = pypdf.PdfReader(tmp_path / "a.pdf").pages
    assert page.extract_text().replace(" ", "") == SPECIAL.replace(" ", "")


AUTHOR, COURSE = r"Müller & Søn_#%", r"Deep {Learning} ~1 \ $2^3$, part--two"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
@pytest.mark.parametrize(
    ("author", "course", "date"),
    [
        (AUTHOR, COURSE, "1 March 2026"),
        *((COURSE, "", ""), ("", COURSE, ""), (AUTHOR, "", ""), ("", "", "2026_1")),
    ],
)
def test_names_are_on_the_page_and_the_author_in_the_file(tmp_path, author, course, date):
    source = (
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{lmodern}"
        r"\usepackage[hidelinks,unicode]{hyperref}\title{A}\author{}\date{}"
        rf"{write_colophon.title(author, course, date)}\begin{{document}}\maketitle\end{{document}}"
    )
    (tmp_path / "a.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "a.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    reader = pypdf.PdfReader(tmp_path / "a.pdf")
    (page,) = reader.pages
    text = page.extract_text().replace(" ", "").replace("\n", "")
    assert text == f"A{author}{course}{date}1".replace(" ", "")
    assert (reader.metadata.author or "") == author


def test_without_names_the_title_is_that_of_main_tex(built):
    assert write_colophon.title("", "", "") == ""
    assert (built / "report/generated/title.tex").read_text(encoding="utf-8") == ""
    main = (built / "report/main.tex").read_text(encoding="utf-8")
    assert main.index(r"\author{}") < main.index(r"\input{generated/title}")


def test_another_author_reruns_latex_alone(built):
    run = planned(built, "--config", f"report={json.dumps({'author': AUTHOR, 'course': ''})}")
    assert run == {"write_colophon", "compile_report", "report"}
