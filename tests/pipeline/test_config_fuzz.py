"""Any configuration is accepted, or refused in lines that name the key; accepted ones can run."""

import re
import subprocess

import pytest
import yaml
from drawing import PATHS, SECTIONS, SHIPPED, anything, at, changed, coherent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workflow import command, copy_project

from pipeline.config import check_config, typed


def complaints(config):
    """The lines that refuse a config; none where it is accepted."""
    try:
        check_config(config)
    except ValueError as error:
        return str(error).split("\n")
    return []


def check_lines(lines, named):
    for line in lines:
        assert line.startswith("config: ")
        assert line.isprintable()
        assert len(line) < 500
        assert "allowed" in line or "needed" in line
        assert named in line


@pytest.mark.parametrize("path", PATHS)
@given(value=anything)
@settings(max_examples=20)
def test_any_value_is_accepted_or_refused_in_lines_that_name_it(path, value):
    lines = complaints(changed(path, value))
    # A value that goes ill with another is named by either of the two.
    named = path.split(".")[0] if path.count(".") else path
    together = {"dataset": "training.batch_size", "training": "anatomy", "network": "eigenvalues"}
    if not isinstance(value, dict):
        for line in lines:
            check_lines([line], named if named in line else together[named])
    if not lines:
        kind = type(at(SHIPPED, path))
        assert isinstance(value, (kind, int) if kind is float else kind | float)
        assert isinstance(value, bool) == (kind is bool)


WRONG = (None, True, "", "ü\n", [], [[]], {}, {"a": [1]}, -1, 10**30, 1j)
WRONG += tuple(map(float, ("nan", "inf", "-inf")))


@pytest.mark.parametrize("path", PATHS)
def test_values_that_are_wrong_everywhere_are_refused(path):
    for bad in WRONG:
        if (path in ("report.author", "report.course", "report.date") and bad == "") or (
            path.endswith(("report.check_proofs", "study.record")) and bad is True
        ):
            continue  # no name; the proofs are checked; the runs are recorded
        lines = complaints(changed(path, bad))
        assert lines, bad
        check_lines(lines, path.split(".")[0] if bad == {} else path)


@given(st.dictionaries(st.one_of(st.text(), st.integers(), st.none()), anything, max_size=3))
def test_keys_that_nobody_knows_are_named_each_in_one_line(extra):
    extra = {key: value for key, value in extra.items() if key not in SECTIONS}
    lines = complaints(SHIPPED | extra)
    assert len(lines) == len(extra)
    check_lines(lines, "config: unknown key ")


@given(st.sets(st.sampled_from(SECTIONS), min_size=1))
def test_sections_that_are_missing_are_named_each_in_one_line(missing):
    lines = complaints({key: SHIPPED[key] for key in SHIPPED if key not in missing})
    assert {line.split()[3].rstrip(";") for line in lines} == missing
    check_lines(lines, "config: missing key ")


@given(anything)
def test_a_config_that_is_anything_is_refused(config):
    check_lines(complaints(config), "config: ")
    assert complaints(config)


@given(st.text() | st.from_regex(r"(!!\w+ )?[-0-9:.xeE&*<=]{1,12}", fullmatch=True))
def test_reading_a_string_of_the_command_line_never_fails(text):
    typed({"key": [text]})


@pytest.mark.parametrize("text", ["2001-13-01", "!!bool x", "!!timestamp x", "9" * 5000])
def test_strings_at_which_yaml_stumbles_stay_and_are_refused(text):
    config = typed(changed("network.width", text))
    assert config["network"]["width"] == text
    check_lines(complaints(config), "network.width")


TOGETHER = [
    ("width_study.networks", [{"width": 8, "networks": 2}, {"width": 8, "networks": 1}], "twice"),
    ("width_study.networks", [{"width": 8, "networks": 1}, {"width": 9, "networks": 1}], "3 in"),
    (
        "width_study.networks",
        [{"width": 8, "networks": 2, "seed": 5}, {"width": 9, "networks": 2, "seed": 6}],
        "the seed 6",
    ),
    ("step_study.refinements", [1, 2, 3], "multiple of the next smaller"),
    ("width_study.flow_time", 0.1, "at most 14 steps"),
    ("target_study.flow_time", 0.1, "at most 14 steps"),
    ("both_layers.flow_time", 0.01, "at most 20 steps"),
]


@pytest.mark.parametrize(("path", "value", "message"), TOGETHER)
def test_values_that_do_not_go_together_are_refused(path, value, message):
    (line,) = complaints(changed(path, value))
    check_lines([line], path.split(".")[0])
    assert message in line


@given(coherent())
@settings(max_examples=30)
def test_values_that_go_together_are_accepted(config):
    assert complaints(config) == []


@given(coherent())
@settings(max_examples=30)
def test_every_order_of_the_refinements_is_accepted(config):
    config["step_study"]["refinements"].sort(reverse=True)
    assert complaints(config) == []


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("drawn"))


def run_drawn(project, config, *arguments):
    """A build of a drawn config, in a project without any results."""
    (project / "drawn.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    line = [*command(*arguments), "drawn.yaml"]
    return subprocess.run(line, cwd=project, capture_output=True, text=True, errors="replace")


slow_draws = settings(suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@given(config=coherent(count=4))
@settings(slow_draws, max_examples=10)
def test_what_is_accepted_can_be_planned(project, config):
    run = run_drawn(project, config, "--dry-run", "--quiet", "host")
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    assert "compile_report" in run.stdout + run.stderr


@pytest.mark.slow
@given(config=coherent(samples=40, width=40, steps=60, count=3))
@settings(slow_draws, max_examples=2)
def test_what_is_accepted_runs_or_stops_with_a_line(project, config):
    """Whether a learning rate is too long for a stage, or a network too narrow for a fit, is known
    only on the way."""
    run = run_drawn(project, config, "--forceall", "report/main.pdf")
    assert "Traceback" not in run.stderr
    if run.returncode:
        causes = [line for line in run.stderr.splitlines() if re.search(r"\.py[^:]*: ", line)]
        assert causes, run.stderr
