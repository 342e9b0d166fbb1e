"""The table of training runs: one row a run, from the configuration.

A row is a name, the rule that trains it (several runs may share one), the section of the
configuration that it belongs to, and the options of `train_network.py`.  Memory, minutes and steps
follow from the options, here for a cluster (`job_limits`) and for `config.check_config`.
"""

import math
import shlex
from typing import NamedTuple

from overparam import bounds, digits
from pipeline import job_limits

# λ_max(H^∞)/n of MNIST-1D, which is known only after the first jobs: 0.052 for 500 samples.
EIGENVALUE_SHARE = 0.055
# What a training rule's runs are, for `snakemake --list`.
RULES = {
    "full_batch": "SGD on all samples at every step",
    "mini_batch": "SGD on the notebook's cyclic mini-batches",
    "stagewise": "Digit 0, then 0 and 1, and so on, each by full batch",
    "pairs": "Networks trained both by stages and by full batch, from the same weights",
    "width": "The networks of the width study",
    "targets": "The network on digits of other size and direction, and shuffled",
    "seeds": "The full-batch run from other networks",
    "double": "The digits of the target study in double precision",
    "sliding": "The end of the full-batch run, continued with finer steps",
    "smooth": "The network with softplus activations, trained like those of the width study",
    "convergence": "Networks trained until convergence is proved",
    "step_size": "The first stretch of the full-batch run with finer steps",
    "both_layers": "The flow of Theorem 3.3, both layers trained",
}

# Rules whose runs may be recorded, and the folder of the records.
RECORDS = {"width": "data/wide", "convergence": "data/convergence"}
# Rules of which the configuration says how many runs there are.
SEVERAL = {"pairs", "width", "targets", "seeds", "sliding", "smooth", "convergence", "step_size"}


class Run(NamedTuple):
    """One training run.

    Attributes:
        name: unique; the wildcard of its path.
        rule: a key of RULES.
        section: of the configuration, for messages.
        options: option of train_network.py → value; True stands for a flag.
        stages: parts of the run, each of which takes the option `steps`.
    """

    name: str
    rule: str
    section: str
    options: dict
    stages: int = 1

    @property
    def path(self):
        return pattern(self.rule).format(run=self.name)

    @property
    def record(self):
        """Where the run is recorded, if it is."""
        return f"{RECORDS[self.rule]}/{self.name}.csv" if "origin" in self.options else None

    @property
    def reads(self):
        """Option → file that the run reads beside the data and the eigenvalues."""
        return {name: self.options[name] for name in ("stages", "start") if name in self.options}

    def command_line(self):
        """The options as text for a shell."""
        words = []
        for name, value in self.options.items():
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return shlex.join(words)

    def steps(self, lambda_max, follow=False):
        """SGD steps for this λ_max of H^∞, at most; with those in which the run is followed."""
        take = self.options.get
        time = max(take("flow-time", 0), take("follow", 0) if follow else 0)
        fraction = self.options["learning-rate-fraction"]
        steps = take("steps") or bounds.flow_steps(time, fraction, lambda_max)
        return max(1, math.ceil(steps)) * self.stages * take("refine", 1)

    def memory(self, samples):
        """Megabytes that the run asks for."""
        return job_limits.training_memory(samples, self.options["width"], self._is_double())

    def minutes(self, samples):
        """Minutes that the run asks for."""
        steps = self.steps(EIGENVALUE_SHARE * samples, follow=True)
        width = self.options["width"]
        return job_limits.training_minutes(samples, width, steps, self._is_double())

    def resources(self):
        """What else the run asks for, for Snakemake."""
        return {"gpu": 1} if self.options.get("device") == "cuda" else {}

    def _is_double(self):
        return "single" not in self.options


def pattern(rule):
    """The path of a rule's runs, with the wildcard `run`."""
    return f"results/{rule}/{{run}}.npz" if rule in SEVERAL else "results/training_{run}.npz"


def training_runs(config):
    """name → Run, in the order of RULES."""
    training, stagewise, both = (config[k] for k in ("training", "stagewise", "both_layers"))
    widths, targets, steps, others, slides = (
        config[f"{k}_study"] for k in ("width", "target", "step", "seed", "sliding")
    )
    network = {"width": config["network"]["width"], "seed": config["network"]["seed"]}
    fraction = {"learning-rate-fraction": training["learning_rate_fraction"]}
    assigned = network | fraction
    by_stages = {"steps": stagewise["steps_per_stage"], "stages": "results/stages.csv"}
    # The studies take the width study's long steps and windows, in single precision.
    long = {"learning-rate-fraction": widths["learning_rate_fraction"]}
    coarse = long | {"single": True}
    long_steps = coarse | _windows(widths)
    from_end = {"start": pattern("full_batch").format(run="full_batch")}
    rows = [
        Run(
            *("full_batch", "full_batch", "anatomy"),
            assigned
            | {"steps": training["steps"], "watch": config["anatomy"]["watch"], "project": True}
            | _windows(config["anatomy"]),
        ),
        Run(
            *("mini_batch", "mini_batch", "training"),
            assigned | {"steps": training["steps"], "batch-size": training["batch_size"]},
        ),
        Run(
            *("stagewise", "stagewise", "stagewise"),
            assigned | {"seed": stagewise["seed"]} | by_stages,
            stages=stagewise["stages"],
        ),
        *_pairs(stagewise, by_stages, assigned | {"single": True}),
        *_width_runs(widths, long_steps | _recorded(widths)),
        *_target_runs(targets, network | long_steps),
        *(
            Run(
                *(f"seed{seed}", "seeds", "seed_study"),
                coarse
                | {"width": network["width"], "seed": seed, "flow-time": others["flow_time"]},
            )
            for seed in others["seeds"]
        ),
        Run(
            *("double", "double", "target_study"),
            network | long | {"flow-time": targets["flow_time"]},
        ),
        *(
            Run(
                *(f"slide{refine}", "sliding", "sliding_study"),
                assigned
                | from_end
                | {"kinks": True, "flow-time": slides["flow_time"], "refine": refine},
            )
            for refine in slides["refinements"]
        ),
        *(
            Run(
                # Its time and its windows are of the width study.
                *(f"softplus{sharpness}", "smooth", "width_study"),
                network | long_steps | {"softplus": sharpness, **_followed(widths)},
            )
            for sharpness in slides["sharpness"]
        ),
        *_proved_runs(config, network | long, from_end),
        *(
            Run(
                *(f"refine{refine}", "step_size", "step_study"),
                assigned | {"flow-time": steps["flow_time"], "refine": refine},
            )
            for refine in steps["refinements"]
        ),
        Run(
            *("both_layers", "both_layers", "both_layers"),
            assigned
            | {"single": True, "both-layers": True}
            | {"flow-time": both["flow_time"], "refine": both["refine"]}
            | _windows(both),
        ),
    ]
    device = config["network"]["device"]
    where = {} if device == "cpu" else {"device": device}
    return {run.name: run._replace(options=run.options | where) for run in rows}


def path_of(runs):
    """The path of the runs of one rule, with the wildcard `run` where a rule may have several."""
    return pattern(runs[0].rule) if runs[0].name != runs[0].rule else runs[0].path


def summary(runs):
    """One line for `snakemake --list` about the runs of one rule."""
    return f"{RULES[runs[0].rule]}: {path_of(runs)}."


def by_rule(runs):
    """rule → its runs, from a dict of them."""
    return {rule: [run for run in runs.values() if run.rule == rule] for rule in RULES}


def _recorded(section):
    return {"origin": True} if section["record"] else {}


def _windows(section):
    return {"probes": section["probes"], "window": section["window"]}


def _pairs(study, by_stages, options):
    """For each seed a run by stages and one on all samples with as many steps."""
    for seed in study["pairs"]:
        of_pair = options | {"seed": seed}
        at_once = {"steps": study["stages"] * study["steps_per_stage"]}
        yield Run(f"stages{seed}", "pairs", "stagewise", of_pair | by_stages, study["stages"])
        yield Run(f"at_once{seed}", "pairs", "stagewise", of_pair | at_once)


def _proved_runs(config, options, from_end):
    """Of all samples: the full batch's network from its end on, and others; of digit 0 the first
    stage, and the same with other targets."""
    study, stagewise = config["convergence_study"], config["stagewise"]
    until = {"certify": study["look"], "flow-time": study["flow_time"]}
    others = {
        f"other{network['seed']}": network | {"settle": True} | _recorded(study)
        for network in study["networks"]
    }
    whole = {"assigned": from_end} | others
    whole |= {"small_targets": {"targets": "small"}}
    for name, of_run in whole.items():
        yield Run(name, "convergence", "convergence_study", options | until | of_run)
    fraction = config["training"]["learning_rate_fraction"]
    stage = {"seed": stagewise["seed"], "learning-rate-fraction": fraction, "digits": 1}
    stage |= {"steps": stagewise["steps_per_stage"], "certify": study["look_first_stage"]}
    for name, shift in {"first_stage": {}, "first_stage_shifted": {"shift": 1.0}}.items():
        yield Run(name, "convergence", "stagewise", options | stage | shift)


def _followed(section):
    return {"flow-time": section["flow_time"], "follow": section["follow"]}


def _target_runs(study, options):
    """One run a kind of targets; the shuffled ones in several orders."""
    options = options | _followed(study)
    for kind in digits.KINDS:
        for seed in study["seeds"] if kind == "shuffled" else [0]:
            name = f"shuffled{seed}" if kind == "shuffled" else kind
            of_kind = {"targets": kind, "targets-seed": seed}
            yield Run(name, "targets", "target_study", options | of_kind)


def width_networks(study):
    """Width and seed of each network of the width study: the seeds count on from the study's, or
    from that of an item."""
    seed = study["seed"]
    for item in study["networks"]:
        first = item.get("seed", seed)
        seed = first + item["networks"]
        yield from ((item["width"], one) for one in range(first, seed))


def _width_runs(study, options):
    for width, seed in width_networks(study):
        network = {"width": width, "seed": seed}
        of_network = network | _followed(study) | options
        yield Run(f"m{width}_seed{seed}", "width", "width_study", of_network)


def long_windows(config):
    """One line for each section with a run too short for its windows, whatever λ_max ≤ n/2 is."""
    lines = {}
    for run in training_runs(config).values():
        most = run.steps(config["dataset"]["samples"] / 2)
        probes, window = (run.options.get(name, 0) for name in ("probes", "window"))
        length = "flow-time" if "flow-time" in run.options else "steps"
        key = f"{run.section}.flow_time" if length == "flow-time" else "training.steps"
        if probes * window > most + 1:
            lines[run.section] = (
                f"{key}: {run.options[length]} is not allowed, as it is at most {most} steps;"
                f" allowed is room for {run.section}'s {probes} windows of {window} steps,"
                f" {probes * window - 1} steps"
            )
    return list(lines.values())
