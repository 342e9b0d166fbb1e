"""The configuration: what passes, what is refused and how."""

import copy
import json
import re

import pytest
import yaml
from drawing import SECTIONS, SHIPPED, changed

from pipeline import ROOT, provenance
from pipeline.config import check_config, check_folder, check_yaml, shipped, stop, typed
from pipeline.provenance import changed_keys, of_numbers


def without(path):
    config = copy.deepcopy(SHIPPED)
    *sections, key = path.split(".")
    del (config[sections[0]] if sections else config)[key]
    return config


def complaint(config):
    """The one line that refuses a config."""
    with pytest.raises(ValueError, match=r"^config: ") as caught:
        check_config(config)
    (line,) = str(caught.value).splitlines()
    return line


def test_config_yaml_passes():
    check_config(shipped())


def test_shipped_config_passes():
    check_config(SHIPPED)


@pytest.mark.parametrize("name", ["deep.yaml", "wide.yaml", "tests/config.yaml"])
def test_other_configs_pass_on_top_of_it(name):
    other = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert other.keys() <= SHIPPED.keys()
    check_config({key: value | other.get(key, {}) for key, value in SHIPPED.items()})


def test_deep_config_goes_to_the_width_that_it_promises():
    networks = yaml.safe_load((ROOT / "deep.yaml").read_text(encoding="utf-8"))["width_study"]
    widths = {item["width"]: item["networks"] for item in networks["networks"]}
    assert max(widths) == 2**18
    assert set(widths.values()) == {10}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("dataset.samples", 10),
        ("dataset.seed", 0),
        ("dataset.seed", 2**32 - 1),
        ("network.width", 1),
        ("training.learning_rate_fraction", 0.999),
        ("training.learning_rate_fraction", 1e-9),
        ("training.batch_size", 500),
        ("stagewise.stages", 1),
        ("stagewise.stages", 10),
        ("eigenvalues.seeds", [7]),
        ("report.author", ""),
        ("report.author", "Müller & Søn_#%, Łukasz O'Neill"),
        ("report.course", "x" * 200),
        ("sliding_study.refinements", [64, 1]),
        ("convergence_study.networks", [{"width": 1, "seed": 302}]),
        ("convergence_study.look", 1),
        # More than there are steps: only the first weights are tried.
        ("convergence_study.look_first_stage", 10_000),
        ("convergence_study.flow_time", 0.001),
        ("sliding_study.sharpness", [1000]),
        ("sliding_study.sharpness", [1, 2, 3, 4]),
    ],
)
def test_extreme_values_pass(path, value):
    config = changed(path, value)
    config["training"]["batch_size"] = min(
        config["training"]["batch_size"], config["dataset"]["samples"]
    )
    check_config(config)


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("dataset.samples", 505, "a positive multiple of 10"),
        ("dataset.samples", 0, "a positive multiple of 10"),
        ("dataset.seed", -1, "an integer from 0 to 4294967295"),
        ("dataset.seed", 2**32, "an integer from 0 to 4294967295"),
        ("network.width", -5, "an integer of at least 1"),
        ("network.width", 0, "an integer of at least 1"),
        ("network.width", 10.5, "an integer of at least 1"),
        ("network.width", 1000.0, "an integer of at least 1"),
        ("network.width", "[", "an integer of at least 1"),
        ("network.width", True, "an integer of at least 1"),
        ("network.width", None, "an integer of at least 1"),
        ("training.steps", 0, "an integer of at least 1"),
        ("training.learning_rate_fraction", 1.0, "a number between 0 and 1"),
        ("training.learning_rate_fraction", 1.5, "a number between 0 and 1"),
        ("training.learning_rate_fraction", 0, "a number between 0 and 1"),
        ("training.learning_rate_fraction", "fast", "a number between 0 and 1"),
        ("training.learning_rate_fraction", float("nan"), "a number between 0 and 1"),
        ("training.learning_rate_fraction", True, "a number between 0 and 1"),
        ("stagewise.stages", 11, "an integer from 1 to 10"),
        ("stagewise.stages", 0, "an integer from 1 to 10"),
        ("anatomy.window", 256, "an integer from 2 to 255"),
        (
            "width_study.networks",
            [{"width": m, "networks": 1} for m in range(1, 14)],
            "two to twelve",
        ),
        ("step_study.refinements", [*range(1, 10)], "three to eight different"),
        ("width_study.networks", [], "two to twelve items"),
        ("width_study.flow_time", 0, "a positive flow time"),
        ("step_study.refinements", [1, 2], "three to eight different integers"),
        ("sliding_study.refinements", [4], "at least two different integers"),
        ("sliding_study.refinements", [4, 4], "at least two different integers"),
        ("sliding_study.sharpness", [], "one to four different integers"),
        ("sliding_study.sharpness", [1, 2, 3, 4, 5], "one to four different integers"),
        ("sliding_study.flow_time", 0, "a positive flow time"),
        ("convergence_study.networks", [], "a list of one to twelve items {width, seed}"),
        ("convergence_study.flow_time", 0, "a positive flow time"),
        ("convergence_study.look", 0, "an integer of at least 1"),
        ("convergence_study.look_first_stage", 0.5, "an integer of at least 1"),
        ("hypotheses.delta", 1, "a probability between 0 and 1"),
        ("flip_event.networks", 1, "an integer of at least 2"),
        ("eigenvalues.seeds", [], "a list of different seeds"),
        ("eigenvalues.seeds", [3, 3], "a list of different seeds"),
        ("eigenvalues.seeds", 3, "a list of different seeds"),
        ("report.author", 5, "one line of text in Latin letters"),
        ("report.author", None, "one line of text in Latin letters"),
        ("report.author", "two\nlines", "one line of text in Latin letters"),
        ("report.author", "a line\n", "one line of text in Latin letters"),
        ("report.author", "李", "one line of text in Latin letters"),
        ("report.course", "x" * 201, "at most 200 characters"),
        ("network", 5, "a section with width, seed and device"),
    ],
)
def test_bad_value_is_refused_with_what_is_allowed(path, value, allowed):
    line = complaint(changed(path, value))
    shown = repr(value) if len(repr(value)) <= 80 else f"{value!r:.77}..."
    assert f"{path}: {shown} is not allowed" in line
    assert allowed in line


def test_bad_item_of_a_list_is_named_by_its_place():
    line = complaint(changed("eigenvalues.seeds", [5, -1]))
    assert "eigenvalues.seeds.1: -1 is not allowed" in line


def test_batch_larger_than_the_data_is_refused():
    line = complaint(changed("training.batch_size", 501))
    assert "training.batch_size" in line
    assert "at most dataset.samples, 500" in line


def test_unknown_section_is_refused_with_those_allowed():
    line = complaint(changed("optimiser", {}))
    assert "unknown key optimiser;" in line
    assert ", ".join(SECTIONS) in line


def test_windows_that_do_not_fit_are_refused():
    line = complaint(changed("anatomy.probes", 201))
    assert "room for anatomy's 201 windows of 50 steps" in line


def test_a_single_step_is_refused_with_the_reason():
    config = changed("training.steps", 1)
    config["stagewise"] |= {"stages": 1, "steps_per_stage": 1}
    line = complaint(config)
    assert line.startswith("config: training.steps: 1 is not allowed, as it is at most 1 steps;")
    assert line.endswith("room for anatomy's 33 windows of 50 steps, 1649 steps")


def test_a_full_batch_shorter_than_the_stages_is_refused():
    line = complaint(changed("training.steps", 9999))
    assert line.startswith("config: training.steps: 9999 is not allowed; allowed is at least")
    assert "10000" in line
    check_config(changed("training.steps", 10001))


def test_own_sections_may_hold_anchors():
    config = typed({"x-seeds": [1, 2], "dataset": {"samples": "10", "x-note": "text"}})
    assert config == {"dataset": {"samples": 10}}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "expected ',' or ']', but got"),
        ("a: 1\n  b: 2\n", 2, "mapping values are not allowed here"),
        ("a:\n\tb: 2\n", 2, "found character '\\t' that cannot start any token"),
    ],
)
def test_a_mistake_in_yaml_is_named_with_file_and_line(tmp_path, text, line, problem):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(f"config: {path}, line {line}: {problem}")):
        check_yaml(path)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a stands there twice"),
        ("a:\n  b: 1\n  b: 1\n", 3, "b stands there twice"),
        ("a:\n  - {b: 1, c: 2, b: 3}\n", 2, "b stands there twice"),
        ("a: 0100\n", 1, "0100 would be read as 64; write 64"),
        ("a: [1, 0100]\n", 1, "0100 would be read as 64; write 64"),
        ("a: 0x10\n", 1, "0x10 would be read as 16; write 16"),
        ("a: 1_000\n", 1, "1_000 would be read as 1000; write 1000"),
        ("a: 1:30\n", 1, "1:30 would be read as 90; write 90"),
        ("a: 1:30.5\n", 1, "1:30.5 would be read as 90.5; write 90.5"),
    ],
)
def test_what_yaml_reads_and_nobody_means_is_refused(tmp_path, text, line, reason):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(f"config: {path}, line {line}: {reason}")):
        check_yaml(ROOT / "config.yaml", path)


@pytest.mark.parametrize("content", [b"a: \xff", b"a: \x00", b"a: !!float [1]"])
def test_a_config_of_no_text_is_one_line_with_its_name(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"config: .*a\.yaml") as caught:
        check_yaml(path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("text", ["a: [-1, +2, 0, .5, 1e3, 1.5e-3]\nb: {a: 1}", ""])
def test_plain_yaml_passes(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    check_yaml(tmp_path / "a.yaml")


def test_results_beside_the_sources_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_folder(tmp_path)
    with pytest.raises(ValueError, match=f"start snakemake in {ROOT}, without --directory"):
        check_folder(ROOT)


def test_unknown_nested_key_is_refused_with_those_allowed():
    line = complaint(changed("network.wdith", 5))
    assert "unknown key wdith in network; allowed are width, seed" in line


def test_trained_network_among_the_others_is_refused():
    line = complaint(changed("eigenvalues.seeds", [5, SHIPPED["network"]["seed"]]))
    assert "eigenvalues.seeds: 1 is network.seed" in line


def test_trained_network_among_those_trained_besides_is_refused():
    line = complaint(changed("seed_study.seeds", [5, SHIPPED["network"]["seed"]]))
    assert line == "config: seed_study.seeds: 1 is network.seed, which is trained anyway; remove it"


@pytest.mark.parametrize(("seeds", "again"), [([5, SHIPPED["network"]["seed"]], 1), ([7, 5, 7], 7)])
def test_seeds_of_proved_networks_are_their_own(seeds, again):
    networks = [{"width": 10 + seed, "seed": seed} for seed in seeds]
    line = complaint(changed("convergence_study.networks", networks))
    assert line == (
        f"config: convergence_study.networks: the seed {again} is there twice or that of"
        " network.seed; allowed are different ones, as a network is a part of the wider ones of"
        " its seed"
    )


@pytest.mark.parametrize("key", SECTIONS)
def test_missing_section_is_named_with_those_needed(key):
    line = complaint(without(key))
    assert line == f"config: missing key {key}; needed are {', '.join(SECTIONS)}"


def test_missing_key_is_named_with_those_needed():
    line = complaint(without("network.width"))
    assert line == "config: missing key width in network; needed are width, seed, device"


def test_each_of_two_missing_keys_is_named_once():
    with pytest.raises(ValueError, match="missing") as caught:
        check_config(changed("network", {"device": "cpu"}))
    assert len(str(caught.value).splitlines()) == 2


def test_config_that_is_no_mapping_is_refused():
    assert "the sections of config.yaml, from dataset to report" in complaint(None)


def test_every_mistake_has_its_line():
    config = changed("network.width", -5) | {"optimiser": {}}
    with pytest.raises(ValueError, match="optimiser") as caught:
        check_config(config)
    assert len(str(caught.value).splitlines()) == 2


def test_strings_of_the_command_line_are_read_as_yaml():
    given = {"network": {"width": "5"}, "training": {"learning_rate_fraction": "0.5"}, "a": ["1"]}
    assert typed(given) == {
        "network": {"width": 5},
        "training": {"learning_rate_fraction": 0.5},
        "a": [1],
    }


@pytest.mark.parametrize("text", ["", "1.5", "Anna: Mathematics", "null"])
def test_a_name_stays_what_it_is(text):
    given = dict.fromkeys(("author", "course", "date"), text)
    assert typed({"report": given})["report"] == given


def test_a_date_of_yaml_is_its_text():
    written = yaml.safe_load("report: {date: 2026-03-01}")
    assert typed(written) == {"report": {"date": "2026-03-01"}}


@pytest.mark.parametrize("value", ["fast", "[", "a: b: c", 3, 2.5, None, True])
def test_values_that_need_no_reading_stay(value):
    assert typed({"key": value}) == {"key": value}


def test_stop_prints_the_message_only(capsys):
    with pytest.raises(SystemExit) as caught:
        stop("config: wrong")
    assert caught.value.code == 1
    assert capsys.readouterr() == ("", "config: wrong\n")


def test_reference_json_knows_the_keys_of_the_config():
    """`make reference` writes them; an edited value fails nothing, but is named by the report."""
    stored = json.loads((ROOT / "reference.json").read_text(encoding="utf-8"))["configuration"]
    ours = of_numbers(shipped())
    assert {k: [*v] for k, v in stored.items()} == {k: [*v] for k, v in ours.items()}


def test_changed_keys_are_those_that_differ_from_the_shipped_config(monkeypatch, tmp_path):
    stored = {"configuration": of_numbers(SHIPPED)}
    (tmp_path / "reference.json").write_text(json.dumps(stored))
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    assert changed_keys(SHIPPED) == []
    config = changed("training.steps", 7) | {"flip_event": SHIPPED["flip_event"] | {"seed": 1}}
    assert changed_keys(config) == ["training.steps", "flip_event.seed"]
    assert changed_keys(changed("report.author", "Anna")) == []
