"""Networks from whose weights every flow is proved to converge to zero loss.

Report: `sec:certificate`, `thm:a-posteriori`.  Runs were stopped when the proof succeeded; the
table proves it again, from the stored weights and the data alone.
"""

import hashlib

import numpy as np

from overparam import convergence, drawing, latex

# Runs with words of their own in the table; the others are other networks.
WORDS = {
    "assigned": "\\cref{sec:training}, trained on",
    "small_targets": "\\cref{sec:training}, on $\\y/4.5$",
    "first_stage": "digit 0, target 0",
    "first_stage_shifted": "digit 0, target 1",
}


def table(dataset, runs):
    """A row for each run: what it was trained on, for how long, and the verdict on its weights."""
    return [table_row(name, run, dataset["inputs"]) for name, run in in_order(runs)]


def in_order(runs):
    """(name, run): the assigned network, others, those on other targets."""
    others = [name for name in runs if name not in WORDS]
    first, *last = WORDS
    return [(name, runs[name]) for name in [first, *others, *last] if name in runs]


def table_row(name, run, inputs):
    """The verdict on the weights of one run, on the samples that it was trained on."""
    inputs, targets = inputs[run["samples"]], run["targets"].astype(np.float64)
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
        "digest": digest(weights, signs),
    }


def digest(weights, output_weights):
    """The first 16 hexadecimal digits of the SHA-256 of the weights' bytes, float64, row by row."""
    content = hashlib.sha256()
    for array in (weights, output_weights):
        content.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return content.hexdigest()[:16]


def figure(assigned, full_batch, lambda_zero):
    """Along the assigned network's run: loss; radius; coercivity; pairs at and near kinks."""
    figure, (losses, radii, coercivities, pairs) = drawing.subplots(
        4, sharex=True, figsize=(6.1, 6.2)
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
            WORDS.get(row["name"], f"seed {row['seed']}"),
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
        "proof-by-width": by_width([row for row in proofs if row["name"] not in WORDS]),
    }


def by_width(proofs):
    """When each network's convergence was proved, in words, the narrowest first."""
    parts = []
    for row in sorted(proofs, key=lambda row: (row["m"], row["seed"])):
        when = "at" if row["holds"] == "holds" else "not by"
        parts.append(f"$m={latex.number(row['m'])}$: {when} $t={latex.number(row['time'])}$")
    return "; ".join(parts)


def verdict(row):
    """What is proved of a network, in words that follow its row."""
    if row["holds"] == "holds":
        return "every sliding flow from these weights converges to zero loss"
    return "for these weights convergence is not proved"
