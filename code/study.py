"""One part of a study: read its inputs, call its function, write what it returns.

    python code/study.py figure width --output my.pdf

What is not given is what the report's own build takes, from config.yaml; `python code/study.py
figure width --help` says which files and settings these are.  Of a build with another
configuration, give those that it changes.
"""

import argparse
import importlib
import inspect
import json
import sys
from pathlib import Path

import files
import scripting
from overparam import latex

CODE = Path(__file__).resolve().parent
# What each kind of part writes, from the path and the value.
WRITERS = {
    "table": files.write_csv,
    "arrays": lambda path, value: files.write_npz(path, **value),
    "figure": files.save_figure,
    "numbers": lambda path, value: files.write_text(path, latex.results(value)),
    "rows": lambda path, value: files.write_text(path, latex.rows(value)),
}


def read(parameter, paths):
    """The value of a parameter from its file or files.

    `runs`: name → arrays of each; `records`: the rows of all; `lambda_zero`: λ0, from the row of
    H^∞; else the arrays of an npz or the rows of a csv.
    """
    if parameter == "runs":
        names = [Path(path).stem for path in paths]
        if len({*names}) < len(names):
            raise ValueError(f"two of the runs have the same name: {', '.join(sorted(names))}")
        return {Path(path).stem: files.read_npz(path) for path in paths}
    if parameter == "records":
        return [row for path in paths for row in files.read_csv(path)]
    (path,) = paths
    if parameter == "lambda_zero":
        return files.read_csv(path)[0]["lambda_min"]
    return files.read_npz(path) if Path(path).suffix == ".npz" else files.read_csv(path)


def parameters(function):
    """Names of what a part reads, and of its settings: those after the star."""
    found = inspect.signature(function).parameters.values()
    settings = [p.name for p in found if p.kind is p.KEYWORD_ONLY]
    return [p.name for p in found if p.name not in settings], settings


def main(arguments):
    reads, settings = parameters(arguments.function)
    values = [read(name, getattr(arguments, name)) for name in reads]
    if arguments.kind == "figure":
        use_style(arguments.style)
    options = {name: getattr(arguments, name) for name in settings}
    WRITERS[arguments.kind](arguments.output, arguments.function(*values, **options))


def use_style(path):
    import matplotlib  # here, as the other parts do without it

    matplotlib.use("pdf")
    import matplotlib.pyplot as plt

    # On matplotlib's own defaults, whatever the user's are.
    plt.style.use(["default", path])


def studies():
    """Names of the modules of studies/."""
    return sorted(path.stem for path in CODE.glob("studies/[!_]*.py"))


def function_of(kind, study):
    """The function of a part; ValueError names the parts of a study that has no such one."""
    module = importlib.import_module(f"studies.{study}")
    if not hasattr(module, kind):
        there = ", ".join(name for name in WRITERS if hasattr(module, name))
        raise ValueError(f"{study} has no {kind}; it has {there}")
    return getattr(module, kind)


def defaults(kind, study):
    """What the report's build gives the part: name → paths, name → setting."""
    from pipeline import config, studies

    parts = {(part.study, part.kind): part for part in studies.parts(config.shipped())}
    if not (part := parts.get((study, kind))):
        raise ValueError(f"pipeline/studies.py has no row for {kind} {study}; give all options")
    return {name: as_list(paths) for name, paths in part.reads.items()}, part.settings


def as_list(paths):
    return [paths] if isinstance(paths, str) else paths


def make_parser(kind, study, given):
    """The options of one part.  The table of studies is asked where `given` lacks one of them."""
    function = function_of(kind, study)
    description = f"{inspect.getdoc(function)}\n\n{inspect.getdoc(inspect.getmodule(function))}"
    parser = scripting.parser(description, argparse.RawDescriptionHelpFormatter)
    parser.prog = f"study.py {kind} {study}"
    reads, settings = parameters(function)
    complete = {*map(scripting.option, reads + settings)} <= {*given}
    paths, values = ({}, {}) if complete else defaults(kind, study)
    for name in reads:
        default = paths.get(name, [])
        count = {"runs": "+", "records": "*"}.get(name, 1)
        text = f"read; by default {shortened(default)}"
        parser.add_argument(
            scripting.option(name), nargs=count, metavar="FILE", default=default, help=text
        )
    for name in settings:
        value = values.get(name)
        text = f"setting, as JSON; by default {json.dumps(value)}"
        parser.add_argument(
            scripting.option(name), type=setting, metavar="VALUE", default=value, help=text
        )
    if kind == "figure":
        parser.add_argument(
            "--style", type=Path, default=CODE / "report.mplstyle", help="the style of all figures"
        )
    parser.add_argument("--output", required=True, type=Path, help="the file to write")
    parser.set_defaults(function=function, kind=kind)
    return parser


def setting(text):
    """The value of a setting; argparse prints the error's message behind the name of the option."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not JSON") from error
    numbers = value if isinstance(value, list) else [value]
    if not all(type(number) in (int, float) for number in numbers):
        raise argparse.ArgumentTypeError(f"{text} is no number and no list of numbers")
    return value


def shortened(paths):
    return " ".join(paths) if len(paths) < 4 else f"{paths[0]} … {paths[-1]}, {len(paths)} files"


def make_chooser():
    chooser = argparse.ArgumentParser(
        prog="study.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    chooser.add_argument("kind", choices=WRITERS)
    chooser.add_argument("study", choices=studies())
    return chooser


if __name__ == "__main__":
    chosen = make_chooser().parse_args(sys.argv[1:3])
    options = sys.argv[3:]
    # Messages name the part.
    sys.argv[0] = f"study.py {chosen.kind} {chosen.study}"
    try:
        parser = make_parser(chosen.kind, chosen.study, options)
    except ValueError as error:
        sys.exit(f"study.py: {error}")
    scripting.run(main, parser.parse_args(options))
