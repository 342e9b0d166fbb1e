"""Faults in the middle of a build: one line names the cause, earlier results stay, nothing is
counted as done that has failed."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import pytest
from workflow import command, made, planned, snakemake


@pytest.fixture
def project(built, tmp_path):
    """A copy of the finished toy build, with Snakemake's records."""
    return shutil.copytree(built, tmp_path / "a path with späces")


@contextlib.contextmanager
def edited(path, old, new):
    """A source with one place changed, for a while."""
    original = path.read_text(encoding="utf-8")
    assert original.count(old) == 1
    try:
        path.write_text(original.replace(old, new), encoding="utf-8")
        yield
    finally:
        path.write_text(original, encoding="utf-8")


def contents(folder):
    return {name: (folder / name).read_bytes() for name in made(folder)}


def check_nothing_lost(project, message, *arguments, **options):
    """A build fails, one line has the message, once more at the end; nothing is lost."""
    before = contents(project)
    options |= {"cwd": project, "capture_output": True, "text": True, "errors": "replace"}
    run = subprocess.run(command(*arguments), **options)
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    assert sum(message in line for line in run.stderr.splitlines()) in (1, 2), run.stderr
    assert contents(project) == before


def check_failure(project, rule, message, *arguments, **options):
    """The same, and the next build does not take the rule for done."""
    check_nothing_lost(project, message, *arguments, **options)
    assert rule in planned(project, *arguments)


PARALLEL = "make_dataset.py: samples [[2, 7]] are parallel"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ('data["x"][4] = 0', "make_dataset.py: samples [4] are zero"),
        pytest.param('data["x"][7] = -3 * data["x"][2]', PARALLEL, marks=pytest.mark.slow),
        pytest.param('data["x"][7] = data["x"][2]', PARALLEL, marks=pytest.mark.slow),
    ],
)
def test_samples_against_the_hypotheses_are_named(project, fault, message):
    call = "data = make_dataset(args)"
    with edited(project / "code/overparam/dataset.py", call, f"{call}; {fault}"):
        check_failure(project, "make_dataset", message, "results/dataset.npz")


@pytest.mark.parametrize(
    ("rule", "result", "message"),
    [
        ("train_full_batch", "training_full_batch", "training_full_batch.npz: the loss diverged"),
        pytest.param(
            *("train_stagewise", "training_stagewise", "not below the stability limit of stage"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_learning_rate_that_is_too_large_is_named(project, rule, result, message):
    rate = "learning_rate, measured = refined(fraction * limit"
    with edited(project / "code/train_network.py", rate, f"{rate} * 40"):
        check_failure(project, rule, message, f"results/{result}.npz")


def test_a_good_run_after_a_failed_one_replaces_the_result(project):
    """With other parameters, which the failed run must not leave in Snakemake's records."""
    result = project / "results/targets/shuffled3.npz"
    arguments = ("results/targets/shuffled3.npz", "--config", "target_study={flow_time: 9}")
    before = result.read_bytes()
    with edited(
        project / "code/train_network.py", "    network = make", "    1 / 0\n    network = make"
    ):
        check_failure(project, "train_targets", "division by zero", *arguments)
    run = snakemake(project, *arguments)
    assert run.returncode == 0, run.stderr
    assert result.read_bytes() != before
    assert planned(project, *arguments) == set()


def test_a_result_outlives_a_job_that_is_killed(project):
    target = "results/targets/scaled.npz"
    before, log = contents(project), project / "logs/targets/scaled.log"
    wait = "import time; time.sleep(600); network = make"
    with edited(project / "code/train_network.py", "network = make", wait):
        log.unlink()
        build = subprocess.Popen(
            command(target), cwd=project, start_new_session=True, stderr=subprocess.PIPE, text=True
        )
        while not log.exists():
            assert build.poll() is None, build.stderr.read()
            time.sleep(0.05)
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
    assert contents(project) == before
    assert planned(project, target) == {"train_targets"}


def test_no_latex_engine_is_named(project, tmp_path):
    (tmp_path / "bash").symlink_to(shutil.which("bash"))
    message = "compile_report.py: neither latexmk nor tectonic was found; run `make latex`"
    with edited(project / "report/sections/errata.tex", r"\section", r"\par\section"):
        path = os.environ | {"PATH": str(tmp_path)}
        check_failure(project, "compile_report", message, "report/main.pdf", env=path)


LATEX = [
    ("preamble.tex", r"\usepackage{siunitx}", r"\usepackage{nosuchpackage}", "nosuchpackage.sty"),
    (
        "sections/errata.tex",
        r"\section",
        r"\begin{nosuchthing}\section",
        "Environment nosuchthing undefined",
    ),
    ("sections/errata.tex", r"\section", r"\cite{nobody1999}\section", "Citation `nobody1999'"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "old", "new", "message"), LATEX)
def test_a_mistake_in_the_text_is_named(project, file, old, new, message):
    with edited(project / "report" / file, old, new):
        check_failure(project, "compile_report", message, "report/main.pdf")


@contextlib.contextmanager
def read_only(folder):
    """A folder as on a medium that cannot be written; root is above permissions."""
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
        pytest.skip("mounting takes root")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_named(project):
    result, rule = "results/targets.npz", "compute_targets"
    with read_only(project / "results"):
        message = f"Write-protected output files for rule {rule}"
        check_nothing_lost(project, message, result, "--forcerun", rule)
    (project / result).unlink()
    with read_only(project / "results"):
        message = "study.py: [Errno 30] Read-only file system: 'results/.targets.npz.made'"
        check_failure(project, rule, message, result)


@pytest.mark.parametrize("folder", [".snakemake", "logs"])
def test_a_folder_of_snakemakes_own_that_cannot_be_written_is_named(project, folder):
    with read_only(project / folder):
        check_nothing_lost(project, f"[Errno 30] cannot be written: '{folder}'")


@pytest.mark.parametrize("folder", [".snakemake", "logs"])
def test_a_full_disk_of_snakemakes_own_is_named(project, folder):
    small = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", project / folder]
    if subprocess.run(small, capture_output=True).returncode:
        pytest.skip("mounting a small file system takes root")
    try:
        check_nothing_lost(project, f"[Errno 28] No space left on device: '{folder}'")
    finally:
        subprocess.run(["umount", project / folder], check=True)
