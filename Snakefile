"""Data → eigenvalues and training runs → results/ → figures/ and report/generated/ → report/main.pdf.

A rule lists its script and every module that the script imports as input (`sources`), so that an
edit reruns what depends on it.  Each numeric job has one thread: results do not depend on --cores.
"""

import sys
from glob import glob

sys.path.insert(0, f"{workflow.basedir}/code")
from pipeline import check_config, sources, stop, typed

configfile: "config.yaml"

config = typed(config)
try:
    check_config(config)
except ValueError as error:
    stop(error)

PYTHON = sys.executable
DATA, NETWORK = config["dataset"], config["network"]
TRAINING, STAGEWISE = config["training"], config["stagewise"]

# The command of every training rule; their params name the schedule.
TRAIN = (
    "{PYTHON:q} {input.code[0]} --dataset {input.dataset} --eigenvalues {input.eigenvalues}"
    " --width {params.width} --seed {params.seed}"
    " --learning-rate-fraction {params.fraction} --steps {params.steps} {params.schedule}"
    " --output {output} --log {log}"
)


rule report:
    """The whole report: report/main.pdf (the default target)."""
    input:
        "report/main.pdf",


rule make_dataset:
    """MNIST-1D samples of unit length: results/dataset.npz."""
    input:
        code=sources("code/make_dataset.py"),
    output:
        "results/dataset.npz",
    params:
        samples=DATA["samples"],
        seed=DATA["seed"],
    log:
        "logs/make_dataset.log",
    benchmark:
        "logs/make_dataset.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --samples {params.samples} --seed {params.seed}"
        " --output {output} --log {log}"


rule compute_eigenvalues:
    """Extreme eigenvalues of H^inf and of H(0), certified: results/eigenvalues.csv."""
    input:
        code=sources("code/compute_eigenvalues.py"),
        dataset="results/dataset.npz",
    output:
        "results/eigenvalues.csv",
    params:
        width=NETWORK["width"],
        seeds=[NETWORK["seed"], *config["eigenvalues"]["seeds"]],
    log:
        "logs/compute_eigenvalues.log",
    benchmark:
        "logs/compute_eigenvalues.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --dataset {input.dataset} --width {params.width}"
        " --seeds {params.seeds} --output {output} --log {log}"


rule compute_stage_eigenvalues:
    """Extreme eigenvalues of H^inf on each stage's samples: results/stages.csv."""
    input:
        code=sources("code/compute_stage_eigenvalues.py"),
        dataset="results/dataset.npz",
    output:
        "results/stages.csv",
    params:
        stages=STAGEWISE["stages"],
    log:
        "logs/compute_stage_eigenvalues.log",
    benchmark:
        "logs/compute_stage_eigenvalues.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --dataset {input.dataset} --stages {params.stages}"
        " --output {output} --log {log}"


rule train_full_batch:
    """SGD on all samples at every step, Theorem 3.2's setting: results/training_full_batch.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/training_full_batch.npz",
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        steps=TRAINING["steps"],
        schedule="",
    log:
        "logs/train_full_batch.log",
    benchmark:
        "logs/train_full_batch.tsv"
    threads: 1
    shell:
        TRAIN


rule train_mini_batch:
    """SGD on the notebook's cyclic mini-batches: results/training_mini_batch.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/training_mini_batch.npz",
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        steps=TRAINING["steps"],
        schedule=f"--batch-size {TRAINING['batch_size']}",
    log:
        "logs/train_mini_batch.log",
    benchmark:
        "logs/train_mini_batch.tsv"
    threads: 1
    shell:
        TRAIN


rule train_stagewise:
    """Digit 0, then 0 and 1, and so on, each by full batch: results/training_stagewise.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
        stages="results/stages.csv",
    output:
        "results/training_stagewise.npz",
    params:
        width=NETWORK["width"],
        seed=STAGEWISE["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        steps=STAGEWISE["steps_per_stage"],
        schedule="--stages results/stages.csv",
    log:
        "logs/train_stagewise.log",
    benchmark:
        "logs/train_stagewise.tsv"
    threads: 1
    shell:
        TRAIN


rule plot_loss_vs_bound:
    """Loss of both runs against Theorem 3.2's bound: figures/loss_vs_bound.pdf."""
    input:
        code=sources("code/plot_loss_vs_bound.py"),
        style="code/report.mplstyle",
        full_batch="results/training_full_batch.npz",
        mini_batch="results/training_mini_batch.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "figures/loss_vs_bound.pdf",
    log:
        "logs/plot_loss_vs_bound.log",
    benchmark:
        "logs/plot_loss_vs_bound.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --full-batch {input.full_batch}"
        " --mini-batch {input.mini_batch} --eigenvalues {input.eigenvalues}"
        " --output {output} --log {log}"


rule plot_stagewise:
    """Stagewise training beside training on all samples: figures/stagewise.pdf."""
    input:
        code=sources("code/plot_stagewise.py"),
        style="code/report.mplstyle",
        stagewise="results/training_stagewise.npz",
        full_batch="results/training_full_batch.npz",
        stages="results/stages.csv",
    output:
        "figures/stagewise.pdf",
    log:
        "logs/plot_stagewise.log",
    benchmark:
        "logs/plot_stagewise.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --stagewise {input.stagewise}"
        " --full-batch {input.full_batch} --stages {input.stages} --output {output} --log {log}"


rule summarise_eigenvalues:
    """Numbers and table of the eigenvalue section, as LaTeX."""
    input:
        code=sources("code/summarise_eigenvalues.py"),
        eigenvalues="results/eigenvalues.csv",
    output:
        numbers="report/generated/eigenvalues.tex",
        rows="report/generated/eigenvalue_rows.tex",
    log:
        "logs/summarise_eigenvalues.log",
    benchmark:
        "logs/summarise_eigenvalues.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --eigenvalues {input.eigenvalues} --numbers {output.numbers}"
        " --rows {output.rows} --log {log}"


rule summarise_training:
    """Numbers of the training section, as LaTeX."""
    input:
        code=sources("code/summarise_training.py"),
        full_batch="results/training_full_batch.npz",
        mini_batch="results/training_mini_batch.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        numbers="report/generated/training.tex",
    params:
        fraction=TRAINING["learning_rate_fraction"],
        batch_size=TRAINING["batch_size"],
    log:
        "logs/summarise_training.log",
    benchmark:
        "logs/summarise_training.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --full-batch {input.full_batch} --mini-batch {input.mini_batch}"
        " --eigenvalues {input.eigenvalues} --learning-rate-fraction {params.fraction}"
        " --batch-size {params.batch_size} --numbers {output.numbers} --log {log}"


rule summarise_stagewise:
    """Numbers and table of the stagewise section, as LaTeX."""
    input:
        code=sources("code/summarise_stagewise.py"),
        stagewise="results/training_stagewise.npz",
        full_batch="results/training_full_batch.npz",
        stages="results/stages.csv",
    output:
        numbers="report/generated/stagewise.tex",
        rows="report/generated/stagewise_rows.tex",
    log:
        "logs/summarise_stagewise.log",
    benchmark:
        "logs/summarise_stagewise.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --stagewise {input.stagewise} --full-batch {input.full_batch}"
        " --stages {input.stages} --numbers {output.numbers} --rows {output.rows} --log {log}"


rule compile_report:
    """The report from its sources, figures and generated numbers: report/main.pdf."""
    input:
        code=sources("code/compile_report.py"),
        main="report/main.tex",
        sources=[
            "report/preamble.tex",
            "report/notation.tex",
            "report/references.bib",
            *sorted(glob("report/sections/*.tex")),
        ],
        generated=[
            "report/generated/eigenvalues.tex",
            "report/generated/eigenvalue_rows.tex",
            "report/generated/training.tex",
            "report/generated/stagewise.tex",
            "report/generated/stagewise_rows.tex",
        ],
        figures=["figures/loss_vs_bound.pdf", "figures/stagewise.pdf"],
    output:
        "report/main.pdf",
    log:
        "logs/compile_report.log",
    benchmark:
        "logs/compile_report.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --source {input.main} --output {output} --log {log}"
