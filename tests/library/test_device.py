"""Where a network is trained: products, blocks and memory of a GPU, on one and without one.

Without a GPU its code runs on the CPU, with PyTorch's products and the blocks of a small memory.
"""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from workflow import ROOT

from overparam import device
from overparam.network import TwoLayerNetwork
from overparam.probe import Probe
from overparam.training import train_model

HAS_GPU = torch.cuda.is_available()
needs_gpu = pytest.mark.skipif(not HAS_GPU, reason="PyTorch finds no CUDA device here")
N, D, M, STEPS = 20, 5, 96, 12
ROUNDING = {torch.float64: 1e-11, torch.float32: 1e-4}


@pytest.fixture
def as_gpu(monkeypatch):
    """Let tensors of the CPU take the code of a GPU whose blocks hold 300 entries."""
    monkeypatch.setattr(device, "on_gpu", lambda tensor: True)
    monkeypatch.setattr(device, "total_memory", lambda _: 300 * 8 * device.BLOCK_PART)


def trained(dtype, place="cpu", train_output=False):
    """What a training and its probe record, and the weights at the end."""
    generator = np.random.default_rng(3)
    inputs = generator.standard_normal((N, D))
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    data = inputs, generator.integers(0, 10, N).astype(float)
    model = TwoLayerNetwork(D, M, generator, train_output, dtype, place)
    observer = Probe(model, *data, [0, 8], 4, train_output)
    batches = [slice(0, N), slice(3, 9)] * (STEPS // 2)
    _, _, loss = train_model(model, *data, batches, 0.2, math.inf, observer)
    found = observer.results() | {"loss": loss, "initial_gram": observer.initial_gram()}
    return found | {"weights": device.host(model.weights)}


def agree(one, other, dtype):
    assert one.keys() == other.keys()
    for name, values in one.items():
        scale = np.abs(values).max() + 1e-300
        assert np.abs(values - other[name]).max() <= ROUNDING[dtype] * scale, name


@pytest.mark.parametrize("train_output", [False, True])
@pytest.mark.parametrize("dtype", ROUNDING)
def test_the_code_of_a_gpu_gives_what_that_of_the_cpu_does(dtype, train_output, request):
    expected = trained(dtype, train_output=train_output)
    request.getfixturevalue("as_gpu")
    assert device.block_units(N, M, torch.empty(0, dtype=torch.float64)) == 15
    agree(expected, trained(dtype, train_output=train_output), dtype)


def test_the_code_of_a_gpu_multiplies_by_pytorch(as_gpu, monkeypatch):
    shapes = []
    matmul = torch.matmul

    def record(left, right, out):
        shapes.append(out.shape)
        return matmul(left, right, out=out)

    monkeypatch.setattr(torch, "matmul", record)
    trained(torch.float64)
    assert (N, 15) in shapes


@pytest.mark.parametrize("dtype", ROUNDING)
def test_memory_of_the_cpu_begins_with_a_page(dtype):
    like = torch.empty(0, dtype=dtype)
    for entries in (1, 7, 3 * device.HUGE_PAGE):
        memory = device.empty(entries, like)
        assert memory.shape == (entries,)
        assert memory.dtype == dtype
        assert memory.data_ptr() % device.HUGE_PAGE == 0
        memory[-1] = 5
        assert memory[-1].item() == 5


def test_memory_of_a_gpu_is_pytorchs(as_gpu, monkeypatch):
    monkeypatch.setattr(np, "empty", None)
    assert device.empty(7, torch.empty(0)).shape == (7,)


@needs_gpu
@pytest.mark.parametrize("dtype", ROUNDING)
def test_a_gpu_gives_what_the_cpu_does_and_twice_the_same(dtype):
    expected, first, second = (trained(dtype, place) for place in ("cpu", "cuda", "cuda"))
    agree(expected, first, dtype)
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


@needs_gpu
def test_a_gpu_takes_tf32_for_patterns_alone():
    generator = torch.Generator().manual_seed(0)
    numbers = torch.rand(256, 256, generator=generator)
    for values, patterns in ((numbers, False), ((numbers > 0.5).float(), True)):
        out = torch.empty(256, 256, device="cuda")
        device.multiply(values.cuda(), values.T.cuda(), out, patterns=patterns)
        exact = values.double() @ values.T.double()
        assert ((out.cpu() - exact).abs() <= 256 * 2.0**-24 * exact).all()


@pytest.mark.parametrize("before", [False, True])
def test_tf32_is_what_the_product_asks_for_and_then_as_before(as_gpu, monkeypatch, before):
    seen = []

    def look(left, right, out):
        seen.append(torch.backends.cuda.matmul.allow_tf32)

    monkeypatch.setattr(torch, "matmul", look)
    out, outside = torch.empty(1, 1), torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = before
    try:
        device.multiply(out, out, out, patterns=True)
        device.multiply(out, out, out)
        assert seen == [True, False]
        assert torch.backends.cuda.matmul.allow_tf32 is before
    finally:
        torch.backends.cuda.matmul.allow_tf32 = outside


def test_blocks_of_a_gpu_follow_its_memory_up_to_the_longest_sum(as_gpu, monkeypatch):
    single = torch.empty(0, dtype=torch.float32)
    # 300 · 8 bytes are 600 entries of four, 30 units of 20 samples.
    assert device.block_units(N, M, single) == 30
    assert device.block_units(N, 7, single) == 7
    assert device.block_units(10**6, M, single) == 1
    monkeypatch.setattr(device, "total_memory", lambda _: 10**15)
    assert device.block_units(2, 10**9, single) == device.LONGEST_BLOCK // 2


def test_a_width_that_fits_no_memory_is_refused_with_one_that_does():
    like = torch.empty(0, dtype=torch.float32)
    # A unit has 20 · (4 + 2) bytes of pairs and 2 · 4 · 6 of weights; five blocks 5 · 4 · 20 each.
    for probed, unit in ((True, 168), (False, 128)):
        free = (unit + 400) * M
        device.check_memory(free, N, M, D, like, probed)
        with pytest.raises(ValueError, match=f"{M} units on {N} samples need") as caught:
            device.check_memory(free - 1, N, M, D, like, probed)
        assert f"allowed are at most {M - 1} units" in str(caught.value)
    device.check_memory(device.free_memory(torch.device("cpu")), N, 10**12, D, like, True)


@pytest.mark.skipif(HAS_GPU, reason="there is a CUDA device here")
def test_cuda_without_a_gpu_is_refused_in_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"device cuda: PyTorch .*`make TORCH=cuda`"):
        device.place("cuda")
    assert device.place("cpu") == torch.device("cpu")


@pytest.mark.parametrize(("kind", "indices"), [("cpu", 1), ("cuda", 0)])
def test_make_takes_pytorch_from_the_index_of_its_kind(tmp_path, kind, indices):
    for path in [ROOT / "Makefile", *ROOT.glob("requirements*")]:
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"))
    line = ["make", "-n", ".venv/installed", f"TORCH={kind}", f"PYTHON={sys.executable}"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("--index-url https://download.pytorch.org/whl/cpu") == indices
    assert f"echo {kind} > .venv/installed" in done.stdout


def test_make_installs_again_for_another_kind_and_else_keeps_what_is_there(tmp_path):
    for path in [ROOT / "Makefile", *ROOT.glob("requirements*")]:
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"))
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)

    def asked(stamp, *options):
        (tmp_path / ".venv/installed").write_text(stamp)
        line = ["make", "-n", ".venv/installed", *options]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
        return "-m venv --clear .venv" in done.stdout

    assert not asked("cuda\n")
    assert not asked("")
    assert asked("", "TORCH=cuda")
    assert asked("cpu\n", "TORCH=cuda")
    assert not asked("cuda\n", "TORCH=cuda")
