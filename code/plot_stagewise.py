"""Stagewise training beside training on all samples from the start: figures/stagewise.pdf."""

import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt
import numpy as np

import scripting
from overparam import bounds


def draw(run, full, lambda_zeros):
    """The figure, from the stagewise and the full-batch arrays and each stage's λ0."""
    figure, (upper, lower) = plt.subplots(2, sharex=True, figsize=(6.1, 5.4))
    loss, all_samples, bound = (f"C{i}" for i in range(3))
    step, stage = run["step"], run["stage"]
    starts = bounds.stage_starts(stage)
    upper.semilogy(step, run["loss_stage"], color=loss, label="loss on the stage's samples")
    label = r"$e^{-\lambda_0t}$, restarted at each stage"
    for part, values in bounds.stage_bounds(run, lambda_zeros):
        upper.semilogy(step[part], values, color=bound, linestyle="-.", label=label)
        label = None
    lower.semilogy(step, run["loss_all"], color=loss, label="stagewise, loss on all samples")
    lower.semilogy(
        full["step"],
        full["loss"],
        color=all_samples,
        linestyle="--",
        label="all samples at every step",
    )
    for axes in (upper, lower):
        axes.set(ylabel="mean squared error", xlim=(0, step[-1]))
        for start in starts[1:]:
            axes.axvline(start, color="0.8", linewidth=0.5, zorder=0)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    # Room for the names of the stages.
    upper.set_ylim(top=10 * upper.get_ylim()[1])
    lower.set_xlabel("SGD step")
    middle = np.append(starts, step[-1])
    for k, x in enumerate((middle[:-1] + middle[1:]) / 2):
        digits = "digit 0" if k == 0 else "$0,1$" if k == 1 else rf"$0\dots{k}$"
        upper.annotate(
            digits, (x, 0.97), xycoords=("data", "axes fraction"), ha="center", va="top", fontsize=8
        )
    return figure


def main(arguments):
    plt.style.use(arguments.style)
    run, full = scripting.read_npz(arguments.stagewise), scripting.read_npz(arguments.full_batch)
    lambda_zeros = [float(row["lambda_min"]) for row in scripting.read_csv(arguments.stages)]
    scripting.save_figure(arguments.output, draw(run, full, lambda_zeros))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--stagewise", default="results/training_stagewise.npz")
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--stages", default="results/stages.csv")
    parser.add_argument("--style", default="code/report.mplstyle")
    parser.add_argument("--output", default="figures/stagewise.pdf")
    scripting.run(main, parser.parse_args())
