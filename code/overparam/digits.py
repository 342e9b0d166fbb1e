"""The targets that the networks learn, made from the digits.

Report: `sec:data`, `sec:targets`.
"""

import numpy as np

KINDS = ("digits", "centred", "small", "scaled", "shuffled")


def targets(labels, kind, seed=0):
    """Targets y (n,) from labels (n,) in 0..9.

    Args:
        kind: `digits` as they come; `centred`, y − 4.5, of another direction; `small`, y/4.5, of
            another size; `scaled`, both, in [−1, 1]; `shuffled`, the digits in random order: as
            large as the digits, but unrelated to the inputs.
        seed: of the order of `shuffled`.

    Raises:
        ValueError: another kind.
    """
    digits = labels.astype(np.float64)
    if kind == "digits":
        return digits
    if kind == "centred":
        return digits - 4.5
    if kind == "small":
        return digits / 4.5
    if kind == "scaled":
        return 2 * digits / 9 - 1
    if kind == "shuffled":
        return np.random.default_rng(seed).permutation(digits)
    raise ValueError(f"unknown targets {kind}; allowed are {', '.join(KINDS)}")
