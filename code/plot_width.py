"""The run at several widths, in the same flow time: figures/width.pdf."""

import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

import scripting
from overparam import bounds


def by_width(rows, name):
    """Widths (k,), and for each the values of a column over its networks."""
    widths = sorted({int(row["m"]) for row in rows})
    values = [[float(row[name]) for row in rows if int(row["m"]) == m] for m in widths]
    return np.array(widths), values


def band(axes, rows, name, color, linestyle, label):
    """Mean over the networks of each width, and the range between their extremes."""
    widths, values = by_width(rows, name)
    axes.plot(widths, [np.mean(v) for v in values], color=color, linestyle=linestyle, label=label)
    extremes = [min(v) for v in values], [max(v) for v in values]
    axes.fill_between(widths, *extremes, color=color, alpha=0.25, linewidth=0)


def power_law(axes, rows, name, exponent):
    """A line of the given slope through the mean at the smallest width."""
    widths, values = by_width(rows, name)
    law = np.mean(values[0]) * (widths / widths[0]) ** exponent
    axes.plot(widths, law, color="0.3", linestyle=":", label=rf"$\propto m^{{{exponent}}}$")


def draw_losses(axes, runs, lambda_zero):
    """Loss of the given runs, narrowest first; the bound of the widest."""
    shades = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(runs)))
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["linestyle"]
    # Only the bound is solid; more widths than dashes repeat them with markers.
    dashes, markers = cycle[1:-1], ["", "o", "s", "^", "v"]
    for k, (run, shade) in enumerate(zip(runs, shades, strict=True)):
        axes.semilogy(
            run["time"],
            run["loss"],
            color=shade,
            linestyle=dashes[k % len(dashes)],
            marker=markers[k // len(dashes)],
            markevery=0.1,
            label=f"$m={run['width']}$",
        )
    bound = bounds.convergence_bound(run["loss"][0], lambda_zero, run["time"])
    axes.semilogy(run["time"], bound, color="k", linewidth=1.6, label="bound")
    axes.set(xlabel="time $t$ of the gradient flow", ylabel="MSE", xlim=(0, run["time"][-1]))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def draw_crossings(axes, rows):
    """First time above the bound; an open triangle where there is none in the run."""
    for row in rows:
        crossed = row["crossing_time"] != ""
        time = float(row["crossing_time"] if crossed else row["time_end"])
        axes.semilogx(float(row["m"]), time, "o" if crossed else "^", color="C0", fillstyle="none")
    ends = [float(row["time_end"]) for row in rows]
    axes.set(title="first crossing $t$", ylim=(0, 1.1 * max(ends)))


def decades(axes, low, high, title):
    """A logarithmic axis without labels between powers of ten."""
    axes.set(yscale="log", ylim=(low, high), title=title)
    axes.yaxis.set_minor_formatter(NullFormatter())


def draw(rows, runs, lambda_zero):
    """The figure: losses above, six quantities against the width below."""
    figure, panels = plt.subplot_mosaic(
        "LLL;CGE;FSD", figsize=(6.1, 5.8), height_ratios=[1.2, 1, 1]
    )
    draw_losses(panels["L"], runs, lambda_zero)
    draw_crossings(panels["C"], rows)
    gram, eigenvalues, patterns = panels["G"], panels["E"], panels["F"]
    band(gram, rows, "initial_gram_error", "C0", "-", None)
    power_law(gram, rows, "initial_gram_error", -0.5)
    decades(gram, 0.1, 10, r"$\|H(0)-H^\infty\|_2$")
    band(eigenvalues, rows, "lambda_min_initial", "C0", "-", "$H(0)$")
    band(eigenvalues, rows, "lambda_min", "C1", "--", "$H(t)$ at the end")
    band(eigenvalues, rows, "sliding_lambda_min", "C3", ":", "$H^p$ at the end")
    eigenvalues.axhline(lambda_zero / 2, color="C2", linestyle="-.", label=r"$\lambda_0/2$")
    eigenvalues.set(title=r"$\lambda_{\min}$", ylim=(0, 2.2 * lambda_zero))
    band(patterns, rows, "flipped", "C0", "-", "flipped")
    band(patterns, rows, "sliding", "C1", "--", "sliding")
    decades(patterns, 1e-3, 1, "share of pairs")
    band(panels["S"], rows, "gram_change", "C0", "-", None)
    power_law(panels["S"], rows, "gram_change", -0.5)
    decades(panels["S"], 0.1, 10, r"$\|H(t)-H(0)\|_2$")
    band(panels["D"], rows, "distance_max", "C0", "-", "largest")
    band(panels["D"], rows, "distance_median", "C1", "--", "median")
    power_law(panels["D"], rows, "distance_median", -0.5)
    decades(panels["D"], 1, 100, r"$\|w_r(t)-w_r(0)\|$")
    for name in "CGEFSD":
        panels[name].set(xscale="log", xlabel="width $m$")
        panels[name].grid(True)
    for name in "GEFSD":
        panels[name].legend(fontsize=7, loc="upper right")
    return figure


def main(arguments):
    plt.style.use(arguments.style)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    rows = scripting.read_csv(arguments.width)
    runs = sorted(map(scripting.read_npz, arguments.runs), key=lambda run: run["width"])
    scripting.save_figure(arguments.output, draw(rows, runs, lambda_zero))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--width", default="results/width.csv")
    parser.add_argument("--runs", nargs="+", required=True, help="results/width/m*_seed*.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--style", default="code/report.mplstyle")
    parser.add_argument("--output", default="figures/width.pdf")
    scripting.run(main, parser.parse_args())
