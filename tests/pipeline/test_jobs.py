"""The methods of Snakemake that are replaced, and what happens where one is gone."""

import asyncio
from types import SimpleNamespace

import pytest
import snakemake.cli  # noqa: F401  first, as Snakemake's modules import each other
from snakemake.dag import DAG
from snakemake.jobs import Job
from snakemake_interface_common.exceptions import WorkflowError

from pipeline.jobs import keep_results, reasons
from pipeline.keys import keep_keys, stale


class Upstream:
    """A Job as far as the replacement cares."""

    async def remove_existing_output(self):
        raise AssertionError("an earlier result was removed")

    async def cleanup(self, error):
        raise AssertionError("a failed job was forgotten")


class Graph:
    """A DAG as far as the replacement cares."""

    async def check_incomplete(self):
        raise AssertionError("Snakemake's own notes are asked")


def test_only_logs_are_removed_and_of_a_failed_job_nothing():
    class Kept(Upstream):
        pass

    keep_results(Kept)
    done = []

    async def remove():
        done.append("log")

    job = Kept()
    job.log = [SimpleNamespace(remove=remove)]
    asyncio.run(job.remove_existing_output())
    asyncio.run(job.cleanup(None))
    assert done == ["log"]


@pytest.mark.parametrize(
    ("upstream", "gone", "keep"),
    [
        (Upstream, "remove_existing_output", keep_results),
        (Upstream, "cleanup", keep_results),
        (Graph, "check_incomplete", keep_keys),
    ],
)
@pytest.mark.parametrize("left", [None, lambda job: None], ids=["missing", "not asynchronous"])
def test_a_snakemake_without_the_methods_is_refused(upstream, gone, keep, left):
    members = {name: value for name, value in vars(upstream).items() if name[0] != "_"}
    changed = type("Changed", (), members | {gone: left})
    with pytest.raises(ValueError, match=f"no asynchronous Changed.{gone}, which"):
        keep(changed)


def test_the_installed_snakemake_has_them():
    keep_results(type("Copy", (Job,), {}))
    keep_keys(type("Copy", (DAG,), {}))


@pytest.mark.parametrize("shell", [None, "python code/study.py --output {}"])
def test_a_rule_whose_jobs_leave_no_record_is_named(tmp_path, shell):
    (tmp_path / "a.csv").touch()
    rule = SimpleNamespace(name="tabulate_new")
    job = SimpleNamespace(output=[tmp_path / "a.csv"], shellcmd=shell, rule=rule, is_local=True)
    with pytest.raises(WorkflowError, match="rule tabulate_new: its shell has to begin with JOB"):
        stale([job], True)


LOG = """Error in rule compile_report:
    log: {0} (check log file(s) for error details)
Error in rule train_width:
    log: {1}, /slurm/12.log (check log file(s) for error details)
Error in rule train_width:
    log: {1}, /slurm/12.log (check log file(s) for error details)
Error in rule none:
    log: logs/missing.log (check log file(s) for error details)
"""


def test_reasons_are_the_last_entries_of_the_logs_of_failed_jobs(tmp_path):
    one, two, log = (tmp_path / name for name in ("one.log", "two.log", "snakemake.log"))
    one.write_text(
        "2026-01-02 03:04:05,678 5 steps\n2026-01-02 03:04:06,789 publish.py: wrong:\n  line 2\n"
    )
    two.write_text("2026-01-02 03:04:05,678 5 of 7 steps, 3 a second\n")
    log.write_text(LOG.format(one, two))
    assert reasons([log]) == ["publish.py: wrong:\n  line 2"]
