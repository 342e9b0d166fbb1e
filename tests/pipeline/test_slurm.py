"""The workflow on a real Slurm of one node: same results, resumable, exceeded limits named.

Needs root, Debian's slurm-wlm and munge, and requirements-slurm.txt: `make test-slurm`.
"""

import re
import shutil
import subprocess
import sys

import pytest
from slurm import cluster
from workflow import copy_project

CONFIG = ["--configfile", "tests/config.yaml"]
SLURM = ["--profile", "profiles/slurm", "--slurm-status-command", "squeue", "--slurm-no-account"]
SLURM += ["--slurm-init-seconds-before-status-checks", "5"]
LOCAL = ["--cores", "2"]
# Part of the toy build that has jobs of each kind: grouped, training alone, local.
TARGETS = ["figures/width.pdf", "results/flip_event.csv", "results/hypotheses.csv"]
KILLED, DOOMED = "results/width/m32_seed203.npz", "rule_train_width_wildcards_m32_seed203"
PATIENCE = 400  # seconds for a run of snakemake

reason = cluster.missing()
needs_slurm = pytest.mark.skipif(reason is not None, reason=str(reason))


def start(folder, *arguments):
    """Snakemake in the background, its output in a file beside the project."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    with open(folder.with_suffix(".out"), "w") as file:
        return subprocess.Popen(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)


def snakemake(folder, *arguments):
    """Return code and output of snakemake."""
    return start(folder, *arguments).wait(PATIENCE), output(folder)


def output(folder):
    return folder.with_suffix(".out").read_text(errors="replace")


def contents(folder):
    """path → bytes of everything that the workflow made, without its logs and records."""
    made = [path for name in ("results", "figures") for path in (folder / name).rglob("*")]
    files = [path for path in made if path.is_file() and path.suffix != ".made"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def running(folder, comment):
    """The id of the project's running Slurm job with that comment, which names its wildcards."""
    jobs = cluster.output_of("squeue", "--noheader", "--states=R", "--format=%i|%Z|%k")
    rows = [line.split("|") for line in jobs.splitlines()]
    return next((job for job, *of in rows if of == [str(folder), comment]), None)


def daemons():
    """Process ids of Slurm and munge, as far as they run on this machine."""
    processes = cluster.output_of("ps", "-eo", "pid,comm").splitlines()
    return {line for line in processes if re.search(r"munged|slurm(ctld|d|stepd)$", line)}


@pytest.fixture(scope="module")
def slurm():
    before = daemons(), cluster.CONFIG.exists() and cluster.CONFIG.read_bytes()
    with cluster.cluster() as logs:
        assert len(daemons() - before[0]) >= 3
        yield logs
    after = daemons(), cluster.CONFIG.exists() and cluster.CONFIG.read_bytes()
    assert after == before


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The targets, built by the local executor."""
    folder = copy_project(tmp_path_factory.mktemp("local") / "project")
    code, text = snakemake(folder, *LOCAL, *TARGETS, *CONFIG)
    assert code == 0, text
    return folder


@pytest.fixture(scope="module")
def faults(local, slurm, tmp_path_factory):
    """Copies in which a training run exceeds its limit, started: limit → folder, process.

    Tiny steps make the run long, as the smallest time limit of Slurm is a minute.
    """
    started = {}
    for name, limit, first_look in [("runtime", 1, 10), ("mem_mb", 200, 15)]:
        folder = tmp_path_factory.mktemp(name) / "project"
        shutil.copytree(local, folder)
        shutil.rmtree(folder / "results/width")
        options = ["--slurm-init-seconds-before-status-checks", str(first_look)]
        options += ["--set-resources", f"train_width:{name}={limit}"]
        options += ["--config", "width_study={learning_rate_fraction: 0.00001}"]
        started[name] = folder, start(folder, *SLURM, KILLED, *options, *CONFIG)
    yield started
    for _, process in started.values():
        process.kill()  # where a test has failed; the cluster ends the job
        process.wait()


@pytest.fixture(scope="module")
def interrupted(slurm, faults, tmp_path_factory):
    """The targets through Slurm, where one training run is ended by scancel."""
    folder = copy_project(tmp_path_factory.mktemp("slurm") / "project")
    process = start(folder, *SLURM, "--keep-going", *TARGETS, *CONFIG)
    job = cluster.wait_for(lambda: running(folder, DOOMED), "the job to kill", PATIENCE)
    subprocess.run(["scancel", job], check=True)
    assert process.wait(PATIENCE) != 0, output(folder)
    assert f"SLURM-job '{job}' failed, SLURM status is: 'CANCELLED'" in output(folder)
    return folder


@needs_slurm
def test_a_killed_job_leaves_the_others_and_a_rerun_completes_what_is_missing(interrupted, local):
    made, expected = contents(interrupted), contents(local)
    missing = {KILLED, "results/width.csv", "figures/width.csv", "figures/width.pdf"}
    assert set(made) == set(expected) - missing - {"results/hypotheses.csv"}
    _, plan = snakemake(interrupted, *LOCAL, "--dry-run", *TARGETS, *CONFIG)
    rules = set(re.findall(r"^(?:local)?rule (\w+):", plan, re.MULTILINE))
    assert rules == {"train_width", "tabulate_width", "plot_width", "tabulate_hypotheses"}
    code, text = snakemake(interrupted, *SLURM, *TARGETS, *CONFIG)
    assert code == 0, text
    assert contents(interrupted) == expected


@needs_slurm
@pytest.mark.parametrize(("resource", "limit"), [("runtime", "1 min"), ("mem_mb", "200 MB")])
def test_a_job_over_its_limit_is_named_with_what_to_raise(faults, resource, limit):
    folder, process = faults[resource]
    assert process.wait(PATIENCE) != 0
    (line,) = [line for line in output(folder).splitlines() if line.startswith("train_width:")]
    assert line.startswith("train_width: width 32, seed 203: Slurm job")
    assert f"exceeded its {limit}" in line
    assert f"--set-resources train_width:{resource}=" in line


def test_the_users_slurm_conf_comes_back(tmp_path, monkeypatch):
    config = tmp_path / "slurm.conf"
    monkeypatch.setattr(cluster, "CONFIG", config)
    monkeypatch.setattr(cluster, "BACKUP", tmp_path / "backup")
    config.write_text("theirs")
    with cluster.slurm_conf(f"{cluster.MARK}\nours"):
        assert config.read_text().endswith("ours")
    assert config.read_text() == "theirs"
    config.rename(tmp_path / "backup")
    config.write_text(f"{cluster.MARK}\nof a test that was killed")
    with cluster.slurm_conf(f"{cluster.MARK}\nours"):
        pass
    assert config.read_text() == "theirs"
