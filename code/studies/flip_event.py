"""Frequency of the event A_ir of Lemma 3.2 over initialisations, against its law and its bound.

Report: `sec:flip-event`, `eq:flip-probability`.
"""

import numpy as np

from overparam import bounds, initialisation, latex


def frequencies(inputs, weights, radii):
    """Share of the pairs (i, r) with −R ≤ w_rᵀx_i < R, a list with one entry a radius.

    Args:
        inputs: (n, d).
        weights: w_r(0) as rows, (m, d).
    """
    z = inputs @ weights.T
    return [np.mean((-radius <= z) & (z < radius)) for radius in radii]


def table(dataset, *, width, seed, networks, radii):
    """A row a radius: mean frequency over the networks, its standard error, law and bound.

    The networks have the seeds `seed`, `seed` + 1, …
    """
    inputs, found = dataset["inputs"], []
    for k in range(networks):
        weights, _ = initialisation.draw(inputs.shape[1], width, np.random.default_rng(seed + k))
        found.append(frequencies(inputs, weights, radii))
    return [table_row(*pair) for pair in zip(radii, np.transpose(found), strict=True)]


def table_row(radius, frequencies):
    """One radius, from the frequencies of the networks."""
    return {
        "radius": radius,
        "frequency": float(np.mean(frequencies)),
        "standard_error": float(np.std(frequencies, ddof=1) / np.sqrt(len(frequencies))),
        "probability": float(bounds.flip_probability(radius)),
        "bound": float(bounds.flip_probability_bound(radius)),
    }


def rows(flip_event):
    """Cells of the table: radius, frequency with its standard error, law, bound."""
    return [
        [
            latex.number(row["radius"], 1),
            # Where the event never or always happened there is no error to show.
            latex.measured(row["frequency"], row["standard_error"])
            if row["standard_error"]
            else latex.number(row["frequency"]),
            latex.number(row["probability"], 4),
            latex.number(row["bound"], 4),
        ]
        for row in flip_event
    ]


def numbers(flip_event, *, networks):
    """name → LaTeX of every number that the text quotes; radii may come in any order.

    Raises:
        ValueError: all networks have the same frequency at every radius, as with radii so small or
            so large that the event never or always happens: there is no standard error.
    """
    deviations = [
        abs(row["frequency"] - row["probability"]) / row["standard_error"]
        for row in flip_event
        if row["standard_error"] > 0
    ]
    if not deviations:
        raise ValueError(
            "the frequency is the same in all networks at every radius; flip_event.radii needs one"
            " at which they differ, or flip_event.networks must be larger"
        )
    excess = [row["bound"] / row["probability"] - 1 for row in flip_event]
    return {
        "flip-networks": latex.number(networks),
        "flip-deviation": latex.number(max(deviations), 2),
        "flip-bound-excess-smallest": latex.number(100 * min(excess), 1),
        "flip-bound-excess-largest": latex.number(100 * max(excess), 2),
    }
