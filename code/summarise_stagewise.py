"""Numbers and table rows of the stagewise section: report/generated/stagewise.tex, …_rows.tex."""

import numpy as np

import scripting
from overparam import bounds, latex


def stage_table(run, stages):
    """The table's body: a row a stage with its data, its limit, its losses and its bound."""
    cells = []
    pairs = bounds.stage_bounds(run, [float(row["lambda_min"]) for row in stages])
    for row, (part, bound) in zip(stages, pairs, strict=True):
        loss = run["loss_stage"][part]
        crossing = bounds.first_crossing(loss, bound)
        cells.append(
            [
                row["stage"],
                latex.number(int(row["n"])),
                latex.number(float(row["lambda_min"])),
                latex.number(float(row["stability_limit"])),
                latex.number(loss[0]),
                latex.number(loss[-1]),
                latex.number(bound[-1]),
                "no" if crossing is None else latex.number(crossing),
            ]
        )
    return latex.rows(cells)


def numbers(run, full, stages):
    """name → LaTeX of every number that the text quotes."""
    sizes = np.array([int(row["n"]) for row in stages])
    seen = int(np.sum(sizes[run["stage"][:-1] - 1]))
    # Full-batch steps that see as many samples; clipped where the full run is shorter.
    equal = min(seen // sizes[-1], len(full["loss"]) - 1)
    pairs = bounds.stage_bounds(run, [float(row["lambda_min"]) for row in stages])
    crossed = [
        bounds.first_crossing(run["loss_stage"][part], bound) is not None for part, bound in pairs
    ]
    end = min(len(run["step"]), len(full["step"])) - 1
    starts = bounds.stage_starts(run["stage"])
    limits = [float(row["stability_limit"]) for row in stages]
    lengths = np.diff(run["time"][np.append(starts, len(run["time"]) - 1)])
    return {
        "stages": latex.number(len(stages)),
        "steps-per-stage": latex.number((len(run["step"]) - 1) // len(stages)),
        "stage-limit-smallest": latex.number(min(limits)),
        "stages-crossed": latex.number(sum(crossed)),
        "stagewise-loss-end": latex.number(run["loss_all"][-1]),
        "stagewise-over-full-steps": latex.number(run["loss_all"][end] / full["loss"][end]),
        "stagewise-samples-seen": latex.number(seen),
        "full-samples-seen": latex.number(int(sizes[-1] * full["step"][-1])),
        "equal-samples-step": latex.number(int(equal)),
        "stagewise-over-full-samples": latex.number(run["loss_all"][-1] / full["loss"][equal]),
        "stage-one-loss-end": latex.number(run["loss_stage"][pairs[0][0]][-1], 2),
        "stage-first-time": latex.number(lengths[0], 4),
        "stage-last-time": latex.number(lengths[-1], 3),
        "stage-first-loss-largest": latex.number(max(run["loss_stage"][starts])),
        "stage-last-loss-start": latex.number(run["loss_stage"][starts[-1]]),
        "full-steps-to-stagewise-end": latex.number(
            int(np.argmax(full["loss"] <= run["loss_all"][-1]))
        ),
    }


def main(arguments):
    run, full = scripting.read_npz(arguments.stagewise), scripting.read_npz(arguments.full_batch)
    stages = scripting.read_csv(arguments.stages)
    scripting.write_text(arguments.numbers, latex.results(numbers(run, full, stages)))
    scripting.write_text(arguments.rows, stage_table(run, stages))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--stagewise", default="results/training_stagewise.npz")
    parser.add_argument("--full-batch", default="results/training_full_batch.npz")
    parser.add_argument("--stages", default="results/stages.csv")
    parser.add_argument("--numbers", default="report/generated/stagewise.tex")
    parser.add_argument("--rows", default="report/generated/stagewise_rows.tex")
    scripting.run(main, parser.parse_args())
