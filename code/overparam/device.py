"""Where the arrays of n samples and m units live and are multiplied: the CPU, or a GPU by CUDA.

On the CPU products are NumPy's BLAS's, as PyTorch's MKL keeps AVX-512 for Intel's processors; on a
GPU PyTorch's, in full precision.  TF32 would lose 10⁻³ of XWᵀ, more than a unit moves in a step;
of 0/1 patterns it loses nothing.
"""

import numpy as np
import torch

NAMES = ("cpu", "cuda")
# Entries of the block of XWᵀ that is worked on at once, so that it stays in the cache of a CPU.
BLOCK_ENTRIES = 1 << 19
# On a GPU a block is this share of the memory, and a part of a sum in single precision at most.
BLOCK_SHARE, LARGEST_BLOCK = 64, 1 << 26


def block_units(n, m, like):
    """Units in a block of n samples, of m at most, on the device of `like` and in its precision."""
    entries = BLOCK_ENTRIES
    if like.is_cuda:
        total = torch.cuda.get_device_properties(like.device).total_memory
        entries = min(LARGEST_BLOCK, total // BLOCK_SHARE // like.element_size())
    return min(m, max(1, entries // n))


def blocks(n, m, like):
    """Slices of the m hidden units, and where each one's n rows lie in a flat tensor of n·m."""
    size = block_units(n, m, like)
    for start in range(0, m, size):
        stop = min(start + size, m)
        yield slice(start, stop), slice(n * start, n * stop)


def multiply(left, right, out):
    """out ← left·right."""
    if out.is_cuda:
        torch.matmul(left, right, out=out)
        return
    # What is not finite shows in the loss, which `train_model` checks.
    with np.errstate(all="ignore"):
        np.matmul(left.numpy(), right.numpy(), out=out.numpy())
