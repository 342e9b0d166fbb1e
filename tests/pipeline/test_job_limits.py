"""Memory and time of training runs, and the line about a job that exceeded them."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from drawing import SHIPPED

from pipeline.job_limits import (
    BYTES,
    ENDED,
    MEMORY_SAFETY,
    NANOSECONDS,
    TIME_SAFETY,
    check_resources,
    exceeded_limits,
    training_memory,
    training_minutes,
)
from pipeline.runs import EIGENVALUE_SHARE, training_runs

ROOT = Path(__file__).resolve().parents[2]
# Width, double precision, peak memory of the script in MB and milliseconds of a step, as printed by
# `benchmarks/run.py` for n = 500.
MEASURED = [
    *((1000, False, 298, 0.99), (4000, False, 321, 3.96), (16000, False, 363, 15.95)),
    *((65536, False, 548, 66.49), (262144, False, 1292, 273.46)),
    *((1000, True, 313, 1.86), (4000, True, 341, 8.01), (16000, True, 424, 31.87)),
]


@pytest.mark.parametrize(("width", "double", "megabytes", "milliseconds"), MEASURED)
def test_what_is_asked_for_before_safety_is_what_is_measured(
    width, double, megabytes, milliseconds
):
    taken = megabytes + 2 * 132  # and the two snakemakes of a Slurm job
    assert taken < training_memory(500, width, double) / MEMORY_SAFETY < 1.3 * taken
    # Minutes are rounded up, so many steps are compared.
    minutes = training_minutes(500, width, 10**8, double) - training_minutes(500, width, 0)
    assert milliseconds < 60e3 * minutes / TIME_SAFETY / 10**8 < 1.5 * milliseconds


ANNOUNCED = """
[Tue Nov 24 17:02:43 2026]
rule train_width:
    output: results/width/m32_seed1.npz
    jobid: {jobid}
    resources: tmpdir=<TBD>, mem_mb=200, mem=200 MB, mem_mib=191, disk_mb=1000, runtime=4
Job {jobid} has been submitted with SLURM jobid 1{jobid}.
"""
FAILED = """[Tue Nov 24 17:03:03 2026]
Error in rule train_width:
    message: SLURM-job '1{jobid}' failed, SLURM status is: '{state}'. For further error details ...
    jobid: {jobid}
    output: results/width/m32_seed{jobid}.npz
    log: logs/width/m32.log, {log} (check log file(s) for error details)
    shell:
        python code/train_network.py --width 32 --seed {jobid} --single
    external_jobid: 1{jobid}
"""


@pytest.fixture
def lines(tmp_path):
    """What is said of two jobs of which the second failed with that state and Slurm's log."""

    def write(state, said=""):
        slurm_log = tmp_path / "a b/slurm_logs/rule_train_width/m32_seed2/12.log"
        slurm_log.parent.mkdir(parents=True)
        slurm_log.write_text(said)
        announced = "".join(ANNOUNCED.format(jobid=jobid) for jobid in (1, 2))
        log = tmp_path / "snakemake.log"
        log.write_text(announced + FAILED.format(jobid=2, state=state, log=slurm_log))
        return exceeded_limits([log])

    return write


TIME = (
    "train_width: width 32, seed 2: Slurm job 12 exceeded its 4 min of time; ask for more:"
    " --set-resources train_width:runtime=8"
)
MEMORY = (
    "train_width: width 32, seed 2: Slurm job 12 exceeded its 200 MB of memory; ask for more:"
    " --set-resources train_width:mem_mb=400"
)


JOB, AGAIN = TIME.partition(" exceeded")[0], "the same command again does what is missing"


@pytest.mark.parametrize(
    ("state", "said", "expected"),
    [
        ("TIMEOUT", "", [TIME]),
        (
            "FAILED",
            "slurmstepd: error: *** JOB 12 ON n CANCELLED AT 1 DUE TO TIME LIMIT ***",
            [TIME],
        ),
        ("OUT_OF_MEMORY", "", [MEMORY]),
        ("FAILED", "slurmstepd: error: StepId=12.0 exceeded memory limit (3 > 2)", [MEMORY]),
        ("FAILED", "slurmstepd-n1.org: error: StepId=1.0 exceeded memory limit", [MEMORY]),
        ("FAILED", "slurmstepd: error: Detected 1 oom_kill event in StepId=12.batch", [MEMORY]),
        ("FAILED", "a bug", []),
        ("FAILED", "ValueError: out of memory; zoom-killed; exceeded the memory limit", []),
        ("CANCELLED", "", []),
        *((state, "", [f"{JOB} {why}; {AGAIN}"]) for state, why in ENDED.items()),
    ],
)
def test_a_job_over_its_limit_is_named(lines, state, said, expected):
    assert lines(state, said) == expected


@pytest.mark.parametrize("name", ["mem_mb", "runtime"])
@pytest.mark.parametrize("asked", [0, -5, "0"])
def test_resources_of_nothing_are_refused(name, asked):
    check_resources({"train_width": {name: SimpleNamespace(raw=1)}, "a": {}})
    with pytest.raises(ValueError, match=f"train_width:{name}={asked} is not allowed"):
        check_resources({"train_width": {name: SimpleNamespace(raw=asked)}})


def test_no_log_is_no_line():
    assert exceeded_limits([]) == []


def test_the_readme_shows_what_runs_cost_and_what_is_asked_for():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    deep = yaml.safe_load((ROOT / "deep.yaml").read_text(encoding="utf-8"))
    study = deep["width_study"]
    runs = training_runs({name: keys | deep.get(name, {}) for name, keys in SHIPPED.items()})
    of_width = {run.options["width"]: run for run in runs.values() if run.rule == "width"}
    models = re.search(r"(\d+) MB \+ (\d+) bytes and (\d+) s \+ ([\d.]+) ns", text)
    megabytes, of_pair, seconds, of_step = map(float, models.groups())
    assert (of_pair, of_step) == (BYTES, NANOSECONDS)
    steps = int(re.search(r"500 samples, (\d+) steps, ten networks", text)[1])
    (most,) = {run.steps(EIGENVALUE_SHARE * 500, follow=True) for run in of_width.values()}
    assert 0.9 * most < steps <= most
    rows = re.findall(r"^\| (\d+(?: \| [\d.]+){5}) \|$", text, re.MULTILINE)
    found = [[float(cell) for cell in row.split(" | ")] for row in rows]
    assert [row[0] for row in found] == [item["width"] for item in study["networks"]]
    for m, memory, minutes, asked_memory, asked_minutes, hours in found:
        assert memory == round(megabytes + of_pair * 500 * m / 1e6)
        exact = (seconds + of_step * 1e-9 * 500 * m * steps) / 60
        assert abs(minutes - exact) <= 0.05
        assert asked_memory == of_width[m].memory(500)
        assert asked_minutes == of_width[m].minutes(500)
        assert abs(hours - 10 * exact / 60) <= 0.05 * hours
