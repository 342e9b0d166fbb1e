"""How the size and the direction of the targets decide how lazy the training is.

Report: `sec:targets`.  `runs`: kind of targets → run, in the order of `overparam.digits.KINDS`.
"""

import numpy as np

from overparam import bounds, digits, drawing, gram, latex

NAMES = {"digits": "digits", "scaled": r"digits in $[-1,1]$", "shuffled": "shuffled digits"}
# Eigenvectors of H^∞ with the largest eigenvalues, for the share of the targets along them.
LEADING = 10


def arrays(dataset, *, seed):
    """Eigenvalues of H^∞ (n,), ascending; for each kind of targets its squares along them (n,)."""
    eigenvalues, vectors = np.linalg.eigh(gram.h_infinity(dataset["inputs"]))
    kinds = {kind: digits.targets(dataset["labels"], kind, seed) for kind in digits.KINDS}
    shares = {kind: (vectors.T @ targets) ** 2 for kind, targets in kinds.items()}
    return {"eigenvalues": eigenvalues, **shares}


def shares_outside(squares):
    """Share of ‖y‖² outside the k leading eigenvectors (n,), for k = 1, …, n."""
    return 1 - np.cumsum(squares[::-1]) / squares.sum()


def figure(runs, alignment, lambda_zero):
    """Loss relative to its start, alignment, flipped patterns and distances of each kind."""
    figure, (losses, shares, patterns, distances) = drawing.subplots(
        1, 4, figsize=(6.1, 2.5), width_ratios=[1.2, 1, 1, 1]
    )
    for (kind, run), color in zip(runs.items(), ("C0", "C1", "C3"), strict=True):
        style = {"color": color, "linestyle": {"C0": "-", "C1": "--", "C3": ":"}[color]}
        losses.semilogy(run["time"], run["loss"] / run["loss"][0], **style)
        outside = shares_outside(alignment[kind])
        shares.semilogx(np.arange(1, len(outside) + 1), outside + 1e-12, **style)
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


def share_outside(squares):
    """Share of ‖y‖² outside the LEADING eigenvectors."""
    return squares[:-LEADING].sum() / squares.sum()


def crossing(run, lambda_zero):
    """The verb of a sentence: whether, and when in flow time, the run crosses its bound."""
    index = bounds.run_crossing(run, lambda_zero)
    if index is None:
        return "does not cross the bound"
    return f"crosses the bound at $t={latex.number(run['time'][index])}$"


def numbers(runs, alignment, lambda_zero):
    """name → LaTeX of every number that the text quotes."""
    values = {"targets-leading": latex.number(LEADING)}
    for kind, run in runs.items():
        squares, loss = alignment[kind], run["loss"]
        values |= {
            f"{kind}-residual": latex.number(np.sqrt(squares.size * loss[0])),
            f"{kind}-outside": latex.number(100 * share_outside(squares)),
            f"{kind}-loss-ratio": latex.number(loss[-1] / loss[0]),
            f"{kind}-flipped": latex.number(100 * run["probe_flipped"][-1]),
            f"{kind}-distance": latex.number(run["probe_distance_median"][-1]),
            f"{kind}-crossing": crossing(run, lambda_zero),
        }
    return values
