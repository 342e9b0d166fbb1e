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


@torch.no_grad()
def sgd_step(parameters, gradients, learning_rate):
    """One step of `torch.optim.SGD`, in PyTorch's functional form.

    The class would load PyTorch's compiler first, at a cost of more than a second a run.
    """
    options = {"weight_decay": 0, "momentum": 0, "dampening": 0, "nesterov": False}
    buffers = [None] * len(parameters)
    step = (parameters, list(gradients), buffers)
    sgd(*step, foreach=False, lr=learning_rate, maximize=False, **options)


def train_model(
    model, inputs, targets, batches, learning_rate, stability_limit, observe=lambda step: None
):
    """Run one SGD step on the mean squared error for each batch.

    Args:
        model: module mapping (n, d) to (n,); its trainable parameters are updated in place.
        inputs, targets: (n, d) and (n,) arrays, all samples; cast to the model's dtype.
        batches: iterable of slices or index arrays into the samples, one a step; steps in all.
        learning_rate: η of `torch.optim.SGD`.
        stability_limit: named in the message of a run that diverges.
        observe: called with the number of steps done, before each step and after the last.

    Returns:
        batch_loss, loss (steps + 1,): index k is the MSE before step k + 1, over the batch of that
        step and over all samples; the last entries are those after the last step, over the last
        batch and over all samples.

    Raises:
        ValueError: there are no batches.
        DivergenceError: names the step, the learning rate and the stability limit.
    """
    dtype = next(model.parameters()).dtype
    inputs, targets = torch.from_numpy(inputs).to(dtype), torch.from_numpy(targets).to(dtype)
    criterion = nn.MSELoss()
    parameters = [p for p in model.parameters() if p.requires_grad]
    batch_loss, loss = [], []

    def objective_on(batch):
        # One pass over all samples gives both losses.
        outputs = model(inputs)
        objective = criterion(outputs[batch], targets[batch])
        batch_loss.append(objective.item())
        loss.append(criterion(outputs.detach(), targets).item())
        _check_loss(loss, learning_rate, stability_limit)
        return objective

    batch = None
    for step, batch in enumerate(batches):
        observe(step)
        gradients = torch.autograd.grad(objective_on(batch), parameters)
        sgd_step(parameters, gradients, learning_rate)
    if batch is None:
        raise ValueError("there are no batches to train on")
    observe(step + 1)
    with torch.no_grad():
        objective_on(batch)
    return np.array(batch_loss), np.array(loss)


def _check_loss(loss, learning_rate, stability_limit):
    if math.isfinite(loss[-1]) and loss[-1] <= DIVERGENCE_FACTOR * max(loss[0], 1.0):
        return
    raise DivergenceError(
        f"the loss diverged: {loss[-1]:.3g} after step {len(loss) - 1} (initially {loss[0]:.3g})"
        f" with learning rate {learning_rate:.4g}; the stability limit n/lambda_max is"
        f" {stability_limit:.4g}"
    )
