"""No file is believed: each result is what the present sources and configuration make, or is made
again, whatever its date and whatever Snakemake has noted."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from workflow import command, copy_project, planned, snakemake

import records


@pytest.fixture(scope="module")
def project(built, tmp_path_factory):
    """A copy of the finished toy build; tests put back what they change."""
    return shutil.copytree(built, tmp_path_factory.mktemp("identity") / "copy")


@contextlib.contextmanager
def kept(*paths):
    """The files as they were, contents and dates, when the block ends."""
    before = {path: (path.read_bytes(), path.stat()) for path in paths if path.exists()}
    try:
        yield
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
        for path, (content, status) in before.items():
            path.write_bytes(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def plan(project, *arguments, **environment):
    """The rules of a dry run, and the lines that say why results are made again."""
    line = [*command(*arguments), "--dry-run", "--quiet", "host"]
    options = {"cwd": project, "capture_output": True, "text": True}
    run = subprocess.run(line, env=os.environ | environment, **options)
    assert run.returncode == 0, run.stderr
    text = run.stdout + run.stderr
    why = re.findall(r"^(?:results|figures|report)/.*: (.*)$", text, re.MULTILINE)
    return set(re.findall(r"^(?:local)?rule (\w+):", text, re.MULTILINE)), why


def reordered(path):
    head, first, second, *rest = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, second, first, *rest]))


def of_another_configuration(path):
    """As copied from another build, record and all."""
    path.write_bytes(path.read_bytes() + b"\n")
    record = records.read(path)
    record["command"] = [{"2": "3"}.get(word, word) for word in record["command"]]
    records.write(path, record | {"command": [*record["command"], "--other"]})


def without_record(path):
    records.place(path).unlink()


def damaged_record(path):
    records.place(path).write_bytes(records.place(path).read_bytes()[:100])


def wrong_record(path):
    records.place(path).write_text('{"command": 1, "reads": [], "digest": {}}')


def by_other_versions(path):
    record = records.read(path)
    records.write(path, record | {"versions": record["versions"] | {"numpy": "1.0"}})


def by_other_kernels(path):
    records.write(path, records.read(path) | {"kernels": {"OpenBLAS": "Other"}})


def by_a_hand(path):
    path.write_bytes(path.read_bytes() + b"# by hand\n")


TAMPERED = [
    ("results/eigenvalues.csv", reordered, "is not what its job wrote"),
    ("report/generated/width.tex", by_a_hand, "is not what its job wrote"),
    ("figures/width.pdf", by_a_hand, "is not what its job wrote"),
    ("report/main.pdf", by_a_hand, "is not what its job wrote"),
    ("results/stages.csv", of_another_configuration, "has other parameters now"),
    ("results/width/m16_seed201.npz", without_record, "has no record"),
    ("results/training_full_batch.npz", damaged_record, "has no record"),
    ("results/anatomy.npz", wrong_record, "has no record"),
    ("results/targets.npz", by_other_versions, "made with numpy 1.0, here is"),
    ("results/h_infinity.csv", by_other_kernels, "made with OpenBLAS for Other, here is"),
]
RULES = {
    "results/eigenvalues.csv": "compute_eigenvalues",
    "report/generated/width.tex": "summarise_width",
    "figures/width.pdf": "plot_width",
    "report/main.pdf": "compile_report",
    "results/stages.csv": "compute_stage_eigenvalues",
    "results/width/m16_seed201.npz": "train_width",
    "results/training_full_batch.npz": "train_full_batch",
    "results/anatomy.npz": "compute_anatomy",
    "results/targets.npz": "compute_targets",
    "results/h_infinity.csv": "compute_h_infinity",
}


@pytest.mark.parametrize(
    ("path", "tamper", "why"), TAMPERED, ids=[f"{c[1].__name__} {c[0]}" for c in TAMPERED]
)
def test_a_result_that_its_job_did_not_make_is_made_again_and_named(project, path, tamper, why):
    result = project / path
    with kept(result, records.place(result)):
        tamper(result)
        os.utime(result, (0, 0))  # older than all
        rules, found = plan(project)
        assert RULES[path] in rules
        assert any(why in line for line in found)
        assert planned(project, path) >= {RULES[path]}
    assert plan(project) == (set(), [])


def test_what_a_script_wrote_by_hand_is_not_the_rules(project):
    result = project / "results/eigenvalues.csv"
    with kept(result, records.place(result)):
        by_hand = [sys.executable, "code/compute_eigenvalues.py", "--seeds", "1", "--width", "20"]
        subprocess.run(by_hand, cwd=project, check=True)
        assert "compute_eigenvalues" in plan(project)[0]
        # Whoever reads it as the rule's is told.
        read = [sys.executable, "code/study.py", "rows", "eigenvalues", "--output", "x.tex"]
        done = subprocess.run(read, cwd=project, capture_output=True, text=True)
        (line,) = done.stderr.splitlines()
        assert line.startswith("study.py rows eigenvalues: results/eigenvalues.csv is not what its")
        records.place(result).unlink()
        assert subprocess.run(read, cwd=project).returncode == 0
        (project / "x.tex").unlink()


def test_an_edit_that_is_undone_with_the_older_file_is_noticed(project, tmp_path):
    source, target = project / "code/compute_stage_eigenvalues.py", "results/stages.csv"
    result = project / target
    with kept(result, records.place(result)):
        old = source.rename(tmp_path / "old")
        source.write_text(old.read_text() + "# edited\n")
        assert snakemake(project, target).returncode == 0
        old.rename(source)
        rules, why = plan(project, target)
        assert rules == {"compute_stage_eigenvalues"}
        assert why == ["code/compute_stage_eigenvalues.py has changed"]
    assert plan(project, target) == (set(), [])


@pytest.mark.parametrize("damage", ["lost", "emptied"])
def test_without_snakemakes_notes_an_edit_and_a_key_are_noticed(project, tmp_path, damage):
    shutil.move(project / ".snakemake", tmp_path / "kept")
    source = project / "code/studies/flip_event.py"
    try:
        if damage == "emptied":
            shutil.copytree(tmp_path / "kept", project / ".snakemake")
            for path in (project / ".snakemake/metadata").rglob("*"):
                if path.is_file():
                    path.write_bytes(b"{")
        with kept(source):
            source.write_text(source.read_text() + "# edited\n")
            os.utime(source, (0, 0))
            assert {"tabulate_flip_event", "compile_report"} <= plan(project)[0]
        assert "train_width" in plan(project, "--config", "width_study={window: 3}")[0]
    finally:
        shutil.rmtree(project / ".snakemake")
        shutil.move(tmp_path / "kept", project / ".snakemake")


def test_other_kernels_in_the_environment_are_noticed(project):
    kernels = records.read(project / "figures/width.pdf")["kernels"]["OpenBLAS"]
    other = "Haswell" if kernels != "Haswell" else "Sandybridge"
    rules, why = plan(project, OPENBLAS_CORETYPE=other)
    assert "make_dataset" in rules
    assert why == [f"made with OpenBLAS for {kernels}, here is {other}"]
    rules, why = plan(project, ATEN_CPU_CAPABILITY="default")
    assert "train_full_batch" in rules
    assert "make_dataset" not in rules
    assert why == ["made with ATEN_CPU_CAPABILITY=, here is default"]


HOSTILE = """ignore-incomplete: true
rerun-triggers: [mtime]
drop-metadata: true
"""


def test_a_profile_of_the_user_changes_nothing(project, tmp_path):
    (tmp_path / "config.yaml").write_text(HOSTILE)
    source = project / "code/studies/flip_event.py"
    with kept(source):
        source.write_text(source.read_text() + "# edited\n")
        os.utime(source, (0, 0))
        profile = {"SNAKEMAKE_PROFILE": str(tmp_path)}
        assert plan(project, **profile)[0] == plan(project)[0] != set()


def test_an_edit_after_its_job_fails_the_build_that_it_missed(project):
    """A job that is done is edited while a later one runs; the build does not end with exit 0."""
    script = project / "code/compute_stage_eigenvalues.py"
    other = project / "code/make_dataset.py"
    target = "results/stages.csv"
    with kept(script, other, project / target, records.place(project / target)):
        edit = f"    open({str(other)!r}, 'a').write('#')\n"
        text = script.read_text()
        script.write_text(text.replace("def main(arguments):\n", f"def main(arguments):\n{edit}"))
        run = snakemake(project, target)
        assert run.returncode != 0
        assert "results/dataset.npz: code/make_dataset.py has changed" in run.stderr
        assert (
            run.stderr.splitlines()[-1] == "files were changed while the build ran; start it again"
        )
        assert "Traceback" not in run.stderr


def test_a_touch_makes_no_result_current(project):
    source = project / "code/studies/flip_event.py"
    with kept(source):
        source.write_text(source.read_text() + "# edited\n")
        assert snakemake(project, "results/flip_event.csv", "--touch").returncode != 0
        assert "tabulate_flip_event" in plan(project, "results/flip_event.csv")[0]


def test_results_of_another_copy_are_not_believed(project, tmp_path):
    """Toy results and records in a copy of the project with the shipped configuration."""
    copy = copy_project(tmp_path / "copy")
    for name in ("results", "figures", "report/generated"):
        shutil.copytree(project / name, copy / name)
    run = [sys.executable, "-m", "snakemake", "-n", "--quiet", "host"]
    done = subprocess.run(run, cwd=copy, capture_output=True, text=True)
    rules = set(re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, re.MULTILINE))
    assert {"make_dataset", "train_full_batch", "tabulate_width"} <= rules


def test_a_made_up_check_of_the_proofs_is_not_printed(project):
    result = project / "results/proofs.csv"
    result.write_text("theorem,kind,line\nanswers.made_up,Theorem,1\n")
    try:
        rules, _ = plan(project, "--config", "report={check_proofs: true}")
        assert ("proofs" in rules) == bool(shutil.which("coqc"))
        assert (
            "results/proofs.csv"
            not in records.read(project / "report/generated/proofs.tex")["reads"]
        )
    finally:
        result.unlink()


def test_a_name_that_is_a_command_is_not_run(project):
    run = snakemake(project, "results/targets/$(touch x).npz", "results/$(touch x).npz")
    assert run.returncode != 0
    assert not (project / "x").exists()


def test_a_line_names_few_of_many(project):
    _, why = plan(project, "--config", "width_study={window: 3}")
    assert len(why) == len({*why})


def test_records_hold_nothing_of_this_place(project):
    """They are the same in every folder and at every time."""
    paths = [
        path
        for name in ("results", "figures", "report")
        for path in (project / name).rglob(".*.made")
    ]
    assert len(paths) > 50
    for path in paths:
        text = path.read_text()
        assert str(project.parent) not in text
        assert set(json.loads(text)) == {*records.FIELDS}
