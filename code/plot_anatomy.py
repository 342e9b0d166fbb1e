"""The full-batch run against each step of the theorem's proof: figures/anatomy.pdf."""

import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt

import scripting
from overparam import bounds


def draw_loss(axes, run, frozen, bound):
    """Loss, bound and the predictions of kernels that do not move."""
    axes.semilogy(run["time"], run["loss"], label="measured")
    axes.semilogy(frozen["time"], frozen["initial"], label="frozen $H(0)$")
    axes.semilogy(run["time"], bound, label="bound")
    axes.semilogy(frozen["time"], frozen["infinite"], label=r"frozen $H^\infty$")
    axes.set_ylabel("MSE")


def draw_rates(axes, run, lambda_zero, window):
    """Rate at which the loss decays, and the rates that the kernels give."""
    start = run["probe_step"]
    time = run["time"][start]
    rate = bounds.decay_rate(run["loss"], run["time"], start, window)
    axes.semilogy(time, rate, "o", color="C0", fillstyle="none", label="measured")
    axes.semilogy(time, 2 * run["probe_rayleigh"], color="C1", label="$H(t)$")
    axes.semilogy(time, 2 * run["probe_sliding_rayleigh"], color="C3", label="$H^p$")
    axes.axhline(lambda_zero, color="C2", linestyle="-.", label=r"bound, $\lambda_0$")
    axes.set(ylabel="decay rate", ylim=(lambda_zero / 4, 200 * lambda_zero))


def draw_eigenvalues(axes, run, lambda_zero):
    """Smallest eigenvalues along the run against λ0/2."""
    time = run["time"][run["probe_step"]]
    axes.plot(time, run["probe_lambda_min"], color="C1", label=r"$H(t)$")
    axes.plot(time, run["probe_sliding_lambda_min"], color="C3", label=r"$H^p$")
    axes.axhline(lambda_zero / 2, color="C2", linestyle="-.", label=r"$\lambda_0/2$")
    axes.set(ylabel=r"$\lambda_{\min}$", ylim=(0, None))


def draw_patterns(axes, run):
    """Share of patterns that changed, and Lemma 3.2's probability at the distances measured."""
    time = run["time"][run["probe_step"]]
    farthest, middle = run["probe_distance_max"], run["probe_distance_median"]
    axes.plot(time, run["probe_flipped"], label="flipped")
    axes.plot(time, run["probe_sliding"], label="sliding")
    probability = bounds.flip_probability(middle)
    axes.plot(time, probability, label="$P(A_{ir})$, median distance")
    axes.plot(time, bounds.flip_probability(farthest), label="$P(A_{ir})$, largest distance")
    axes.set(ylabel="share of pairs", ylim=(0, 1.05))


def draw_distances(axes, run, distance_bound):
    """Distances of the hidden weights from their start against R′."""
    time = run["time"][run["probe_step"]]
    axes.semilogy(time[1:], run["probe_distance_max"][1:], label="largest")
    axes.semilogy(time[1:], run["probe_distance_median"][1:], label="median")
    axes.axhline(distance_bound, color="C2", linestyle="-.", label="$R'$")
    axes.set_ylabel(r"$\|w_r(t)-w_r(0)\|$")


def draw(run, frozen, lambda_zero, window, distance_bound):
    """The figure: five panels on one time axis, the crossing marked in all."""
    figure, panels = plt.subplots(5, sharex=True, figsize=(6.1, 8.2))
    bound = bounds.convergence_bound(run["loss"][0], lambda_zero, run["time"])
    draw_loss(panels[0], run, frozen, bound)
    draw_rates(panels[1], run, lambda_zero, window)
    draw_eigenvalues(panels[2], run, lambda_zero)
    draw_patterns(panels[3], run)
    draw_distances(panels[4], run, distance_bound)
    crossing = bounds.first_crossing(run["loss"], bound)
    for axes in panels:
        axes.grid(True)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        if crossing is not None:
            axes.axvline(run["time"][crossing], color="0.4", linewidth=0.6)
    panels[-1].set(xlabel="time $t$ of the gradient flow", xlim=(0, run["time"][-1]))
    return figure


def main(arguments):
    plt.style.use(arguments.style)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    run, frozen = scripting.read_npz(arguments.full_batch), scripting.read_npz(arguments.frozen)
    rows = {row["name"]: row for row in scripting.read_csv(arguments.hypotheses)}
    distance_bound = float(rows["distance_bound"]["value"])
    figure = draw(run, frozen, lambda_zero, arguments.window, distance_bound)
    scripting.save_figure(arguments.output, figure)


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--frozen", default="results/frozen_kernel.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--hypotheses", default="results/hypotheses.csv")
    parser.add_argument("--window", type=int, default=100, help="steps in a window of the run")
    parser.add_argument("--style", default="code/report.mplstyle")
    parser.add_argument("--output", default="figures/anatomy.pdf")
    scripting.run(main, parser.parse_args())
