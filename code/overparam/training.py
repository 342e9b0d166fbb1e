"""Training with SGD on the mean squared error.

Report: `sec:training`, `sec:stagewise`.  Source: `train_model` of the MNIST-1D notebook, with its
Adam and cross-entropy replaced as the assignment asks.  Losses are means over samples, without ½.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.optim.sgd import sgd

# A run is stopped when its loss over all samples exceeds the initial one, or 1, by this factor.
DIVERGENCE_FACTOR = 1e3


class DivergenceError(ValueError):
    """The loss grew without bound or became NaN."""


def sgd_step(parameters, gradients, learning_rate):
    """One step of `torch.optim.SGD`, in PyTorch's functional form.

    The class would load PyTorch's compiler first, at a cost of more than a second a run.
    """
    options = {"weight_decay": 0, "momentum": 0, "dampening": 0, "nesterov": False}
    step = (parameters, list(gradients), [None] * len(parameters))
    sgd(*step, foreach=False, lr=learning_rate, maximize=False, **options)


# What is not finite shows in the loss, which is checked.
@np.errstate(all="ignore")
@torch.no_grad()
def train_model(
    model,
    inputs,
    targets,
    batches,
    learning_rate,
    stability_limit,
    observe=lambda step: None,
    stop=lambda loss: False,
):
    """Run one SGD step on the mean squared error for each batch.

    Args:
        model: maps (n, d) to (n,), and `gradients` of its last outputs are those by its trainable
            parameters, which are updated in place; see `TwoLayerNetwork`.
        inputs, targets: (n, d) and (n,) arrays, all samples; cast to the model's dtype.
        batches: iterable of slices into the samples, one a step; steps in all.
        learning_rate: η of `torch.optim.SGD`.
        stability_limit: named in the message of a run that diverges.
        observe: called with the number of steps done, before each step and after the last.
        stop: called before each step with the losses over all samples so far; true ends the run.

    Returns:
        before, after (steps,), loss (steps + 1,): `before` and `after` are the MSE over the batch
        of each step, before and after it; loss[k] is that over all samples after k steps.

    Raises:
        ValueError: there are no batches.
        DivergenceError: names the step, the learning rate and the stability limit.
    """
    parameters = list(model.parameters())
    inputs, targets = (torch.from_numpy(array).to(parameters[0]) for array in (inputs, targets))
    parameters = [p for p in parameters if p.requires_grad]
    criterion = nn.MSELoss()
    before, after, loss = [], [], []

    def pass_over_all(last_batch):
        # One pass over all samples gives the losses on them and on every batch.
        outputs = model(inputs)
        loss.append(criterion(outputs, targets).item())
        if last_batch is not None:
            after.append(loss_on(last_batch, outputs))
        _check_loss(loss, learning_rate, stability_limit)
        return outputs

    def loss_on(batch, outputs):
        if batch == slice(0, len(targets)):
            return loss[-1]
        return criterion(outputs[batch], targets[batch]).item()

    last_batch = None
    for step, batch in enumerate(batches):
        observe(step)
        outputs = pass_over_all(last_batch)
        if stop(loss):
            return tuple(map(np.array, (before, after, loss)))
        before.append(loss_on(batch, outputs))
        errors = outputs[batch] - targets[batch]
        gradients = model.gradients(errors.mul_(2 / len(errors)), batch)
        sgd_step(parameters, gradients, learning_rate)
        last_batch = batch
    if last_batch is None:
        raise ValueError("there are no batches to train on")
    observe(step + 1)
    pass_over_all(last_batch)
    return tuple(map(np.array, (before, after, loss)))


def _check_loss(loss, learning_rate, stability_limit):
    if math.isfinite(loss[-1]) and loss[-1] <= DIVERGENCE_FACTOR * max(loss[0], 1.0):
        return
    raise DivergenceError(
        f"the loss diverged: {loss[-1]:.3g} after step {len(loss) - 1} (initially {loss[0]:.3g})"
        f" with learning rate {learning_rate:.4g}; the stability limit n/lambda_max is"
        f" {stability_limit:.4g}; a smaller fraction of it or a wider network may not"
    )
