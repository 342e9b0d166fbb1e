"""Data → eigenvalues and training runs → results/ → figures/ and report/generated/ → report/main.pdf.

A rule lists its script and every module that the script imports as input (`sources`), so that an
edit reruns what depends on it.  Each numeric job has one thread: results do not depend on --cores.
"""

import json
import sys
from functools import partial
from glob import glob
from os.path import exists
from shutil import which

sys.path.insert(0, f"{workflow.basedir}/code")
from job_limits import exceeded_limits, flow_steps, training_memory, training_minutes
from pipeline import (
    changed_keys,
    check_config,
    clear_stale_locks,
    commit,
    keep_results,
    sources,
    stop,
    typed,
)
from snakemake.jobs import Job


configfile: "config.yaml"


config = typed(config)
try:
    check_config(config)
except ValueError as error:
    stop(error)

# A job on another node may not see this lock, and must not take the workflow's away.
ALIVE = clear_stale_locks() if workflow.is_main_process else None
keep_results(Job)
PYTHON = sys.executable
DATA, NETWORK = config["dataset"], config["network"]
TRAINING, STAGEWISE = config["training"], config["stagewise"]
ANATOMY, WIDTHS, TARGETS = config["anatomy"], config["width_study"], config["target_study"]
STEPS, BOTH_LAYERS, FLIP = config["step_study"], config["both_layers"], config["flip_event"]

# The command of every training rule; their params name what differs.  The longest runs have
# priority, so that none is left alone at the end.
TRAIN = (
    "{PYTHON:q} {input.code[0]} --dataset {input.dataset} --eigenvalues {input.eigenvalues}"
    " --width {params.width} --seed {params.seed}"
    " --learning-rate-fraction {params.fraction} {params.options}"
    " --output {output} --log {log}"
)
# Each network has a seed of its own: one of the same seed would be a part of the next wider one.
WIDTH_RUNS = [
    f"results/width/m{width}_seed{WIDTHS['seed'] + k}.npz"
    for k, width in enumerate(
        item["width"] for item in WIDTHS["networks"] for _ in range(item["networks"])
    )
]
# The first network of each width, whose losses are drawn.
FIRST_RUNS = list({run.split("_seed")[0]: run for run in reversed(WIDTH_RUNS)}.values())
TARGET_RUNS = [f"results/targets/{kind}.npz" for kind in ("digits", "scaled", "shuffled")]
GENERATED = [
    *("eigenvalues", "eigenvalue_rows", "training", "stagewise", "stagewise_rows"),
    *("hypotheses", "hypothesis_rows", "anatomy", "width", "targets", "step_size"),
    *("both_layers", "flip_event", "flip_event_rows", "proofs", "proof_statements"),
    *("colophon", "colophon_rows", "notice"),
]
FIGURES = [
    *("loss_vs_bound", "stagewise", "anatomy", "width", "targets", "step_size", "both_layers"),
]
STEP_RUNS = [f"results/step_size/refine{k}.npz" for k in STEPS["refinements"]]
# What a training run asks of a cluster (profiles/slurm): megabytes, and minutes for those steps.
MEMORY = partial(training_memory, DATA["samples"])
MINUTES = partial(training_minutes, DATA["samples"])
FLOW_STEPS = partial(flow_steps, DATA["samples"])
WIDTH_STEPS = FLOW_STEPS(WIDTHS["flow_time"], WIDTHS["learning_rate_fraction"])
TARGET_STEPS = FLOW_STEPS(TARGETS["flow_time"], WIDTHS["learning_rate_fraction"])
COARSE_STEPS = FLOW_STEPS(STEPS["flow_time"], TRAINING["learning_rate_fraction"])
BOTH_LAYERS_STEPS = BOTH_LAYERS["refine"] * FLOW_STEPS(
    BOTH_LAYERS["flow_time"], TRAINING["learning_rate_fraction"]
)


wildcard_constraints:
    width=r"\d+",
    seed=r"\d+",
    refine=r"\d+",


# On a cluster these run where snakemake runs; profiles/slurm says where the others do.
localrules:
    report,
    plot_loss_vs_bound,
    plot_stagewise,
    plot_anatomy,
    plot_width,
    plot_targets,
    plot_step_size,
    plot_both_layers,
    summarise_eigenvalues,
    summarise_training,
    summarise_stagewise,
    summarise_hypotheses,
    summarise_anatomy,
    summarise_width,
    summarise_targets,
    summarise_step_size,
    summarise_both_layers,
    summarise_flip_event,
    proofs,
    summarise_proofs,
    write_colophon,
    verify,
    compile_report,


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
    log:
        "logs/make_dataset.log",
    benchmark:
        "logs/make_dataset.tsv"
    threads: 1
    params:
        samples=DATA["samples"],
        seed=DATA["seed"],
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
    log:
        "logs/compute_eigenvalues.log",
    benchmark:
        "logs/compute_eigenvalues.tsv"
    threads: 1
    params:
        width=NETWORK["width"],
        seeds=[NETWORK["seed"], *config["eigenvalues"]["seeds"]],
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
    log:
        "logs/compute_stage_eigenvalues.log",
    benchmark:
        "logs/compute_stage_eigenvalues.tsv"
    threads: 1
    params:
        stages=STAGEWISE["stages"],
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
    log:
        "logs/train_full_batch.log",
    benchmark:
        "logs/train_full_batch.tsv"
    priority: 1
    threads: 1
    resources:
        mem_mb=MEMORY(NETWORK["width"], double=True),
        runtime=MINUTES(NETWORK["width"], TRAINING["steps"], double=True),
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        options=f"--steps {TRAINING['steps']} --probes {ANATOMY['probes']} --window {ANATOMY['window']}",
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
    log:
        "logs/train_mini_batch.log",
    benchmark:
        "logs/train_mini_batch.tsv"
    priority: 1
    threads: 1
    resources:
        mem_mb=MEMORY(NETWORK["width"]),
        runtime=MINUTES(NETWORK["width"], TRAINING["steps"]),
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        options=f"--single --steps {TRAINING['steps']} --batch-size {TRAINING['batch_size']}",
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
    log:
        "logs/train_stagewise.log",
    benchmark:
        "logs/train_stagewise.tsv"
    priority: 1
    threads: 1
    resources:
        mem_mb=MEMORY(NETWORK["width"], double=True),
        runtime=MINUTES(
            NETWORK["width"], STAGEWISE["stages"] * STAGEWISE["steps_per_stage"], double=True
        ),
    params:
        width=NETWORK["width"],
        seed=STAGEWISE["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        options=f"--steps {STAGEWISE['steps_per_stage']} --stages results/stages.csv",
    shell:
        TRAIN


rule train_width:
    """One network of the width study: results/width/m{width}_seed{seed}.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/width/m{width}_seed{seed}.npz",
    log:
        "logs/width/m{width}_seed{seed}.log",
    benchmark:
        "logs/width/m{width}_seed{seed}.tsv"
    priority: 1
    threads: 1
    resources:
        mem_mb=lambda wildcards: MEMORY(int(wildcards.width)),
        runtime=lambda wildcards: MINUTES(int(wildcards.width), WIDTH_STEPS),
    params:
        width="{width}",
        seed="{seed}",
        fraction=WIDTHS["learning_rate_fraction"],
        options=(
            f"--single --flow-time {WIDTHS['flow_time']}"
            f" --probes {WIDTHS['probes']} --window {WIDTHS['window']}"
        ),
    shell:
        TRAIN


rule train_targets:
    """The network on digits, scaled digits or shuffled digits: results/targets/{targets}.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/targets/{targets}.npz",
    log:
        "logs/targets/{targets}.log",
    benchmark:
        "logs/targets/{targets}.tsv"
    threads: 1
    resources:
        mem_mb=MEMORY(NETWORK["width"]),
        runtime=MINUTES(NETWORK["width"], TARGET_STEPS),
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=WIDTHS["learning_rate_fraction"],
        options=(
            "--single --targets {targets}"
            f" --targets-seed {TARGETS['seed']} --flow-time {TARGETS['flow_time']}"
            f" --probes {WIDTHS['probes']} --window {WIDTHS['window']}"
        ),
    shell:
        TRAIN


rule train_double:
    """The digits of the target study in double precision: results/training_double.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/training_double.npz",
    log:
        "logs/train_double.log",
    benchmark:
        "logs/train_double.tsv"
    threads: 1
    resources:
        mem_mb=MEMORY(NETWORK["width"], double=True),
        runtime=MINUTES(NETWORK["width"], TARGET_STEPS, double=True),
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=WIDTHS["learning_rate_fraction"],
        options=f"--flow-time {TARGETS['flow_time']}",
    shell:
        TRAIN


rule train_step_size:
    """The first stretch of the run with a finer step: results/step_size/refine{refine}.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/step_size/refine{refine}.npz",
    log:
        "logs/step_size/refine{refine}.log",
    benchmark:
        "logs/step_size/refine{refine}.tsv"
    threads: 1
    resources:
        mem_mb=MEMORY(NETWORK["width"], double=True),
        runtime=lambda wildcards: MINUTES(
            NETWORK["width"], int(wildcards.refine) * COARSE_STEPS, double=True
        ),
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        options=f"--flow-time {STEPS['flow_time']} --refine {{refine}}",
    shell:
        TRAIN


rule train_both_layers:
    """The flow of Theorem 3.3, both layers trained: results/training_both_layers.npz."""
    input:
        code=sources("code/train_network.py"),
        dataset="results/dataset.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/training_both_layers.npz",
    log:
        "logs/train_both_layers.log",
    benchmark:
        "logs/train_both_layers.tsv"
    threads: 1
    resources:
        mem_mb=MEMORY(NETWORK["width"]),
        runtime=MINUTES(NETWORK["width"], BOTH_LAYERS_STEPS),
    params:
        width=NETWORK["width"],
        seed=NETWORK["seed"],
        fraction=TRAINING["learning_rate_fraction"],
        options=(
            f"--single --both-layers --flow-time {BOTH_LAYERS['flow_time']} --refine {BOTH_LAYERS['refine']}"
            f" --probes {BOTH_LAYERS['probes']} --window {BOTH_LAYERS['window']}"
        ),
    shell:
        TRAIN


rule compute_frozen_kernel:
    """Loss that H(0) and H^inf predict if they do not move: results/frozen_kernel.npz."""
    input:
        code=sources("code/compute_frozen_kernel.py"),
        dataset="results/dataset.npz",
        full_batch="results/training_full_batch.npz",
    output:
        "results/frozen_kernel.npz",
    log:
        "logs/compute_frozen_kernel.log",
    benchmark:
        "logs/compute_frozen_kernel.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --dataset {input.dataset} --full-batch {input.full_batch} --output {output}"
        " --log {log}"


rule compute_alignment:
    """Targets along the eigenvectors of H^inf: results/alignment.npz."""
    input:
        code=sources("code/compute_alignment.py"),
        dataset="results/dataset.npz",
    output:
        "results/alignment.npz",
    log:
        "logs/compute_alignment.log",
    benchmark:
        "logs/compute_alignment.tsv"
    threads: 1
    params:
        seed=TARGETS["seed"],
    shell:
        "{PYTHON:q} {input.code[0]} --dataset {input.dataset} --targets-seed {params.seed} --output {output}"
        " --log {log}"


rule collect_width:
    """The width study, one row a network: results/width.csv."""
    input:
        code=sources("code/collect_width.py"),
        eigenvalues="results/eigenvalues.csv",
        runs=WIDTH_RUNS,
    output:
        "results/width.csv",
    log:
        "logs/collect_width.log",
    benchmark:
        "logs/collect_width.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --eigenvalues {input.eigenvalues} --runs {input.runs} --output {output}"
        " --log {log}"


rule check_hypotheses:
    """Each claim in the theorem's proof against its limit: results/hypotheses.csv."""
    input:
        code=sources("code/check_hypotheses.py"),
        full_batch="results/training_full_batch.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        "results/hypotheses.csv",
    log:
        "logs/check_hypotheses.log",
    benchmark:
        "logs/check_hypotheses.tsv"
    threads: 1
    params:
        delta=config["hypotheses"]["delta"],
    shell:
        "{PYTHON:q} {input.code[0]} --full-batch {input.full_batch}"
        " --eigenvalues {input.eigenvalues} --delta {params.delta} --output {output}"
        " --log {log}"


rule collect_step_size:
    """The step study, one row a refinement: results/step_size.csv."""
    input:
        code=sources("code/collect_step_size.py"),
        eigenvalues="results/eigenvalues.csv",
        runs=STEP_RUNS,
    output:
        "results/step_size.csv",
    log:
        "logs/collect_step_size.log",
    benchmark:
        "logs/collect_step_size.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --eigenvalues {input.eigenvalues} --runs {input.runs} --output {output}"
        " --log {log}"


rule measure_flip_event:
    """Frequency of the event A_ir over initialisations: results/flip_event.csv."""
    input:
        code=sources("code/measure_flip_event.py"),
        dataset="results/dataset.npz",
    output:
        "results/flip_event.csv",
    log:
        "logs/measure_flip_event.log",
    benchmark:
        "logs/measure_flip_event.tsv"
    threads: 1
    params:
        width=NETWORK["width"],
        seed=FLIP["seed"],
        networks=FLIP["networks"],
        radii=FLIP["radii"],
    shell:
        "{PYTHON:q} {input.code[0]} --dataset {input.dataset} --width {params.width} --seed {params.seed}"
        " --networks {params.networks} --radii {params.radii} --output {output}"
        " --log {log}"


rule plot_loss_vs_bound:
    """Loss of both runs against Theorem 3.2's bound: figures/loss_vs_bound.pdf."""
    input:
        code=sources("code/plot_loss_vs_bound.py"),
        style="code/report.mplstyle",
        full_batch="results/training_full_batch.npz",
        mini_batch="results/training_mini_batch.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        pdf=report("figures/loss_vs_bound.pdf", caption="report/captions/loss_vs_bound.rst"),
        csv="figures/loss_vs_bound.csv",
    log:
        "logs/plot_loss_vs_bound.log",
    benchmark:
        "logs/plot_loss_vs_bound.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --full-batch {input.full_batch}"
        " --mini-batch {input.mini_batch} --eigenvalues {input.eigenvalues}"
        " --output {output.pdf} --log {log}"


rule plot_stagewise:
    """Stagewise training beside training on all samples: figures/stagewise.pdf."""
    input:
        code=sources("code/plot_stagewise.py"),
        style="code/report.mplstyle",
        stagewise="results/training_stagewise.npz",
        full_batch="results/training_full_batch.npz",
        stages="results/stages.csv",
    output:
        pdf=report("figures/stagewise.pdf", caption="report/captions/stagewise.rst"),
        csv="figures/stagewise.csv",
    log:
        "logs/plot_stagewise.log",
    benchmark:
        "logs/plot_stagewise.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --stagewise {input.stagewise}"
        " --full-batch {input.full_batch} --stages {input.stages} --output {output.pdf} --log {log}"


rule plot_anatomy:
    """The full-batch run against each step of the proof: figures/anatomy.pdf."""
    input:
        code=sources("code/plot_anatomy.py"),
        style="code/report.mplstyle",
        full_batch="results/training_full_batch.npz",
        frozen="results/frozen_kernel.npz",
        eigenvalues="results/eigenvalues.csv",
        hypotheses="results/hypotheses.csv",
    output:
        pdf=report("figures/anatomy.pdf", caption="report/captions/anatomy.rst"),
        csv="figures/anatomy.csv",
    log:
        "logs/plot_anatomy.log",
    benchmark:
        "logs/plot_anatomy.tsv"
    threads: 1
    params:
        window=ANATOMY["window"],
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --full-batch {input.full_batch}"
        " --frozen {input.frozen} --eigenvalues {input.eigenvalues}"
        " --hypotheses {input.hypotheses} --window {params.window} --output {output.pdf}"
        " --log {log}"


rule plot_width:
    """The run at several widths: figures/width.pdf."""
    input:
        code=sources("code/plot_width.py"),
        style="code/report.mplstyle",
        width="results/width.csv",
        runs=FIRST_RUNS,
        eigenvalues="results/eigenvalues.csv",
    output:
        pdf=report("figures/width.pdf", caption="report/captions/width.rst"),
        csv="figures/width.csv",
    log:
        "logs/plot_width.log",
    benchmark:
        "logs/plot_width.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --width {input.width}"
        " --runs {input.runs} --eigenvalues {input.eigenvalues} --output {output.pdf}"
        " --log {log}"


rule plot_targets:
    """Targets of other size and alignment: figures/targets.pdf."""
    input:
        code=sources("code/plot_targets.py"),
        style="code/report.mplstyle",
        runs=TARGET_RUNS,
        alignment="results/alignment.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        pdf=report("figures/targets.pdf", caption="report/captions/targets.rst"),
        csv="figures/targets.csv",
    log:
        "logs/plot_targets.log",
    benchmark:
        "logs/plot_targets.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --alignment {input.alignment}"
        " --eigenvalues {input.eigenvalues} --output {output.pdf}"
        " --log {log}"


rule plot_step_size:
    """Error of the time step: figures/step_size.pdf."""
    input:
        code=sources("code/plot_step_size.py"),
        style="code/report.mplstyle",
        step_size="results/step_size.csv",
        runs=STEP_RUNS,
        eigenvalues="results/eigenvalues.csv",
    output:
        pdf=report("figures/step_size.pdf", caption="report/captions/step_size.rst"),
        csv="figures/step_size.csv",
    log:
        "logs/plot_step_size.log",
    benchmark:
        "logs/plot_step_size.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --step-size {input.step_size}"
        " --runs {input.runs} --eigenvalues {input.eigenvalues} --output {output.pdf}"
        " --log {log}"


rule plot_both_layers:
    """Both layers trained, Theorem 3.3: figures/both_layers.pdf."""
    input:
        code=sources("code/plot_both_layers.py"),
        style="code/report.mplstyle",
        both_layers="results/training_both_layers.npz",
        full_batch="results/training_full_batch.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        pdf=report("figures/both_layers.pdf", caption="report/captions/both_layers.rst"),
        csv="figures/both_layers.csv",
    log:
        "logs/plot_both_layers.log",
    benchmark:
        "logs/plot_both_layers.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --style {input.style} --both-layers {input.both_layers}"
        " --full-batch {input.full_batch} --eigenvalues {input.eigenvalues} --output {output.pdf}"
        " --log {log}"


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
    log:
        "logs/summarise_training.log",
    benchmark:
        "logs/summarise_training.tsv"
    threads: 1
    params:
        fraction=TRAINING["learning_rate_fraction"],
        batch_size=TRAINING["batch_size"],
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


rule summarise_hypotheses:
    """Numbers and table of the hypotheses, as LaTeX."""
    input:
        code=sources("code/summarise_hypotheses.py"),
        hypotheses="results/hypotheses.csv",
    output:
        numbers="report/generated/hypotheses.tex",
        rows="report/generated/hypothesis_rows.tex",
    log:
        "logs/summarise_hypotheses.log",
    benchmark:
        "logs/summarise_hypotheses.tsv"
    threads: 1
    params:
        delta=config["hypotheses"]["delta"],
    shell:
        "{PYTHON:q} {input.code[0]} --hypotheses {input.hypotheses}"
        " --delta {params.delta} --numbers {output.numbers} --rows {output.rows}"
        " --log {log}"


rule summarise_anatomy:
    """Numbers of the anatomy section, as LaTeX."""
    input:
        code=sources("code/summarise_anatomy.py"),
        full_batch="results/training_full_batch.npz",
        frozen="results/frozen_kernel.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        numbers="report/generated/anatomy.tex",
    log:
        "logs/summarise_anatomy.log",
    benchmark:
        "logs/summarise_anatomy.tsv"
    threads: 1
    params:
        window=ANATOMY["window"],
    shell:
        "{PYTHON:q} {input.code[0]} --full-batch {input.full_batch} --frozen {input.frozen}"
        " --eigenvalues {input.eigenvalues} --window {params.window}"
        " --numbers {output.numbers}"
        " --log {log}"


rule summarise_width:
    """Numbers of the width study, as LaTeX."""
    input:
        code=sources("code/summarise_width.py"),
        width="results/width.csv",
        eigenvalues="results/eigenvalues.csv",
    output:
        numbers="report/generated/width.tex",
    log:
        "logs/summarise_width.log",
    benchmark:
        "logs/summarise_width.tsv"
    threads: 1
    params:
        fraction=WIDTHS["learning_rate_fraction"],
    shell:
        "{PYTHON:q} {input.code[0]} --width {input.width}"
        " --eigenvalues {input.eigenvalues}"
        " --learning-rate-fraction {params.fraction} --numbers {output.numbers}"
        " --log {log}"


rule summarise_targets:
    """Numbers of the target study, as LaTeX."""
    input:
        code=sources("code/summarise_targets.py"),
        runs=TARGET_RUNS,
        alignment="results/alignment.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        numbers="report/generated/targets.tex",
    log:
        "logs/summarise_targets.log",
    benchmark:
        "logs/summarise_targets.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --alignment {input.alignment}"
        " --eigenvalues {input.eigenvalues} --numbers {output.numbers}"
        " --log {log}"


rule summarise_step_size:
    """Numbers of the step study, as LaTeX."""
    input:
        code=sources("code/summarise_step_size.py"),
        step_size="results/step_size.csv",
        single="results/targets/digits.npz",
        double="results/training_double.npz",
        full_batch="results/training_full_batch.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        numbers="report/generated/step_size.tex",
    log:
        "logs/summarise_step_size.log",
    benchmark:
        "logs/summarise_step_size.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --step-size {input.step_size} --single {input.single}"
        " --double {input.double} --full-batch {input.full_batch} --eigenvalues {input.eigenvalues}"
        " --numbers {output.numbers}"
        " --log {log}"


rule summarise_both_layers:
    """Numbers of the run of both layers, as LaTeX."""
    input:
        code=sources("code/summarise_both_layers.py"),
        both_layers="results/training_both_layers.npz",
        full_batch="results/training_full_batch.npz",
        eigenvalues="results/eigenvalues.csv",
    output:
        numbers="report/generated/both_layers.tex",
    log:
        "logs/summarise_both_layers.log",
    benchmark:
        "logs/summarise_both_layers.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --both-layers {input.both_layers} --full-batch {input.full_batch}"
        " --eigenvalues {input.eigenvalues} --numbers {output.numbers}"
        " --log {log}"


rule summarise_flip_event:
    """Numbers and table of the event of Lemma 3.2, as LaTeX."""
    input:
        code=sources("code/summarise_flip_event.py"),
        flip_event="results/flip_event.csv",
    output:
        numbers="report/generated/flip_event.tex",
        rows="report/generated/flip_event_rows.tex",
    log:
        "logs/summarise_flip_event.log",
    benchmark:
        "logs/summarise_flip_event.tsv"
    threads: 1
    params:
        networks=FLIP["networks"],
    shell:
        "{PYTHON:q} {input.code[0]} --flip-event {input.flip_event} --networks {params.networks}"
        " --numbers {output.numbers} --rows {output.rows}"
        " --log {log}"


rule proofs:
    """The answers checked by Coq (apt-get install coq), axioms listed: results/proofs.csv."""
    input:
        code=sources("code/check_proofs.py"),
        source="proofs/answers.v",
    output:
        "results/proofs.csv",
    log:
        "logs/proofs.log",
    benchmark:
        "logs/proofs.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --source {input.source} --output {output} --log {log}"


rule summarise_proofs:
    """The statements that Coq checks, and whether it has, as LaTeX."""
    input:
        code=sources("code/summarise_proofs.py"),
        source="proofs/answers.v",
        # The default build does not need Coq: it reports a check only where there has been one.
        proofs=[path for path in ["results/proofs.csv"] if exists(path) and which("coqc")],
    output:
        numbers="report/generated/proofs.tex",
        appendix="report/generated/proof_statements.tex",
    log:
        "logs/summarise_proofs.log",
    benchmark:
        "logs/summarise_proofs.tsv"
    threads: 1
    params:
        proofs=lambda wildcards, input: f"--proofs {input.proofs}" if input.proofs else "",
    shell:
        "{PYTHON:q} {input.code[0]} --source {input.source} {params.proofs}"
        " --numbers {output.numbers} --appendix {output.appendix} --log {log}"


rule write_colophon:
    """Commit, configuration, data, versions and rules behind the report, as LaTeX."""
    input:
        code=sources("code/write_colophon.py"),
        dataset="results/dataset.npz",
    output:
        facts="report/generated/colophon.tex",
        rows="report/generated/colophon_rows.tex",
        notice="report/generated/notice.tex",
    log:
        "logs/write_colophon.log",
    benchmark:
        "logs/write_colophon.tsv"
    threads: 1
    params:
        commit=commit(),
        config=json.dumps(config, sort_keys=True),
        changed=changed_keys(config),
        targets=lambda wildcards: [
            f"{path}={rule.name}"
            for rule in workflow.rules
            for path in rule.output
            if path.startswith("figures/") and path.endswith(".pdf") or path.endswith("_rows.tex")
        ],
    shell:
        "{PYTHON:q} {input.code[0]} --commit {params.commit:q} --config {params.config:q}"
        " --dataset {input.dataset} --changed {params.changed} --targets {params.targets}"
        " --facts {output.facts} --rows {output.rows} --notice {output.notice} --log {log}"


rule verify:
    """The report's key numbers against reference.json, as a table; a miss is an error."""
    input:
        code=sources("code/verify_results.py"),
        reference="reference.json",
        generated=[f"report/generated/{name}.tex" for name in GENERATED],
    output:
        "results/verification.csv",
    log:
        "logs/verify.log",
    benchmark:
        "logs/verify.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --reference {input.reference} --output {output} --log {log}"


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
        generated=[f"report/generated/{name}.tex" for name in GENERATED],
        figures=[f"figures/{name}.pdf" for name in FIGURES],
    output:
        "report/main.pdf",
    log:
        "logs/compile_report.log",
    benchmark:
        "logs/compile_report.tsv"
    threads: 1
    shell:
        "{PYTHON:q} {input.code[0]} --source {input.main} --output {output} --log {log}"


onerror:
    for line in exceeded_limits(log):
        print(line, file=sys.stderr)
