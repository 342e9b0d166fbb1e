"""The library, and the flow that other tests integrate, against statements of `foundations.tex`."""

import math

import numpy as np
import torch
from dynamics import velocity
from flows import Problem, gradient_flow
from hypothesis import given
from kernels import both_active
from oracles import exact, hoeffding, unit_rows
from statements import unit_inputs

from overparam import gram
from overparam.network import TwoLayerNetwork


@given(unit_inputs())
def test_library_has_the_closed_form(inputs):
    inputs = inputs.astype(float)
    H, error = gram.h_infinity(inputs), gram.h_infinity_error(inputs)
    for i, j in np.ndindex(H.shape):
        x, y = exact(inputs[[i, j]])
        probability, slack = both_active(x, y)
        assert abs(H[i, j] - float(x @ y) * probability) <= error[i, j] + slack


def test_mean_lambda_in_more_dimensions():
    runs, n, d, m = 20_000, 4, 5, 6
    generator = np.random.default_rng(0)
    inputs = unit_rows(generator.standard_normal((n, d)))
    active = (generator.standard_normal((runs, m, d)) @ inputs.T >= 0).astype(float)
    kernels = inputs @ inputs.T * (active.transpose(0, 2, 1) @ active) / m
    H, slack = gram.h_infinity(inputs), hoeffding(runs, means=n * n + 1)
    assert (np.abs(kernels.mean(axis=0) - H) <= slack).all()
    # 0 ≤ λ_min(H(0)) ≤ H_11(0) ≤ 1.
    mean = np.linalg.eigvalsh(kernels)[:, 0].mean()
    assert mean <= np.linalg.eigvalsh(H)[0] + slack


def test_library_has_the_velocity():
    model = TwoLayerNetwork(1, 1, np.random.default_rng(0))
    model.output_weights.data.fill_(1)
    for w in [1.0, 0.5, 0.0, -0.5]:
        model.weights.data.fill_(w)
        residual = model(torch.ones(1, 1, dtype=torch.float64)) + 1
        (gradient,) = model.gradients(residual, slice(0, 1))
        assert -gradient.item() == velocity(w)


def test_integrated_flow_ends_where_the_solution_does():
    one = np.ones((1, 1))
    path = gradient_flow(Problem(one, -one[0], one[0], one, 5.0))
    assert path.times[-1] < 5
    # The curve reaches zero with slope −1.
    assert abs(path.times[-1] - math.log(2)) <= path.tolerance
    assert (abs(path.weights[:, 0, 0] - 2 * np.exp(-path.times) + 1) <= path.tolerance).all()
