"""Smallest eigenvalues of H^∞ and of H(0) over networks, with their certified lower bounds.

Report: `sec:eigenvalues`.  The rows of eigenvalues.csv: H^∞, the trained network, the others.
"""

import numpy as np

from overparam import gram, latex

# Lemma 3.1 promises λ_min(H(0)) ≥ ¾λ0.
PROMISED = 0.75


def data_numbers(inputs):
    """What `prop:entry-error` supposes of the inputs (n, d), as they are."""
    pairs = np.triu_indices(len(inputs), k=1)
    lengths = np.linalg.norm(inputs, axis=1)
    return {
        "separation-smallest": latex.lower_bound(gram.separations(inputs)[pairs].min()),
        "length-error-largest": latex.number(np.abs(lengths - 1).max(), 2),
    }


def numbers(eigenvalues, dataset):
    """name → LaTeX of every number that the text quotes."""
    infinite, *finite = eigenvalues
    trained, lambda_zero = finite[0], infinite["lambda_min"]
    smallest = [row["lambda_min"] for row in finite]
    ratios = [value / lambda_zero for value in smallest]
    certified = [row["lambda_min_certified"] for row in eigenvalues]
    slack = [row["lambda_min"] - row["lambda_min_certified"] for row in eigenvalues]
    return {
        "samples": latex.number(infinite["n"]),
        "width": latex.number(trained["m"]),
        "lambda-zero": latex.number(lambda_zero, 4),
        "lambda-zero-certified": latex.lower_bound(infinite["lambda_min_certified"], 6),
        "lambda-max-infinity": latex.number(infinite["lambda_max"], 4),
        "lambda-min-initial": latex.number(trained["lambda_min"], 4),
        "lambda-min-initial-certified": latex.lower_bound(trained["lambda_min_certified"], 6),
        "both-certified": latex.verdict(
            min(infinite["lambda_min_certified"], trained["lambda_min_certified"]) > 0
        ),
        "lambda-min-initial-median": latex.number(np.median(smallest), 4),
        "lambda-min-initial-smallest": latex.number(min(smallest), 4),
        "lambda-min-initial-largest": latex.number(max(smallest), 4),
        "lambda-ratio-smallest": latex.number(min(ratios)),
        "lambda-ratio-largest": latex.number(max(ratios)),
        "networks": latex.number(len(finite)),
        "networks-three-quarters": latex.number(sum(ratio >= PROMISED for ratio in ratios)),
        "matrices": latex.number(len(eigenvalues)),
        "matrices-certified": latex.number(sum(bound > 0 for bound in certified)),
        "certificate-slack": latex.number(max(slack), 2),
        "undecided-signs": latex.number(sum(row["undecided"] for row in finite)),
        **data_numbers(dataset["inputs"]),
        "stability-limit": latex.number(infinite["n"] / infinite["lambda_max"], 4),
    }


def rows(eigenvalues):
    """Cells of the table: H^∞, the trained network, and the extreme cases among all seeds.

    A row is λ_min, its certified lower bound, λ_max, λ_min against λ0 and ¾λ0.
    """
    infinite, *finite = eigenvalues
    trained = finite[0]
    smallest = min(finite, key=lambda row: row["lambda_min"])
    largest = max(finite, key=lambda row: row["lambda_min"])
    named = {
        r"$\Hinf$": infinite,
        rf"$\Hzero$, the trained network (seed {trained['seed']})": trained,
        rf"$\Hzero$, smallest of all seeds (seed {smallest['seed']})": smallest,
        rf"$\Hzero$, largest of all seeds (seed {largest['seed']})": largest,
    }
    return [[name, *cells(row, infinite["lambda_min"])] for name, row in named.items()]


def cells(row, lambda_zero):
    """The numbers of one row."""
    ratio = row["lambda_min"] / lambda_zero
    return [
        latex.number(row["lambda_min"], 5),
        latex.lower_bound(row["lambda_min_certified"], 5),
        latex.number(row["lambda_max"], 4),
        latex.number(ratio),
        latex.number(ratio / PROMISED),
    ]
