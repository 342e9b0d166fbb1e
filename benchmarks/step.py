"""Time of one training step, in one run on one machine: `python benchmarks/step.py`.

(a) The notebook's loop: `nn.Linear` layers with biases, all trained, SGD, mean squared error.
(b) A step of this project's `train_model`.
(c) The two bare matrix products of a step, XWᵀ and PᵀX, each in the fastest of its layouts and
    by the faster of NumPy's BLAS and PyTorch's.
All on all samples and on one thread; the least of several rounds, as noise only adds.
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "code"))
from overparam.batches import cyclic_batches
from overparam.network import TwoLayerNetwork
from overparam.training import train_model

SAMPLES, INPUTS = 500, 40
# Far below the stability limit, so that no run diverges.
LEARNING_RATE = 1e-3


class NotebookMLP(nn.Module):
    """`MLPBase` of the MNIST-1D notebook, cut to one hidden layer and one output."""

    def __init__(self, input_size, hidden_size, dtype):
        super().__init__()
        self.linear1 = nn.Linear(input_size, hidden_size, dtype=dtype)
        self.linear2 = nn.Linear(hidden_size, 1, dtype=dtype)

    def forward(self, inputs):
        return self.linear2(self.linear1(inputs).relu())[:, 0]


def notebook_steps(model, inputs, targets, steps):
    """The loop of the notebook's `train_model`, with the assignment's optimiser and loss."""
    criterion, losses = nn.MSELoss(), []
    optimiser = torch.optim.SGD(model.parameters(), LEARNING_RATE)
    for _ in range(steps):
        loss = criterion(model(inputs), targets)
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()


def bare_products(inputs, weights):
    """name → one of the products, into memory that is there already; c1 is XWᵀ, c2 is PᵀX."""
    n, m = len(inputs), len(weights)
    wide, tall = inputs.new_empty(n, m), inputs.new_empty(m, n)
    gradient, flat = torch.empty_like(weights), inputs.new_empty(inputs.shape[1], m)
    transposed = inputs.T.contiguous()
    wide_pattern = (torch.mm(inputs, weights.T) >= 0).to(inputs.dtype)
    tall_pattern = wide_pattern.T.contiguous()
    products = {
        "c1 samples first": (inputs, weights.T, wide),
        "c1 units first": (weights, transposed, tall),
        "c2 samples first": (wide_pattern.T, inputs, gradient),
        "c2 units first": (tall_pattern, inputs, gradient),
        "c2 transposed": (transposed, wide_pattern, flat),
    }
    torchs = {name: partial(torch.mm, a, b, out=out) for name, (a, b, out) in products.items()}
    numpys = {
        f"{name}, NumPy": partial(np.matmul, a.numpy(), b.numpy(), out=out.numpy())
        for name, (a, b, out) in products.items()
    }
    return torchs | numpys


def contestants(width, dtype, steps):
    """name → function that takes `steps` steps."""
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((SAMPLES, INPUTS))
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    targets = generator.integers(0, 10, SAMPLES).astype(float)
    ours = TwoLayerNetwork(INPUTS, width, generator, dtype=dtype)
    notebook = NotebookMLP(INPUTS, width, dtype)
    x, y = torch.from_numpy(inputs).to(dtype), torch.from_numpy(targets).to(dtype)
    bare = bare_products(x, ours.weights.detach().clone())

    def ours_steps():
        batches = cyclic_batches(SAMPLES, SAMPLES, steps)
        train_model(ours, inputs, targets, batches, LEARNING_RATE, np.inf)

    def repeat(product):
        return lambda: [product() for _ in range(steps)]

    return {
        "a": lambda: notebook_steps(notebook, x, y, steps),
        "b": ours_steps,
        **{name: repeat(product) for name, product in bare.items()},
    }


def least_times(functions, steps, rounds):
    """name → least milliseconds a step, the contestants taking turns."""
    best = dict.fromkeys(functions, np.inf)
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            best[name] = min(best[name], 1e3 * (time.perf_counter() - start) / steps)
    return best


def main(arguments):
    torch.set_num_threads(1)
    print("precision  width  (a) notebook  (b) this project  (c) products  a/b   b/c   [ms a step]")
    for dtype in (torch.float64, torch.float32):
        for width in arguments.widths:
            # Many, as a round ends with a forward pass that is no step.
            steps = max(30, arguments.work // width)
            times = least_times(contestants(width, dtype, steps), steps, arguments.rounds)
            a, b = times["a"], times["b"]
            c = sum(
                min(t for name, t in times.items() if name[:2] == part) for part in ("c1", "c2")
            )
            kind = "double" if dtype == torch.float64 else "single"
            print(f"{kind:9}  {width:5}  {a:12.2f}  {b:16.2f}  {c:12.2f}  {a / b:.2f}  {b / c:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[1000, 16000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=int, default=100_000, help="steps times width of a round")
    with threadpool_limits(limits=1):
        main(parser.parse_args())
