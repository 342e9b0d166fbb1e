"""Loss at several step lengths, their differences and both bounds: figures/step_size.pdf."""

import matplotlib

matplotlib.use("pdf")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

import scripting
from overparam import bounds


def draw(rows, runs, lambda_zero):
    """The figure, from step_size.csv and the runs from coarse to fine."""
    figure, (losses, errors) = plt.subplots(1, 2, figsize=(6.1, 2.8), width_ratios=[1.4, 1])
    coarse = runs[0]
    dashes = plt.rcParams["axes.prop_cycle"].by_key()["linestyle"]
    for run in runs:
        losses.semilogy(run["time"], run["loss"], label=f"$h={run['time'][1]:.4f}$")
    time, step = coarse["time"], coarse["step"]
    flow = bounds.convergence_bound(coarse["loss"][0], lambda_zero, time)
    discrete = bounds.discrete_bound(coarse["loss"][0], lambda_zero, time[1], step)
    losses.semilogy(time, flow, color="k", linestyle=dashes[-2], label="Theorem 3.2")
    losses.semilogy(time, discrete, color="k", linestyle=dashes[-1], label="Theorem 4.1")
    losses.set(xlabel="time $t$ of the gradient flow", ylabel="MSE", xlim=(0, time[-1]))
    losses.legend(ncols=2)
    h = np.array([float(row["time_step"]) for row in rows])
    largest = np.array([float(row["difference_largest"]) for row in rows])
    end = np.array([float(row["difference_end"]) for row in rows])
    errors.loglog(h, largest, "o-", label="largest")
    errors.loglog(h, end, "s--", label="at the end")
    errors.loglog(h, largest[0] * h / h[0], color="0.3", linestyle=":", label=r"$\propto h$")
    errors.set(xlabel="step $h$ in flow time", title="relative change of the loss, finer step")
    errors.legend()
    for axis in (losses.yaxis, errors.xaxis, errors.yaxis):
        axis.set_minor_formatter(NullFormatter())
    losses.set_ylim(1, 100)
    for axes in (losses, errors):
        axes.grid(True)
    return figure


def main(arguments):
    plt.style.use(arguments.style)
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    runs = sorted(map(scripting.read_npz, arguments.runs), key=lambda run: len(run["loss"]))
    rows = scripting.read_csv(arguments.step_size)
    scripting.save_figure(arguments.output, draw(rows, runs, lambda_zero))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--step-size", default="results/step_size.csv")
    parser.add_argument("--runs", nargs="+", required=True, help="results/step_size/refine*.npz")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--style", default="code/report.mplstyle")
    parser.add_argument("--output", default="figures/step_size.pdf")
    scripting.run(main, parser.parse_args())
