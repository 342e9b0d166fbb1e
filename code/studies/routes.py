"""Two routes to Theorem 3.2 on the data: the paper's estimates and sharper ones.

Report: `thm:a-priori`, `thm:sharp`, `tab:routes`.
"""

import numpy as np

from overparam import hypotheses, latex


def routes(dataset, lambda_zero, delta):
    """The paper's Route and the sharp one on the digits."""
    targets = np.linalg.norm(dataset["labels"])
    data = len(dataset["labels"]), targets, lambda_zero, delta
    operator_norm = np.linalg.norm(dataset["inputs"], 2)
    return hypotheses.paper_route(*data), hypotheses.sharp_route(*data, operator_norm)


def rows(dataset, full_batch, lambda_zero, *, delta):
    """Cells of the table: step, both routes, measured, factor in the width."""
    paper, sharp = routes(dataset, lambda_zero, delta)
    initial = np.sqrt(len(dataset["labels"]) * full_batch["loss"][0])
    farthest, width = max(full_batch["probe_distance_max"]), int(full_batch["width"])
    steps = [
        (r"$\lmin(\Hzero)\ge\frac34\lzero$ from $m=$", "gram_width", None, None),
        ("$R$", "radius", farthest, (sharp.radius / paper.radius) ** 2),
        (r"$\norm{\y-\uu(0)}\le$", "residual", initial, (paper.residual / sharp.residual) ** 2),
        (r"speed: $\sqrt n$, $\norm{\mathbf X}$", "speed", None, (paper.speed / sharp.speed) ** 2),
        ("width of the theorem", "width", width, paper.width / sharp.width),
    ]
    return [
        [
            step,
            latex.number(getattr(paper, name)),
            latex.number(getattr(sharp, name)),
            *("--" if value is None else latex.number(value) for value in (measured, factor)),
        ]
        for step, name, measured, factor in steps
    ]


def numbers(dataset, full_batch, lambda_zero, *, delta):
    """name → LaTeX of every number that the text quotes."""
    paper, sharp = routes(dataset, lambda_zero, delta)
    return {
        "operator-squared": latex.number(sharp.speed**2, 4),
        "route-paper-width": latex.number(paper.width, 2),
        "route-sharp-width": latex.number(sharp.width, 2),
        "route-sharp-orders": latex.orders(np.log10(sharp.width / full_batch["width"])),
    }
