"""The constants in the proof of Theorem 3.2, from its steps instead of Ω.

Report: `sec:hypotheses`, `thm:a-priori`, `thm:sharp`, with the derivations.  Source: Du et al.
(2019), Lemmas 3.1 to 3.4.
Arguments: n samples, m hidden units, δ the probability of failure, λ0 of H^∞.
"""

from typing import NamedTuple

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


class Route(NamedTuple):
    """What a proof of Theorem 3.2 asks for, with δ for all of it.

    Attributes:
        gram_width: from which λ_min(H(0)) ≥ ¾λ0 is guaranteed.
        radius: R, within which every admissible kernel keeps λ0/2.
        residual: bound on ‖y − u(0)‖₂.
        speed: K of ‖ẇ_r‖ ≤ K‖y − u‖₂/√m.
        width: of the theorem.
    """

    gram_width: float
    radius: float
    residual: float
    speed: float
    width: float


def path_width(route, lambda_zero):
    """Width from which K‖y − u(0)‖₂/(√m λ0/2) < R."""
    return (2 * route.speed * route.residual / (lambda_zero * route.radius)) ** 2


def paper_route(n, targets_norm, lambda_zero, delta):
    """The Route of `thm:a-priori`: Hoeffding, Markov twice, √n."""
    residual = np.sqrt(3 / delta * (targets_norm**2 + n / 2))
    radius = stable_radius(n, delta / 3, lambda_zero)
    route = Route(gram_width(n, delta / 3, lambda_zero), radius, residual, np.sqrt(n), np.nan)
    return route._replace(width=path_width(route, lambda_zero))


def sharp_route(n, targets_norm, lambda_zero, delta, operator_norm):
    """The Route of `thm:sharp`: matrix Chernoff, the root of the kernel, ‖X‖."""
    share = (np.sqrt(3) / 2 - np.sqrt(1 / 2)) ** 2 * lambda_zero / operator_norm**2
    log = np.log(3 * n / delta)
    chernoff = operator_norm**2 * log / ((1 / 4 + 3 / 4 * np.log(3 / 4)) * lambda_zero)
    residual = targets_norm + np.sqrt(3 * n / (2 * delta))
    route = Route(chernoff, 4 * np.sqrt(2 * np.pi) / 9 * share, residual, operator_norm, np.nan)
    width = max(path_width(route, lambda_zero), chernoff, 153 / share * log)
    return route._replace(width=width)
