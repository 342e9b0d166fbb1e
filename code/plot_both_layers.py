"""The flow of Theorem 3.3 beside that of Theorem 3.2: figures/both_layers.pdf."""

import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt

import scripting
from overparam import bounds


def draw(both, first, lambda_zero):
    """The figure, from the run of both layers and that of the first layer alone."""
    figure, panels = plt.subplots(2, 2, figsize=(6.1, 4.6), sharex=True)
    losses, eigenvalues, shares, changes = panels.ravel()
    end = both["time"][-1]
    start = both["time"][both["probe_step"]]
    bound = bounds.convergence_bound(both["loss"][0], lambda_zero, both["time"])
    shown = first["time"] <= end
    losses.semilogy(both["time"], both["loss"], label="both layers")
    losses.semilogy(first["time"][shown], first["loss"][shown], label="first layer alone")
    losses.semilogy(both["time"], bound, label="bound")
    losses.set_ylabel("MSE")
    eigenvalues.semilogy(start, both["probe_sum_lambda_min"], label="$H+G$")
    eigenvalues.semilogy(start, both["probe_lambda_min"], label="$H$")
    eigenvalues.semilogy(start, both["probe_g_lambda_min"], label="$G$")
    eigenvalues.axhline(lambda_zero / 2, color="k", linestyle=":", label=r"$\lambda_0/2$")
    eigenvalues.set_ylabel(r"$\lambda_{\min}$")
    dropped, kept = both["probe_g_rayleigh"], both["probe_rayleigh"]
    shares.plot(start, dropped / (dropped + kept), label="dropped by (ii)")
    shares.set(ylabel="share of the decrease", ylim=(0, 1))
    changes.plot(start, both["probe_output_change_max"], label="largest")
    changes.plot(start, both["probe_output_change_median"], label="median")
    changes.set(ylabel="$|a_r(t)-a_r(0)|$", ylim=(0, None))
    for axes in panels.ravel():
        axes.grid(True)
        axes.legend()
    for axes in (shares, changes):
        axes.set(xlabel="time $t$ of the gradient flow", xlim=(0, end))
    return figure


def main(arguments):
    plt.style.use(arguments.style)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    both, first = map(scripting.read_npz, (arguments.both_layers, arguments.full_batch))
    scripting.save_figure(arguments.output, draw(both, first, lambda_zero))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--both-layers", default="results/training_both_layers.npz")
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--style", default="code/report.mplstyle")
    parser.add_argument("--output", default="figures/both_layers.pdf")
    scripting.run(main, parser.parse_args())
