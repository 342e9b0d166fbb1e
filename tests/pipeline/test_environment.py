"""The conda and the pip route install the same versions."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONDA_NAMES = {
    "pytorch-cpu": "torch",
    "snakemake-minimal": "snakemake",
    "matplotlib-base": "matplotlib",
}
# What pip does not install: the interpreter, pip itself and the LaTeX engine.
CONDA_ONLY = {"python", "pip", "tectonic"}
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def split(requirement):
    """Name and version of `name=1.0`, `name==1.0`; the version is None where none is pinned."""
    name, pinned, version = re.fullmatch(r"([\w.-]+)(={1,2})?(.*)", requirement).groups()
    return name, version if pinned else None


def conda_versions(text):
    """name → version in environment.yml, under pip's names."""
    dependencies = yaml.safe_load(text)["dependencies"]
    (by_pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    by_conda = dict(split(entry) for entry in dependencies if isinstance(entry, str))
    pinned = {CONDA_NAMES.get(k, k): v for k, v in by_conda.items() if k not in CONDA_ONLY}
    return pinned | dict(map(split, by_pip))


def pip_versions(text):
    """name → version in requirements.txt."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return dict(split(line) for line in lines if line)


def differences(environment, requirements):
    """Names that one file lacks, does not pin, or pins to another version than the other."""
    conda, pip = conda_versions(environment), pip_versions(requirements)
    return {
        name
        for name in conda.keys() | pip.keys()
        if conda.get(name) is None or conda.get(name) != pip.get(name)
    }


def test_both_routes_have_the_same_versions():
    assert differences(ENVIRONMENT, REQUIREMENTS) == set()


@pytest.mark.parametrize("name", pip_versions(REQUIREMENTS))
@pytest.mark.parametrize("edited", [r"\g<0>.1", ""], ids=["other version", "missing"])
def test_comparison_catches_each_requirement(name, edited):
    changed = re.sub(rf"^{name}==.*", edited, REQUIREMENTS, flags=re.MULTILINE)
    assert differences(ENVIRONMENT, changed) == {name}


@pytest.mark.parametrize(
    ("line", "edited", "name"),
    [
        (r"- numpy=.*", "- numpy=1.0", "numpy"),
        (r"- numpy=.*", "- numpy", "numpy"),
        (r"- numpy=.*", "- numpy>=2", "numpy"),
        (r"- pytorch-cpu=.*", "- pytorch-cpu=1.0", "torch"),
        (r"- mnist1d==.*", "- mnist1d==1.0", "mnist1d"),
        (r"- tqdm=.*", "", "tqdm"),
        (r"- tqdm=.*", r"\g<0>" + "\n  - pandas=2.0", "pandas"),
    ],
)
def test_comparison_catches_an_edited_environment(line, edited, name):
    changed, count = re.subn(line, edited, ENVIRONMENT)
    assert count == 1
    assert differences(changed, REQUIREMENTS) == {name}


def test_mnist1d_comes_from_pip():
    *_, by_pip = yaml.safe_load(ENVIRONMENT)["dependencies"]
    assert [split(entry)[0] for entry in by_pip["pip"]] == ["mnist1d"]


def test_channels():
    channels = yaml.safe_load(ENVIRONMENT)["channels"]
    assert channels == ["conda-forge", "bioconda", "nodefaults"]
