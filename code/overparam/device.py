"""Where the arrays of n samples and m units live and are multiplied: the CPU, or a GPU by CUDA.

On the CPU products are those of NumPy's BLAS, as PyTorch's MKL keeps AVX-512 for Intel's
processors; on a GPU they are PyTorch's, in full precision.  TF32 loses 10⁻³ of XWᵀ, more than a
unit moves in a step; of 0/1 patterns it loses nothing.
"""

import contextlib

import numpy as np
import torch

NAMES = ("cpu", "cuda")
# Entries of the block of XWᵀ that is worked on at once, so that it stays in the cache of a CPU.
BLOCK_ENTRIES = 1 << 19
# Bytes of a page in which the system gives large arrays.
HUGE_PAGE = 1 << 21
# On a GPU a block takes this part of the memory, and no sum in single precision is longer.
BLOCK_PART, LONGEST_BLOCK = 64, 1 << 26
# Arrays of the size of a block that are there at once: XWᵀ, patterns, their multiples.
BLOCKS_AT_ONCE = 5


def place(name):
    """The torch.device of that name.

    Raises:
        ValueError: it is cuda, and PyTorch finds none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device cuda: PyTorch {torch.__version__} finds no CUDA device here; allowed is cpu,"
            " or a machine with a GPU and `make TORCH=cuda`"
        )
    return torch.device(name)


def host(tensor):
    """The tensor as a NumPy array: the same memory on the CPU, else a copy."""
    return tensor.detach().cpu().numpy()


def empty(entries, like):
    """A flat tensor, uninitialised, where `like` is and in its precision.

    On the CPU it is NumPy's memory and begins with a page, as that comes in huge pages, which
    PyTorch does not ask the system for.
    """
    if on_gpu(like):
        return like.new_empty(entries)
    size = like.element_size()
    memory = np.empty(size * entries + 2 * HUGE_PAGE, np.uint8)
    start = -memory.ctypes.data % HUGE_PAGE
    return torch.from_numpy(memory[start : start + size * entries].view(host(like).dtype))


def on_gpu(tensor):
    """Whether PyTorch multiplies it."""
    return tensor.is_cuda


def total_memory(device):
    """Bytes that a GPU has."""
    return torch.cuda.get_device_properties(device).total_memory


def block_units(n, m, like):
    """Units in a block of n samples, of m at most, on the device of `like` and in its precision."""
    entries = BLOCK_ENTRIES
    if on_gpu(like):
        bytes_ = total_memory(like.device) // BLOCK_PART
        entries = min(LONGEST_BLOCK, bytes_ // like.element_size())
    return min(m, max(1, entries // n))


def blocks(n, m, like):
    """Slices of the m hidden units, and where each one's n rows lie in a flat tensor of n·m."""
    size = block_units(n, m, like)
    for start in range(0, m, size):
        stop = min(start + size, m)
        yield slice(start, stop), slice(n * start, n * stop)


def multiply(left, right, out, patterns=False):
    """out ← left·right; patterns: whether all entries are 0 or 1."""
    if on_gpu(out):
        with _tf32(patterns):
            torch.matmul(left, right, out=out)
        return
    np.matmul(left.numpy(), right.numpy(), out=out.numpy())


@contextlib.contextmanager
def _tf32(allowed):
    """Let products on a GPU take TF32 or not, whatever is set outside."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


def check_memory(free, n, m, d, like, probed):
    """Raise ValueError, which names the width that would fit, where a training needs more memory.

    Args:
        free: bytes, see `free_memory`.
        n, m, d: samples, units, inputs.
        like: a tensor of the device and precision.
        probed: whether a Probe measures.
    """
    size = like.element_size()
    # Patterns and, as bytes, those of a probe; weights, their gradient and that of the output.
    unit = n * (size + 2 * probed) + 2 * size * (d + 1)
    blocks_ = BLOCKS_AT_ONCE * size * n * block_units(n, m, like)
    if unit * m + blocks_ > free:
        raise ValueError(
            f"{m} units on {n} samples need {(unit * m + blocks_) / 1e9:.3g} GB of the device's"
            f" memory, and {free / 1e9:.3g} GB are free; allowed are at most"
            f" {max(0, int((free - blocks_) // unit))} units"
        )


def free_memory(device):
    """Bytes that are free on a GPU; of the CPU's the system takes care."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else float("inf")
