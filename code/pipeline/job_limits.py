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
# recognise it.  Without cgroups, and on some clusters with them, only the log tells of memory.
LIMITS = {
    "mem_mb": ("MB of memory", "OUT_OF_MEMORY", r"exceeded.*memory limit|oom.kill|out.of.memory"),
    "runtime": ("min of time", "TIMEOUT", r"DUE TO TIME LIMIT"),
}


def exceeded_limits(snakemake_logs):
    """One line for each job in the logs of snakemake that exceeded its memory or its time.

    It names the job by width and seed, the limit, and the option that raises it.
    """
    text = "".join(Path(log).read_text(errors="replace") for log in snakemake_logs)
    blocks = re.split(r"^\s*\[.*\d{4}\]$", text, flags=re.MULTILINE)
    asked = {_value(r"jobid: (\d+)", b): b for b in blocks if "resources:" in b}
    errors = [block for block in blocks if "Error in rule" in block]
    lines = [_describe(block, asked.get(_value(r"jobid: (\d+)", block), "")) for block in errors]
    return [line for line in lines if line]


def _describe(error, asked):
    """The line about a job from its error and its announcement, None where it kept its limits."""
    for resource, (unit, state, trace) in LIMITS.items():
        if f"status is: '{state}'" in error or re.search(trace, _slurm_log(error), re.IGNORECASE):
            limit = int(_value(rf"{resource}=(\d+)", asked) or 0)
            rule = _value(r"Error in rule (\w+)", error)
            width, seed = (_value(rf"--{name} (\d+)", error) for name in ("width", "seed"))
            who = f"width {width}, seed {seed}" if width else _value(r"output: (.*)", error)
            return (
                f"{rule}: {who}: Slurm job {_value(r'external_jobid: (.*)', error)} exceeded its"
                f" {limit} {unit}; ask for more: --set-resources {rule}:{resource}={2 * limit}"
            )
    return None


def _slurm_log(error):
    """What Slurm has written about the job."""
    path = _value(r"log: .*, (/.*/slurm_logs/.*\.log) ", error)
    return Path(path).read_text(errors="replace") if path and Path(path).exists() else ""


def _value(pattern, text):
    found = re.search(pattern, text)
    return found and found[1]
