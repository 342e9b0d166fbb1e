"""The table of training runs: what each is, how long it takes, and which windows fit into it."""

import copy

import pytest
from drawing import SHIPPED

from pipeline.runs import (
    RULES,
    by_rule,
    long_windows,
    pattern,
    summary,
    training_runs,
    width_networks,
)

CONFIG = SHIPPED
RUNS = training_runs(CONFIG)


def by_name(rule):
    """The names of a rule's runs."""
    return [run.name for run in by_rule(RUNS)[rule]]


def config(**sections):
    changed = copy.deepcopy(CONFIG)
    for section, values in sections.items():
        changed[section] |= values
    return changed


def test_every_run_has_a_rule_and_a_path_of_its_own():
    assert {run.rule for run in RUNS.values()} == set(RULES)
    assert all(name == run.name for name, run in RUNS.items())
    assert len({run.path for run in RUNS.values()}) == len(RUNS)
    assert RUNS["full_batch"].path == "results/training_full_batch.npz"
    assert RUNS["refine4"].path == "results/step_size/refine4.npz"
    assert RUNS["slide4"].path == "results/sliding/slide4.npz"
    assert RUNS["softplus30"].path == "results/smooth/softplus30.npz"
    assert RUNS["assigned"].path == "results/convergence/assigned.npz"


def test_a_rule_has_as_many_runs_as_the_configuration_names():
    counts = {rule: len(runs) for rule, runs in by_rule(RUNS).items()}
    networks = sum(item["networks"] for item in CONFIG["width_study"]["networks"])
    several = {"width": networks, "targets": 7, "seeds": 9, "step_size": 4}
    several |= {"sliding": 4, "smooth": 3}
    # The assigned network, two others, other targets, and two first stages.
    several |= {"pairs": 6, "convergence": 6}
    assert counts == dict.fromkeys(RULES, 1) | several


def test_no_two_networks_of_the_width_study_share_a_seed():
    networks = [{"width": 8, "networks": 2}, {"width": 9, "networks": 1}]
    runs = training_runs(config(width_study={"networks": networks, "seed": 5}))
    found = [(r.name, r.options["width"], r.options["seed"]) for r in by_rule(runs)["width"]]
    assert found == [("m8_seed5", 8, 5), ("m8_seed6", 8, 6), ("m9_seed7", 9, 7)]


def test_the_seeds_of_a_width_may_begin_elsewhere_and_those_after_it_count_on():
    items = [{"width": 8, "networks": 1}, {"width": 9, "networks": 2, "seed": 20}]
    study = {"networks": [*items, {"width": 10, "networks": 1}], "seed": 5}
    assert [*width_networks(study)] == [(8, 5), (9, 20), (9, 21), (10, 22)]
    runs = by_rule(training_runs(config(width_study=study)))["width"]
    assert [run.name for run in runs] == ["m8_seed5", "m9_seed20", "m9_seed21", "m10_seed22"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "full_batch",
            "--width 1000 --seed 1 --learning-rate-fraction 0.25 --steps 10000 --watch 10"
            " --project --probes 33 --window 50",
        ),
        (
            "stagewise",
            "--width 1000 --seed 2 --learning-rate-fraction 0.25 --steps 1000"
            " --stages results/stages.csv",
        ),
        (
            "both_layers",
            "--width 1000 --seed 1 --learning-rate-fraction 0.25 --single --both-layers"
            " --flow-time 20 --refine 4 --probes 33 --window 10",
        ),
        (
            "mini_batch",
            "--width 1000 --seed 1 --learning-rate-fraction 0.25 --steps 10000 --batch-size 100",
        ),
        (
            "m250_seed202",
            "--width 250 --seed 202 --flow-time 120 --follow 500 --learning-rate-fraction 0.9"
            " --single --probes 7 --window 10",
        ),
        (
            "shuffled4",
            "--width 1000 --seed 1 --learning-rate-fraction 0.9 --single --probes 7 --window 10"
            " --flow-time 120 --follow 500 --targets shuffled --targets-seed 4",
        ),
        (
            "refine2",
            "--width 1000 --seed 1 --learning-rate-fraction 0.25 --flow-time 5 --refine 2",
        ),
        (
            "seed302",
            "--learning-rate-fraction 0.9 --single --width 1000 --seed 302 --flow-time 190",
        ),
        (
            "slide16",
            "--width 1000 --seed 1 --learning-rate-fraction 0.25"
            " --start results/training_full_batch.npz --kinks --flow-time 1 --refine 16",
        ),
        (
            "softplus30",
            "--width 1000 --seed 1 --learning-rate-fraction 0.9 --single --probes 7 --window 10"
            " --softplus 30 --flow-time 120 --follow 500",
        ),
        ("double", "--width 1000 --seed 1 --learning-rate-fraction 0.9 --flow-time 120"),
        (
            "assigned",
            "--width 1000 --seed 1 --learning-rate-fraction 0.9 --certify 500 --flow-time 1500"
            " --start results/training_full_batch.npz",
        ),
        (
            "other302",
            "--width 1000 --seed 302 --learning-rate-fraction 0.9 --certify 500 --flow-time 1500"
            " --settle",
        ),
        (
            "small_targets",
            "--width 1000 --seed 1 --learning-rate-fraction 0.9 --certify 500 --flow-time 1500"
            " --targets small",
        ),
        (
            "first_stage",
            "--width 1000 --seed 2 --learning-rate-fraction 0.25 --digits 1 --steps 1000"
            " --certify 50",
        ),
        (
            "first_stage_shifted",
            "--width 1000 --seed 2 --learning-rate-fraction 0.25 --digits 1 --steps 1000"
            " --certify 50 --shift 1.0",
        ),
        (
            "stages3",
            "--width 1000 --seed 3 --learning-rate-fraction 0.25 --single --steps 1000"
            " --stages results/stages.csv",
        ),
        (
            "at_once3",
            "--width 1000 --seed 3 --learning-rate-fraction 0.25 --single --steps 10000",
        ),
    ],
)
def test_a_run_is_the_command_line_that_trains_it(name, line):
    assert RUNS[name].command_line() == line


def test_only_stages_and_a_start_are_read_beside_the_data():
    start, stages = "results/training_full_batch.npz", "results/stages.csv"
    expected = {name: {"start": start} for name in [*by_name("sliding"), "assigned"]}
    expected |= {
        name: {"stages": stages} for name in ("stagewise", "stages1", "stages2", "stages3")
    }
    assert {name: run.reads for name, run in RUNS.items() if run.reads} == expected


def test_runs_that_go_on_take_the_network_whose_end_they_start_from():
    full = RUNS["full_batch"].options
    for name in by_name("sliding"):
        options = RUNS[name].options
        assert options["start"] == RUNS["full_batch"].path
        assert all(options[key] == full[key] for key in ("width", "learning-rate-fraction"))
        assert "single" not in options


def test_proofs_are_of_the_network_of_the_report_and_of_its_first_stage():
    full, stagewise = RUNS["full_batch"].options, RUNS["stagewise"].options
    for name in by_name("convergence"):
        assert {"certify"} < set(RUNS[name].options)
        assert "single" not in RUNS[name].options
    assert RUNS["assigned"].options["start"] == RUNS["full_batch"].path
    for name in ("assigned", "small_targets"):
        assert all(RUNS[name].options[key] == full[key] for key in ("width", "seed"))
    for name in ("first_stage", "first_stage_shifted"):
        shared = "width", "seed", "learning-rate-fraction", "steps"
        assert all(RUNS[name].options[key] == stagewise[key] for key in shared)
        assert RUNS[name].stages == 1


def test_others_whose_convergence_is_proved_are_those_of_the_configuration():
    networks = [{"width": 8, "seed": 9}, {"width": 5, "seed": 4}]
    study = {"networks": networks, "look": 7, "flow_time": 2.5}
    runs = training_runs(config(convergence_study=study))
    names = [run.name for run in by_rule(runs)["convergence"]]
    assert names[:4] == ["assigned", "other9", "other4", "small_targets"]
    options = runs["other4"].options
    assert [options[k] for k in ("width", "seed", "certify", "flow-time")] == [5, 4, 7, 2.5]
    # Of these alone the bound is that of their initial loss.
    settled = [run.name for run in by_rule(runs)["convergence"] if "settle" in run.options]
    assert settled == ["other9", "other4"]
    assert runs["first_stage"].options["certify"] == 50


@pytest.mark.parametrize(
    ("name", "lambda_max", "steps"),
    [
        ("full_batch", 1.0, 10_000),  # given, whatever λ_max is
        ("stagewise", 1.0, 10_000),  # ten stages of 1000
        ("double", 25.0, 1667),  # 120·25/(2·0.9) = 1666.7
        ("both_layers", 25.0, 4000),  # 20·25/(2·0.25) = 1000, each divided into four
        ("slide64", 25.0, 3200),  # 1·25/(2·0.25) = 50, each divided into 64
        ("softplus10", 25.0, 1667),  # as the width study, 120·25/(2·0.9)
        ("assigned", 25.0, 20834),  # 1500·25/(2·0.9) = 20833.3
        ("first_stage", 25.0, 1000),  # given
        ("stages2", 25.0, 10_000),  # ten stages of 1000
        ("at_once2", 25.0, 10_000),
        ("refine8", 1e-9, 8),  # one step at least, in eight
    ],
)
def test_steps_follow_from_the_time_and_the_stability_limit(name, lambda_max, steps):
    assert RUNS[name].steps(lambda_max) == steps


def test_a_followed_run_asks_for_the_time_in_which_it_is_followed():
    # 500·25/1.8 = 6944.4 steps instead of 120·25/1.8.
    assert RUNS["digits"].steps(25.0) == 1667
    assert RUNS["digits"].steps(25.0, follow=True) == 6945
    assert RUNS["double"].steps(25.0, follow=True) == 1667
    assert RUNS["m8000_seed215"].minutes(500) > RUNS["m8000_seed215"]._replace(
        options=RUNS["m8000_seed215"].options | {"follow": 120}
    ).minutes(500)


def test_steps_of_the_shipped_data_are_what_a_log_shows():
    # results/width/m250_seed201.npz takes 1725 steps, as λ_max is 25.87.
    assert 1725 <= RUNS["m250_seed201"].steps(0.055 * 500) < 1.1 * 1725


def test_double_precision_and_more_steps_ask_for_more():
    single, double = RUNS["digits"], RUNS["double"]
    assert double.memory(500) > single.memory(500)
    half = RUNS["full_batch"]._replace(options=RUNS["full_batch"].options | {"single": True})
    assert RUNS["full_batch"].minutes(500) > half.minutes(500)
    assert RUNS["refine8"].minutes(500) >= RUNS["refine1"].minutes(500)
    assert RUNS["m8000_seed215"].memory(500) > RUNS["m4000_seed214"].memory(500)


@pytest.mark.parametrize(
    ("section", "values", "line"),
    [
        (
            "anatomy",
            {"probes": 201},
            "training.steps: 10000 is not allowed, as it is at most 10000 steps; allowed is room"
            " for anatomy's 201 windows of 50 steps, 10049 steps",
        ),
        (
            "both_layers",
            {"flow_time": 0.01},
            # 0.01·250/(2·0.25) = 5, each divided into four.
            "both_layers.flow_time: 0.01 is not allowed, as it is at most 20 steps; allowed is room"
            " for both_layers's 33 windows of 10 steps, 329 steps",
        ),
    ],
)
def test_windows_that_fit_into_no_run_are_named_once(section, values, line):
    assert long_windows(config(**{section: values})) == [line]


def test_windows_of_a_study_are_named_once_and_for_each_study_that_takes_them():
    lines = long_windows(config(width_study={"probes": 10_000}))
    keys = [line.partition(":")[0] for line in lines]
    assert keys == ["width_study.flow_time", "target_study.flow_time"]


def test_a_window_may_end_at_the_last_step():
    # 10000 steps are observed 10001 times.
    assert long_windows(config(anatomy={"probes": 73, "window": 137})) == []
    assert 73 * 137 == 10_001
    assert long_windows(config(anatomy={"probes": 74, "window": 137})) != []


def test_a_line_for_the_list_of_rules():
    assert summary([RUNS["double"]]).endswith("in double precision: results/training_double.npz.")
    assert summary(by_rule(RUNS)["width"]).endswith(f"width study: {pattern('width')}.")


def test_a_device_is_an_option_of_every_run_and_asks_for_a_gpu():
    runs = training_runs(config(network={"device": "cuda"}))
    assert all(run.options["device"] == "cuda" for run in runs.values())
    assert all("--device cuda" in run.command_line() for run in runs.values())
    assert {tuple(run.resources().items()) for run in runs.values()} == {(("gpu", 1),)}
    assert all("device" not in run.options and run.resources() == {} for run in RUNS.values())


def test_runs_of_the_width_study_are_recorded_where_it_is_asked_for():
    runs = training_runs(config(width_study={"record": True}))
    recorded = {run.record for run in runs.values() if run.record}
    widths = by_rule(runs)["width"]
    assert recorded == {f"data/wide/{run.name}.csv" for run in widths}
    assert all("--origin" in run.command_line() for run in widths)
    assert not any(run.record for run in RUNS.values())


def test_proofs_of_other_networks_are_recorded_where_it_is_asked_for():
    runs = training_runs(config(convergence_study={"record": True}))
    recorded = {run.record for run in runs.values() if run.record}
    others = [name for name in by_name("convergence") if name.startswith("other")]
    assert recorded == {f"data/convergence/{name}.csv" for name in others}
    assert "--origin" in runs[others[0]].command_line()
    assert "--origin" not in runs["assigned"].command_line()
