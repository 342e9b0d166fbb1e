"""How the targets decide how lazy the training is: figures/targets.pdf."""

import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt
import numpy as np

import scripting
from overparam import bounds

NAMES = {"digits": "digits", "scaled": r"digits in $[-1,1]$", "shuffled": "shuffled digits"}


def draw(runs, alignment, lambda_zero):
    """The figure, from the runs and the squared projections of each kind of targets."""
    figure, (losses, shares, patterns, distances) = plt.subplots(
        1, 4, figsize=(6.1, 2.5), width_ratios=[1.2, 1, 1, 1]
    )
    for (kind, run), color in zip(runs.items(), ("C0", "C1", "C3"), strict=True):
        style = {"color": color, "linestyle": {"C0": "-", "C1": "--", "C3": ":"}[color]}
        losses.semilogy(run["time"], run["loss"] / run["loss"][0], **style)
        falling = np.cumsum(alignment[kind][::-1]) / alignment[kind].sum()
        shares.semilogx(np.arange(1, len(falling) + 1), 1 - falling + 1e-12, **style)
        time = run["time"][run["probe_step"]]
        patterns.plot(time, run["probe_flipped"], **style)
        distances.plot(time, run["probe_distance_median"], **style, label=NAMES[kind])
    bound = bounds.convergence_bound(1, lambda_zero, run["time"])
    losses.semilogy(run["time"], bound, "C2-.", label="bound")
    losses.legend(loc="upper right")
    losses.set(xlabel="time $t$", title="loss / initial loss")
    shares.set(xlabel="eigenvectors of $H^\\infty$", title="share of $\\|y\\|^2$ outside")
    patterns.set(xlabel="time $t$", title="flipped patterns", ylim=(0, None))
    distances.set(xlabel="time $t$", title="median distance", ylim=(0, None))
    for axes in (losses, shares, patterns, distances):
        axes.grid(True)
    figure.align_xlabels()
    figure.legend(*distances.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def main(arguments):
    plt.style.use(arguments.style)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    runs = {kind: scripting.read_npz(f"{arguments.runs}/{kind}.npz") for kind in NAMES}
    alignment = scripting.read_npz(arguments.alignment)
    scripting.save_figure(arguments.output, draw(runs, alignment, lambda_zero))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--runs", default="results/targets", help="folder of the three runs")
    parser.add_argument("--alignment", default="results/alignment.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--style", default="code/report.mplstyle")
    parser.add_argument("--output", default="figures/targets.pdf")
    scripting.run(main, parser.parse_args())
