"""What the jobs of a build really read and write, whatever the Snakefile lists."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

from workflow import command, listing

TRACER = Path(__file__).parent / "tracer/sitecustomize.py"


class Trace(NamedTuple):
    """The files that the jobs of each rule read and write, relative to the project; and the inputs
    that the Snakefile lists for them."""

    reads: dict
    writes: dict
    listed: dict

    def after(self, first):
        """The rules `first` and all that read, however far down, what these write."""
        rules = set()
        while new := set(first) - rules:
            rules |= new
            made = set().union(*(self.writes.get(rule, ()) for rule in new))
            first = {rule for rule, files in self.reads.items() if files & made}
        return rules

    def after_edit(self, path):
        return self.after(rule for rule, files in self.reads.items() if path in files)

    def then(self, later):
        """The trace of two builds: a rule that ran again reads what it read last."""
        return Trace(*(old | new for old, new in zip(self, later, strict=True)))

    def unlisted(self):
        """Rule → results of other rules that its jobs read although they are not its inputs."""
        made = set().union(*self.writes.values())
        found = {
            rule: (files & made) - self.writes[rule] - self.listed[rule]
            for rule, files in self.reads.items()
            if rule in self.listed
        }
        return {rule: files for rule, files in found.items() if files}


def read_by_latex(folder):
    """What latexmk recorded of pdflatex and bibtex: path, then time, size and digest."""
    recorded = (folder / "report/build/main.fdb_latexmk").read_text(encoding="utf-8")
    paths = re.findall(r'^  "([^"]+)" \d', recorded, re.MULTILINE)
    return {os.path.normpath(os.path.join("report", path)) for path in paths}


def tracing_python(folder, records):
    """A Python with the packages of this one, isolated or not, whose processes write to records."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "all.pth").write_text("\n".join(path for path in sys.path if "-packages" in path))
    install = f"\n\n_install({str(records)!r})\n"
    (packages / "sitecustomize.py").write_text(TRACER.read_text(encoding="utf-8") + install)
    return str(folder / "bin/python")


def build(folder, *targets):
    """Build the targets; return what their jobs read and wrote."""
    records, python = (folder.with_name(f"{folder.name} {name}") for name in ("trace", "python"))
    for made in (records, python):
        shutil.rmtree(made, ignore_errors=True)
    records.mkdir()
    line = [tracing_python(python, records), *command(*targets)[1:]]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # A job is known by its log: snakemake prints whose it is, and the command line names it.
    jobs = listing(folder)
    owners = re.findall(r"rule (\w+):\n(?: +.*\n)*? +log: (\S+)", jobs)
    rules = {log: rule for rule, log in owners}
    trace = Trace({}, {}, {})
    for rule, inputs in re.findall(r"rule (\w+):\n +input: (.*)\n", jobs):
        trace.listed.setdefault(rule, set()).update(inputs.split(", "))
    for record in records.iterdir():
        arguments, *events = map(json.loads, record.read_text(encoding="utf-8").splitlines())
        if "--inside" not in arguments:
            continue  # snakemake itself, and what digests all that a job lists
        rule = rules[arguments[arguments.index("--log") + 1]]
        read, written = trace.reads.setdefault(rule, set()), trace.writes.setdefault(rule, set())
        for kind, *paths in events:
            # Of a rename the last path, its target, counts.
            (read if kind == "read" else written).add(os.path.relpath(paths[-1], folder))
    if "compile_report" in trace.reads:
        trace.reads["compile_report"] |= read_by_latex(folder)
    # The default target asks for the PDF and has no job.
    return trace.then(Trace({"report": {"report/main.pdf"}}, {"report": set()}, {}))
