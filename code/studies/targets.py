"""How the size and the direction of the targets decide how lazy the training is.

Report: `sec:targets`.  `runs`: name → run, in the order of `overparam.digits.KINDS`; a name is a
kind of targets, that of shuffled ones with the seed of their order.  A run is measured up to the
study's flow time, and then followed until it crosses its bound.
"""

import numpy as np

from overparam import bounds, digits, drawing, gram, latex

NAMES = {
    "digits": "digits, $y$",
    "centred": "$y-4.5$",
    "small": "$y/4.5$",
    "scaled": "$(y-4.5)/4.5$",
    "shuffled": "shuffled",
}
# Targets in the direction of others, of which the shares along the eigenvectors are the same.
DIVIDED = ("small", "scaled")
# Eigenvectors of H^∞ with the largest eigenvalues, for the share of the targets along them.
LEADING = 10


def arrays(dataset, *, seeds):
    """Eigenvalues of H^∞ (n,), ascending; for each run its targets' squares along them (n,)."""
    eigenvalues, vectors = np.linalg.eigh(gram.h_infinity(dataset["inputs"]))
    names = {kind: (kind, 0) for kind in digits.KINDS if kind != "shuffled"}
    names |= {f"shuffled{seed}": ("shuffled", seed) for seed in seeds}
    targets = {name: digits.targets(dataset["labels"], *of_run) for name, of_run in names.items()}
    return {"eigenvalues": eigenvalues} | {k: (vectors.T @ y) ** 2 for k, y in targets.items()}


def kind_of(name):
    """The kind of a run's targets."""
    return name.rstrip("0123456789")


def shares_outside(squares):
    """Share of ‖y‖² outside the k leading eigenvectors (n,), for k = 1, …, n."""
    return 1 - np.cumsum(squares[::-1]) / squares.sum()


def figure(runs, alignment, lambda_zero):
    """Loss relative to its start, alignment, flipped patterns and distances of each run."""
    figure, (losses, shares, patterns, distances) = drawing.subplots(
        1, 4, figsize=(6.1, 2.6), width_ratios=[1.2, 1, 1, 1]
    )
    dashes = drawing.dashes()
    styles = {kind: {"color": f"C{k}", "linestyle": dashes[k]} for k, kind in enumerate(NAMES)}
    shown = set()
    for name, run in runs.items():
        kind, part = kind_of(name), bounds.run_measured(run)
        # One legend for all panels.
        named = styles[kind] | {"label": f"_{NAMES[kind]}"}
        losses.semilogy(run["time"][part], run["loss"][part] / run["loss"][0], **named)
        if kind not in DIVIDED:
            outside = shares_outside(alignment[name])
            shares.semilogx(np.arange(1, len(outside) + 1), outside + 1e-12, **named)
        time = run["time"][run["probe_step"]]
        patterns.plot(time, run["probe_flipped"], **named)
        named |= {} if kind in shown else {"label": NAMES[kind]}
        distances.plot(time, run["probe_distance_median"], **named)
        shown.add(kind)
    time = run["time"][part]
    bound = bounds.convergence_bound(1, lambda_zero, time)
    losses.semilogy(time, bound, color="k", linestyle=dashes[5], label="bound")
    losses.legend(loc="upper right")
    losses.set(xlabel="time $t$", title="loss / initial loss")
    shares.set(xlabel="eigenvectors of $H^\\infty$", title="share of $\\|y\\|^2$ outside")
    patterns.set(xlabel="time $t$", title="flipped patterns", ylim=(0, None))
    distances.set(xlabel="time $t$", title="median distance", ylim=(0, None))
    for axes in (losses, shares, patterns, distances):
        axes.grid(True)
    figure.align_xlabels()
    figure.legend(*distances.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def share_outside(squares):
    """Share of ‖y‖² outside the LEADING eigenvectors."""
    return squares[:-LEADING].sum() / squares.sum()


def rows(runs, alignment, lambda_zero):
    """Cells of the table: a row a run with its targets, its loss and weights at the study's flow
    time, the time from which the loss loses on the bound, and the crossing."""
    found = []
    for name, run in runs.items():
        squares, loss = alignment[name], run["loss"][bounds.run_measured(run)]
        crossing = bounds.crossing_time(run, lambda_zero)
        followed = f"not up to {latex.number(run['time'][-1])}"
        found.append(
            [
                NAMES[kind_of(name)],
                latex.number(np.sqrt(squares.size * loss[0])),
                latex.number(100 * share_outside(squares)),
                latex.number(loss[-1] / loss[0]),
                latex.number(100 * run["probe_flipped"][-1]),
                latex.number(run["probe_distance_median"][-1]),
                latex.number(run["time"][bounds.run_lead(run, lambda_zero)]),
                followed if crossing is None else latex.number(crossing),
            ]
        )
    return found


def numbers(runs, lambda_zero):
    """name → LaTeX of every number that the text quotes."""
    crossings = [bounds.crossing_time(run, lambda_zero) for run in runs.values()]
    (first, *_) = runs.values()
    return {
        "targets-leading": latex.number(LEADING),
        "targets-time": latex.number(first["time"][bounds.run_measured(first)][-1], 3),
        "targets-runs": latex.number(len(runs)),
        "targets-crossed": latex.number(sum(time is not None for time in crossings)),
    }
