"""The same training at several widths, in the same flow time.

Report: `sec:width`.  The rows of width.csv: one a network, ordered by width and seed.  A run is
measured up to the study's flow time, and then followed until it crosses its bound.
"""

import numpy as np

from overparam import bounds, drawing, latex

# Measured in the last window of a run.
LAST = (
    *("lambda_min", "sliding_lambda_min", "flipped", "sliding"),
    *("distance_median", "distance_max", "gram_change"),
)


def table(runs, lambda_zero):
    """One row a run."""
    rows = [table_row(run, lambda_zero) for run in runs.values()]
    return sorted(rows, key=lambda row: (row["m"], row["seed"]))


def table_row(run, lambda_zero):
    """What the study compares, of one run."""
    measured = bounds.run_measured(run)
    time, loss = run["time"][measured], run["loss"][measured]
    crossing = bounds.crossing_time(run, lambda_zero)
    return {
        "m": int(run["width"]),
        "seed": int(run["seed"]),
        "crossing_time": "" if crossing is None else crossing,
        "lead_time": float(run["time"][bounds.run_lead(run, lambda_zero)]),
        "followed_time": float(run["time"][-1]),
        "time_end": float(time[-1]),
        "loss_initial": float(loss[0]),
        "loss_end": float(loss[-1]),
        "bound_end": float(bounds.convergence_bound(loss[0], lambda_zero, time)[-1]),
        "initial_gram_error": float(run["initial_gram_error"]),
        "lambda_min_initial": float(run["probe_lambda_min"][0]),
        "lambda_min_smallest": float(run["probe_lambda_min"].min()),
        "sliding_lambda_min_smallest": float(run["probe_sliding_lambda_min"].min()),
        **{name: float(run[f"probe_{name}"][-1]) for name in LAST},
        "gram_change_largest": float(run["probe_gram_change"].max()),
        "distance_largest": float(run["probe_distance_max"].max()),
        "over_bound_largest": float(bounds.run_over_bound(run, lambda_zero)[measured].max()),
    }


def record(name, run, dataset, lambda_zero):
    """The row that is kept of a run."""
    return table_row(run, lambda_zero) | {"steps": len(run["loss"]) - 1}


def by_width(networks, name):
    """Widths (k,), ascending, and for each the values of a column over its networks."""
    widths = sorted({row["m"] for row in networks})
    return np.array(widths), [[row[name] for row in networks if row["m"] == m] for m in widths]


def power_law(networks, name, exponent):
    """Widths (k,) and the law m^exponent through the mean at the smallest of them."""
    widths, values = by_width(networks, name)
    return widths, np.mean(values[0]) * (widths / widths[0]) ** exponent


def draw_losses(axes, runs, lambda_zero):
    """Loss of the given runs, narrowest first; the bound of the widest."""
    # Only the bound is solid; more widths than dashes repeat them with markers.
    dashes, markers = drawing.dashes()[1:-1], ["", "o", "s", "^", "v"]
    for k, (run, shade) in enumerate(zip(runs, drawing.shades(len(runs)), strict=True)):
        measured = bounds.run_measured(run)
        axes.semilogy(
            run["time"][measured],
            run["loss"][measured],
            color=shade,
            linestyle=dashes[k % len(dashes)],
            marker=markers[k // len(dashes)],
            markevery=0.1,
            label=f"$m={run['width']}$",
        )
    time = run["time"][measured]
    bound = bounds.convergence_bound(run["loss"][0], lambda_zero, time)
    axes.semilogy(time, bound, color="k", linewidth=1.6, label="bound")
    axes.set(xlabel="time $t$ of the gradient flow", ylabel="MSE", xlim=(0, time[-1]))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4)


def draw_crossings(axes, networks):
    """First time above the bound, an open triangle where the run was followed without one; and,
    as crosses, the time from which the loss loses on the bound."""
    for row in networks:
        crossed = row["crossing_time"] != ""
        time = row["crossing_time"] if crossed else row["followed_time"]
        shape, name = ("o", "_crossing") if crossed else ("^", "_no crossing up to here")
        axes.plot(float(row["m"]), time, shape, color="C0", fillstyle="none", label=name)
        axes.plot(float(row["m"]), row["lead_time"], "x", color="C1", label="_largest lead")
    axes.set_title("crossing $t$")


def draw_band(axes, networks, name, color, linestyle, label):
    """Mean over the networks of each width, and the range between their extremes."""
    widths, values = by_width(networks, name)
    axes.plot(widths, [np.mean(v) for v in values], color=color, linestyle=linestyle, label=label)
    extremes = [min(v) for v in values], [max(v) for v in values]
    axes.fill_between(widths, *extremes, color=color, alpha=0.25, linewidth=0)


def draw_root_law(axes, networks, name):
    """A dotted line of slope −½ through the mean at the smallest width."""
    law = power_law(networks, name, -0.5)
    axes.plot(*law, color="0.3", linestyle=":", label=r"$\propto 1/\sqrt{m}$")


def figure(networks, runs, lambda_zero):
    """Losses above, six quantities against the width below."""
    figure, panels = drawing.subplot_mosaic(
        "LLL;CGE;FSD", figsize=(6.1, 6.0), height_ratios=[1.2, 1, 1]
    )
    draw_losses(panels["L"], sorted(runs.values(), key=lambda run: run["width"]), lambda_zero)
    draw_crossings(panels["C"], networks)
    gram, eigenvalues, patterns = panels["G"], panels["E"], panels["F"]
    draw_band(gram, networks, "initial_gram_error", "C0", "-", None)
    draw_root_law(gram, networks, "initial_gram_error")
    gram.set_title(r"$\|H(0)-H^\infty\|_2$")
    draw_band(eigenvalues, networks, "lambda_min_initial", "C0", "-", "$H(0)$")
    draw_band(eigenvalues, networks, "lambda_min", "C1", "--", "$H(t)$")
    draw_band(eigenvalues, networks, "sliding_lambda_min", "C3", ":", "$H^p$")
    eigenvalues.axhline(lambda_zero / 2, color="C2", linestyle="-.", label=r"$\lambda_0/2$")
    eigenvalues.set_title(r"$\lambda_{\min}$")
    draw_band(patterns, networks, "flipped", "C0", "-", "flipped")
    draw_band(patterns, networks, "sliding", "C1", "--", "changing")
    patterns.set_title("share of pairs")
    draw_band(panels["S"], networks, "gram_change", "C0", "-", None)
    draw_root_law(panels["S"], networks, "gram_change")
    panels["S"].set_title(r"$\|H(t)-H(0)\|_2$")
    draw_band(panels["D"], networks, "distance_max", "C0", "-", "largest")
    draw_band(panels["D"], networks, "distance_median", "C1", "--", "median")
    draw_root_law(panels["D"], networks, "distance_median")
    panels["D"].set_title(r"$\|w_r(t)-w_r(0)\|$")
    for name in "CGEFSD":
        panels[name].set(xscale="log", yscale="log", xlabel="width $m$")
        drawing.plain_labels(panels[name].yaxis)
        drawing.label_few_powers(panels[name].xaxis)
        panels[name].grid(True)
    for name, share, columns in (("E", 0.36, 2), ("F", 0.22, 2), ("D", 0.42, 1)):
        drawing.leave_room(panels[name], share)
        panels[name].legend(loc="upper right", ncols=columns)
    for name in "GS":
        panels[name].legend(loc="upper right")
    return figure


def check_positive(networks, name):
    """A power law has no value 0.

    Raises:
        ValueError: a value is not positive, as where a run is too short for any pattern to flip.
    """
    if not all(row[name] > 0 for row in networks):
        raise ValueError(
            f"{name} is 0 in a run of the width study, so that no power law fits; it needs a longer"
            " width_study.flow_time or wider networks"
        )


def slope(networks, name):
    """Exponent of the power law m^s that fits a column best, by least squares of logarithms, and
    its standard error."""
    check_positive(networks, name)
    widths, values = np.array([[row["m"], row[name]] for row in networks], dtype=float).T
    coefficients, covariance = np.polyfit(np.log(widths), np.log(values), 1, cov=True)
    return coefficients[0], np.sqrt(covariance[0, 0])


def local_slopes(networks, name):
    """The slope of logarithms between the means at the two smallest and the two largest widths."""
    check_positive(networks, name)
    widths, values = by_width(networks, name)
    slopes = np.diff(np.log([np.mean(v) for v in values])) / np.diff(np.log(widths))
    return slopes[0], slopes[-1]


def crossing_numbers(networks):
    """What the text quotes of the crossings, and of runs that were followed without one."""
    times = [None if row["crossing_time"] == "" else row["crossing_time"] for row in networks]
    within = [row for row in networks if row["crossing_time"] != "" and not_after_end(row)]
    others = [row["followed_time"] for row in networks if row["crossing_time"] == ""]
    _, leads = by_width(networks, "lead_time")
    return {
        "width-crossings": latex.crossings(times, "runs"),
        "width-crossed-within": latex.number(len(within)),
        "width-followed": f"up to $t={latex.number(max(others))}$" if others else "none",
        "width-lead-narrow": latex.number(np.mean(leads[0])),
        "width-lead-wide": latex.number(np.mean(leads[-1])),
    }


def not_after_end(row):
    """Whether a run crosses within the time in which all are compared."""
    return row["crossing_time"] <= row["time_end"]


def means(networks, name):
    """Mean of a column over the networks of the smallest width, and over those of the largest."""
    _, values = by_width(networks, name)
    return np.mean(values[0]), np.mean(values[-1])


def numbers(networks, lambda_zero, *, fraction):
    """name → LaTeX of every number that the text quotes."""
    widths, counted = by_width(networks, "seed")
    gram_slope, gram_slope_error = slope(networks, "initial_gram_error")
    distance_slope, distance_slope_error = slope(networks, "distance_median")
    flipped_slopes = local_slopes(networks, "flipped")
    flipped, sliding = means(networks, "flipped"), means(networks, "sliding")
    smallest = means(networks, "sliding_lambda_min")
    half, kernels = lambda_zero / 2, ("lambda_min", "sliding_lambda_min")
    below = {name: sum(row[name] < half for row in networks) for name in kernels}
    kept = sum(row["gram_change"] <= lambda_zero / 4 for row in networks)
    loss, bound = means(networks, "loss_end")[1], means(networks, "bound_end")[1]
    return {
        "width-smallest": latex.number(widths[0]),
        "width-largest": latex.number(widths[-1]),
        "width-runs": latex.number(len(networks)),
        "width-networks-narrow": latex.number(len(counted[0])),
        "width-networks-wide": latex.number(len(counted[-1])),
        "width-fraction": latex.number(fraction, 2),
        "width-time-end": latex.number(networks[0]["time_end"], 3),
        **crossing_numbers(networks),
        "gram-error-slope": latex.number(gram_slope, 2),
        "gram-error-slope-error": latex.number(gram_slope_error, 1),
        "flipped-slope-narrow": latex.number(flipped_slopes[0], 2),
        "flipped-slope-wide": latex.number(flipped_slopes[1], 2),
        "distance-slope": latex.number(distance_slope, 2),
        "distance-slope-error": latex.number(distance_slope_error, 1),
        "flipped-narrow": latex.number(100 * flipped[0]),
        "flipped-wide": latex.number(100 * flipped[1]),
        "sliding-narrow": latex.number(100 * sliding[0], 2),
        "sliding-wide": latex.number(100 * sliding[1], 2),
        "sliding-lambda-min-narrow": latex.number(smallest[0]),
        "sliding-lambda-min-wide": latex.number(smallest[1]),
        "width-lambda-min-below": latex.number(below["lambda_min"]),
        "width-sliding-below": latex.number(below["sliding_lambda_min"]),
        "width-kernel-kept": latex.number(kept),
        "loss-over-bound-wide": latex.number(loss / bound, 2),
    }
