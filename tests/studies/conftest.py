"""Figures in the report's style, closed after each test, and the points of their lines."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from oracles import gamma
from workflow import ROOT


@pytest.fixture
def draw():
    """Call a study's figure(): its panels, with those inside them."""
    matplotlib.use("pdf")
    with plt.rc_context():
        plt.style.use(ROOT / "code/report.mplstyle")
        yield lambda figure, *arguments, **settings: figure(*arguments, **settings).axes
        plt.close("all")


@pytest.fixture
def check_lines():
    """Compare all lines of a panel, in their order, with (label, x, y); "" is no label."""

    def check(axes, expected):
        lines = axes.get_lines()
        labels = [line.get_label() for line in lines]
        assert ["" if label[0] == "_" else label for label in labels] == [e[0] for e in expected]
        for line, (label, *points) in zip(lines, expected, strict=True):
            for name, actual, wanted in zip("xy", line.get_data(), points, strict=True):
                message = f"{label}, {name}"
                np.testing.assert_allclose(actual, wanted, rtol=gamma(100), err_msg=message)

    return check
