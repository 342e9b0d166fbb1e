"""MNIST-1D samples scaled to unit length, and the checks that the theorem's hypotheses ask for.

Report: `sec:data`.  Source: Greydanus & Kobak, *Scaling down deep learning with MNIST-1D*, package
`mnist1d`, which generates the data from a seed.  Everything is float64; the targets are the digits.
"""

import hashlib
from importlib.metadata import version

import numpy as np
from mnist1d.data import get_dataset_args, make_dataset

from overparam import gram

DIGITS = 10
# Unit vectors closer than this, up to sign, count as parallel; `gram.h_infinity_error` uses it.
PARALLEL_TOLERANCE = 1e-6
# What `digest` gives for the samples and the seed of config.yaml, with the pinned packages.
DIGESTS = {(500, 42): "34c8fc0bb507e08f"}


def generate(samples, seed):
    """Draw `samples` MNIST-1D samples, all of them for training.

    `mnist1d` seeds the global generators of `numpy.random` and `random`; this is the only caller.

    Returns:
        inputs (n, 40) of unit length and labels (n,) in 0..9, fit for `check`.

    Raises:
        ValueError: samples is no positive multiple of 10 (the generator would silently make fewer);
            a sample or label violates a hypothesis (see `check`), or is zero; the data are not
            those of DIGESTS.
    """
    if samples < DIGITS or samples % DIGITS:
        raise ValueError(
            f"cannot make {samples} samples; allowed is a positive multiple of {DIGITS}"
        )
    args = get_dataset_args()
    args.num_samples, args.train_split, args.seed = samples, 1.0, seed
    data = make_dataset(args)
    inputs, labels = normalise(data["x"]), data["y"]
    check(inputs, labels)
    check_digest(samples, seed, digest(inputs, labels))
    return inputs, labels


def digest(inputs, labels):
    """16 hexadecimal digits that tell data apart, whatever the machine does to the last bits.

    SHA-256 of the inputs in units of 1e-6, rounded, and of the labels.
    """
    integers = np.column_stack([np.rint(1e6 * inputs), labels]).astype("<i4")
    return hashlib.sha256(integers.tobytes()).hexdigest()[:16]


def with_records(rows, records, dataset):
    """The rows of a table and, in the same columns, the records of these data, told by their
    digest; and whether a row is `recorded`."""
    found = digest(dataset["inputs"], dataset["labels"])
    of_data = [{name: row[name] for name in rows[0]} for row in records if row["data"] == found]
    return [{"recorded": int(of is of_data), **row} for of in (rows, of_data) for row in of]


def check_digest(samples, seed, found):
    """ValueError where the digest is not that in DIGESTS; data not listed there may be any."""
    expected = DIGESTS.get((samples, seed), found)
    if found != expected:
        installed = ", ".join(f"{name} {version(name)}" for name in ("mnist1d", "numpy", "scipy"))
        raise ValueError(
            f"{samples} samples of seed {seed} have the digest {found} with {installed}; expected"
            f" is {expected}: install the versions of requirements.txt, or enter the new digest in"
            " DIGESTS of code/overparam/dataset.py"
        )


def normalise(samples):
    """Scale each row of samples (n, d) to unit Euclidean length; ValueError names zero rows."""
    lengths = np.linalg.norm(samples, axis=1, keepdims=True)
    zero = np.flatnonzero(lengths == 0)
    if zero.size:
        raise ValueError(f"samples {zero.tolist()} are zero; every sample needs a direction")
    return samples / lengths


def check(inputs, labels):
    """Check the hypotheses on the data: ‖x_i‖ = 1, no two inputs parallel, labels in 0..9.

    Args:
        inputs: (n, d) float64.
        labels: (n,) integers.

    Raises:
        ValueError: names the offending indices.
    """
    if not np.isfinite(inputs).all():
        bad = np.flatnonzero(~np.isfinite(inputs).all(axis=1))
        raise ValueError(f"samples {bad.tolist()} are not finite")
    # Normalising rounds: a few units in the last place, far below this.
    bad = np.flatnonzero(np.abs(np.linalg.norm(inputs, axis=1) - 1) > 1e-14)
    if bad.size:
        raise ValueError(f"samples {bad.tolist()} do not have unit length")
    bad = np.flatnonzero(~np.isin(labels, np.arange(DIGITS)))
    if bad.size:
        raise ValueError(f"samples {bad.tolist()} have labels outside 0..{DIGITS - 1}")
    pairs = np.argwhere(np.triu(gram.separations(inputs) < PARALLEL_TOLERANCE, k=1))
    if pairs.size:
        raise ValueError(
            f"samples {pairs.tolist()} are parallel; Theorem 3.1 needs that no two are"
        )
