"""What the Snakefile needs besides rules: the checked configuration and each script's sources."""

import contextlib
import fcntl
import math
import subprocess
import sys
from functools import cache
from itertools import pairwise
from modulefinder import ModuleFinder
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parent.parent


def _is_integer(_, value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_, value):
    return _is_integer(_, value) or (isinstance(value, float) and math.isfinite(value))


# JSON Schema lets 1000.0 pass as an integer, and Python's NaN as a number between any two.
Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)


def typed(config):
    """The config with strings read as YAML: snakemake leaves nested `--config` values strings.

    A string that is no YAML stays as it is, for `check_config` to refuse.
    """
    if isinstance(config, dict):
        return {key: typed(value) for key, value in config.items()}
    if isinstance(config, list):
        return [typed(value) for value in config]
    if isinstance(config, str):
        # Besides YAMLError, as PyYAML lets a month 13 or a bad tag end in whatever Python raises.
        with contextlib.suppress(Exception):
            return yaml.safe_load(config)
    return config


@cache
def _validator():
    return Validator(yaml.safe_load((ROOT / "config.schema.yaml").read_text(encoding="utf-8")))


def check_config(config):
    """Raise ValueError with one line a mistake: what is wrong and what is allowed."""
    errors = _validator().iter_errors(config)
    errors = sorted(errors, key=lambda error: [str(key) for key in error.absolute_path])
    messages = [message for error in errors for message in _describe(error)]
    messages = dict.fromkeys(messages or _contradictions(config))
    if messages:
        raise ValueError("\n".join(f"config: {message}" for message in messages))


def _contradictions(config):
    """Mistakes in a config that satisfies the schema: values that do not go together."""
    samples, batch_size = config["dataset"]["samples"], config["training"]["batch_size"]
    if batch_size > samples:
        yield (
            f"training.batch_size: {batch_size} is not allowed; allowed is at most"
            f" dataset.samples, {samples}"
        )
    steps, anatomy = config["training"]["steps"], config["anatomy"]
    if anatomy["probes"] * anatomy["window"] > steps + 1:
        yield (
            f"anatomy: {anatomy['probes']} windows of {anatomy['window']} steps are not allowed;"
            f" allowed are windows that fit into training.steps, {steps}"
        )
    widths = [item["width"] for item in config["width_study"]["networks"]]
    for width in sorted({width for width in widths if widths.count(width) > 1}):
        yield (
            f"width_study.networks: width {width} stands there twice; allowed is one item a width,"
            " with the number of its networks"
        )
    runs = sum(item["networks"] for item in config["width_study"]["networks"])
    if runs < 3:
        yield (
            f"width_study.networks: {runs} networks are not allowed; allowed are at least 3 in all,"
            " as a power law is fitted with its error"
        )
    for coarse, fine in pairwise(sorted(config["step_study"]["refinements"])):
        if fine % coarse:
            yield (
                f"step_study.refinements: {fine} is not allowed beside {coarse}; allowed is a"
                " multiple of the next smaller one, as losses are compared at equal times"
            )
    yield from _long_windows(config)
    seed = config["network"]["seed"]
    if seed in config["eigenvalues"]["seeds"]:
        yield f"eigenvalues.seeds: {seed} is network.seed, whose H(0) is computed anyway; remove it"


def changed_keys(config, shipped_path=ROOT / "config.yaml"):
    """Dotted keys whose values are not those of config.yaml, in its order."""
    shipped = yaml.safe_load(shipped_path.read_text(encoding="utf-8"))
    return [
        f"{section}.{key}"
        for section, values in shipped.items()
        for key, value in values.items()
        if config[section][key] != value
    ]


def _long_windows(config):
    """Windows that fit into no run of their study, whatever lambda_max is: at most samples/2."""
    samples, widths, both = (config[name] for name in ("dataset", "width_study", "both_layers"))
    for name, windows, fraction, refine in (
        ("width_study", widths, widths["learning_rate_fraction"], 1),
        ("target_study", widths, widths["learning_rate_fraction"], 1),
        ("both_layers", both, config["training"]["learning_rate_fraction"], both["refine"]),
    ):
        flow_time = config[name]["flow_time"]
        most = max(1, math.ceil(flow_time * samples["samples"] / (4 * fraction))) * refine
        if windows["probes"] * windows["window"] > most + 1:
            yield (
                f"{name}: {windows['probes']} windows of {windows['window']} steps are not allowed;"
                f" allowed are windows that fit into flow_time {flow_time}, at most {most} steps"
            )


def _shown(value):
    """The value as a mistake quotes it: one short line, whatever it is."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _key(key):
    """A key as it stands in the file; quoted where it would not be one line."""
    return key if isinstance(key, str) and key.isprintable() else _shown(key)


def _describe(error):
    path = ".".join(str(key) for key in error.absolute_path)
    allowed = ", ".join(error.schema.get("properties", {}))
    where = f" in {path}" if path else ""
    if error.validator == "additionalProperties":
        unknown = [key for key in error.instance if key not in error.schema["properties"]]
        return [f"unknown key {_key(key)}{where}; allowed are {allowed}" for key in unknown]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"missing key {key}{where}; needed are {allowed}" for key in missing]
    return [
        f"{path}: {_shown(error.instance)} is not allowed; allowed is {error.schema['description']}"
    ]


def sources(script):
    """The script and the modules of `code/` that it imports, however deep, relative to the root.

    A rule lists them as input, so that an edit to any of them reruns it and nothing else.
    """
    finder = ModuleFinder(path=[str(ROOT / "code")])
    finder.run_script(str(ROOT / script))
    files = {Path(module.__file__) for module in finder.modules.values() if module.__file__}
    return [script, *sorted(str(f.relative_to(ROOT)) for f in files - {ROOT / script})]


def clear_stale_locks(folder=Path(".snakemake")):
    """Remove the locks that a killed build left, if no other process works in this folder.

    Every process that reads the Snakefile holds a shared lock, which dies with it, kill -9
    included; one that can have it alone is the only one.

    Returns:
        The open file that holds the lock, to be kept; None where the file system has no locks.
    """
    folder.mkdir(exist_ok=True)
    held = open(folder / "alive", "w")  # noqa: SIM115
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(held, fcntl.LOCK_SH)
        return held
    except OSError:
        return None
    for lock in folder.glob("locks/*"):
        lock.unlink()
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def keep_results(job_class):
    """Let an earlier result stay until its job has made the next one, and a failed job run again.

    Snakemake deletes outputs before a job and after its failure, as they might be half written, and
    then counts the job as done: a later build finds nothing to do where nothing asks for the file.
    Ours are renamed into place, so they are whole, old or new.  A failed job is marked like a
    killed one instead, which `rerun-incomplete` starts again.  The flag `update` of Snakemake is no
    way out: it counts the old result as up to date.
    """

    async def remove_logs(job):
        for log in job.log:
            await log.remove()

    async def mark_incomplete(job, _):
        job.dag.workflow.persistence.started(job)

    job_class.remove_existing_output = remove_logs
    job_class.cleanup = mark_incomplete


def commit():
    """The commit of the sources and whether they have been changed since; `unknown` without git."""
    git = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    except OSError:
        return "unknown"
    if head.returncode or status.returncode:
        return "unknown"
    return f"{head.stdout.strip()[:12]}, {'changed' if status.stdout else 'clean'}"


def stop(message):
    """End the workflow before any job, with nothing but the message."""
    print(message, file=sys.stderr)
    raise SystemExit(1)
