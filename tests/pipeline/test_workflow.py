"""The whole path in a copy of the project, with toy sizes: from config to PDF."""

import csv
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml
from workflow import ROOT, copy_project, made, planned, snakemake

from pipeline.config import shipped
from pipeline.runs import RULES, training_runs
from pipeline.studies import parts
from publishing import write_colophon


def test_pdf_is_built(built):
    assert (built / "report/main.pdf").read_bytes().startswith(b"%PDF")


def test_second_run_has_nothing_to_do(built):
    assert "Nothing to be done" in snakemake(built).stderr


def test_eigenvalue_table_has_the_documented_columns(built):
    with open(built / "results/eigenvalues.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("matrix", "n", "m", "seed"),
        *("lambda_min", "lambda_min_certified", "lambda_max", "undecided"),
    ]
    assert [row["matrix"] for row in rows] == ["H_infinity", "H_0", "H_0", "H_0"]
    assert [row["undecided"] for row in rows] == ["", "0", "0", "0"]
    for row in rows:
        certified, smallest = float(row["lambda_min_certified"]), float(row["lambda_min"])
        assert 0 < certified <= smallest < float(row["lambda_max"])


@pytest.mark.parametrize("variant", ["full_batch", "mini_batch"])
def test_training_results_have_the_documented_arrays(built, variant):
    run = np.load(built / f"results/training_{variant}.npz")
    assert run["step"].tolist() == list(range(61))
    np.testing.assert_allclose(run["time"], run["step"] * 2 * run["learning_rate"] / 50)
    assert run["loss"].shape == (61,)
    assert run["initial_weights"].shape == (64, 40)
    assert set(np.unique(run["output_weights"])) == {-1.0, 1.0}


def test_both_variants_start_from_the_same_network(built):
    full, mini = (np.load(built / f"results/training_{v}_batch.npz") for v in ("full", "mini"))
    assert full["initial_weights"].dtype == mini["initial_weights"].dtype == np.float64
    assert mini["initial_weights"].tolist() == full["initial_weights"].tolist()
    assert full["loss"][0] == mini["loss"][0]
    assert not np.allclose(full["loss"][1:], mini["loss"][1:], rtol=1e-5)


def test_stagewise_results_follow_the_stages(built):
    run = np.load(built / "results/training_stagewise.npz")
    assert run["stage"].tolist() == [1] * 20 + [2] * 20 + [3] * 20
    data = np.load(built / "results/dataset.npz")
    initial, signs = run["initial_weights"], run["output_weights"]
    error = np.maximum(data["inputs"] @ initial.T, 0) @ signs / 8 - data["labels"]
    of_stage = np.mean(error[data["labels"] < 1] ** 2)
    np.testing.assert_allclose(run["loss_all"][0], np.mean(error**2), rtol=1e-5)
    np.testing.assert_allclose(run["loss_stage"][0], of_stage, rtol=1e-5)
    steps = np.diff(run["time"])[[0, 20, 40]] / (2 * run["learning_rate"])
    np.testing.assert_allclose(steps, [1 / 5, 1 / 10, 1 / 15])


def test_stagewise_training_is_sgd_on_the_digits_of_its_stage(built):
    run, data = (
        np.load(built / f"results/{name}.npz") for name in ("training_stagewise", "dataset")
    )
    weights, signs, rate = run["initial_weights"], run["output_weights"] / 8, run["learning_rate"]
    for stage in run["stage"]:
        chosen = data["labels"] < stage
        inputs, targets = data["inputs"][chosen], data["labels"][chosen]
        product = inputs @ weights.T
        error = np.maximum(product, 0) @ signs - targets
        slopes = (product >= 0) * np.outer(error, signs)
        weights = weights - rate * 2 / len(inputs) * slopes.T @ inputs
    np.testing.assert_allclose(run["final_weights"], weights, rtol=0, atol=1e-9)


PARTS = parts(shipped())


def rules(kind):
    """The rules of all parts of that kind."""
    return {part.rule for part in PARTS if part.kind == kind}


def of_study(study):
    """The rules of all parts of that study."""
    return {part.rule for part in PARTS if part.study == study}


def after_training():
    """The rules of the parts that read a run, or what such a part makes."""
    files = {run.path for run in training_runs(shipped()).values()}
    found = set()
    while new := [p for p in PARTS if p.rule not in found and files & {*flat(p.reads.values())}]:
        found |= {part.rule for part in new}
        files |= {part.output for part in new}
    return found


def flat(paths):
    """All paths, those in lists too."""
    return [path for entry in paths for path in ([entry] if isinstance(entry, str) else entry)]


TRAINING = {f"train_{rule}" for rule in RULES}
AFTER_TRAINING = after_training()
REPORT = {"compile_report", "report"}
# The colophon reads the records of all results.
AFTER_RESULTS = REPORT | {"write_colophon"}
ALL_PARTS = {part.rule for part in PARTS}
OTHERS = {"summarise_proofs", "write_colophon"}


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("report/sections/loss_vs_bound.tex", REPORT),
        ("code/report.mplstyle", rules("figure") | AFTER_RESULTS),
        ("code/studies/stagewise.py", of_study("stagewise") | AFTER_RESULTS),
        ("code/overparam/training.py", TRAINING | AFTER_TRAINING | AFTER_RESULTS),
        ("code/overparam/latex.py", ALL_PARTS | OTHERS | REPORT),
        ("code/study.py", ALL_PARTS | AFTER_RESULTS),
        ("code/publishing/compile_report.py", {"write_colophon"} | REPORT),
        ("code/pipeline/studies.py", set()),
    ],
)
def test_an_edit_reruns_what_depends_on_it(built, edited, expected):
    path = built / edited
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text(original + "\n", encoding="utf-8")
        assert planned(built) == expected
    finally:
        path.write_text(original, encoding="utf-8")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("network={width: -5}", "network.width: -5 is not allowed; allowed is an integer"),
        ("network={wdith: 5}", "unknown key wdith in network; allowed are width, seed"),
        ("training={learning_rate_fraction: 1.5}", "between 0 and 1"),
        ("stagewise={stages: 11}", "stagewise.stages: 11 is not allowed"),
    ],
)
def test_a_bad_config_is_one_line_before_any_job(built, setting, message):
    before = (built / "report/main.pdf").read_bytes()
    run = snakemake(built, "--config", setting)
    assert run.returncode != 0
    lines = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("config")]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in run.stderr
    assert (built / "report/main.pdf").read_bytes() == before


# Those that read the configuration, and quick ones.
OF_THE_CONFIG = [
    *("pipeline/test_config.py", "pipeline/test_runs.py", "pipeline/test_job_limits.py"),
    *("pipeline/test_studies.py", "library/test_dataset.py", "report/test_verify_results.py"),
]


def test_another_seed_in_config_yaml_fails_no_test(tmp_path):
    copy = copy_project(tmp_path / "copy")
    for name in ("tests", "pyproject.toml", "deep.yaml", "wide.yaml", "README.md", "profiles"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, dirs_exist_ok=True)
        else:
            shutil.copy(source, copy / name)
    text = (copy / "config.yaml").read_text(encoding="utf-8")
    for old, new in [("width: 1000\n  seed: 1\n", "width: 1000\n  seed: 7\n"), ("42", "43")]:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (copy / "config.yaml").write_text(text, encoding="utf-8")
    tests = [f"tests/{name}" for name in OF_THE_CONFIG if (copy / "tests" / name).exists()]
    command = [sys.executable, "-m", "pytest", "-k", "not built and not every_printed", *tests]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_config_that_is_no_yaml_is_one_line(built):
    path = built / "config.yaml"
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text("a: [1\n", encoding="utf-8")
        run = snakemake(built, "--dry-run")
    finally:
        path.write_text(original, encoding="utf-8")
    assert run.returncode != 0
    assert run.stderr.splitlines()[-1].startswith("config: config.yaml, line 2: expected")
    assert "Traceback" not in run.stderr


def test_another_folder_for_results_is_refused_in_one_line(built, tmp_path):
    run = snakemake(built, "--dry-run", "--directory", str(tmp_path))
    assert run.returncode != 0
    assert "without --directory" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


def test_the_report_says_which_keys_are_not_the_shipped_ones(built):
    notice = (built / "report/generated/notice.tex").read_text(encoding="utf-8")
    assert r"\texttt{training.batch\_size}" in notice
    assert "hypotheses.delta" not in notice
    assert "generated/notice" in (built / "report/main.tex").read_text(encoding="utf-8")


def test_the_shipped_configuration_has_no_notice():
    assert write_colophon.notice([]) == "\\newresult{shipped}{yes}\n"


def test_an_edited_config_is_another_than_the_shipped_one(built):
    """Editing config.yaml does not change what it is compared with."""
    path = built / "config.yaml"
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text(original.replace("delta: 0.1", "delta: 0.2"), encoding="utf-8")
        run = snakemake(built, "--dry-run", "--printshellcmds", "report/generated/notice.tex")
        assert re.search(r"--changed .*hypotheses\.delta", run.stdout + run.stderr)
    finally:
        path.write_text(original, encoding="utf-8")


def test_an_undefined_reference_fails_the_build_and_is_named(built):
    path = built / "report/sections/errata.tex"
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text(original + r"\cref{no-such-label}", encoding="utf-8")
        run = snakemake(built)
        assert run.returncode != 0
        # The mistake, with its place, is nearly the last thing on the terminal.
        place = f"sections/errata.tex:{len(original.splitlines()) + 1}: Reference `no-such-label'"
        lines = run.stderr.splitlines()
        assert any(place in line for line in lines[-6:]), run.stderr[-2000:]
    finally:
        path.write_text(original, encoding="utf-8")


OTHER_NETWORKS = {"train_width", "train_seeds", "train_stagewise", "train_pairs"}


def test_another_seed_reruns_the_runs_of_that_network_alone(built):
    run = planned(built, "--config", f"network={{seed: {shipped()['network']['seed'] + 6}}}")
    assert TRAINING & run == TRAINING - OTHER_NETWORKS
    assert "compute_eigenvalues" in run
    assert not {"compute_h_infinity", "compute_targets", "tabulate_width"} & run


def test_h_infinity_is_the_first_row_of_the_eigenvalues(built):
    h_infinity = (built / "results/h_infinity.csv").read_text().splitlines()
    assert len(h_infinity) == 2
    assert (built / "results/eigenvalues.csv").read_text().splitlines()[:2] == h_infinity


@pytest.mark.parametrize(
    ("lost", "rule"),
    [
        ("results/dataset.npz", "make_dataset"),
        ("results/h_infinity.csv", "compute_h_infinity"),
        ("results/eigenvalues.csv", "compute_eigenvalues"),
        ("results/stages.csv", "compute_stage_eigenvalues"),
        ("results/training_full_batch.npz", "train_full_batch"),
        ("results/width/m16_seed201.npz", "train_width"),
        ("results/hypotheses.csv", "tabulate_hypotheses"),
        ("results/anatomy.npz", "compute_anatomy"),
        ("figures/width.pdf", "plot_width"),
        ("figures/width.csv", "plot_width"),
        ("report/generated/width.tex", "summarise_width"),
        ("report/main.pdf", "compile_report"),
    ],
)
def test_what_is_deleted_is_made_again(built, tmp_path, lost, rule):
    kept = (built / lost).rename(tmp_path / "kept")
    try:
        assert rule in planned(built)
    finally:
        kept.rename(built / lost)


def test_everything_that_a_build_makes_is_asked_for(built):
    """All of it, and no more, is an input of the default target or beside one."""
    (built / "probe.smk").write_text(INPUTS)
    run = snakemake(built, "--snakefile", "probe.smk", "--list")
    (built / "probe.smk").unlink()
    asked = {
        line.removeprefix("input ") for line in run.stderr.splitlines() if line[:6] == "input "
    }
    # The report asks for its statements, colophon and title.
    rest = {*made(built)} - asked
    assert asked <= {*made(built)}
    assert {path for path in rest if not path.startswith("report/generated/")} == set()


def test_a_figure_has_a_path_and_a_rule(built):
    assert planned(built, "figures/width.pdf", "--force") == {"plot_width"}
    assert planned(built, "plot_width", "--force") == {"plot_width"}


def test_every_rule_has_a_line_that_says_what_it_is_for(built):
    lines = snakemake(built, "--list").stdout.splitlines()
    found = {name: text for name, _, text in (line.partition(" ") for line in lines)}
    assert {part.rule for part in PARTS} | TRAINING < set(found)
    assert [name for name, text in found.items() if len(text) < 20] == []


INPUTS = """include: "Snakefile"
for path in workflow.get_rule("report").input:
    print("input", path, file=sys.stderr)
"""
# What Snakemake makes of the rules: whether each is local, and the resources that it asks for.
PROBE = """include: "Snakefile"
for rule in workflow.rules:
    print("rule", rule.name, rule.name in workflow._localrules, *rule.resources, file=sys.stderr)
"""


def test_what_asks_a_cluster_for_what(built):
    (built / "probe.smk").write_text(PROBE)
    run = snakemake(built, "--snakefile", "probe.smk", "--list")
    (built / "probe.smk").unlink()
    found = [line.split()[1:] for line in run.stderr.splitlines() if line.startswith("rule ")]
    away = {name: {*resources} for name, local, *resources in found if local == "False"}
    asking = {name for name, resources in away.items() if {"mem_mb", "runtime"} <= resources}
    assert asking == TRAINING
    # A small job that is in no group asks for the profile's default resources.
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text(encoding="utf-8"))
    before = {"make_dataset", "compute_h_infinity"}
    before |= {"compute_eigenvalues", "compute_stage_eigenvalues"}
    assert {*away} - asking == before | rules("table") | rules("arrays")
    assert before <= {*profile["groups"]} <= {*away} - asking


def test_the_parts_before_training_are_known():
    early = {part.rule for part in PARTS} - AFTER_TRAINING
    assert of_study("eigenvalues") | of_study("flip_event") | {"compute_targets"} <= early
    assert of_study("width") | {"plot_targets", "typeset_hypotheses"} <= AFTER_TRAINING


def test_a_run_alone_has_a_rule_that_can_be_asked_for(built):
    assert planned(built, "train_full_batch", "--force") == {"train_full_batch"}
