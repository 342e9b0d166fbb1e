"""Data → eigenvalues and training runs → results/ → figures/ and report/generated/ → report/main.pdf.

A run is a row of `code/pipeline/runs.py`, a part of a study one of `code/pipeline/studies.py`.
A rule lists its script and every module that the script imports as input (`sources`), so that an
edit reruns what depends on it.  Each numeric job has one thread: results do not depend on --cores.
"""

import json
import sys
from glob import glob
from pathlib import Path
from shutil import which

sys.path.insert(0, f"{workflow.basedir}/code")
from origin import commit
from pipeline import runs, studies, terminal
from pipeline.config import check_config, check_folder, check_yaml, stop, typed
from pipeline.job_limits import check_resources, exceeded_limits
from pipeline.jobs import keep_results, reasons
from pipeline.keys import check_end, keep_keys
from pipeline.locks import clear_stale_locks
from pipeline.provenance import changed_keys, of_numbers
from pipeline.sources import sources
from publishing import coq_source
from snakemake.dag import DAG
from snakemake.jobs import Job

try:
    check_folder(workflow.basedir)
    check_resources(workflow.resource_settings.overwrite_resources)
    check_yaml("config.yaml", *workflow.configfiles)
    # A job on another node may not see this lock, and must not take the workflow's away.
    ALIVE = clear_stale_locks() if workflow.is_main_process else None
except (ValueError, OSError) as error:
    stop(error)


configfile: "config.yaml"


config = typed(config)
try:
    check_config(config)
    keep_results(Job)
    keep_keys(DAG)
    # Of the first page, and of the page that `snakemake --report` writes.
    config["report"]["changed"] = changed_keys(config)
except ValueError as error:
    stop(error)


report: "report/page.rst"


PYTHON = sys.executable
# Every job: its command is part of the key of what it makes (code/job.py).
JOB = "exec {PYTHON:q} -I code/job.py --made {output:q} --reads {input:q} -- "
SAMPLES = config["dataset"]["samples"]
RUNS = runs.training_runs(config)
PARTS = studies.parts(config)
CHECK_PROOFS = config["report"]["check_proofs"] and which("coqc")
# What LaTeX reads, and where each figure, table and number of the report comes from.
FIGURES = [part.output for part in PARTS if part.kind == "figure"]
NUMBERS = studies.printed(PARTS)
GENERATED = [
    *NUMBERS,
    *(f"report/generated/{name}.tex" for name in ("proofs", "proof_statements")),
    *(f"report/generated/{name}.tex" for name in ("colophon", "colophon_rows", "notice", "title")),
]
# All that is computed.
RESULTS = [
    *(f"results/{name}" for name in ("dataset.npz", "h_infinity.csv", "eigenvalues.csv")),
    "results/stages.csv",
    *(run.path for run in RUNS.values()),
    *(path for part in PARTS for path in (part.output, *part.beside().values())),
]
MAKERS = [
    *(
        f"{part.output}={part.rule}={part.module}"
        for part in PARTS
        if part.output in FIGURES + NUMBERS
    ),
    "report/generated/proofs.tex=summarise_proofs=code/publishing/summarise_proofs.py",
]


def publishing(module):
    """The sources of a job that runs a module of publishing/."""
    return sources("code/publish.py", f"code/publishing/{module}.py")


def run_of(rule, wildcards):
    """The run of a job: of several runs the one that its path names."""
    return RUNS[wildcards.get("run", rule)]


rule report:
    """The default target: report/main.pdf, and every figure and result on the way to it."""
    input:
        "report/main.pdf",
        RESULTS,
    localrule: True


rule make_dataset:
    """MNIST-1D samples of unit length: results/dataset.npz."""
    input:
        code=sources("code/make_dataset.py"),
    output:
        "results/dataset.npz",
    log:
        "logs/make_dataset.log",
    params:
        samples=SAMPLES,
        seed=config["dataset"]["seed"],
    shell:
        JOB + "{input.code[0]:q} --samples {params.samples} --seed {params.seed}"
        " --output {output:q} --log {log:q}"


# Alone, so that what depends on H^inf does not depend on any network.
rule compute_h_infinity:
    """Extreme eigenvalues of H^inf, certified: results/h_infinity.csv."""
    input:
        code=sources("code/compute_eigenvalues.py"),
        dataset="results/dataset.npz",
    output:
        "results/h_infinity.csv",
    log:
        "logs/compute_h_infinity.log",
    shell:
        JOB
        + "{input.code[0]:q} --dataset {input.dataset:q} --seeds --output {output:q} --log {log:q}"


rule compute_eigenvalues:
    """Extreme eigenvalues of H^inf and of H(0), certified: results/eigenvalues.csv."""
    input:
        code=sources("code/compute_eigenvalues.py"),
        dataset="results/dataset.npz",
    output:
        "results/eigenvalues.csv",
    log:
        "logs/compute_eigenvalues.log",
    params:
        width=config["network"]["width"],
        seeds=[config["network"]["seed"], *config["eigenvalues"]["seeds"]],
    shell:
        JOB + "{input.code[0]:q} --dataset {input.dataset:q} --width {params.width}"
        " --seeds {params.seeds} --output {output:q} --log {log:q}"


rule compute_stage_eigenvalues:
    """Extreme eigenvalues of H^inf on each stage's samples: results/stages.csv."""
    input:
        code=sources("code/compute_stage_eigenvalues.py"),
        dataset="results/dataset.npz",
    output:
        "results/stages.csv",
    log:
        "logs/compute_stage_eigenvalues.log",
    params:
        stages=config["stagewise"]["stages"],
    shell:
        JOB + "{input.code[0]:q} --dataset {input.dataset:q} --stages {params.stages}"
        " --output {output:q} --log {log:q}"


# Every training rule, from the table of runs.  The longest have priority, so that none is left
# alone at the end.
for name, of_rule in runs.by_rule(RUNS).items():

    rule:
        name:
            f"train_{name}"
        input:
            reads=lambda wildcards, name=name: [*run_of(name, wildcards).reads.values()],
            code=sources("code/train_network.py"),
            dataset="results/dataset.npz",
            eigenvalues="results/h_infinity.csv",
        output:
            runs.path_of(of_rule),
        log:
            runs.path_of(of_rule).replace("results/", "logs/").replace(".npz", ".log"),
        wildcard_constraints:
            run="|".join(run.name for run in of_rule),
        priority: max(run.minutes(SAMPLES) for run in of_rule)
        resources:
            **of_rule[0].resources(),
            mem_mb=lambda wildcards, name=name: run_of(name, wildcards).memory(SAMPLES),
            runtime=lambda wildcards, name=name: run_of(name, wildcards).minutes(SAMPLES),
        params:
            options=lambda wildcards, name=name: run_of(name, wildcards).command_line(),
        shell:
            JOB
            + "{input.code[0]:q} --dataset {input.dataset:q} --eigenvalues {input.eigenvalues:q}"
            " {params.options} --output {output:q} --log {log:q}"

    workflow.get_rule(f"train_{name}").docstring = runs.summary(of_rule)


# Runs that take a GPU or hours are kept in git.  A record that is there is a source like any other,
# which no edit makes again; who wants it anew deletes it.
if any(run.record for run in RUNS.values()):
    MISSING = {
        run.record: run for run in RUNS.values() if run.record and not Path(run.record).exists()
    }

    rule record:
        """The wide networks that data/ lacks, trained and recorded there."""
        input:
            [*MISSING],
        localrule: True

    rule record_run:
        """A training run as a row with its origin: data/{record}.csv."""
        input:
            code=sources("code/record_run.py"),
            dataset="results/dataset.npz",
            eigenvalues="results/h_infinity.csv",
            run=lambda wildcards: MISSING[f"data/{wildcards.record}.csv"].path,
        output:
            "data/{record}.csv",
        log:
            "logs/record/{record}.log",
        wildcard_constraints:
            record="|".join(path[len("data/") : -len(".csv")] for path in MISSING) or "none",
        localrule: True
        params:
            config=json.dumps(of_numbers(config), sort_keys=True),
            study=lambda wildcards: MISSING[f"data/{wildcards.record}.csv"].rule,
        shell:
            JOB + "{input.code[0]:q} --run {input.run:q} --study {params.study}"
            " --dataset {input.dataset:q}"
            " --eigenvalues {input.eigenvalues:q} --config {params.config:q} --output {output:q}"
            " --log {log:q}"


# Every part of every study, from the table of studies.
for part in PARTS:

    rule:
        name:
            part.rule
        input:
            **part.inputs(),
            code=sources("code/study.py", part.module),
        output:
            **part.beside(),
            made=(
                report(part.output, caption="report/captions.rst")
                if part.kind == "figure"
                else part.output
            ),
        log:
            f"logs/{part.rule}.log",
        localrule: part.kind in ("figure", "numbers", "rows")
        params:
            part=part.command_line(),
            study=part.study,
        shell:
            JOB + "{input.code[0]:q} {params.part} --output {output.made:q} --log {log:q}"

    workflow.get_rule(part.rule).docstring = part.summary


rule proofs:
    """The answers checked by Coq (apt-get install coq), axioms listed: results/proofs.csv."""
    input:
        code=publishing("check_proofs"),
        sources=coq_source.FILES,
    output:
        "results/proofs.csv",
    log:
        "logs/proofs.log",
    localrule: True
    shell:
        JOB + "{input.code[0]:q} check_proofs --sources {input.sources:q} --output {output:q}"
        " --log {log:q}"


rule summarise_proofs:
    """The statements that Coq checks, and whether it has, as LaTeX."""
    input:
        code=publishing("summarise_proofs"),
        sources=coq_source.FILES,
        # A build without Coq says that it has not checked.
        proofs=["results/proofs.csv"] if CHECK_PROOFS else [],
    output:
        numbers="report/generated/proofs.tex",
        appendix="report/generated/proof_statements.tex",
    log:
        "logs/summarise_proofs.log",
    localrule: True
    params:
        proofs=lambda wildcards, input: f"--proofs {input.proofs}" if input.proofs else "",
    shell:
        JOB + "{input.code[0]:q} summarise_proofs --sources {input.sources:q} {params.proofs}"
        " --numbers {output.numbers:q} --appendix {output.appendix:q} --log {log:q}"


rule write_colophon:
    """Commit, configuration, data, versions, names, what makes each figure and number, as LaTeX."""
    input:
        code=publishing("write_colophon"),
        dataset="results/dataset.npz",
        results=RESULTS,
    output:
        facts="report/generated/colophon.tex",
        rows="report/generated/colophon_rows.tex",
        notice="report/generated/notice.tex",
        title="report/generated/title.tex",
    log:
        "logs/write_colophon.log",
    localrule: True
    params:
        commit=commit(),
        config=json.dumps(of_numbers(config), sort_keys=True),
        changed=config["report"]["changed"],
        author=config["report"]["author"],
        course=config["report"]["course"],
        date=config["report"]["date"],
        makers=MAKERS,
    shell:
        JOB + "{input.code[0]:q} write_colophon --commit {params.commit:q}"
        " --config {params.config:q} --dataset {input.dataset:q} --changed {params.changed}"
        " --results {input.results:q}"
        " --makers {params.makers} --facts {output.facts:q} --rows {output.rows:q}"
        " --author={params.author:q} --course={params.course:q}"
        " --date={params.date:q}"
        " --notice {output.notice:q} --title {output.title:q} --log {log:q}"


rule verify:
    """Every printed number against reference.json, as a table; a miss is an error."""
    input:
        code=publishing("verify_results"),
        reference="reference.json",
        generated=NUMBERS,
    output:
        "results/verification.csv",
    log:
        "logs/verify.log",
    localrule: True
    params:
        changed=config["report"]["changed"],
    shell:
        JOB + "{input.code[0]:q} verify_results --reference {input.reference:q}"
        " --generated {input.generated:q} --changed {params.changed} --output {output:q}"
        " --log {log:q}"


rule compile_report:
    """The report from its sources, figures and generated numbers: report/main.pdf."""
    input:
        code=publishing("compile_report"),
        main="report/main.tex",
        sources=[
            "report/preamble.tex",
            "report/macros.tex",
            "report/notation.tex",
            "report/references.bib",
            *sorted(glob("report/sections/*.tex")),
        ],
        generated=GENERATED,
        figures=FIGURES,
    output:
        "report/main.pdf",
    log:
        "logs/compile_report.log",
    localrule: True
    shell:
        JOB + "{input.code[0]:q} compile_report --source {input.main:q} --files {input.main:q}"
        " {input.sources:q} {input.generated:q} {input.figures:q} --output {output:q} --log {log:q}"


rule archive:
    """The sources of the report for arXiv, for pdflatex alone: archive/companion.tar.gz."""
    input:
        code=publishing("archive_report"),
        main="report/main.tex",
        references="report/references.bib",
        sources=rules.compile_report.input.sources,
        generated=GENERATED,
        figures=FIGURES,
    output:
        "archive/companion.tar.gz",
    log:
        "logs/archive.log",
    localrule: True
    shell:
        JOB + "{input.code[0]:q} archive_report --source {input.main:q}"
        " --references {input.references:q} --figures {input.figures:q} --output {output:q}"
        " --log {log:q}"


# Not of the default target: LaTeXML is not LaTeX, and takes a minute.
rule web:
    """The report as HTML with MathML, where LaTeXML is installed: web/index.html."""
    input:
        code=publishing("web"),
        sources=[
            *sorted(glob("report/*.tex") + glob("report/sections/*.tex")),
            *("report/references.bib", "report/web/preamble.tex", "report/web/style.css"),
        ],
        generated=GENERATED,
        figures=FIGURES,
        data=[path.replace(".pdf", ".csv") for path in FIGURES],
        linked=[
            *sorted(glob("tests/theory/*.py") + glob("tests/library/*.py")),
            *coq_source.FILES,
            *sorted({part.module for part in PARTS if part.kind == "figure"}),
            "code/pipeline/studies.py",
        ],
    output:
        "web/index.html",
    log:
        "logs/web.log",
    localrule: True
    params:
        makers=MAKERS,
    shell:
        JOB + "{input.code[0]:q} web --figures {input.figures:q} --makers {params.makers}"
        " --linked {input.linked:q} --output {output:q} --log {log:q}"


if workflow.is_main_process:
    terminal.install(workflow.output_settings)


onsuccess:
    check_end(workflow.dag)


onerror:
    for line in reasons(log) + exceeded_limits(log):
        print(line, file=sys.stderr)
