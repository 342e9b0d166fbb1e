"""Which results are not what the present sources and configuration make, by their records.

A record (`records.py`) is compared with the command that Snakemake would run now, the contents of
what the job reads, the versions of packages, the kernels, and the result itself; dates and
Snakemake's own notes do not count.
"""

import platform
import shlex
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from snakemake_interface_common.exceptions import WorkflowError

import records
from pipeline.jobs import replace


def keep_keys(dag_class):
    """Let Snakemake make again what the keys say, at every start and whatever its options are.

    Raises:
        ValueError: the class lacks the method that is replaced here.
    """

    async def check(dag):
        if dag.workflow.is_main_process:
            dag.update_jobids()  # a command can name its job
            found = stale(dag.jobs, dag.workflow.local_exec)
            print_lines(found)
            dag.forcefiles.update(file for job in found for file in job.output)

    replace(dag_class, check_incomplete=check)


def check_end(dag):
    """Exit where a result, though its build has ended well, is not what its sources make now."""
    jobs = [job for job in dag.jobs if dag.finished(job) or not dag.needrun(job)]
    if found := stale(jobs, dag.workflow.local_exec):
        print_lines(found)
        sys.exit("files were changed while the build ran; start it again")


def print_lines(found):
    """One line for each reason of `stale`, with the results that it concerns."""
    for reason in dict.fromkeys(reason for _, reason in found.values()):
        names = [name for name, of_name in found.values() if of_name == reason]
        more = f" and {len(names) - 2} more" if len(names) > 3 else ""
        print(f"{', '.join(names[: 2 if more else 3])}{more}: {reason}", file=sys.stderr)


def stale(jobs, local):
    """job → (output, why it is to be made again), of those whose outputs are there.

    Args:
        local: whether jobs run on this machine; other nodes may have other kernels.
    """
    digest = cache(_digest)
    found = {}
    for job in jobs:
        there = [path for path in job.output if digest(path)]
        words = there and command(job)
        for path in there:
            if reason := difference(path, words, job.input, digest, local or job.is_local):
                found[job] = path, reason
                break
    return found


def _digest(path):
    """The digest of a file, None where there is none."""
    try:
        return records.digest(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def difference(path, words, reads, digest, local):
    """In what the record of a result differs from a job of these words and inputs now, or None."""
    record = records.read(path)
    if record is None:
        return "has no record of what it was made from"
    if record["digest"] != digest(path):
        return "is not what its job wrote"
    if record["command"] != words:
        return "its job has other parameters now"
    for file in reads:
        if record["reads"].get(file) != digest(file):
            return f"{file} {'has changed' if digest(file) else 'is missing'}"
    return other_tools(record, local)


def command(job):
    """The words of a job's command that its record holds.

    Raises:
        WorkflowError: its rule does without `job.py`, so that nothing is recorded.
    """
    shell = job.shellcmd or ""
    # shlex takes its time, and only texts are quoted.
    words = shlex.split(shell) if {*"'\"\\"} & {*shell} else shell.split()
    if "--made" not in words:
        raise WorkflowError(f"rule {job.rule.name}: its shell has to begin with JOB (Snakefile)")
    return words[words.index("--made") :]


def other_tools(record, local):
    """What a result was computed with that is another now, or None."""
    for name, was in record["versions"].items():
        if was != _version(name):
            return f"made with {name} {was}, here is {_version(name)}"
    kernels = record["kernels"]
    if local and kernels.get("OpenBLAS") not in (None, _blas()):
        return f"made with OpenBLAS for {kernels['OpenBLAS']}, here is {_blas()}"
    if "ATen" in kernels and record["asked"] != records.asked():
        return f"made with {records.ATEN}={record['asked']}, here is {records.asked() or 'none'}"
    return None


@cache
def _version(name):
    """The version of a package, or of Python."""
    try:
        return platform.python_version() if name == "Python" else version(name)
    except PackageNotFoundError:
        return "none"


_blas = cache(records.blas)
