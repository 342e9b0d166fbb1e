"""The watch that tries to prove convergence, on the network of `test_convergence` by hand."""

import math

import numpy as np
import pytest
import torch

from overparam import convergence, sliding
from overparam.network import TwoLayerNetwork
from overparam.watch import ConvergenceWatch

# |w_rᵀx_i| is 3 and 4, 5 and 2; the second unit is not active on x2: H = ½ diag(2, 1).
INPUTS, WEIGHTS = np.eye(2), np.array([[3.0, 4], [5, -2]])
U = np.array([8, 4]) / math.sqrt(2)


@pytest.fixture
def network():
    """The network, whose weights tests may move."""
    network = TwoLayerNetwork(2, 2, np.random.default_rng(0))
    move(network, WEIGHTS)
    with torch.no_grad():
        network.output_weights.copy_(torch.ones(2))
    return network


@torch.no_grad()
def move(network, weights):
    network.weights.copy_(torch.from_numpy(weights))


def test_it_looks_at_every_so_many_steps_and_says_what_certify_says(network):
    targets = U + np.array([0, 0.1])
    watch = ConvergenceWatch(network, INPUTS, targets, 3, step=0.01)
    assert watch.verdict is None
    found = []
    # The residual shrinks from 4 to where the proof succeeds: 2.2 asks for 3.1 at most.
    for step, height in enumerate([4.0, 0, 0, 3.0, 0, 0, 2.2, 0, 0, 0]):
        move(network, WEIGHTS - height * math.sqrt(2) * np.array([[0, 1], [0, 0]]))
        watch(step)
        if not step % 3:
            weights = network.weights.detach().numpy().copy()
            found.append(convergence.certify(INPUTS, targets, weights, np.ones(2)))
            assert watch.verdict == found[-1]
        assert watch.looks_at(step) == (step % 3 == 0)
    results = watch.results()
    assert results["look_step"].tolist() == [0, 3, 6, 9]
    assert results["look_holds"].tolist() == [v.holds for v in found]
    assert results["look_holds"][-1]
    assert not results["look_holds"][0]
    for name in ("radius", "coercivity", "residual", "near"):
        assert results[f"look_{name}"].tolist() == [getattr(v, name) for v in found]
    needed = [v.needed if math.isfinite(v.needed) else 0 for v in found]
    assert results["look_needed"].tolist() == needed
    assert 0 in needed
    names = {"step", "kinks", "kinks_coercivity", "kinks_radius", *convergence.Verdict._fields}
    assert set(results) == {f"look_{name}" for name in names}
    assert all(np.isfinite(column).all() for column in results.values())


def test_a_proof_that_is_lost_is_not_kept(network):
    watch = ConvergenceWatch(network, INPUTS, U, 1, step=0.01)
    watch(0)
    assert watch.verdict.holds
    move(network, WEIGHTS * 2)
    watch(1)
    assert not watch.verdict.holds


def test_pairs_that_slide_are_those_within_reach_of_attracting_kinks(network):
    # y − u = (−1, 0.1): a kink attracts where a_r(y_i − u_i) < 0, at x1 only; within a reach of
    # 2·step·1/√2 = 4 lie the 3 of the first unit, but not the 5.
    watch = ConvergenceWatch(network, INPUTS, U + np.array([-1, 0.1]), 1, step=2 * math.sqrt(2))
    watch(0)
    results = watch.results()
    assert results["look_kinks"].tolist() == [1 / 4]
    # Without it H = ½ I, and ‖y − u‖/(√2 · ½) is asked for.
    assert results["look_kinks_coercivity"] == pytest.approx([0.5], abs=1e-13)
    assert results["look_kinks_radius"] == pytest.approx([math.sqrt(2 * 1.01)], rel=1e-10)
    product, residual = INPUTS @ WEIGHTS.T, np.array([-1, 0.1])
    near = sliding.near_kinks(product, residual, np.ones(2), 2 * math.sqrt(2))
    assert near.tolist() == [[True, False], [False, False]]


def test_no_radius_is_asked_for_where_no_coercivity_is_left(network):
    # A reach of 4√2 takes all pairs.
    watch = ConvergenceWatch(network, INPUTS, U - 1.0, 1, step=4)
    watch(0)
    results = watch.results()
    found = {name: results[f"look_{name}"].item() for name in ("kinks_coercivity", "kinks_radius")}
    assert found == {"kinks_coercivity": 0, "kinks_radius": 0}
    assert results["look_kinks"].item() == 1


def test_targets_may_be_integers_and_weights_must_be_double(network):
    watch = ConvergenceWatch(network, INPUTS, np.array([6, 3]), 1, step=0.01)
    watch(0)
    assert watch.verdict.holds
    single = TwoLayerNetwork(2, 2, np.random.default_rng(0), dtype=torch.float32)
    watch = ConvergenceWatch(single, INPUTS, U, 1, step=0.01)
    with pytest.raises(ValueError, match="weights of type float32; allowed is float64"):
        watch(0)
