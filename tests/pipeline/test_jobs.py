"""The two methods of Snakemake's Job that are replaced, and what happens where one is gone."""

import asyncio
from types import SimpleNamespace

import pytest
from snakemake.jobs import Job

from pipeline.jobs import keep_results, reasons


class Upstream:
    """A Job as far as the replacement cares."""

    async def remove_existing_output(self):
        raise AssertionError("an earlier result was removed")

    async def cleanup(self, error):
        raise AssertionError("a failed job was forgotten")


def test_only_logs_are_removed_and_a_failed_job_counts_as_started():
    class Kept(Upstream):
        pass

    keep_results(Kept)
    done = []

    async def remove():
        done.append("log")

    persistence = SimpleNamespace(started=lambda job: done.append(job))
    job = Kept()
    job.log = [SimpleNamespace(remove=remove)]
    job.dag = SimpleNamespace(workflow=SimpleNamespace(persistence=persistence))
    asyncio.run(job.remove_existing_output())
    asyncio.run(job.cleanup(None))
    assert done == ["log", job]


@pytest.mark.parametrize("gone", ["remove_existing_output", "cleanup"])
@pytest.mark.parametrize("left", [None, lambda job: None], ids=["missing", "not asynchronous"])
def test_a_snakemake_without_the_methods_is_refused(gone, left):
    members = {name: value for name, value in vars(Upstream).items() if name[0] != "_"}
    changed = type("Changed", (), members | {gone: left})
    with pytest.raises(ValueError, match=f"no asynchronous Job.{gone}, which"):
        keep_results(changed)


def test_the_installed_snakemake_has_them():
    keep_results(type("Copy", (Job,), {}))


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
