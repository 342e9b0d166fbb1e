"""`train_network.py` on two inputs and eight hidden units: its steps, schedules and records."""

import math

import numpy as np
import pytest
import torch
from oracles import gamma

import files
import train_network
from overparam import sliding

# Two inputs at sixty degrees; H^∞ has ½ on the diagonal and 1/6 beside it.
INPUTS, LABELS = np.array([[1.0, 0], [1 / 2, math.sqrt(3) / 2]]), np.array([3, 1])


@pytest.fixture
def train(tmp_path):
    """Train with some options, by stages or not; the arrays of the run that the script stores."""
    paths = {name: tmp_path / name for name in ("dataset", "eigenvalues", "output")}
    files.write_npz(paths["dataset"], inputs=INPUTS, labels=LABELS)
    files.write_csv(paths["eigenvalues"], [{"n": 2, "lambda_min": 1 / 3, "lambda_max": 2 / 3}])
    limits = [{"stage": 2, "stability_limit": 2.0}, {"stage": 4, "stability_limit": 3.0}]
    files.write_csv(tmp_path / "stages", limits)

    def run(options, stages=False):
        read = paths | ({"stages": tmp_path / "stages"} if stages else {})
        words = [f"--{name}={path}" for name, path in read.items()]
        parser = train_network.make_parser()
        train_network.main(parser.parse_args(["--width=8", *words, *options.split()]))
        return files.read_npz(paths["output"])

    return run


@pytest.mark.parametrize(
    ("flow_time", "steps"), [(8, 10), (8.3, 10), (8.5, 11), (0.5, 1), (0.401, 1), (1.2001, 2)]
)
def test_steps_come_nearest_to_the_flow_time(flow_time, steps):
    # With λ_max = 5/8 a step of a quarter of the limit takes 2/4 · 8/5 = 4/5.
    assert train_network.steps_to(flow_time, 1 / 4, 5 / 8) == steps


def test_a_flow_time_below_half_a_step_is_refused():
    with pytest.raises(ValueError, match=r"time 0\.399 is less than half a step; .* at least 0\.8"):
        train_network.steps_to(0.399, 1 / 4, 5 / 8)


def test_refinement_divides_each_step():
    assert train_network.refined(2.0, 7, 1) == (2, 7)
    assert train_network.refined(2.0, 7, 4) == (0.5, 28)


def test_runs_without_an_end_are_refused():
    assert train_network.refined(2.0, 10**8, 1) == (2, 10**8)
    assert train_network.refined(2.0, 10**7, 10) == (0.2, 10**8)
    for steps, refine, shown in [(10**8 + 1, 1, "1e[+]08"), (10, 10**8, "1e[+]09")]:
        with pytest.raises(ValueError, match=f"{shown} steps; allowed are at most 100000000"):
            train_network.refined(2.0, steps, refine)


def test_schedules_have_their_batches_and_step_lengths():
    batches, lengths = train_network.whole_schedule(4, 3, 2)
    assert list(batches) == [slice(0, 3), slice(3, 4)]
    assert lengths.tolist() == [1 / 4, 1 / 4]
    stages = [{"stage": 1}, {"stage": 3}]
    batches, lengths = train_network.stage_schedule(np.array([0, 1, 2, 5]), stages, 2)
    assert list(batches) == [slice(0, 1), slice(0, 1), slice(0, 3), slice(0, 3)]
    assert lengths.tolist() == [1, 1, 1 / 3, 1 / 3]


def test_learning_rate_at_a_stages_limit_is_refused():
    stages = [{"stage": 1, "stability_limit": 3.0}, {"stage": 2, "stability_limit": 2.0}]
    train_network.check_limits(1.999, stages)
    with pytest.raises(ValueError, match="limit of stage 2; allowed is less than 2"):
        train_network.check_limits(2.0, stages)


@pytest.mark.parametrize(
    ("targets", "seed", "expected"),
    [
        ("digits", 0, [5, 0, 3, 0]),
        ("scaled", 0, [1 / 9, -1, -1 / 3, -1]),
        ("shuffled", 0, [3, 5, 0, 0]),
        ("shuffled", 5, [0, 0, 3, 5]),
    ],
)
def test_data_are_ordered_by_digit_with_their_targets(tmp_path, targets, seed, expected):
    inputs, labels = np.arange(8.0).reshape(4, 2), np.array([5, 0, 3, 0])
    files.write_npz(tmp_path / "data.npz", inputs=inputs, labels=labels)
    for by_digit, order in [(False, [0, 1, 2, 3]), (True, [1, 3, 2, 0])]:
        options = [f"--targets={targets}", f"--targets-seed={seed}", "--output=none"]
        options += ["--stages=any"] if by_digit else []
        line = [f"--dataset={tmp_path / 'data.npz'}", *options]
        found = train_network.read_data(train_network.make_parser().parse_args(line))
        assert found[0].tolist() == inputs[order].tolist()
        assert found[1].tolist() == labels[order].tolist()
        np.testing.assert_allclose(found[2], np.array(expected)[order], rtol=gamma(10))
        assert found[3].tolist() == order


@pytest.mark.parametrize(("single", "dtype"), [("", np.float64), ("--single", np.float32)])
@pytest.mark.parametrize("both", ["", "--both-layers"])
def test_network_is_the_one_asked_for(train, single, dtype, both):
    run = train(f"--steps 2 --seed 4 {single} {both}")
    generator = np.random.default_rng(4)
    expected = generator.standard_normal((8, 2)).astype(dtype)
    assert run["initial_weights"].dtype == run["final_weights"].dtype == dtype
    assert run["initial_weights"].tolist() == expected.tolist()
    output = generator.choice([-1.0, 1.0], 8)
    assert (run["output_weights"].tolist() != output.tolist()) == bool(both)
    assert (run["width"], run["seed"]) == (8, 4)


def test_run_of_a_study_reaches_its_flow_time_and_is_measured(train):
    # n/λ_max = 3, η = ¾, and a step takes the time ¾; refined, half of it.
    run = train("--flow-time 4.5 --refine 2 --probes 3 --window 3 --both-layers --single")
    np.testing.assert_allclose(run["time"], np.arange(13) * 3 / 8, rtol=gamma(40))
    assert run["step"].tolist() == [*range(13)]
    assert len(run["loss"]) == 13
    assert (run["learning_rate"], run["stability_limit"]) == (3 / 8, 3)
    assert run["probe_step"].tolist() == [0, 5, 10]
    assert run["probe_g_lambda_min"].shape == (3,)
    assert not {"initial_weights", "final_weights", "output_weights"} & set(run)


def test_stored_weights_are_those_of_the_first_and_the_last_loss(train):
    run = train("--steps 3 --targets scaled")
    for name, loss in [("initial_weights", run["loss"][0]), ("final_weights", run["loss"][-1])]:
        u = np.maximum(INPUTS @ run[name].T, 0) @ run["output_weights"] / math.sqrt(8)
        # The digits 3 and 1, mapped to [−1, 1].
        assert abs(np.mean((u - [-1 / 3, -7 / 9]) ** 2) - loss) <= gamma(100) * (1 + loss)
    assert not any(name.startswith("probe") for name in run)


def test_stages_have_their_losses_and_times(train):
    # η = ¾; a step takes 2η on the one sample of the digit 1, then half of it.
    run = train("--steps 2", stages=True)
    assert run["stage"].tolist() == [2, 2, 4, 4]
    np.testing.assert_allclose(run["time"], [0, 1.5, 3, 3.75, 4.5], rtol=gamma(20))
    u = np.maximum(INPUTS @ run["initial_weights"].T, 0) @ run["output_weights"] / math.sqrt(8)
    squares = (u - LABELS) ** 2
    assert abs(run["loss_stage"][0] - squares[1]) <= gamma(100) * (1 + squares[1])
    assert abs(run["loss_all"][0] - squares.mean()) <= gamma(100) * (1 + squares.mean())
    assert run["loss_stage"][2:].tolist() == run["loss_all"][2:-1].tolist()
    # At the end of the last stage, which has all samples, and of the first.
    assert run["stage_end_loss"][1] == run["loss_all"][-1]
    once = train("--steps 1", stages=True)
    assert run["loss_stage"][1] == once["stage_end_loss"][0]
    assert "loss" not in run


def test_a_run_is_followed_until_its_loss_exceeds_the_bound():
    time = np.arange(5.0)
    stop = train_network.above_bound(math.log(2), time, 2)
    # The bound from 8 is 8, 4, 2, 1: exceeded at the first step, which is measured whatever it is.
    assert not stop([8.0, 4.5])
    assert not stop([8.0, 4.5, 2.5])
    assert not stop([8.0, 4.5, 2.5, 0.9])
    assert stop([8.0, 4.5, 2.5, 1.1])


def test_a_followed_run_is_measured_as_if_it_ended_and_goes_on(train):
    short = train("--flow-time 3 --probes 2 --window 2 --single")
    long = train("--flow-time 3 --follow 30 --probes 2 --window 2 --single")
    assert (len(short["loss"]), long["measured_steps"]) == (5, 4)
    assert long["probe_step"].tolist() == short["probe_step"].tolist() == [0, 3]
    assert 5 < len(long["loss"]) == len(long["time"]) == len(long["step"]) <= 41
    assert long["loss"][:5].tolist() == short["loss"].tolist()
    bound = long["loss"][0] * np.exp(-long["time"] / 3)
    assert (long["loss"][5:-1] <= bound[5:-1] * (1 + gamma(100))).all()
    assert len(long["loss"]) == 41 or long["loss"][-1] > bound[-1] * (1 - gamma(100))


def test_initial_gram_error_is_a_spectral_norm(train):
    run = train("--steps 1 --probes 1")
    active = np.random.default_rng(1).standard_normal((8, 2)) @ INPUTS.T >= 0
    (p, s), q = active.mean(axis=0) - 1 / 2, (active.all(axis=1).mean() - 1 / 3) / 2
    # The eigenvalues of [[p, q], [q, s]] are (p + s)/2 ± √((p − s)²/4 + q²).
    expected = abs(p + s) / 2 + math.hypot((p - s) / 2, q)
    assert abs(run["initial_gram_error"] - expected) <= gamma(100)


def test_batches_are_the_notebooks(train):
    # Batches of one sample alternate; the loss is that of both.
    run = train("--steps 2 --batch-size 1")
    weights, a = torch.tensor(run["initial_weights"]), torch.tensor(run["output_weights"])
    x, y = torch.tensor(INPUTS), torch.tensor(LABELS, dtype=torch.float64)
    for k in (0, 1):
        active = (weights @ x[k] >= 0).double()
        u = (a * torch.relu(weights @ x[k])).sum() / math.sqrt(8)
        weights = weights - 3 / 4 * 2 * (u - y[k]) * torch.outer(a * active, x[k]) / math.sqrt(8)
    np.testing.assert_allclose(run["final_weights"], weights, rtol=0, atol=gamma(1000))


def test_windows_that_do_not_fit_are_refused(train):
    with pytest.raises(ValueError, match="at most 2 windows"):
        train("--steps 5 --probes 3 --window 3")


@pytest.fixture
def begun(train, tmp_path):
    """A path to a run of three steps from seed 4, for --start, and its arrays."""
    run = train("--steps 3 --seed 4")
    files.write_npz(tmp_path / "begun.npz", **run)
    return tmp_path / "begun.npz", run


def test_a_run_goes_on_as_if_it_had_not_stopped(train, begun):
    path, first = begun
    second, whole = train(f"--steps 3 --start {path}"), train("--steps 6 --seed 4")
    assert second["initial_weights"].tobytes() == first["final_weights"].tobytes()
    assert second["output_weights"].tobytes() == whole["output_weights"].tobytes()
    assert second["final_weights"].tobytes() == whole["final_weights"].tobytes()
    assert [*first["loss"], *second["loss"][1:]] == whole["loss"].tolist()
    # Its time is its own.
    assert second["time"].tolist() == first["time"].tolist()


def test_weights_of_another_network_are_refused_in_one_line(train, begun):
    path, _ = begun
    message = rf"^{path}: final_weights has the shape \(8, 2\); .* has \(4, 2\)$"
    with pytest.raises(ValueError, match=message):
        train(f"--steps 3 --width 4 --start {path}")


def test_output_weights_of_another_network_are_refused(train, begun):
    path, run = begun
    files.write_npz(path, **run | {"output_weights": np.ones(3)})
    with pytest.raises(ValueError, match=r"output_weights has the shape \(3,\); .* \(8,\)$"):
        train(f"--steps 3 --start {path}")


def test_a_smooth_run_trains_and_measures_the_smooth_network(train):
    run = train("--steps 3 --softplus 2 --probes 2 --window 2")
    assert run["softplus"] == 2
    assert {name for name in run if name.startswith("probe")} == {
        *("probe_step", "probe_lambda_min", "probe_rayleigh")
    }
    assert run["probe_step"].tolist() == [0, 2]
    assert "initial_gram_error" not in run
    for name, loss in [("initial_weights", run["loss"][0]), ("final_weights", run["loss"][-1])]:
        hidden = np.log(1 + np.exp(2 * INPUTS @ run[name].T)) / 2
        u = hidden @ run["output_weights"] / math.sqrt(8)
        assert abs(np.mean((u - LABELS) ** 2) - loss) <= gamma(200) * (1 + loss)
    assert "softplus" not in train("--steps 1")


def test_both_layers_of_a_smooth_network_may_be_trained(train):
    fixed, both = (train(f"--steps 2 --softplus 2 {option}") for option in ("", "--both-layers"))
    assert set(fixed["output_weights"]) <= {-1, 1}
    assert not set(both["output_weights"]) & {-1, 1}


def test_kinks_are_watched_in_the_second_half(train):
    # Of the steps 0 to 9 the last five follow one from the half on.
    run = train("--steps 9 --kinks")
    assert run["kinks_steps"] == 5
    assert {"kinks_share", "kinks_changes", "kinks_distance"} < set(run)
    assert not any(name.startswith("kinks") for name in train("--steps 9"))


def test_probes_measure_the_projection_where_asked(train):
    names = {f"probe_projected_{name}" for name in ("rayleigh", "lambda_min", "sliding", "inputs")}
    run = train("--steps 4 --probes 2 --window 2 --project")
    assert names < set(run)
    assert run["probe_projected_inputs"].shape == (2, 3)
    assert not names & set(train("--steps 4 --probes 2 --window 2"))
    # A pair is near within twice the jump of a step, which takes the time ¾.
    weights, a = run["initial_weights"], run["output_weights"]
    product = INPUTS @ weights.T
    residual = LABELS - np.maximum(product, 0) @ a / math.sqrt(8)
    expected = sliding.measure(INPUTS, product, residual, a, 3 / 4)
    for name, value in expected.items():
        np.testing.assert_allclose(run[f"probe_{name}"][0], value, rtol=1e-12)
