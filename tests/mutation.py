"""Mutation test of the studies: each change of a formula must make a quick test fail.

    python tests/mutation.py              every mutant of code/studies/
    python tests/mutation.py --sample 60  some of them
    python tests/mutation.py --list       what would be changed

A mutant takes the place of its module in a process of its own, which runs the quick tests in
tests/studies/test_<study>.py; a test that fails catches it, and so does the time limit.

Why not a library: mutmut 3.8 refuses modules below a folder `code`, and changes neither constants
of a module nor the order of a ratio; cosmic-ray 8.7 edits the sources in place, starts a new pytest
for each mutant (2 s, here 0.2 s) and takes any failure to start for a catch.
"""

import argparse
import gc
import importlib
import math
import multiprocessing
import os
import random
import re
import signal
import sys
import time
import types
from multiprocessing.connection import wait
from pathlib import Path

import pytest
from mutants import Study, mutants, unchanged
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = 0.95
# Exit codes of a child; any other (no test, a test file that does not load) is an error.
SURVIVED, CAUGHT, TIMEOUT = pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, -signal.SIGALRM
# Mutants that no test can catch, or should, and why.
MAGNITUDE, LENGTHS = "only its magnitude is used", "both have the same length by construction"
TOUCHES = "no rounded logarithm is equal to the bound"
UNKNOWN = "NumPy takes any negative length for the one that is to be found"
PLACE = "where in its panel a label stands is a matter of looks"
SEED = "only the order of shuffled targets is drawn"
DASH = "which dash is a matter of looks; tests/report/test_figures.py refuses two alike"
EQUIVALENT = {
    "anatomy.arrays: "
    "dataset['labels'] - hidden @ full_batch['output_weights'] / np.sqrt(len(weights)) -> "
    "hidden @ full_batch['output_weights'] / np.sqrt(len(weights)) - dataset['labels']": MAGNITUDE,
    "anatomy.numbers: sliding / rate - 1 -> 1 - sliding / rate": MAGNITUDE,
    "eigenvalues.data_numbers: lengths - 1 -> 1 - lengths": MAGNITUDE,
    "flip_event.numbers: row['frequency'] - row['probability'] -> "
    "row['probability'] - row['frequency']": MAGNITUDE,
    "sliding.numbers: state / measured - 1 -> 1 - state / measured": MAGNITUDE,
    "sliding.smooth_error: 2 * run['probe_rayleigh'][1:] / measured - 1 -> "
    "1 - 2 * run['probe_rayleigh'][1:] / measured": MAGNITUDE,
    "step_size.numbers: longer - 1 -> 1 - longer": MAGNITUDE,
    "step_size.numbers: single['loss'][:len(double['loss'])] / double['loss'] -> "
    "double['loss'] / single['loss'][:len(double['loss'])]": MAGNITUDE,
    "step_size.change: coarse['loss'] / fine['loss'][::ratio] -> "
    "fine['loss'][::ratio] / coarse['loss']": MAGNITUDE,
    "flip_event.table: zip(radii, np.transpose(found), strict=True) -> "
    "zip(radii, np.transpose(found), strict=False)": LENGTHS,
    "stagewise.rows: zip(stages, stage_parts(stagewise, stages), strict=True) -> "
    "zip(stages, stage_parts(stagewise, stages), strict=False)": LENGTHS,
    "width.draw_losses: zip(runs, drawing.shades(len(runs)), strict=True) -> "
    "zip(runs, drawing.shades(len(runs)), strict=False)": LENGTHS,
    "wide.draw_axis: zip(found, range(len(found), 0, -1), strict=True) -> "
    "zip(found, range(len(found), 0, -1), strict=False)": LENGTHS,
    "wide.draw_axis: zip(points.items(), MARKERS, strict=True) -> "
    "zip(points.items(), MARKERS, strict=False)": LENGTHS,
    "wide.draw_axis: np.array([p for p in places if p[0]], dtype=float).reshape(-1, 2) -> "
    "np.array([p for p in places if p[0]], dtype=float).reshape(-2, 2)": UNKNOWN,
    "wide.draw_points: np.array(points, dtype=float).reshape(-1, 2) -> "
    "np.array(points, dtype=float).reshape(-2, 2)": UNKNOWN,
    "wide.extrapolation: x.max() < distance < np.log(FARTHEST) - centre -> "
    "x.max() <= distance < np.log(FARTHEST) - centre": TOUCHES,
    "wide.extrapolation: x.max() < distance < np.log(FARTHEST) - centre -> "
    "x.max() < distance <= np.log(FARTHEST) - centre": TOUCHES,
    "targets.arrays: {kind: (kind, 0) for kind in digits.KINDS if kind != 'shuffled'} -> "
    "{kind: (kind, 1) for kind in digits.KINDS if kind != 'shuffled'}": SEED,
    "targets.arrays: {kind: (kind, 0) for kind in digits.KINDS if kind != 'shuffled'} -> "
    "{kind: (kind, -1) for kind in digits.KINDS if kind != 'shuffled'}": SEED,
    "stagewise.figure: upper.annotate(digits, (x, 0.97), xycoords=('data', 'axes fraction'), "
    "ha='center', va='top', fontsize=8) -> "
    "upper.annotate(digits, (x, 1.94), xycoords=('data', 'axes fraction'), "
    "ha='center', va='top', fontsize=8)": PLACE,
    "stagewise.figure: upper.annotate(digits, (x, 0.97), xycoords=('data', 'axes fraction'), "
    "ha='center', va='top', fontsize=8) -> "
    "upper.annotate(digits, (x, 0.6466666666666666), xycoords=('data', 'axes fraction'), "
    "ha='center', va='top', fontsize=8)": PLACE,
    "both_layers.figure: drawing.dashes()[4] -> drawing.dashes()[3]": DASH,
    "both_layers.figure: drawing.dashes()[4] -> drawing.dashes()[5]": DASH,
    "targets.figure: dashes[5] -> dashes[4]": DASH,
    "targets.figure: dashes[5] -> dashes[6]": DASH,
}


def run_tests(mutant, limit):
    """In a child: exit with pytest's code for the study's tests on the mutant."""
    signal.alarm(limit)
    exit_code = pytest.ExitCode.INTERNAL_ERROR
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
            os.dup2(nowhere.fileno(), sys.stderr.fileno())
        name = mutant.study.module
        module = sys.modules[name] = types.ModuleType(name)
        package, _, attribute = name.rpartition(".")
        if package:
            setattr(importlib.import_module(package), attribute, module)
        exec(mutant.code(), vars(module))
        settings = ["-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
        exit_code = pytest.main(["-x", "-q", "--assert=plain", *settings, str(mutant.study.tests)])
    finally:
        os._exit(exit_code)


def exit_codes(jobs, limit):
    """(mutant, exit code) of each as it ends; as many run at a time as there are processors."""
    fork, running, jobs = multiprocessing.get_context("fork"), {}, iter(jobs)
    while True:
        while len(running) < os.cpu_count() and (mutant := next(jobs, None)):
            process = fork.Process(target=run_tests, args=(mutant, limit))
            process.start()
            running[process.sentinel] = mutant, process
        if not running:
            return
        for sentinel in wait(running):
            mutant, process = running.pop(sentinel)
            process.join()
            yield mutant, process.exitcode


def time_limit(study):
    """Seconds for a mutant, from the time that the study's tests take; ValueError if they fail."""
    start = time.monotonic()
    ((_, code),) = exit_codes([unchanged(study)], limit=600)
    if code != SURVIVED:
        raise ValueError(f"{study.tests.name}: exit code {code} before anything is changed")
    return math.ceil(10 + 10 * (time.monotonic() - start))


def run(chosen):
    """The exit code of each mutant's tests, key → code, in order."""
    limits = {study: time_limit(study) for study in dict.fromkeys(m.study for m in chosen)}
    found = {mutant.key: None for mutant in chosen}
    # A bar where a person looks on; tqdm's own thread would be one to fork beside.
    tqdm.monitor_interval = 0
    with tqdm(total=len(chosen), disable=None) as bar:
        for study, limit in limits.items():
            group = [mutant for mutant in chosen if mutant.study == study]
            for mutant, code in exit_codes(group, limit):
                found[mutant.key] = code
                bar.update()
    return found


def report(known, found, equivalent, required=REQUIRED):
    """Lines that say what was found, and whether it is well.

    Args:
        known: all mutants of the studies.
        found: exit codes of those that were run.
        equivalent: excuses, as EQUIVALENT.
        required: share of the mutants to be caught.
    """
    known = {mutant.key: mutant for mutant in known}
    survivors = [key for key in found if found[key] == SURVIVED]
    caught = [key for key in found if found[key] in (CAUGHT, TIMEOUT)]
    listed = [key for key in survivors if key in equivalent]
    studies = {mutant.study.source.stem for mutant in known.values()}
    excuses = [key for key in equivalent if re.match(r"\w+", key)[0] in studies]
    wrong = [
        *(f"survived: {known[key]}" for key in survivors if key not in equivalent),
        *(
            f"error: {known[key]}: the tests end with exit code {code}"
            for key, code in found.items()
            if key not in [*survivors, *caught]
        ),
        *(f"stale excuse, caught: {key}" for key in excuses if key in caught),
        *(f"stale excuse, no such mutant: {key}" for key in excuses if key not in known),
    ]
    share = len(caught) / len(found)
    total = (
        f"{len(found)} mutants, {len(caught)} caught ({share:.1%}), "
        f"{len(survivors)} survived, {len(listed)} of them listed as equivalent"
    )
    lines = [f"equivalent: {known[key]} ({equivalent[key]})" for key in listed]
    return [*lines, *wrong, total], not wrong and share >= required


def shipped():
    """The studies of code/studies/."""
    return [
        Study(f"studies.{path.stem}", path, ROOT / f"tests/studies/test_{path.stem}.py")
        for path in sorted(ROOT.glob("code/studies/[!_]*.py"))
    ]


def make_parser(studies):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [study.source.stem for study in studies]
    parser.add_argument("--study", nargs="+", choices=names, default=names, metavar="STUDY")
    parser.add_argument("--sample", type=int, metavar="N", help="draw N mutants from all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--figures", action="store_true", help="change what draws, too")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    return parser


def preload():
    """Import once what every child would; as many run as processors, so one thread is enough."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.path.insert(0, str(ROOT / "code"))
    for name in ("hypothesis", "matplotlib.pyplot", "matplotlib.backends.backend_pdf"):
        importlib.import_module(name)
    importlib.import_module("overparam.gram")
    gc.freeze()


def main(options, studies, equivalent):
    """Exit code: 0 if all is well."""
    arguments = make_parser(studies).parse_args(options)
    studies = [study for study in studies if study.source.stem in arguments.study]
    known = [mutant for study in studies for mutant in mutants(study)]
    made = [mutant for mutant in known if arguments.figures or not mutant.draws]
    chosen, required = made, REQUIRED
    if arguments.sample is not None:
        positions = random.Random(arguments.seed).sample(range(len(made)), arguments.sample)
        # A small sample may meet many of the few that are equivalent.
        chosen, required = [made[k] for k in sorted(positions)], 0
    if arguments.list:
        print(*chosen, sep="\n")
        return 0
    preload()
    try:
        lines, well = report(known, run(chosen), equivalent, required)
    except ValueError as error:
        lines, well = [error], False
    print(*lines, sep="\n")
    return int(not well)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], shipped(), EQUIVALENT))
