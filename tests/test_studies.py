"""The scripts of the studies, on runs and networks small enough to work out by hand."""

import math
from argparse import Namespace

import numpy as np
import pytest
import scipy.linalg
import torch
from oracles import gamma

import check_hypotheses
import collect_step_size
import collect_width
import compute_alignment
import compute_frozen_kernel
import measure_flip_event
import scripting
import train_network

# Two inputs at sixty degrees; H^∞ has ½ on the diagonal and 1/6 beside it.
INPUTS, LABELS = np.array([[1.0, 0], [1 / 2, math.sqrt(3) / 2]]), np.array([3, 1])


@pytest.fixture
def files(tmp_path):
    """Paths of the dataset, its eigenvalues and an output, by the names of the options."""
    paths = {name: str(tmp_path / name) for name in ("dataset", "eigenvalues", "output")}
    scripting.write_npz(paths["dataset"], inputs=INPUTS, labels=LABELS)
    row = {"n": 2, "lambda_min": 1 / 3, "lambda_max": 2 / 3}
    scripting.write_csv(paths["eigenvalues"], [row])
    return paths


def train_arguments(options, **paths):
    options = options.split() + [f"--{name}={path}" for name, path in paths.items()]
    return train_network.make_parser().parse_args(["--output=unused", *options])


def train(files, options):
    """The run that the script stores for a network of eight hidden units."""
    train_network.main(train_arguments(f"--width 8 {options}", **files))
    return scripting.read_npz(files["output"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--steps 7", (2, 7)),
        ("--steps 7 --refine 4", (0.5, 28)),
        ("--flow-time 8", (2, 10)),
        ("--flow-time 8 --refine 4", (0.5, 40)),
        ("--flow-time 0.5", (2, 1)),
    ],
)
def test_pace(options, expected):
    # η = 8/4 on n = 5 samples: a step takes the time 4/5.
    assert train_network.pace(train_arguments(options), limit=8.0, n=5) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--flow-time 0.001", "less than half a step; allowed is at least 0.8"),
        ("--flow-time 8 --refine 100000000", "1e[+]09 steps; allowed are at most 100000000"),
        ("--steps 100000001", "allowed are at most 100000000"),
    ],
)
def test_paces_without_a_step_or_without_an_end_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        train_network.pace(train_arguments(options), limit=8.0, n=5)


def test_schedules_have_their_batches_and_step_lengths():
    batches, lengths = train_network.whole_schedule(4, 3, 2)
    assert list(batches) == [slice(0, 3), slice(3, 4)]
    assert lengths.tolist() == [1 / 4, 1 / 4]
    stages = [{"stage": "1"}, {"stage": "3"}]
    batches, lengths = train_network.stage_schedule(np.array([0, 1, 2, 5]), stages, 2)
    assert list(batches) == [slice(0, 1), slice(0, 1), slice(0, 3), slice(0, 3)]
    assert lengths.tolist() == [1, 1, 1 / 3, 1 / 3]


def test_learning_rate_at_a_stages_limit_is_refused():
    stages = [{"stage": "1", "stability_limit": "3.0"}, {"stage": "2", "stability_limit": "2.0"}]
    train_network.check_limits(1.999, stages)
    with pytest.raises(ValueError, match="limit of stage 2; allowed is less than 2"):
        train_network.check_limits(2.0, stages)


@pytest.mark.parametrize(("single", "dtype"), [("", torch.float64), ("--single", torch.float32)])
@pytest.mark.parametrize("both", ["", "--both-layers"])
def test_network_is_the_one_asked_for(single, dtype, both):
    arguments = train_arguments(f"--seed 4 --width 3 {single} {both}")
    network = train_network.make_network(arguments, 2)
    expected = np.random.default_rng(4).standard_normal((3, 2))
    assert network.weights.dtype == dtype
    assert torch.equal(network.weights, torch.from_numpy(expected).to(dtype))
    assert network.output_weights.requires_grad == bool(both)


def test_run_of_a_study_reaches_its_flow_time_and_is_measured(files):
    # n/λ_max = 3, η = ¾, and a step takes the time ¾; refined, half of it.
    run = train(files, "--flow-time 4.5 --refine 2 --probes 3 --window 3 --both-layers --single")
    np.testing.assert_allclose(run["time"], np.arange(13) * 3 / 8, rtol=gamma(40))
    assert len(run["loss"]) == 13
    assert run["probe_step"].tolist() == [0, 5, 10]
    assert run["probe_g_lambda_min"].shape == (3,)
    assert not {"initial_weights", "final_weights", "output_weights"} & set(run)


def test_stored_weights_are_those_of_the_first_and_the_last_loss(files):
    run = train(files, "--steps 3 --targets scaled")
    for name, loss in [("initial_weights", run["loss"][0]), ("final_weights", run["loss"][-1])]:
        u = np.maximum(INPUTS @ run[name].T, 0) @ run["output_weights"] / math.sqrt(8)
        # The digits 3 and 1, mapped to [−1, 1].
        assert abs(np.mean((u - [-1 / 3, -7 / 9]) ** 2) - loss) <= gamma(100) * (1 + loss)
    assert not any(name.startswith("probe") for name in run)


def test_initial_gram_error_is_a_spectral_norm(files):
    run = train(files, "--steps 1 --probes 1")
    active = np.random.default_rng(1).standard_normal((8, 2)) @ INPUTS.T >= 0
    (p, s), q = active.mean(axis=0) - 1 / 2, (active.all(axis=1).mean() - 1 / 3) / 2
    # The eigenvalues of [[p, q], [q, s]] are (p + s)/2 ± √((p − s)²/4 + q²).
    expected = abs(p + s) / 2 + math.hypot((p - s) / 2, q)
    assert abs(run["initial_gram_error"] - expected) <= gamma(100)


def test_windows_that_do_not_fit_are_refused(files):
    with pytest.raises(ValueError, match="at most 2 windows"):
        train(files, "--steps 5 --probes 3 --window 3")


@pytest.mark.parametrize(("relation", "holds"), [("<=", "yes yes no no"), (">=", "no yes yes no")])
def test_claim_holds_up_to_its_limit(relation, holds):
    values = [math.nextafter(1, 0), 1, math.nextafter(1, 2), math.nan]
    rows = [check_hypotheses.row("claim", value, relation, 1) for value in values]
    assert [row["holds"] for row in rows] == holds.split()


def test_claims_of_a_hand_worked_run():
    # n = 2, m = 100, λ0 = ¼, δ = ½ and ‖y − u(0)‖ = 4.
    run = {
        "time": np.array([0.0, 4, 8]),
        "loss": np.array([8.0, 24 / math.e, 1 / math.e**2]),
        "initial_gram_error": np.array(0.05),
        "probe_lambda_min": np.array([0.3, 0.2, 0.25]),
        "probe_sliding_lambda_min": np.array([0.3, 0.1, 0.25]),
        "probe_gram_change": np.array([0, 0.9, 0.8]),
        "probe_distance_max": np.array([0, 4.0, 3.0]),
    }
    networks = [("", "0.25"), ("100", "0.2"), ("200", "0.1")]
    eigenvalues = [{"n": "2", "m": m, "lambda_min": value} for m, value in networks]
    radius, distance = math.sqrt(2 * math.pi) / 512, 3.2 * math.sqrt(2)
    expected = [
        ("gram_width", 100, 512 * math.log(16), "no"),
        ("gram_error", 0.05, 1 / 16, "yes"),
        ("initial_lambda_min", 0.2, 3 / 16, "yes"),
        ("distance_bound", distance, radius, "no"),
        ("distance_in_radius", 4, radius, "no"),
        ("gram_change", 0.9, 1 / 16, "no"),
        ("lambda_min", 0.2, 1 / 8, "yes"),
        ("sliding_lambda_min", 0.1, 1 / 8, "no"),
        ("distance", 4, distance, "yes"),
        ("width", 100, 2048 / radius**2, "no"),
        ("convergence", 3, 1, "no"),
    ]
    rows = check_hypotheses.claims(run, eigenvalues, delta=0.5)
    assert [(row["name"], row["holds"]) for row in rows] == [(r[0], r[3]) for r in expected]
    actual = [(row["value"], row["limit"]) for row in rows]
    np.testing.assert_allclose(actual, [r[1:3] for r in expected], rtol=gamma(20))


def test_row_of_the_width_study(tmp_path):
    last = {f"probe_{name}": np.array([9.0, k]) for k, name in enumerate(collect_width.LAST)}
    last["probe_lambda_min"] = np.array([0.4, 0.1, 0.2])
    run = {"time": np.array([0.0, 1, 2, 4]), "loss": np.array([8.0, 2, 3, 1])}
    path = str(tmp_path / "run.npz")
    scripting.write_npz(path, width=32, seed=7, initial_gram_error=0.5, **run, **last)
    expected = {
        "m": 32,
        "seed": 7,
        "crossing_time": 2,
        "time_end": 4,
        "loss_initial": 8,
        "loss_end": 1,
        "initial_gram_error": 0.5,
        "lambda_min_initial": 0.4,
        "lambda_min_smallest": 0.1,
    }
    expected |= {name: k for k, name in enumerate(collect_width.LAST)} | {"lambda_min": 0.2}
    row = collect_width.row(path, lambda_zero=math.log(2))
    assert abs(row.pop("bound_end") - 1 / 2) <= gamma(20)
    assert row == expected
    assert collect_width.row(path, lambda_zero=0.1)["crossing_time"] == ""


def test_runs_are_compared_with_the_next_finer_at_equal_times(files):
    # λ0 = 1/3, so that 1 − hλ0/2 is ½ for h = 3 and ¾ for h = 3/2.
    losses = {"b": [8.0, 9, 1, 9, 3], "a": [8.0, 4, 2], "c": [8.0, 5, 9, 5, 2, 5, 9, 5, 6]}
    for name, loss in losses.items():
        time = np.linspace(0, 6, len(loss))
        scripting.write_npz(f"{files['output']}_{name}", loss=np.array(loss), time=time)
    runs = [f"{files['output']}_{name}" for name in losses]
    collect_step_size.main(Namespace(**files, runs=runs))
    rows = scripting.read_csv(files["output"])
    actual = [[float(value) for value in row.values()] for row in rows]
    bound = 8 * math.exp(-2)
    expected = [
        [3, 1.5, math.log(4), math.log(3 / 2), 2, bound, 8 / 4],
        [1.5, 0.75, math.log(2), math.log(2), 3, bound, 8 * (3 / 4) ** 4],
    ]
    np.testing.assert_allclose(actual, expected, rtol=gamma(20))


def test_preactivations_are_those_of_the_network(files):
    weights = np.random.default_rng(6).standard_normal((4, 2))
    actual = measure_flip_event.preactivations(INPUTS, 4, seed=6)
    np.testing.assert_allclose(actual, (INPUTS @ weights.T).ravel(), rtol=gamma(20))


def test_event_includes_minus_the_radius_and_excludes_the_radius(files, monkeypatch):
    seen = {5: [-0.5, 0, 3, -4], 6: [0.5, -0.75, 3, -4]}
    monkeypatch.setattr(measure_flip_event, "preactivations", lambda *a: np.array(seen[a[2]]))
    measure_flip_event.main(Namespace(**files, width=2, seed=5, networks=2, radii=[0.5, 3.5]))
    first, second = scripting.read_csv(files["output"])
    # Frequencies 2/4 and 0, then 3/4 and 3/4; the standard error is that of a mean of two.
    assert [float(first[k]) for k in ("radius", "frequency")] == [0.5, 1 / 4]
    assert abs(float(first["standard_error"]) - 1 / 4) <= gamma(10)
    assert [float(second[k]) for k in ("frequency", "standard_error")] == [3 / 4, 0]
    assert abs(float(first["bound"]) - 1 / math.sqrt(2 * math.pi)) <= gamma(10)
    assert abs(float(first["probability"]) - math.erf(0.5 / math.sqrt(2))) <= gamma(10)


def test_frozen_kernels_are_those_of_the_run(files):
    run = train(files, "--steps 4")
    compute_frozen_kernel.main(Namespace(**files | {"full_batch": files["output"]}))
    frozen, weights = scripting.read_npz(files["output"]), run["initial_weights"]
    active = (weights @ INPUTS.T >= 0).astype(float)
    product = INPUTS @ INPUTS.T
    kernels = {"initial": product * (active.T @ active) / 8, "infinite": (np.eye(2) * 2 + 1) / 6}
    u = np.maximum(INPUTS @ weights.T, 0) @ run["output_weights"] / math.sqrt(8)
    assert frozen["time"].tolist() == run["time"].tolist()
    for name, kernel in kernels.items():
        residuals = [scipy.linalg.expm(-kernel * t) @ (LABELS - u) for t in run["time"]]
        np.testing.assert_allclose(
            frozen[name], np.mean(np.square(residuals), axis=1), rtol=gamma(200)
        )
        assert abs(frozen[name][0] - run["loss"][0]) <= gamma(100) * (1 + run["loss"][0])


def test_alignment_of_two_inputs(files):
    compute_alignment.main(Namespace(**files, targets_seed=0))
    shares = scripting.read_npz(files["output"])
    # The eigenvectors are (1, −1)/√2 and (1, 1)/√2; shuffling two digits changes no square.
    expected = {"eigenvalues": [1 / 3, 2 / 3], "digits": [2, 8], "shuffled": [2, 8]}
    expected["scaled"] = [(2 / 9 * 2) ** 2 / 2, (1 / 3 + 7 / 9) ** 2 / 2]
    assert set(shares) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(shares[name], values, rtol=gamma(100))
