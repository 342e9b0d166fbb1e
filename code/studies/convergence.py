"""Networks from whose weights every flow is proved to converge to zero loss.

Report: `sec:certificate`, `thm:a-posteriori`, `prop:kept`.  Runs were stopped when the proof
succeeded and, of networks trained from their start, told whether the bound is kept; the table
proves it again, from the stored weights and the data alone, but for wide networks, whose rows are
records (data/convergence).
"""

import hashlib

import numpy as np

from overparam import bounds, convergence, drawing, latex

# Runs with words of their own in the table; the others are other networks.
WORDS = {
    "assigned": "\\cref{sec:training}, trained on",
    "small_targets": "\\cref{sec:training}, on $\\y/4.5$",
    "first_stage": "digit 0, target 0",
    "first_stage_shifted": "digit 0, target 1",
}


def table(dataset, runs, records, lambda_zero):
    """A row for each run and for each record of the data: what it was trained on, for how long, and
    the verdict on its weights."""
    from overparam.dataset import with_records  # here, as MNIST-1D loads matplotlib

    computed = [table_row(name, run, dataset, lambda_zero) for name, run in runs.items()]
    return in_order(with_records(computed, records, dataset))


def in_order(rows):
    """The assigned network, others by width, those on other targets."""
    named = {row["name"]: row for row in rows if row["name"] in WORDS}
    first, *last = [named[name] for name in WORDS if name in named]
    return [first, *others(rows), *last]


def others(rows):
    """The rows of other networks, the narrowest first."""
    found = [row for row in rows if row["name"] not in WORDS]
    return sorted(found, key=lambda row: (row["m"], row["seed"]))


def table_row(name, run, dataset, lambda_zero):
    """The verdict on the weights of one run, on the samples that it was trained on."""
    inputs, targets = dataset["inputs"][run["samples"]], run["targets"].astype(np.float64)
    weights, signs = run["final_weights"], run["output_weights"]
    verdict = convergence.certify(inputs, targets, weights, signs)
    return {
        "name": name,
        "n": len(inputs),
        "m": len(weights),
        "seed": int(run["seed"]),
        "steps": len(run["loss"]) - 1,
        "time": float(run["time"][-1]),
        "loss_initial": float(run["loss"][0]),
        "loss": float(run["loss"][-1]),
        "radius": verdict.radius,
        "needed": verdict.needed if verdict.coercivity else "",
        "coercivity": verdict.coercivity,
        "residual": verdict.residual,
        "near": verdict.near,
        "holds": "holds" if verdict.holds else "fails",
        **fate(name, run, verdict, len(inputs), lambda_zero),
        "digest": digest(weights, signs),
    }


def fate(name, run, verdict, n, lambda_zero):
    """When the loss first exceeds the bound of Theorem 3.2 from the run's start, and what is known
    of it for ever: kept (`prop:kept`), crossed, or open.  Empty where a run does not begin with
    initial weights, or has other targets, or not all samples: their bound is not that one."""
    if name in WORDS:
        return {"crossing_time": "", "fate": ""}
    crossing = bounds.crossing_time(run, lambda_zero)
    if crossing is not None:
        return {"crossing_time": crossing, "fate": "crossed"}
    bound = bounds.convergence_bound(run["loss"][0], lambda_zero, run["time"][-1])
    kept = convergence.keeps_bound(verdict, n, bound, lambda_zero)
    return {"crossing_time": "", "fate": "kept" if kept else "open"}


def digest(weights, output_weights):
    """The first 16 hexadecimal digits of the SHA-256 of the weights' bytes, float64, row by row."""
    content = hashlib.sha256()
    for array in (weights, output_weights):
        content.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return content.hexdigest()[:16]


def figure(assigned, full_batch, lambda_zero):
    """Along the assigned network's run: loss; radius; coercivity; pairs at and near kinks."""
    figure, (losses, radii, coercivities, pairs) = drawing.subplots(
        4, sharex=True, figsize=(6.1, 4.4)
    )
    start = full_batch["time"][-1]
    time = start + assigned["time"]
    losses.semilogy(full_batch["time"], full_batch["loss"], label="full batch")
    losses.semilogy(time, assigned["loss"], label="trained on")
    looks, proved = time[assigned["look_step"]], assigned["look_holds"]
    # No coercivity, no radius.
    asked = assigned["look_kinks_coercivity"] > 0
    radii.semilogy(looks[asked], assigned["look_kinks_radius"][asked], label="sliding pairs free")
    radii.semilogy(looks[proved], assigned["look_radius"][proved], "o", label="of the proof")
    coercivities.plot(looks, assigned["look_kinks_coercivity"], label="sliding pairs free")
    coercivities.plot(looks[proved], assigned["look_coercivity"][proved], "o", label="of the proof")
    coercivities.axhline(lambda_zero / 2, color="C2", linestyle="-.", label=r"$\lambda_0/2$")
    pairs.plot(looks, 100 * assigned["look_kinks"], label="sliding")
    pairs.plot(looks[proved], 100 * assigned["look_near"][proved], "o", label="near, in the proof")
    for axes, name in [
        (losses, "MSE"),
        (radii, r"radius $\rho$"),
        (coercivities, r"$\Lambda$"),
        (pairs, "pairs, %"),
    ]:
        axes.set_ylabel(name)
        axes.grid(True)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    coercivities.set_ylim(0, None)
    pairs.set_ylim(0, None)
    pairs.set(xlabel="time $t$ of the gradient flow", xlim=(0, 1.03 * time[-1]))
    return figure


def rows(proofs):
    """Cells of the table of networks."""
    return [
        [
            WORDS.get(row["name"], f"seed {row['seed']}") + ("$^*$" if row["recorded"] else ""),
            latex.number(row["m"]),
            latex.number(row["steps"]),
            latex.number(row["time"]),
            latex.number(row["loss"], 2),
            # So rounded, the printed numbers satisfy the hypothesis where the exact ones do.
            latex.upper_bound(row["needed"], 4) if row["needed"] else "--",
            latex.lower_bound(row["radius"], 4),
            latex.lower_bound(row["coercivity"]) if row["needed"] else "--",
            latex.number(100 * row["near"], 2),
            row["holds"],
        ]
        for row in proofs
    ]


def numbers(proofs):
    """name → LaTeX of every number that the text quotes."""
    first = proofs[0]
    holds = [row for row in proofs if row["holds"] == "holds"]
    return {
        "proved": latex.number(len(holds)),
        "proofs-tried": latex.number(len(proofs)),
        "proof-networks": latex.number(
            len({row["seed"] for row in holds if row["n"] == first["n"]})
        ),
        "proof-verdict": verdict(first),
        "proof-steps": latex.number(first["steps"]),
        "proof-time": latex.number(first["time"]),
        "proof-loss": latex.number(first["loss"], 2),
        "proof-residual": latex.upper_bound(first["residual"]),
        "proof-radius": latex.lower_bound(first["radius"]),
        "proof-coercivity": latex.lower_bound(first["coercivity"]),
        "proof-near": latex.number(100 * first["near"], 2),
        "proof-digest": rf"\texttt{{{first['digest']}}}",
        "proofs-have-records": latex.verdict(any(row["recorded"] for row in proofs)),
        "proofs-recorded": latex.number(sum(row["recorded"] for row in proofs)),
        "proof-by-width": by_width(proofs, "holds", when),
        "bound-by-width": by_width(proofs, "fate", outcome),
        "bound-margin": latex.number(convergence.MARGIN, 1),
    }


def by_width(proofs, column, words):
    """What `words` says of the other networks of each width, the narrowest first: of those that are
    alike in a column together, with their number where there are several."""
    groups = {}
    for row in others(proofs):
        groups.setdefault(row["m"], {}).setdefault(row[column], []).append(row)
    told = {
        m: ", ".join(words(kind, rows) + count(rows) for kind, rows in alike.items())
        for m, alike in groups.items()
    }
    return "; ".join(f"$m={latex.number(m)}$: {text}" for m, text in told.items())


def count(rows):
    """The number of rows in brackets, where there are several."""
    return f" ({latex.number(len(rows))})" if len(rows) > 1 else ""


def span(rows, name):
    """The times of that name, in words: from the least to the largest as they are printed."""
    times = sorted(row[name] for row in rows)
    first, last = latex.number(times[0]), latex.number(times[-1])
    return f"$t={first}$" + (f" to ${last}$" if first != last else "")


def when(holds, rows):
    """By when the convergence of networks was proved."""
    return f"{'by' if holds == 'holds' else 'not by'} {span(rows, 'time')}"


def outcome(fate, rows):
    """What becomes of the bound for networks of that fate."""
    if fate == "crossed":
        return f"crossed at {span(rows, 'crossing_time')}"
    if fate == "kept":
        smallest = min(row["coercivity"] for row in rows)
        return rf"kept for ever, as $\Lambda\ge{latex.lower_bound(smallest, 4)}$"
    return f"kept up to {span(rows, 'time')}, then open"


def verdict(row):
    """What is proved of a network, in words that follow its row."""
    if row["holds"] == "holds":
        return "every sliding flow from these weights converges to zero loss"
    return "for these weights convergence is not proved"
