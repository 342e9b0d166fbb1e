"""Memory and processor time of training runs: `python benchmarks/run.py`, a few minutes.

`code/pipeline/job_limits.py` has its coefficients from here.  Needs `results/h_infinity.csv` and
the data.
Each width is trained twice as in the width study, with few steps and with more: the difference is
the time of a step, the rest that of the start and of the probe.  Figures are the kernel's for the
finished process (`rusage`); a benchmark file of snakemake samples them and misses peaks.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
# Enough for the width study's seven windows of ten steps.
FEW = 70


def train(options, steps):
    """Peak megabytes and processor seconds of one run."""
    with tempfile.TemporaryDirectory() as folder:
        script = [sys.executable, "code/train_network.py", "--probes", "7", "--window", "10"]
        output = ["--output", f"{folder}/run.npz", "--steps", str(steps)]
        process = subprocess.Popen([*script, *options, *output], cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("benchmarks/run.py: a run failed; see above")
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def measure(width, double, steps):
    """Megabytes, seconds of start and probe, milliseconds of a step."""
    options = ["--width", str(width), "--learning-rate-fraction", "0.9"]
    options += [] if double else ["--single"]
    (_, few), (megabytes, many) = train(options, FEW), train(options, FEW + steps)
    step = (many - few) / steps
    return megabytes, few - FEW * step, 1e3 * step


def main(arguments):
    samples = len(np.load(ROOT / "results/dataset.npz")["labels"])
    measured = []
    print("precision   width     MB  start, probe [s]  step [ms]  step/(samples·width) [ns]")
    for width in arguments.widths:
        steps = max(20, round(arguments.work / (samples * width)))
        megabytes, start, step = measure(width, arguments.double, steps)
        measured.append((samples * width, megabytes))
        kind, share = "double" if arguments.double else "single", 1e6 * step / samples / width
        print(f"{kind} {width:10} {megabytes:6.0f} {start:17.1f} {step:10.2f} {share:27.2f}")
    if len(measured) > 1:
        slope, offset = np.polyfit(*np.transpose(measured), 1)
        print(f"memory: {offset:.0f} MB, and {1e6 * slope:.1f} bytes for each sample and unit")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[1000, 4000, 16000, 65536, 262144])
    parser.add_argument(
        "--work", type=float, default=5e9, help="samples times width times steps; ten seconds"
    )
    parser.add_argument("--double", action="store_true", help="double precision")
    main(parser.parse_args())
