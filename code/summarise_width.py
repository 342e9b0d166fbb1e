"""Numbers of the width study: report/generated/width.tex."""

import numpy as np

import scripting
from overparam import latex


def column(rows, name):
    """Widths and a column's values, one entry a network."""
    return np.array([[float(row["m"]), float(row[name])] for row in rows]).T


def slope(rows, name):
    """Exponent of the power law m^s that fits a column best, by least squares of logarithms, and
    its standard error.

    Raises:
        ValueError: a value is not positive, as where a run is too short for any pattern to flip.
    """
    if not (column(rows, name)[1] > 0).all():
        raise ValueError(
            f"{name} is 0 in a run of the width study, so that no power law fits; it needs a longer"
            " width_study.flow_time or wider networks"
        )
    coefficients, covariance = np.polyfit(*np.log(column(rows, name)), 1, cov=True)
    return coefficients[0], np.sqrt(covariance[0, 0])


def mean_at(rows, name, width):
    """Mean of a column over the networks of one width."""
    widths, values = column(rows, name)
    return values[widths == width].mean()


def numbers(rows, lambda_zero, learning_rate_fraction):
    """name → LaTeX of every number that the text quotes."""
    widths = sorted({int(row["m"]) for row in rows})
    narrow, wide = widths[0], widths[-1]
    crossed = [row for row in rows if row["crossing_time"] != ""]
    never = [m for m in widths if all(int(row["m"]) != m for row in crossed)]
    times = [float(row["crossing_time"]) for row in crossed]
    gram_slope, gram_slope_error = slope(rows, "initial_gram_error")
    return {
        "width-smallest": latex.number(narrow),
        "width-largest": latex.number(wide),
        "width-runs": latex.number(len(rows)),
        "width-networks-narrow": latex.number(sum(int(row["m"]) == narrow for row in rows)),
        "width-networks-wide": latex.number(sum(int(row["m"]) == wide for row in rows)),
        "width-fraction": latex.number(learning_rate_fraction, 2),
        "width-time-end": latex.number(float(rows[0]["time_end"]), 3),
        "width-crossed": latex.number(len(crossed)),
        "width-crossing-earliest": latex.number(min(times)) if times else "never",
        "width-crossing-latest": latex.number(max(times)) if times else "never",
        "width-never-from": latex.number(never[0]) if never else "none",
        "gram-error-slope": latex.number(gram_slope, 2),
        "gram-error-slope-error": latex.number(gram_slope_error, 1),
        "flipped-slope": latex.number(slope(rows, "flipped")[0], 2),
        "distance-slope": latex.number(slope(rows, "distance_median")[0], 2),
        "flipped-narrow": latex.number(100 * mean_at(rows, "flipped", narrow)),
        "flipped-wide": latex.number(100 * mean_at(rows, "flipped", wide)),
        "sliding-narrow": latex.number(100 * mean_at(rows, "sliding", narrow), 2),
        "sliding-wide": latex.number(100 * mean_at(rows, "sliding", wide), 2),
        "sliding-lambda-min-narrow": latex.number(mean_at(rows, "sliding_lambda_min", narrow)),
        "sliding-lambda-min-wide": latex.number(mean_at(rows, "sliding_lambda_min", wide)),
        "width-lambda-min-below": latex.number(
            sum(float(row["lambda_min"]) < lambda_zero / 2 for row in rows)
        ),
        "loss-over-bound-wide": latex.number(
            mean_at(rows, "loss_end", wide) / mean_at(rows, "bound_end", wide), 2
        ),
    }


def main(arguments):
    lambda_zero = scripting.read_lambda_zero(arguments.eigenvalues)
    rows = scripting.read_csv(arguments.width)
    values = numbers(rows, lambda_zero, arguments.learning_rate_fraction)
    scripting.write_text(arguments.numbers, latex.results(values))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--width", default="results/width.csv")
    parser.add_argument("--eigenvalues", default="results/eigenvalues.csv")
    parser.add_argument("--learning-rate-fraction", type=float, default=0.9)
    parser.add_argument("--numbers", default="report/generated/width.tex")
    scripting.run(main, parser.parse_args())
