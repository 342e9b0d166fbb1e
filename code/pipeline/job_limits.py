"""What a job asks of a cluster, and which job exceeded it: for the Snakefile and profiles/slurm.

A training run holds patterns of n samples and m units and goes through them at every step, so its
memory is a·n·m + b and its time c·n·m·steps + d.  a and c are what `benchmarks/run.py` measures in
single precision with n = 500, for widths 1000 to 262144 and with AVX2, rounded up; b and d are
generous (README, "A Slurm cluster").  Double precision takes twice a and twice c.
"""

import math
import re
from pathlib import Path

# b: 300 of the training script, and two snakemakes of 130 around it in a Slurm job.  The safety
# below covers the 700 of the script where pip finds only the CUDA build of torch.
MEGABYTES = 680
BYTES = 8  # a, a sample and unit, with the probe
SECONDS = 60  # d: 15 on an idle machine, and a cluster's slow file system
NANOSECONDS = 2.4  # c, a step, sample and unit
# What is asked for is this much more: other processors and BLAS libraries, both layers trained,
# batches of fewer samples than the loss is over, windows of the probe.
MEMORY_SAFETY, TIME_SAFETY = 1.5, 3


def training_memory(samples, width, double=False):
    """Megabytes that a training run asks for."""
    entries = samples * width * (2 if double else 1)
    return math.ceil(MEMORY_SAFETY * (MEGABYTES + BYTES * entries / 1e6))


def training_minutes(samples, width, steps, double=False):
    """Minutes that a training run of so many steps asks for."""
    entries = samples * width * (2 if double else 1)
    return math.ceil(TIME_SAFETY * (SECONDS + NANOSECONDS * 1e-9 * entries * steps) / 60)


# What Slurm or its log says of a job that exceeded a limit: the resource, its unit, and how to
# recognise it.  Without cgroups, and on some clusters with them, only the log tells of memory: its
# lines by Slurm itself, as a script may print such words too.
SLURMS = r"^slurmstepd[\w.-]*: error: .*"
LIMITS = {
    "mem_mb": ("MB of memory", "OUT_OF_MEMORY", SLURMS + r"(exceeded.*memory limit|oom.kill)"),
    "runtime": ("min of time", "TIMEOUT", SLURMS + r"DUE TO TIME LIMIT"),
}
# States of a job that has done nothing wrong.
ENDED = {
    "NODE_FAIL": "was on a node that failed",
    "BOOT_FAIL": "was on a node that did not start",
    "PREEMPTED": "was stopped for another one",
    "DEADLINE": "could not end before its deadline",
}


def exceeded_limits(snakemake_logs):
    """One line for each job in the logs of snakemake that Slurm has ended.

    It names the job by width and seed and says why; of one that exceeded its memory or its time
    also the limit, and the option that raises it.
    """
    text = "".join(Path(log).read_text(errors="replace") for log in snakemake_logs)
    blocks = re.split(r"^\s*\[.*\d{4}\]$", text, flags=re.MULTILINE)
    asked = {_value(r"jobid: (\d+)", b): b for b in blocks if "resources:" in b}
    errors = [block for block in blocks if "Error in rule" in block]
    lines = [_describe(block, asked.get(_value(r"jobid: (\d+)", block), "")) for block in errors]
    return [line for line in lines if line]


def _describe(error, asked):
    """The line about a job from its error and its announcement, None where it failed by itself."""
    rule = _value(r"Error in rule (\w+)", error)
    width, seed = (_value(rf"--{name} (\d+)", error) for name in ("width", "seed"))
    who = f"width {width}, seed {seed}" if width else _value(r"output: (.*)", error)
    job = f"{rule}: {who}: Slurm job {_value(r'external_jobid: (.*)', error)}"
    for resource, (unit, state, trace) in LIMITS.items():
        says = re.search(trace, _slurm_log(error), re.IGNORECASE | re.MULTILINE)
        if f"status is: '{state}'" in error or says:
            limit = int(_value(rf"{resource}=(\d+)", asked) or 0)
            return (
                f"{job} exceeded its {limit} {unit}; ask for more:"
                f" --set-resources {rule}:{resource}={2 * limit}"
            )
    for state, reason in ENDED.items():
        if f"status is: '{state}'" in error:
            return f"{job} {reason}; the same command again does what is missing"
    return None


def check_resources(overwritten):
    """Raise ValueError where `--set-resources` asks for nothing: to Slurm a 0 means no limit.

    Args:
        overwritten: rule → resource → what Snakemake has read, with the words as `raw`.
    """
    for rule, resources in overwritten.items():
        for name in LIMITS.keys() & resources.keys():
            if re.fullmatch(r"-.*|[0.]+", text := str(resources[name].raw)):
                raise ValueError(
                    f"--set-resources {rule}:{name}={text} is not allowed; allowed is a number"
                    " above 0"
                )


def _slurm_log(error):
    """What Slurm has written about the job."""
    path = _value(r"log: .*, (/.*/slurm_logs/.*\.log) ", error)
    return Path(path).read_text(errors="replace") if path and Path(path).exists() else ""


def _value(pattern, text):
    found = re.search(pattern, text)
    return found and found[1]
