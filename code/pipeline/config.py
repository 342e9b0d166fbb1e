"""The configuration: read as YAML, checked against config.schema.yaml and for contradictions."""

import contextlib
import datetime
import errno
import math
import os
import re
import shutil
import sys
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import jsonschema
import yaml

from pipeline import ROOT, runs


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


# Bytes below which a disk is full.
SPACE = 2**20
# Keys whose values are text: an author "1.5" is no number.
TEXTS = ("author", "course", "date")


class _Strict(yaml.SafeLoader):
    """Refuses what YAML reads and nobody means: a key twice, 0100 for 64, 1:30 for 90."""

    PLAIN = {  # noqa: RUF012
        "int": re.compile(r"[-+]?(0|[1-9]\d*)"),
        "float": re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?\.(inf|nan)", re.IGNORECASE),
    }

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                self._refuse(key, f"{_key(key.value)} stands there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def number(self, node):
        kind = node.tag.rpartition(":")[2]
        value = getattr(yaml.SafeLoader, f"construct_yaml_{kind}")(self, node)
        if not self.PLAIN[kind].fullmatch(node.value):
            self._refuse(node, f"{node.value} would be read as {value}; write {value}")
        return value

    def _refuse(self, node, reason):
        raise yaml.constructor.ConstructorError(None, None, reason, node.start_mark)


for _kind in ("int", "float"):
    _Strict.add_constructor(f"tag:yaml.org,2002:{_kind}", _Strict.number)


def check_yaml(*paths):
    """Raise ValueError with file, line and what is wrong where a configuration is no plain YAML."""
    for path in paths:
        try:
            yaml.load(Path(path).read_text(encoding="utf-8"), _Strict)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1
            raise ValueError(f"config: {path}, line {line}: {error.problem}") from error
        except (ValueError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"config: {path}: {reason}") from error


def _text(value):
    """A text as it stands; YAML makes of 2026-03-01 a date."""
    return value.isoformat() if isinstance(value, datetime.date) else value


def typed(config):
    """The config with strings read as YAML: snakemake leaves nested `--config` values strings.

    A string that is no YAML stays as it is, for `check_config` to refuse.  Sections x-… are not of
    this workflow: there YAML's anchors may stand.
    """
    if isinstance(config, dict):
        return {
            key: _text(value) if key in TEXTS else typed(value)
            for key, value in config.items()
            if not str(key).startswith("x-")
        }
    if isinstance(config, list):
        return [typed(value) for value in config]
    if isinstance(config, str):
        # Besides YAMLError, as PyYAML lets a month 13 or a bad tag end in whatever Python raises.
        with contextlib.suppress(Exception):
            return yaml.safe_load(config)
    return config


def shipped():
    """The configuration of config.yaml, as it is now."""
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


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
    steps = config["training"]["steps"]
    by_stages = config["stagewise"]["stages"] * config["stagewise"]["steps_per_stage"]
    if steps < by_stages:
        yield (
            f"training.steps: {steps} is not allowed; allowed is at least stagewise.stages times"
            f" stagewise.steps_per_stage, {by_stages}, as the stages are compared with the full"
            " batch at equal steps"
        )
    widths = [item["width"] for item in config["width_study"]["networks"]]
    for width in _repeated(widths):
        yield (
            f"width_study.networks: width {width} stands there twice; allowed is one item a width,"
            " with the number of its networks"
        )
    seeds = [seed for _, seed in runs.width_networks(config["width_study"])]
    if len(seeds) < 3:
        yield (
            f"width_study.networks: {len(seeds)} networks are not allowed; allowed are at least 3"
            " in all, as a power law is fitted with its error"
        )
    for again in _repeated(seeds):
        yield (
            f"width_study.networks: the seed {again} is that of two networks; allowed are different"
            " ones, as a network is a part of the wider ones of its seed"
        )
    for coarse, fine in pairwise(sorted(config["step_study"]["refinements"])):
        if fine % coarse:
            yield (
                f"step_study.refinements: {fine} is not allowed beside {coarse}; allowed is a"
                " multiple of the next smaller one, as losses are compared at equal times"
            )
    yield from runs.long_windows(config)
    seed = config["network"]["seed"]
    if seed in config["eigenvalues"]["seeds"]:
        yield f"eigenvalues.seeds: {seed} is network.seed, whose H(0) is computed anyway; remove it"
    if seed in config["seed_study"]["seeds"]:
        yield f"seed_study.seeds: {seed} is network.seed, which is trained anyway; remove it"
    proved = [seed, *(item["seed"] for item in config["convergence_study"]["networks"])]
    for again in _repeated(proved):
        yield (
            f"convergence_study.networks: the seed {again} is there twice or that of network.seed;"
            " allowed are different ones, as a network is a part of the wider ones of its seed"
        )


def _repeated(values):
    """Those that are there more than once, sorted."""
    return sorted(value for value, times in Counter(values).items() if times > 1)


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
        needed = ", ".join(error.validator_value)
        return [f"missing key {key}{where}; needed are {needed}" for key in missing]
    return [
        f"{path}: {_shown(error.instance)} is not allowed; allowed is {error.schema['description']}"
    ]


def check_folder(folder):
    """Raise ValueError where results would lie in another folder than the sources, and OSError
    where what Snakemake itself writes would find no room."""
    if Path.cwd() != Path(folder).resolve():
        raise ValueError(
            f"results lie beside the sources: start snakemake in {folder}, without --directory; a"
            " copy of the folder is another place for results"
        )
    for name in (".snakemake" if Path(".snakemake").exists() else ".", "logs"):
        if Path(name).exists() and not os.access(name, os.W_OK):
            raise OSError(errno.EROFS, "cannot be written", name)
        if Path(name).exists() and shutil.disk_usage(name).free < SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)


def stop(message):
    """End the workflow before any job, with nothing but the message."""
    print(message, file=sys.stderr)
    raise SystemExit(1)
