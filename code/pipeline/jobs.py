"""Two methods of Snakemake's Job, replaced so that no result is lost and no failure forgotten.

Upstream: https://github.com/snakemake/snakemake/issues/1978 and pull request 2966.  Snakemake
deletes outputs before a job and after its failure, as they might be half written, and then counts
the job as done: a later build finds nothing to do where nothing asks for the file.  Its options
(`--keep-incomplete`, `--rerun-incomplete`, `shadow`, the flag `update`) end the same way, with a
stale file.  To be looked at with each new version of Snakemake.
"""

import inspect
import re
from pathlib import Path


def keep_results(job_class):
    """Let an earlier result stay until its job has made the next one, and a failed job run again.

    Our files are renamed into place, so they are whole, old or new.  A failed job is marked like a
    killed one, which `rerun-incomplete` starts again.

    Raises:
        ValueError: the class lacks a method that is replaced here.
    """

    async def remove_logs(job):
        for log in job.log:
            await log.remove()

    async def mark_incomplete(job, _):
        job.dag.workflow.persistence.started(job)

    for name, method in {"remove_existing_output": remove_logs, "cleanup": mark_incomplete}.items():
        if not inspect.iscoroutinefunction(getattr(job_class, name, None)):
            raise ValueError(
                f"this Snakemake has no asynchronous Job.{name}, which code/pipeline/jobs.py"
                " replaces; install the version of requirements.txt"
            )
        setattr(job_class, name, method)


def reasons(snakemake_logs):
    """What the logs of failed jobs end with, each once: to be the last thing on the terminal."""
    text = "".join(Path(log).read_text(errors="replace") for log in snakemake_logs)
    failed = re.findall(r"^    log: (.*?)(?:, .*)? \(check log file", text, re.MULTILINE)
    found = []
    for path in filter(Path.exists, map(Path, dict.fromkeys(failed))):
        entries = re.split(r"^[\d-]{10} [\d:,]{12} ", path.read_text(errors="replace"), flags=re.M)
        # A script that ends with an error has its name in front of it.
        if re.match(r"\w+\.py\b", entries[-1]):
            found.append(entries[-1].strip())
    return list(dict.fromkeys(found))
