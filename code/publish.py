"""Run a module of publishing/: `python code/publish.py verify_results --help`."""

import argparse
import importlib
import sys

import scripting

MODULES = (
    "archive_report",
    "check_proofs",
    "compile_report",
    "published",
    "summarise_proofs",
    "verify_results",
    "web",
    "write_colophon",
)

if __name__ == "__main__":
    chooser = argparse.ArgumentParser(prog="publish.py", description=__doc__)
    chooser.add_argument("module", choices=MODULES)
    name = chooser.parse_args(sys.argv[1:2]).module
    # Messages name the module.
    sys.argv = [f"{name}.py", *sys.argv[2:]]
    module = importlib.import_module(f"publishing.{name}")
    scripting.run(module.main, module.make_parser().parse_args())
