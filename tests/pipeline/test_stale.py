"""Nothing stale is kept: an edit reruns the rules that read what was edited, and no others.

What the jobs read and write is traced in a build; the inputs in the Snakefile are not believed.
"""

import queue
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from tracing import Trace, build
from workflow import ROOT, copy_project, planned, snakemake

from pipeline.config import shipped
from pipeline.studies import parts, printed

# Without Coq and LaTeXML the default build stands alone.
PROOFS = {"proofs"} if shutil.which("coqc") else set()
WEB = {"web"} if shutil.which("latexml") and shutil.which("pdftocairo") else set()
TARGETS = ["report", "verify", "archive", *PROOFS, *WEB]
PRINTED = printed(parts(shipped()))

# The rules that use each key of the config themselves; write_colophon prints or digests all.
RATE = {f"train_{name}" for name in ("full_batch", "mini_batch", "stagewise", "step_size")}
RATE |= {"train_both_layers", "train_sliding", "train_convergence", "train_pairs"}
STUDY_RATE = {"train_width", "train_targets", "train_double", "train_seeds", "train_smooth"}
STUDY_RATE |= {"train_convergence"}
ONE_NETWORK = RATE | STUDY_RATE | {"compute_eigenvalues"}
ONE_NETWORK -= {"train_stagewise", "train_pairs", "train_width", "train_seeds"}
WIDTH_LISTS = {"tabulate_width", "plot_width"}
TARGET_LISTS = {f"{verb}_targets" for verb in ("plot", "summarise", "typeset")}
STEP_LISTS = {"tabulate_step_size", "plot_step_size"}
SLIDE_LISTS = {"plot_sliding", "summarise_sliding"}
USERS = {
    "dataset.samples": {"make_dataset"},
    "dataset.seed": {"make_dataset"},
    "network.width": ONE_NETWORK
    | {"train_stagewise", "train_pairs", "train_seeds", "tabulate_flip_event"},
    "network.seed": ONE_NETWORK,
    "network.device": RATE | STUDY_RATE,
    "eigenvalues.seeds": {"compute_eigenvalues"},
    "training.steps": {"train_full_batch", "train_mini_batch"},
    "training.batch_size": {"train_mini_batch", "summarise_loss_vs_bound"},
    "training.learning_rate_fraction": RATE | {"summarise_loss_vs_bound", "compute_sliding"},
    "seed_study.seeds": {"train_seeds", "plot_loss_vs_bound", "summarise_loss_vs_bound"},
    "seed_study.flow_time": {"train_seeds"},
    "stagewise.seed": {"train_stagewise", "train_convergence"},
    "stagewise.stages": {"compute_stage_eigenvalues", "train_pairs"},
    "stagewise.steps_per_stage": {"train_stagewise", "train_pairs", "train_convergence"},
    "stagewise.pairs": {"train_pairs", "summarise_stagewise"},
    "hypotheses.delta": {
        *("tabulate_hypotheses", "summarise_hypotheses", "summarise_routes", "typeset_routes"),
        *("plot_wide", "summarise_wide", "typeset_wide"),
    },
    "anatomy.probes": {"train_full_batch"},
    "anatomy.watch": {"train_full_batch"},
    "anatomy.window": {"train_full_batch", "plot_anatomy", "summarise_anatomy"} | SLIDE_LISTS,
    "width_study.networks": {"train_width"} | WIDTH_LISTS,
    "width_study.seed": {"train_width"} | WIDTH_LISTS,
    "width_study.flow_time": {"train_width", "train_smooth"},
    "width_study.follow": {"train_width", "train_smooth"},
    "width_study.learning_rate_fraction": STUDY_RATE | {"summarise_width", "compute_sliding"},
    "width_study.probes": {"train_width", "train_targets", "train_smooth"},
    "width_study.window": {"train_width", "train_targets", "train_smooth"},
    "width_study.record": {"train_width"},
    "target_study.seeds": {"train_targets", "compute_targets"} | TARGET_LISTS,
    "target_study.flow_time": {"train_targets", "train_double"},
    "target_study.follow": {"train_targets"},
    "sliding_study.refinements": {"train_sliding"} | SLIDE_LISTS,
    "sliding_study.flow_time": {"train_sliding"},
    "sliding_study.sharpness": {"train_smooth"} | SLIDE_LISTS,
    "convergence_study.networks": {"train_convergence", "tabulate_convergence"},
    "convergence_study.flow_time": {"train_convergence"},
    "convergence_study.look": {"train_convergence"},
    "convergence_study.look_first_stage": {"train_convergence"},
    "convergence_study.record": {"train_convergence"},
    "step_study.refinements": {"train_step_size"} | STEP_LISTS,
    "step_study.flow_time": {"train_step_size"},
    "both_layers.flow_time": {"train_both_layers"},
    "both_layers.refine": {"train_both_layers"},
    "both_layers.probes": {"train_both_layers"},
    "both_layers.window": {"train_both_layers", "plot_both_layers", "summarise_both_layers"},
    "flip_event.seed": {"tabulate_flip_event"},
    "flip_event.networks": {"tabulate_flip_event", "summarise_flip_event"},
    "flip_event.radii": {"tabulate_flip_event"},
    "report.author": set(),
    "report.check_proofs": {"summarise_proofs"} if PROOFS else set(),
    "report.course": set(),
    "report.date": set(),
}


# A rule that reads one run of several, which the key does not touch: the digits have no order, and
# the assigned network, on its own targets and on y/4.5, is neither another one nor a first stage.
ONE_PROOF = {"plot_convergence", "summarise_step_size"}
SPARED = {
    "target_study.seeds": {"summarise_step_size"},
    "convergence_study.networks": ONE_PROOF,
    "convergence_study.look_first_stage": ONE_PROOF,
    "convergence_study.record": ONE_PROOF,
    "stagewise.seed": ONE_PROOF,
    "stagewise.steps_per_stage": ONE_PROOF,
    # Whether the proofs are checked is told by the report, not by its colophon.
    "report.check_proofs": {"write_colophon"},
}


def changed(value):
    """Another value that the schema allows; a list or a text gets a longer one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return "cuda" if value == "cpu" else f"{value}x"
    if isinstance(value, list):
        return [*value, changed(value[-1])]
    if isinstance(value, dict):
        return {key: changed(item) for key, item in value.items()}
    return value * 2 if isinstance(value, int) else value / 2


def read_config(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def toy_config():
    """The toy config, with lists that can lose an entry and still be allowed, and as many steps as
    twice as many stages may have."""
    config = read_config("tests/config.yaml")
    config["training"]["steps"] *= 2
    lists = [("width_study", "networks"), ("sliding_study", "refinements")]
    lists += [("convergence_study", "networks")]
    for section, name in [*lists, ("step_study", "refinements")]:
        config[section][name] = changed(config[section][name])
    return config


class Project(NamedTuple):
    """A finished toy build, the files that it began with, and its trace."""

    folder: Path
    sources: list
    trace: Trace

    def copy(self, target):
        return self._replace(folder=shutil.copytree(self.folder, target))

    def plan(self, path, content):
        """The rules that would run if the file had this content."""
        file = self.folder / path
        original = file.read_bytes()
        try:
            file.write_bytes(content)
            return planned(self.folder, *TARGETS)
        finally:
            file.write_bytes(original)

    def edit(self, path):
        """The file with one more empty line: path and content."""
        return path, (self.folder / path).read_bytes() + b"\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    if not shutil.which("latexmk"):
        pytest.skip("tectonic does not list what it reads")
    folder = copy_project(tmp_path_factory.mktemp("traced") / "project")
    (folder / "tests/config.yaml").write_text(yaml.safe_dump(toy_config()))
    sources = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    trace = build(folder, "report")
    # Toy sizes miss the numbers of reference.json.
    update = ["code/publish.py", "verify_results", "--update", "--generated", *PRINTED]
    subprocess.run([sys.executable, *update], cwd=folder, check=True)
    trace = trace.then(build(folder, *TARGETS))
    return Project(folder, sources, trace.then(build(folder, *TARGETS)))


@pytest.fixture(scope="module")
def plans(project, tmp_path_factory):
    """A function: the plan after each edit, a pair of path and content; each edit on its own."""
    copies = queue.SimpleQueue()
    for name in ("one", "two"):
        copies.put(project.copy(tmp_path_factory.mktemp("plans") / name))

    def plan(edit):
        copy = copies.get()
        try:
            return copy.plan(*edit)
        finally:
            copies.put(copy)

    def plan_all(edits):
        with ThreadPoolExecutor(copies.qsize()) as workers:
            return dict(zip(edits, workers.map(plan, edits.values()), strict=True))

    return plan_all


def wrong(expected, found):
    """Of each edit that is planned wrongly: rules that would stay stale, rules that run in vain."""
    return {
        name: {"stale": rules - found[name], "in vain": found[name] - rules}
        for name, rules in expected.items()
        if found[name] != rules
    }


def config_edits():
    """Name, edit and users: the toy config with another value of each key, and who uses it."""
    full, toy = read_config("config.yaml"), toy_config()

    def edit(section, name, value):
        config = toy | {section: toy.get(section, {}) | {name: value}}
        return "tests/config.yaml", yaml.safe_dump(config).encode()

    for key, users in USERS.items():
        section, name = key.split(".")
        value = (full[section] | toy.get(section, {}))[name]
        yield key, edit(section, name, changed(value)), users
        if isinstance(value, list):
            # Nothing new to train, but less to collect.
            rest = {rule for rule in users if not rule.startswith("train_")}
            yield f"{key}, shorter", edit(section, name, value[:-1]), rest


def test_the_users_of_every_config_key_are_known():
    def leaves(config, path=()):
        if not isinstance(config, dict):
            return {".".join(path)}
        return {leaf for key, value in config.items() for leaf in leaves(value, (*path, key))}

    assert set(USERS) == leaves(read_config("config.yaml"))


@pytest.mark.slow
def test_every_rule_is_traced_and_nothing_is_left_to_do(project):
    rules = {line.split()[0] for line in snakemake(project.folder, "--list").stdout.splitlines()}
    assert set(project.trace.reads) == rules - ({"proofs", "web"} - PROOFS - WEB)
    assert planned(project.folder, *TARGETS) == set()


@pytest.mark.slow
def test_an_edit_of_any_file_reruns_its_readers_and_what_follows(project, plans):
    expected = {path: project.trace.after_edit(path) for path in project.sources}
    found = plans({path: project.edit(path) for path in project.sources})
    assert wrong(expected, found) == {}


@pytest.mark.slow
def test_every_result_that_a_rule_reads_is_an_input(project):
    assert len(project.trace.listed) > 30
    assert project.trace.unlisted() == {}


@pytest.mark.slow
def test_another_value_of_any_config_key_reruns_its_users_and_what_follows(project, plans):
    edits = {name: edit for name, edit, _ in config_edits()}
    after = project.trace.after
    expected = {
        name: after(users | {"write_colophon"}) - SPARED.get(name, set())
        for name, _, users in config_edits()
    }
    assert wrong(expected, plans(edits)) == {}


# A study, its parts, and what follows from an edit to it.
MODULE = "code/studies/flip_event.py"
PARTS = {f"{verb}_flip_event" for verb in ("tabulate", "summarise", "typeset")}
AFTER_MODULE = PARTS | WEB | {"compile_report", "archive", "verify", "report", "write_colophon"}
ALL_PARTS = {part.rule for part in parts(shipped())}
FIGURES = {part.rule for part in parts(shipped()) if part.kind == "figure"}
SOURCES = 'sources("code/study.py", part.module)'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "edited", "stale", "in_vain"),
    [
        (
            *("Snakefile", SOURCES, '["code/study.py", part.module]'),
            *("code/overparam/latex.py", ALL_PARTS | {"verify"}, set()),
        ),
        (
            *("Snakefile", SOURCES, f'[*{SOURCES}, "code/report.mplstyle"]'),
            *("code/report.mplstyle", set(), ALL_PARTS - FIGURES | {"verify"}),
        ),
        (
            *(MODULE, "import numpy as np\n", "import numpy as np\nopen('config.schema.yaml')\n"),
            *("config.schema.yaml", AFTER_MODULE, set()),
        ),
    ],
    ids=["module not listed", "listed but not read", "read but not listed"],
)
def test_a_wrong_list_of_inputs_is_found(project, tmp_path, file, old, new, edited, stale, in_vain):
    copy = project.copy(tmp_path / "copy")
    text = (copy.folder / file).read_text(encoding="utf-8")
    assert old in text
    (copy.folder / file).write_text(text.replace(old, new), encoding="utf-8")
    trace = project.trace.then(build(copy.folder, *TARGETS))
    assert planned(copy.folder, *TARGETS) == set()
    found = {edited: copy.plan(*copy.edit(edited))}
    mistake = {"stale": stale, "in vain": in_vain}
    assert wrong({edited: trace.after_edit(edited)}, found) == {edited: mistake}


@pytest.mark.slow
def test_a_result_that_is_read_but_not_listed_is_found(project, tmp_path):
    copy, other = project.copy(tmp_path / "copy"), "results/h_infinity.csv"
    module = copy.folder / MODULE
    text = module.read_text(encoding="utf-8")
    line = "import numpy as np\n"
    module.write_text(text.replace(line, f"{line}open({other!r})\n"), encoding="utf-8")
    trace = project.trace.then(build(copy.folder, "report/generated/flip_event.tex"))
    assert trace.unlisted() == {rule: {other} for rule in PARTS - {"typeset_flip_event"}}
