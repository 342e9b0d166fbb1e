"""The constants in the proof of Theorem 3.2, from its steps instead of Ω.

Report: `sec:hypotheses`, with the derivations.  Source: Du et al. (2019), Lemmas 3.1 to 3.4.
Arguments: n samples, m hidden units, δ the probability of failure, λ0 of H^∞.
"""

import numpy as np


def gram_deviation(n, m, delta):
    """Bound on ‖H(0) − H^∞‖₂ that holds with probability 1 − δ (`eq:gram-deviation`)."""
    return n * np.sqrt(np.log(2 * n**2 / delta) / (2 * m))


def gram_width(n, delta, lambda_zero):
    """Width from which `gram_deviation` is at most λ0/4, Lemma 3.1's demand."""
    return 8 * n**2 * np.log(2 * n**2 / delta) / lambda_zero**2


def stable_radius(n, delta, lambda_zero):
    """R of Lemma 3.2 (`eq:radius`): weights that stay within it keep λ_min(H(t)) ≥ λ0/2."""
    return np.sqrt(2 * np.pi) * delta * lambda_zero / (16 * n**2)


def distance_bound(n, m, residual_norm, lambda_zero):
    """R′ of Lemma 3.3 (`eq:distance`), from ‖y − u(0)‖."""
    return 2 * np.sqrt(n) * residual_norm / (np.sqrt(m) * lambda_zero)


def convergence_width(n, residual_norm, lambda_zero, radius):
    """Width from which R′ < R, Theorem 3.2's demand, for this ‖y − u(0)‖."""
    return 4 * n * residual_norm**2 / (lambda_zero * radius) ** 2
