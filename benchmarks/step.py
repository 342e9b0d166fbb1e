"""Time of one training step, in one run on one machine: `python benchmarks/step.py`.

(a) The notebook's loop: `nn.Linear` layers with biases, all trained, SGD, mean squared error.
(b) A step of this project's `train_model`.
(c) The two bare matrix products of a step, XWᵀ and PᵀX, each in the fastest of its layouts and
    by the faster of NumPy's BLAS and PyTorch's.
(d) JAX's `jit` and `scan` of the same step, where JAX is installed (`pip install jax`).
All on all samples; on the CPU on one of its cores and one thread.  The least of several rounds, as
noise only adds.  A GPU (`--device cuda`) is given widths such as 1000 16000 262144 4194304.
"""

import argparse
import os
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "code"))
from overparam import device
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
    if inputs.is_cuda:
        return torchs
    numpys = {
        f"{name}, NumPy": partial(np.matmul, a.numpy(), b.numpy(), out=out.numpy())
        for name, (a, b, out) in products.items()
    }
    return torchs | numpys


def jax_steps(inputs, targets, weights, signs, place, steps):
    """A function that takes the steps by JAX, compiled; None where JAX is not installed."""
    # Read when JAX is first imported; the CPU's threads would be as many as there are cores.
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_matmul_precision", "highest")
    chosen = jax.devices("cpu" if place == "cpu" else "gpu")[0]
    data = [jax.device_put(device.host(x), chosen) for x in (inputs, targets, weights, signs)]
    x, y, start, a = data

    def loss(w):
        hidden = jax.numpy.maximum(x @ w.T, 0)
        return jax.numpy.mean((hidden @ a * len(a) ** -0.5 - y) ** 2)

    def step(w, _):
        value, gradient = jax.value_and_grad(loss)(w)
        return w - LEARNING_RATE * gradient, value

    run = jax.jit(lambda w: jax.lax.scan(step, w, None, length=steps))
    jax.block_until_ready(run(start))
    return lambda: jax.block_until_ready(run(start))


def contestants(width, dtype, steps, place):
    """name → function that takes `steps` steps."""
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((SAMPLES, INPUTS))
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    targets = generator.integers(0, 10, SAMPLES).astype(float)
    ours = TwoLayerNetwork(INPUTS, width, generator, dtype=dtype, place=place)
    notebook = NotebookMLP(INPUTS, width, dtype).to(place)
    x, y = (torch.from_numpy(array).to(ours.weights) for array in (inputs, targets))
    bare = bare_products(x, ours.weights.detach().clone())
    compiled = jax_steps(x, y, ours.weights, ours.output_weights, place, steps)

    def ours_steps():
        batches = cyclic_batches(SAMPLES, SAMPLES, steps)
        train_model(ours, inputs, targets, batches, LEARNING_RATE, np.inf)

    def repeat(product):
        def run():
            for _ in range(steps):
                product()
            if place == "cuda":
                torch.cuda.synchronize()

        return run

    return {
        "a": lambda: notebook_steps(notebook, x, y, steps),
        "b": ours_steps,
        **{name: repeat(product) for name, product in bare.items()},
        **({"d": compiled} if compiled else {}),
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


def one_core():
    """Keep this process on one core, where the system can: JAX counts those that it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main(arguments):
    place = device.place(arguments.device)
    if place.type == "cpu":
        one_core()
    torch.set_num_threads(1)
    print(
        "precision    width  (a) notebook  (b) this project  (c) products   (d) JAX"
        "   a/b   b/c   d/b   [ms a step]"
    )
    for dtype in (torch.float64, torch.float32):
        for width in arguments.widths:
            # Many, as a round ends with a forward pass that is no step.
            steps = max(30, arguments.work // width)
            functions = contestants(width, dtype, steps, place.type)
            times = least_times(functions, steps, arguments.rounds)
            a, b, d = times["a"], times["b"], times.get("d")
            c = sum(
                min(t for name, t in times.items() if name[:2] == part) for part in ("c1", "c2")
            )
            kind = "double" if dtype == torch.float64 else "single"
            compiled = ("--", "--") if d is None else (f"{d:.2f}", f"{d / b:.2f}")
            print(
                f"{kind:9}  {width:7}  {a:12.2f}  {b:16.2f}  {c:12.2f}  {compiled[0]:>8}"
                f"  {a / b:.2f}  {b / c:.2f}  {compiled[1]}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[1000, 16000])
    parser.add_argument("--device", choices=device.NAMES, default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=int, default=100_000, help="steps times width of a round")
    with threadpool_limits(limits=1):
        try:
            main(parser.parse_args())
        except ValueError as error:
            sys.exit(f"step.py: {error}")
