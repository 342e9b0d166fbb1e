"""The table of studies: which parts each has, what they read, and their settings.

A part is a function of `code/studies/<study>.py`; what it reads are its parameters before the star,
a setting one after it.  Where a part's file lies follows from study and kind (`Part.output`).
"""

import ast
import json
import shlex
from typing import NamedTuple

import scripting
from pipeline import ROOT
from pipeline.runs import RECORDS, training_runs

# Kind of part → verb of its rule, and the path that it makes.
KINDS = {
    "table": ("tabulate", "results/{}.csv"),
    "arrays": ("compute", "results/{}.npz"),
    "figure": ("plot", "figures/{}.pdf"),
    "numbers": ("summarise", "report/generated/{}.tex"),
    "rows": ("typeset", "report/generated/{}_rows.tex"),
}
STYLE = "code/report.mplstyle"
EIGENVALUES = {"eigenvalues": "results/eigenvalues.csv"}
# λ0 and λ_max stand in one row.
LAMBDA_ZERO = {"lambda_zero": "results/h_infinity.csv"}
H_INFINITY = {"eigenvalues": "results/h_infinity.csv"}
DATASET = {"dataset": "results/dataset.npz"}
WIDE = {"wide": "results/wide.csv"}


class Part(NamedTuple):
    """One part of a study.

    Attributes:
        study, kind: name the module and its function; a kind is a key of KINDS.
        reads: parameter → path, or the paths of `runs`.
        settings: parameter → value that JSON can hold.
    """

    study: str
    kind: str
    reads: dict
    settings: dict

    @property
    def rule(self):
        return f"{KINDS[self.kind][0]}_{self.study}"

    @property
    def module(self):
        return f"code/studies/{self.study}.py"

    @property
    def output(self):
        return KINDS[self.kind][1].format(self.study)

    def inputs(self):
        """Name → path of every file that the part reads."""
        return self.reads | ({"style": STYLE} if self.kind == "figure" else {})

    def beside(self):
        """Name → path of what the part makes beside its output."""
        return {"csv": f"figures/{self.study}.csv"} if self.kind == "figure" else {}

    @property
    def summary(self):
        """One line for `snakemake --list`, from the module's first."""
        text = (ROOT / self.module).read_text(encoding="utf-8")
        first = (ast.get_docstring(ast.parse(text)) or self.study).splitlines()[0]
        return f"{first.removesuffix('.')}: {self.output}."

    def command_line(self):
        """Kind, study, inputs and settings as text for a shell, for `study.py`."""
        words = [self.kind, self.study]
        for name, paths in self.inputs().items():
            words += [scripting.option(name), *([paths] if isinstance(paths, str) else paths)]
        for name, value in self.settings.items():
            words += [scripting.option(name), json.dumps(value)]
        return shlex.join(words)


def parts(config):
    """Every Part, in the order of the report."""
    return [
        Part(study, kind, reads, settings)
        for study, of_study in studies(config).items()
        for kind, (reads, settings) in of_study.items()
    ]


def studies(config):
    """study → kind → what the part reads, and its settings.  One entry a study."""
    runs = training_runs(config)
    full = {"full_batch": runs["full_batch"].path}
    others = {"mini_batch": runs["mini_batch"].path, "runs": paths(runs, "seeds")}
    stages, stagewise = {"stages": "results/stages.csv"}, {"stagewise": runs["stagewise"].path}
    claims = {"claims": "results/hypotheses.csv"}
    delta = {"delta": config["hypotheses"]["delta"]}
    frozen, window = {"frozen": "results/anatomy.npz"}, {"window": config["anatomy"]["window"]}
    networks = {"networks": "results/width.csv"}
    kinds = {"runs": paths(runs, "targets"), "alignment": "results/targets.npz"}
    slides = {"runs": paths(runs, "sliding") + paths(runs, "smooth")}
    projected = {"projected": "results/sliding.npz"}
    training = config["training"]
    ratio = config["width_study"]["learning_rate_fraction"] / training["learning_rate_fraction"]
    proofs = {"proofs": "results/convergence.csv"}
    steps = {"runs": paths(runs, "step_size")}
    comparisons = {"comparisons": "results/step_size.csv"}
    precisions = {"single": runs["digits"].path, "double": runs["double"].path}
    precisions |= {"late_single": runs["small"].path, "late_double": runs["small_targets"].path}
    layers = {"both": runs["both_layers"].path, "first": runs["full_batch"].path}
    event, drawn = {"flip_event": "results/flip_event.csv"}, config["flip_event"]
    return {
        "eigenvalues": {
            "numbers": (EIGENVALUES | DATASET, {}),
            "rows": (EIGENVALUES, {}),
        },
        "loss_vs_bound": {
            "figure": (full | others | LAMBDA_ZERO, {}),
            "numbers": (
                full | others | LAMBDA_ZERO,
                {
                    "fraction": training["learning_rate_fraction"],
                    "batch_size": training["batch_size"],
                },
            ),
        },
        "stagewise": {
            "figure": (stagewise | full | stages, {}),
            "numbers": (stagewise | full | stages | {"runs": paths(runs, "pairs")}, {}),
            "rows": (stagewise | stages, {}),
        },
        "hypotheses": {
            "table": (full | EIGENVALUES, delta),
            "numbers": (claims | full, delta),
            "rows": (claims, {}),
        },
        "routes": {
            "numbers": (DATASET | full | LAMBDA_ZERO, delta),
            "rows": (DATASET | full | LAMBDA_ZERO, delta),
        },
        "anatomy": {
            "arrays": (DATASET | full, {}),
            "figure": (full | frozen | LAMBDA_ZERO | claims, window),
            "numbers": (full | frozen | LAMBDA_ZERO, window),
        },
        "sliding": {
            "arrays": (DATASET | full | LAMBDA_ZERO, {"step_ratio": ratio}),
            "figure": (full | projected | slides | LAMBDA_ZERO, window),
            "numbers": (full | projected | slides | LAMBDA_ZERO, window),
        },
        "convergence": {
            "table": (
                DATASET
                | {"runs": paths(runs, "convergence"), "records": records("convergence")}
                | LAMBDA_ZERO,
                {},
            ),
            "figure": ({"assigned": runs["assigned"].path} | full | LAMBDA_ZERO, {}),
            "numbers": (proofs, {}),
            "rows": (proofs, {}),
        },
        "width": {
            "table": ({"runs": paths(runs, "width")} | LAMBDA_ZERO, {}),
            "figure": (networks | {"runs": first_of_each_width(runs)} | LAMBDA_ZERO, {}),
            "numbers": (
                networks | LAMBDA_ZERO,
                {"fraction": config["width_study"]["learning_rate_fraction"]},
            ),
        },
        "wide": {
            "table": (networks | {"records": records("width")} | DATASET, {}),
            "figure": (WIDE | proofs | DATASET | LAMBDA_ZERO, delta),
            "numbers": (WIDE | proofs | DATASET | LAMBDA_ZERO, delta),
            "rows": (WIDE | proofs | DATASET | LAMBDA_ZERO, delta),
        },
        "targets": {
            "arrays": (DATASET, {"seeds": config["target_study"]["seeds"]}),
            "figure": (kinds | LAMBDA_ZERO, {}),
            "numbers": ({"runs": paths(runs, "targets")} | LAMBDA_ZERO, {}),
            "rows": (kinds | LAMBDA_ZERO, {}),
        },
        "step_size": {
            "table": (steps | LAMBDA_ZERO, {}),
            "figure": (comparisons | steps, {}),
            "numbers": (comparisons | precisions | full | H_INFINITY, {}),
        },
        "both_layers": {
            "figure": (layers | LAMBDA_ZERO, {"window": config["both_layers"]["window"]}),
            "numbers": (layers | LAMBDA_ZERO, {"window": config["both_layers"]["window"]}),
        },
        "flip_event": {
            "table": (DATASET, {"width": config["network"]["width"], **drawn}),
            "numbers": (event, {"networks": drawn["networks"]}),
            "rows": (event, {}),
        },
    }


def printed(parts):
    """The files of report/generated that hold the numbers and rows of these parts."""
    return [part.output for part in parts if part.kind in ("numbers", "rows")]


def records(rule):
    """The runs of a rule that are recorded, which are sources like any other file in git."""
    return [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(f"{RECORDS[rule]}/*.csv"))]


def paths(runs, rule):
    """The paths of a training rule's runs."""
    return [run.path for run in runs.values() if run.rule == rule]


def first_of_each_width(runs):
    """The first network of each width, whose losses are drawn."""
    of_study = [run for run in runs.values() if run.rule == "width"]
    first = {run.options["width"]: run.path for run in reversed(of_study)}
    return list(first.values())
