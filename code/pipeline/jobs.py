"""Methods of Snakemake, replaced so that no result is lost; and what its logs say of a failure.

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
    """Let an earlier result stay until its job has made the next one, or has failed.

    Our files are renamed into place, so they are whole, old or new; an old one has lost its record
    when its job began (`job.py`), so that it does not count as made.

    Raises:
        ValueError: the class lacks a method that is replaced here.
    """

    async def remove_logs(job):
        for log in job.log:
            await log.remove()

    async def remove_nothing(job, _):
        pass

    replace(job_class, remove_existing_output=remove_logs, cleanup=remove_nothing)


def replace(snakemake_class, **methods):
    """Replace asynchronous methods of a class of Snakemake; ValueError where one is not there."""
    for name, method in methods.items():
        if not inspect.iscoroutinefunction(getattr(snakemake_class, name, None)):
            raise ValueError(
                f"this Snakemake has no asynchronous {snakemake_class.__name__}.{name}, which"
                " code/pipeline replaces; install the version of requirements.txt"
            )
        setattr(snakemake_class, name, method)


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
