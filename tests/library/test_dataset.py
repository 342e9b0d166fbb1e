"""The data: unit length, balanced, reproducible, and every violated hypothesis named."""

import itertools
import json
import math
import random

import numpy as np
import pytest
from oracles import gamma

from overparam import dataset, digits
from pipeline import ROOT


@pytest.fixture(scope="module")
def shipped():
    return dataset.generate(500, 42)


def basis():
    """Three samples that satisfy every hypothesis."""
    return np.eye(3), np.array([0, 1, 2])


def on_circle(angle):
    return [math.cos(angle), math.sin(angle)]


def test_samples_have_unit_length(shipped):
    # The length is rounded γ_{d+2}, so is each quotient once, and the sum here d times.
    lengths = np.array([math.sqrt(math.fsum(x * x)) for x in shipped[0]])
    assert np.abs(lengths - 1).max() <= gamma(40 + 4)


def test_shapes_and_types(shipped):
    inputs, labels = shipped
    assert inputs.shape == (500, 40)
    assert inputs.dtype == np.float64
    assert labels.shape == (500,)


def test_every_digit_has_fifty_samples(shipped):
    digits, counts = np.unique(shipped[1], return_counts=True)
    assert digits.tolist() == list(range(10))
    assert counts.tolist() == [50] * 10


def test_directions_are_those_of_the_package(shipped):
    args = dataset.get_dataset_args(as_dict=True) | {"num_samples": 500, "train_split": 1.0}
    samples = dataset.make_dataset(type("Arguments", (), args))["x"]
    cosines = np.einsum("ij,ij->i", shipped[0], samples) / np.sqrt((samples**2).sum(axis=1))
    # Two scalar products, a root and two quotients.
    assert np.abs(cosines - 1).max() <= gamma(3 * 40 + 8)


def test_same_seed_gives_the_same_bytes(shipped):
    np.random.seed(7)  # noqa: NPY002 - mnist1d draws from it
    random.seed(7)
    again = dataset.generate(500, 42)
    assert [a.tobytes() for a in again] == [a.tobytes() for a in shipped]


def test_generated_samples_are_checked(monkeypatch):
    data = {"x": np.array([[1.0, 2.0], [2.0, 4.0]]), "y": np.array([0, 1])}
    monkeypatch.setattr(dataset, "make_dataset", lambda _: data)
    with pytest.raises(ValueError, match="parallel"):
        dataset.generate(10, 42)


def test_another_seed_gives_other_samples(shipped):
    inputs, _ = dataset.generate(500, 43)
    assert not np.isclose(inputs, shipped[0]).all(axis=1).any()


@pytest.mark.parametrize("samples", [-10, 0, 9, 505])
def test_samples_that_the_generator_cannot_make_are_refused(samples):
    with pytest.raises(
        ValueError, match=f"{samples} samples; allowed is a positive multiple of 10"
    ):
        dataset.generate(samples, seed=42)


def test_zero_samples_are_named():
    with pytest.raises(ValueError, match=r"samples \[1, 3\] are zero"):
        dataset.normalise(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 2.0], [0.0, 0.0]]))


def test_normalise_keeps_the_direction():
    assert dataset.normalise(np.array([[3.0, 4.0], [0.0, -2.0]])).tolist() == [
        [0.6, 0.8],
        [0.0, -1.0],
    ]


def test_valid_samples_pass():
    dataset.check(*basis())


@pytest.mark.parametrize("factor", [1, -1])
def test_parallel_pairs_are_named(factor):
    inputs, labels = basis()
    inputs[2] = factor * inputs[0]
    with pytest.raises(ValueError, match=r"samples \[\[0, 2\]\] are parallel"):
        dataset.check(inputs, labels)


def test_every_pair_of_three_duplicates_is_named():
    with pytest.raises(ValueError, match=r"\[\[0, 1\], \[0, 2\], \[1, 2\]\] are parallel"):
        dataset.check(np.tile([0.6, 0.8], (3, 1)), np.arange(3))


@pytest.mark.parametrize("sign", [1, -1])
def test_pair_is_parallel_just_inside_the_tolerance(sign):
    # The chord of a small angle is the angle up to its cube.
    near = np.array([on_circle(1.0), on_circle(1.0 + 0.999 * dataset.PARALLEL_TOLERANCE)])
    with pytest.raises(ValueError, match="parallel"):
        dataset.check(near * [[1], [sign]], np.arange(2))


@pytest.mark.parametrize("sign", [1, -1])
def test_pair_is_not_parallel_just_outside_the_tolerance(sign):
    near = np.array([on_circle(1.0), on_circle(1.0 + 1.001 * dataset.PARALLEL_TOLERANCE)])
    dataset.check(near * [[1], [sign]], np.arange(2))


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_outside_the_digits_are_named(label):
    inputs, labels = basis()
    labels[1] = label
    with pytest.raises(ValueError, match=r"samples \[1\] have labels outside 0\.\.9"):
        dataset.check(inputs, labels)


@pytest.mark.parametrize("label", [0, 9])
def test_extreme_digits_are_labels(label):
    dataset.check(np.eye(3), np.array([1, 2, label]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_samples_that_are_not_finite_are_named(value):
    inputs, labels = basis()
    inputs[1, 2] = value
    with pytest.raises(ValueError, match=r"samples \[1\] are not finite"):
        dataset.check(inputs, labels)


@pytest.mark.parametrize("excess", [2e-14, -2e-14])
def test_samples_off_unit_length_are_named(excess):
    inputs, labels = basis()
    inputs[2] *= 1 + excess
    with pytest.raises(ValueError, match=r"samples \[2\] do not have unit length"):
        dataset.check(inputs, labels)


@pytest.mark.parametrize("excess", [5e-15, -5e-15])
def test_length_within_rounding_of_one_passes(excess):
    inputs, labels = basis()
    inputs[2] *= 1 + excess
    dataset.check(inputs, labels)


LABELS = np.array([3, 0, 9, 9, 1])


def test_digits_are_the_targets_as_they_come():
    targets = digits.targets(LABELS, "digits")
    assert targets.dtype == np.float64
    assert targets.tolist() == [3, 0, 9, 9, 1]


def test_scaled_digits_fill_the_interval_evenly():
    targets = digits.targets(np.arange(10), "scaled")
    assert targets[[0, 9]].tolist() == [-1, 1]
    # Twice the digit is exact; a quotient of at most 2 and the difference are rounded.
    assert np.abs(np.diff(targets) - 2 / 9).max() <= 2 * gamma(4)


def test_size_and_direction_are_changed_one_by_one():
    labels = np.array([0, 9, 3])
    assert digits.targets(labels, "centred").tolist() == [-9 / 2, 9 / 2, -3 / 2]
    assert digits.targets(labels, "small").tolist() == [0, 2, 3 / 4.5]
    # Both; rounded twice, and the difference is below 2.
    both = digits.targets(labels, "centred") / 4.5
    np.testing.assert_allclose(digits.targets(labels, "scaled"), both, rtol=0, atol=gamma(8))


def test_shuffled_targets_come_in_every_order():
    orders = {tuple(digits.targets(np.array([1, 2, 5]), "shuffled", s)) for s in range(60)}
    # A fair shuffle misses one of the six orders with probability below 6·(5/6)^60 < 2e-4.
    assert orders == set(itertools.permutations([1, 2, 5]))


def test_shuffled_targets_are_those_of_the_seed():
    one, again = (digits.targets(np.arange(10), "shuffled", 3) for _ in range(2))
    assert one.tolist() == again.tolist()


@pytest.mark.parametrize("kind", digits.KINDS)
def test_labels_stay(kind):
    labels = LABELS.copy()
    digits.targets(labels, kind)[:] = 7
    assert labels.tolist() == LABELS.tolist()


def test_unknown_targets_are_refused():
    allowed = "targets ones; allowed are digits, centred, small, scaled, shuffled"
    with pytest.raises(ValueError, match=allowed):
        digits.targets(LABELS, "ones")


@pytest.fixture
def another_version(monkeypatch):
    """A generator whose samples differ in one place by what a reader could see."""
    make = dataset.make_dataset

    def changed(arguments):
        data = make(arguments)
        data["x"][3, 5] += 1e-3
        return data

    monkeypatch.setattr(dataset, "make_dataset", changed)


def test_other_samples_under_the_shipped_seed_are_refused_in_one_line(another_version):
    with pytest.raises(ValueError, match="500 samples of seed 42 have the digest") as caught:
        dataset.generate(500, 42)
    (line,) = str(caught.value).splitlines()
    assert dataset.DIGESTS[500, 42] in line
    for named in (f"numpy {np.__version__}", "mnist1d 0.", "requirements.txt", "dataset.py"):
        assert named in line


@pytest.mark.parametrize(("samples", "seed"), [(50, 42), (500, 43)])
def test_samples_without_a_known_digest_may_be_any(another_version, samples, seed):
    dataset.generate(samples, seed)


def test_digest_does_not_see_the_last_bits(shipped):
    inputs, labels = shipped
    assert dataset.digest(np.nextafter(inputs, 2), labels) == dataset.DIGESTS[500, 42]


@pytest.mark.parametrize("entry", [(0, 0), (499, 39)])
def test_digest_sees_every_input_and_label(shipped, entry):
    inputs, labels = (array.copy() for array in shipped)
    inputs[entry] += 1e-5
    labels[entry[0]] += 1
    digests = {dataset.digest(*pair) for pair in ((inputs, shipped[1]), (shipped[0], labels))}
    assert len(digests) == 2
    assert dataset.DIGESTS[500, 42] not in digests


def test_the_shipped_samples_have_a_known_digest():
    reference = json.loads((ROOT / "reference.json").read_text(encoding="utf-8"))
    shipped = reference["configuration"]["dataset"]
    assert (shipped["samples"], shipped["seed"]) in dataset.DIGESTS
