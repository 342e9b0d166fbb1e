"""Measured loss of both training runs against Theorem 3.2's bound: figures/loss_vs_bound.pdf."""

import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt

import scripting
from overparam import bounds


def draw(full, mini, lambda_zero):
    """The figure, from the two runs' arrays and λ0."""
    figure, axes = plt.subplots()
    time = full["time"]
    bound = bounds.convergence_bound(full["loss"][0], lambda_zero, time)
    lines = [
        axes.semilogy(time, full["loss"], label="full batch")[0],
        axes.semilogy(mini["time"], mini["loss"], label="mini-batches")[0],
        axes.semilogy(time, bound, label=r"bound $\mathrm{MSE}(0)\,e^{-\lambda_0 t}$")[0],
    ]
    crossing = bounds.first_crossing(full["loss"], bound)
    if crossing is not None:
        axes.plot(time[crossing], bound[crossing], "ko", markersize=4)
        axes.annotate(
            f"loss crosses the bound\n$t={time[crossing]:.1f}$, step {crossing}",
            (time[crossing], bound[crossing]),
            xytext=(12, 24),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "linewidth": 0.5},
            fontsize=8,
        )
    axes.set(
        xlabel="time $t$ of the gradient flow", ylabel="mean squared error", xlim=(0, time[-1])
    )
    axes.grid(True)
    steps = axes.secondary_xaxis(
        "top",
        functions=(
            lambda t: t * full["step"][-1] / time[-1],
            lambda k: k * time[-1] / full["step"][-1],
        ),
    )
    steps.set_xlabel("SGD step")
    axes.legend(handles=lines, loc="lower left")
    return figure


def main(arguments):
    plt.style.use(arguments.style)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    full, mini = scripting.read_npz(arguments.full_batch), scripting.read_npz(arguments.mini_batch)
    scripting.save_figure(arguments.output, draw(full, mini, lambda_zero))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--mini-batch", default="results/training_mini_batch.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--style", default="code/report.mplstyle")
    parser.add_argument("--output", default="figures/loss_vs_bound.pdf")
    scripting.run(main, parser.parse_args())
