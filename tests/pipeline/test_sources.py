"""The sources of a job: the files that Python loads, and no others."""

import subprocess
import sys

import pytest

import pipeline.sources as module
from pipeline import ROOT
from pipeline.sources import sources


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A script that imports one module directly, two through it, and another lazily."""
    files = {
        "run.py": "import numpy, os\nfrom package import direct\ndef f():\n    import lazy\n",
        "lazy.py": "",
        "job.py": "",
        "unrelated.py": "import deep",
        "deep.py": "import yaml",
        "package/__init__.py": "",
        "package/direct.py": "from package.inner import name\nimport deep",
        "package/inner.py": "name = 1",
        "package/unused.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    module._imported.cache_clear()
    return tmp_path


def test_sources_are_the_script_and_what_it_imports_however_deep(project):
    assert sources("code/run.py") == [
        "code/run.py",
        "code/deep.py",
        "code/job.py",
        "code/lazy.py",
        "code/package/__init__.py",
        "code/package/direct.py",
        "code/package/inner.py",
    ]


def test_sources_of_a_script_without_imports(project):
    assert sources("code/lazy.py") == ["code/lazy.py", "code/job.py"]


def test_the_sources_of_two_scripts_are_listed_once_each(project):
    assert sources("code/lazy.py", "code/unrelated.py") == [
        *("code/lazy.py", "code/unrelated.py", "code/deep.py", "code/job.py")
    ]


@pytest.mark.parametrize(
    "scripts",
    [
        ["code/train_network.py"],
        ["code/study.py", "code/studies/width.py"],
        ["code/publish.py", "code/publishing/compile_report.py"],
    ],
)
def test_sources_are_the_files_that_python_loads(scripts):
    probe = (
        "import importlib, pathlib, runpy, sys\n"
        "root, script, *modules = sys.argv[1:]\n"
        "root = pathlib.Path(root)\n"
        "sys.path.insert(0, str(root / 'code'))\n"
        "runpy.run_path(str(root / script), run_name='probe')\n"
        "for module in modules:\n"
        "    importlib.import_module(module)\n"
        "names = [getattr(module, '__file__', None) or '/' for module in sys.modules.values()]\n"
        "files = [file for file in map(pathlib.Path, names) if root / 'code' in file.parents]\n"
        "print(*{str(file.relative_to(root)) for file in files}, sep='\\n')\n"
    )
    script, *others = scripts
    modules = [name.removeprefix("code/").removesuffix(".py").replace("/", ".") for name in others]
    line = [sys.executable, "-c", probe, ROOT, script, *modules]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert sorted(sources(*scripts)) == sorted({script, "code/job.py", *done.stdout.split()})


def test_no_job_lists_the_pipeline():
    assert not [file for file in sources("code/study.py") if "pipeline" in file]


# Each takes longer to load than most of these jobs compute.
HEAVY = {"torch", "matplotlib"}


def loaded(*modules):
    """Which of HEAVY Python loads with these modules of code/."""
    probe = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={"PYTHONPATH": str(ROOT / "code"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return HEAVY & {*done.stdout.split()}


def test_only_training_loads_pytorch_and_only_figures_matplotlib():
    studies = [f"studies.{path.stem}" for path in ROOT.glob("code/studies/[!_]*.py")]
    assert loaded("study", *studies, "compute_eigenvalues", "compute_stage_eigenvalues") == set()
    assert loaded("publishing.compile_report", "publishing.verify_results") == set()
    assert loaded("train_network") == {"torch"}
