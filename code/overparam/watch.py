"""How often λ_min(H(t)) falls below a threshold, looked at often and cheaply as a network trains.

Report: `sec:hypotheses`.  A Cholesky factorisation of H(t) − threshold·I tells whether it does;
eigenvalues are computed only where it fails.  `train_model` calls a watch before each step.
"""

import numpy as np
import scipy.linalg

from overparam import gram


class LambdaMinWatch:
    """Looks at H(t) after every `every` steps.

    Args:
        network: TwoLayerNetwork with fixed output weights ±1, as initialised.
        inputs: (n, d) array.
        threshold: λ0/2 in Lemma 3.2.
        every: steps from one look to the next.
    """

    def __init__(self, network, inputs, threshold, every):
        self._weights = network.weights.detach().numpy()
        self._inputs, self._every = inputs, every
        self._shift = threshold * np.eye(len(inputs))
        self._looks, self._below = 0, {}

    def __call__(self, step):
        """Look if it is time; `step` steps are done."""
        if step % self._every:
            return
        self._looks += 1
        matrix = gram.h_finite(self._inputs, self._weights)
        try:
            scipy.linalg.cholesky(matrix - self._shift, check_finite=False)
        except np.linalg.LinAlgError:
            self._below[step] = np.linalg.eigvalsh(matrix)[0]

    def results(self):
        """Number of looks; steps (k,) at which λ_min was below, and λ_min there (k,)."""
        return {
            "watch_looks": self._looks,
            "watch_step": np.array(list(self._below), dtype=int),
            "watch_lambda_min": np.array(list(self._below.values())),
        }
