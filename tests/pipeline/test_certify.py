"""Training until convergence is proved, and the command that proves it from what was stored."""

import math
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from workflow import ROOT

import certify_convergence
import files
import train_network
from overparam import convergence
from studies.convergence import digest

# Three inputs at sixty degrees; that of digit 0 stands between the others.
SQRT = math.sqrt(3) / 2
INPUTS, LABELS = np.array([[1.0, 0], [1 / 2, SQRT], [-1 / 2, SQRT]]), np.array([2, 0, 1])
LAMBDA_MAX = 0.9


@pytest.fixture
def dataset(tmp_path):
    files.write_npz(tmp_path / "dataset.npz", inputs=INPUTS, labels=LABELS)
    return tmp_path / "dataset.npz"


@pytest.fixture
def train(tmp_path, dataset):
    """Train with some options and λ0; the path to the run that is stored, and its arrays."""
    eigenvalues = tmp_path / "eigenvalues.csv"

    def run(options, lambda_min=0.1):
        rows = [{"n": 3, "lambda_min": lambda_min, "lambda_max": LAMBDA_MAX}]
        files.write_csv(eigenvalues, rows)
        paths = {"dataset": dataset, "eigenvalues": eigenvalues, "output": tmp_path / "run.npz"}
        words = [f"--{name}={path}" for name, path in paths.items()]
        parser = train_network.make_parser()
        train_network.main(parser.parse_args(["--width=64", *words, *options.split()]))
        return paths["output"], files.read_npz(paths["output"])

    return run


def command(dataset, path):
    """The command on a file, as a user runs it."""
    line = [sys.executable, ROOT / "code/certify_convergence.py"]
    line += ["--dataset", dataset, "--weights", path]
    return subprocess.run(line, capture_output=True, text=True)


def check_complaint(dataset, path, message):
    """The command refuses the file in one line, in which the message is found."""
    arguments = ["--dataset", str(dataset), "--weights", str(path)]
    with pytest.raises(ValueError, match=message) as caught:
        certify_convergence.main(certify_convergence.make_parser().parse_args(arguments))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("length", ["--flow-time 400", "--steps 1000"])
def test_a_run_stops_when_it_is_proved(train, length):
    _, run = train(f"{length} --certify 20")
    last = len(run["loss"]) - 1
    assert 0 < last < 500
    assert last % 20 == 0
    assert run["look_step"].tolist() == [*range(0, last + 1, 20)]
    assert run["look_holds"].tolist() == [False] * (last // 20) + [True]
    assert len(run["step"]) == len(run["time"]) == last + 1
    # The weights are stored, whatever the length is given by, and are those that are proved.
    state = run["targets"], run["final_weights"], run["output_weights"]
    verdict = convergence.certify(INPUTS, *state)
    assert verdict.holds
    assert (verdict.radius, verdict.needed) == (run["look_radius"][-1], run["look_needed"][-1])
    assert run["samples"].tolist() == [0, 1, 2]
    assert run["targets"].tolist() == LABELS.tolist()


class Watch(NamedTuple):
    """What a ConvergenceWatch that looks at every third step says of the last."""

    verdict: convergence.Verdict

    def looks_at(self, step):
        return step % 3 == 0


def verdict(holds=True, coercivity=1.0, residual=0.1):
    return convergence.Verdict(holds, 0.2, 0.1, coercivity, residual, 0.3)


@pytest.mark.parametrize(
    ("losses", "found", "settled", "alone"),
    [
        # The bound is 8, 4, 2 and 1; √2·1 is the largest residual below it, of two samples.
        ([8, 3.9, 1.9, 0.9], verdict(), True, True),
        ([8, 3.9, 1.9, 0.9], verdict(holds=False), False, False),
        # There is no look after two steps, or four.
        ([8, 3.9, 1.9], verdict(), False, False),
        ([8, 4.1, 1.9, 0.9, 0.4], verdict(), False, False),
        # Half of ln 2 is 0.347.
        ([8, 3.9, 1.9, 0.9], verdict(coercivity=0.34), False, True),
        ([8, 3.9, 1.9, 0.9], verdict(residual=1.42), False, True),
        # Exceeded before, whatever comes then.
        ([8, 4.1, 1.9, 0.9], verdict(coercivity=0.34), True, True),
        ([8, 4.1, 1.9, 0.9], verdict(holds=False), False, False),
    ],
)
def test_a_proof_settles_the_bound_where_it_keeps_it_or_it_was_exceeded(
    losses, found, settled, alone
):
    bound = math.log(2), np.arange(9.0)
    assert train_network.proved(Watch(found), 2, bound)(losses) == settled
    assert train_network.proved(Watch(found), 2)(losses) == alone


def test_a_run_goes_on_after_its_proof_until_the_bound_is_settled(train):
    _, first = train("--flow-time 400 --certify 20")
    proof = len(first["loss"]) - 1
    # Half of it is a little more than what is proved by then.
    lambda_zero = 2.02 * first["look_coercivity"][-1]
    _, run = train("--flow-time 400 --certify 20 --settle", lambda_zero)
    last = len(run["loss"]) - 1
    assert run["look_holds"].tolist() == [step >= proof for step in range(0, last + 1, 20)]
    assert proof < last < 1000
    bound = run["loss"][0] * np.exp(-lambda_zero * run["time"])
    crossed = (run["loss"] > bound).any()
    assert crossed != (run["look_coercivity"][-1] >= lambda_zero / 2)


def test_a_run_that_is_not_proved_ends_at_its_last_step(train):
    _, run = train("--steps 7 --certify 5")
    assert len(run["loss"]) == 8
    assert run["look_step"].tolist() == [0, 5]
    assert not run["look_holds"].any()
    _, run = train("--steps 2 --certify 5")
    assert run["look_step"].tolist() == [0]


def test_other_runs_store_no_proof(train):
    _, run = train("--steps 2")
    assert not {"samples", "targets"} & set(run)
    assert not any(name.startswith("look") for name in run)


def test_some_digits_and_shifted_targets(train):
    _, run = train("--steps 3 --certify 1 --digits 2 --shift 0.5")
    assert run["samples"].tolist() == [1, 2]
    assert run["targets"].tolist() == [0.5, 1.5]
    u = np.maximum(INPUTS[1:] @ run["initial_weights"].T, 0) @ run["output_weights"] / 8
    assert run["loss"][0] == pytest.approx(np.mean((u - [0.5, 1.5]) ** 2), rel=1e-12)
    # The learning rate is a quarter of the limit 3/0.9 on all samples; a step takes 2η/n.
    assert run["learning_rate"] == pytest.approx(3 / LAMBDA_MAX / 4, rel=1e-14)
    assert run["time"][1] == pytest.approx(3 / LAMBDA_MAX / 4, rel=1e-14)
    _, run = train("--steps 1 --certify 1 --targets small --shift -1")
    assert run["targets"] == pytest.approx(LABELS / 4.5 - 1, rel=1e-15)


def test_a_flow_time_on_some_digits_is_reached(train):
    # On one sample of three a step takes three times as long: 2 · 5/6 = 5/3.
    _, run = train("--flow-time 10 --digits 1")
    np.testing.assert_allclose(run["time"], np.arange(7) * 5 / 3, rtol=1e-14)


def test_no_digit_is_one_line_that_says_what_is_allowed(train, dataset):
    message = rf"{dataset}: no sample has a digit below 0; allowed is more than 0, the smallest$"
    with pytest.raises(ValueError, match=message):
        train("--steps 3 --digits 0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--single", "weights of type float32; allowed is float64"),
        ("--both-layers", "output weights other than -1 and 1; the theorem allows no others"),
    ],
)
def test_networks_that_the_theorem_is_not_about_are_refused(train, options, message):
    with pytest.raises(ValueError, match=message):
        train(f"--steps 3 --certify 1 {options}")


def test_the_command_prints_the_proof(train, dataset):
    path, run = train("--flow-time 400 --certify 20")
    done = command(dataset, path)
    assert (done.returncode, done.stderr) == (0, "")
    name, *lines, needed, verdict = done.stdout.splitlines()
    weights = digest(run["final_weights"], run["output_weights"])
    assert name == f"{path}, weights {weights}, 3 samples"
    # With all digits, so that the numbers printed are those proved.
    printed = {line.split()[0]: float(line.split()[-1]) for line in lines}
    last = {name: run[f"look_{name}"][-1] for name in ("residual", "radius", "near", "coercivity")}
    last["coercive"] = last.pop("coercivity")
    assert printed == last
    assert float(needed.split()[-3]) == run["look_needed"][-1] < printed["radius"]
    assert verdict == "proved: every sliding flow from these weights converges to zero loss"


def test_a_proof_of_some_samples_is_of_their_targets(train, dataset):
    path, run = train("--steps 1000 --certify 20 --digits 1 --shift 1")
    assert run["look_holds"][-1]
    assert command(dataset, path).stdout.splitlines()[0].endswith(", 1 samples")
    files.write_npz(path, **run | {"targets": np.full(1, 50.0)})
    check_complaint(dataset, path, "^not proved: ")


def test_weights_that_are_not_proved_are_one_line(train, dataset):
    path, _ = train("--steps 3")
    done = command(dataset, path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("certify_convergence.py: not proved: no positive Lambda is left at the")
    assert "near their kinks; train on, until the residual is smaller than" in line
    assert not any(text.startswith(("needed", "proved")) for text in done.stdout.splitlines())
    assert len(done.stdout.splitlines()) == 5


def test_a_radius_that_does_not_suffice_is_named_with_the_factor():
    verdict = convergence.Verdict(False, 0.25, 0.5, 0.1, 1.0, 0.2)
    reason = "not proved: the radius 0.25 asks for 0.5, a factor of 2 too much"
    assert certify_convergence.reason(verdict) == reason
    verdict = convergence.Verdict(False, 0.25, math.inf, 0.0, 1.234, 0.2345)
    assert certify_convergence.reason(verdict) == (
        "not proved: no positive Lambda is left at the radius 0.25, where 23.4% of the pairs are"
        " near their kinks; train on, until the residual is smaller than 1.23"
    )


def test_weights_alone_are_those_of_all_digits(train, dataset):
    path, run = train("--flow-time 400 --certify 20")
    weights = {name: run[name] for name in ("final_weights", "output_weights")}
    files.write_npz(path, **weights)
    assert "3 samples" in command(dataset, path).stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"final_weights": np.ones((4, 3))}, r"weights of shape \(4, 3\); allowed .* is \(4, 2\)"),
        ({"final_weights": np.ones((5, 2))}, r"weights of shape \(5, 2\); allowed .* is \(4, 2\)"),
        ({"final_weights": np.ones((4, 2), np.float32)}, "weights of type float32; allowed is"),
        ({"output_weights": np.full(4, 0.5)}, "output weights other than -1 and 1; .* no others"),
        ({"targets": np.ones(2)}, r"targets of shape \(2,\); allowed .* is \(3,\)"),
        (
            {"samples": np.array([0, 3])},
            "samples are not those of .*; allowed are integers below 3",
        ),
        (
            {"samples": np.array([0.0, 1])},
            "samples are not those of .*; allowed are integers below",
        ),
    ],
)
def test_weights_that_do_not_fit_are_one_line_that_names_the_file(
    dataset, tmp_path, change, message
):
    run = {"final_weights": np.ones((4, 2)), "output_weights": np.ones(4)}
    files.write_npz(tmp_path / "weights.npz", **run | change)
    path = tmp_path / "weights.npz"
    check_complaint(dataset, path, f"^{path}(, on {dataset})?: {message}")


@pytest.mark.parametrize("missing", ["final_weights", "output_weights"])
def test_missing_weights_are_one_line_that_names_the_file(dataset, tmp_path, missing):
    run = {"final_weights": np.ones((4, 2)), "output_weights": np.ones(4)}
    del run[missing]
    files.write_npz(tmp_path / "weights.npz", **run)
    path, needed = tmp_path / "weights.npz", "final_weights, output_weights"
    check_complaint(dataset, path, f"^{path} has no {missing}; needed are {needed}$")


def test_a_file_that_is_not_there_is_one_line(dataset, tmp_path):
    done = command(dataset, tmp_path / "none.npz")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(tmp_path / "none.npz") in line
