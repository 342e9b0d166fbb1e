"""Every printed number has a test, every study a test file, and table and functions agree."""

import importlib.util
import re
from pathlib import Path

import pytest

import study
from pipeline import config, studies

NAMES = study.studies()
PARTS = studies.parts(config.shipped())


def path_of(name):
    """Where the tests of a study stand."""
    return Path(__file__).with_name(f"test_{name}.py")


def expectations(name):
    """The test module of a study."""
    path = path_of(name)
    spec = importlib.util.spec_from_file_location(f"tests_of_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(folder, name):
    """The names of the numbers that a build has written for a study."""
    text = (folder / f"report/generated/{name}.tex").read_text(encoding="utf-8")
    return re.findall(r"^\\newresult\{([\w-]+)\}", text, re.MULTILINE)


def untested(folder, name, tests):
    """Numbers of a build that no test expects, and numbers expected that it has not written."""
    return set(written(folder, name)) ^ set(tests.EXPECTED_NUMBERS)


def without_tests(names):
    return [name for name in names if not path_of(name).exists()]


def test_every_study_has_a_test_file():
    assert without_tests(NAMES) == []
    assert without_tests(["width", "new"]) == ["new"]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_tested(built, name):
    assert untested(built, name, expectations(name)) == set()
    assert len(written(built, name)) == len(set(written(built, name))) > 0


def test_a_number_without_a_test_is_found(tmp_path):
    (tmp_path / "report/generated").mkdir(parents=True)
    path, tests = tmp_path / "report/generated/flip_event.tex", expectations("flip_event")
    lines = [rf"\newresult{{{key}}}{{{text}}}" for key, text in tests.EXPECTED_NUMBERS.items()]
    path.write_text("\n".join([*lines, r"\newresult{flip-new}{\num{1}}"]), encoding="utf-8")
    assert untested(tmp_path, "flip_event", tests) == {"flip-new"}
    path.write_text("\n".join(lines[1:]), encoding="utf-8")
    assert untested(tmp_path, "flip_event", tests) == {"flip-networks"}


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_tested_where_there_are_any(built, name):
    rows = built / f"report/generated/{name}_rows.tex"
    tests = expectations(name)
    assert rows.exists() == hasattr(tests, "EXPECTED_ROWS")
    if rows.exists():
        lines = rows.read_text(encoding="utf-8").splitlines()
        assert {line.count(" & ") + 1 for line in lines} == {len(tests.EXPECTED_ROWS[0])}


def disagreement(part, function):
    """What table and function do not both name: parameters read, and settings."""
    reads, settings = study.parameters(function)
    return {*reads} ^ {*part.reads}, {*settings} ^ {*part.settings}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.rule)
def test_table_names_the_parameters_of_the_function(part):
    function = study.function_of(part.kind, part.study)
    assert disagreement(part, function) == (set(), set())


def test_a_table_that_disagrees_is_found():
    part = studies.Part("width", "table", {"runs": [], "networks": ""}, {"fraction": 1})

    def table(runs, lambda_zero, *, fraction, seed):
        """A function with other parameters."""

    assert disagreement(part, table) == ({"networks", "lambda_zero"}, {"seed"})


def test_every_part_of_a_module_is_in_the_table():
    there = {
        (name, kind)
        for name in NAMES
        for kind in study.WRITERS
        if hasattr(importlib.import_module(f"studies.{name}"), kind)
    }
    assert there == {(part.study, part.kind) for part in PARTS}
