"""Numbers and table of the event of Lemma 3.2: report/generated/flip_event.tex, …_rows.tex."""

import scripting
from overparam import latex


def table(rows):
    """The body of the table: radius, frequency with its standard error, law, bound."""
    cells = []
    for row in rows:
        value = {name: float(cell) for name, cell in row.items()}
        # Where the event never or always happened there is no error to show.
        error = value["standard_error"]
        frequency = (
            latex.measured(value["frequency"], error) if error else latex.number(value["frequency"])
        )
        others = [latex.number(value[name], 4) for name in ("probability", "bound")]
        cells.append([latex.number(value["radius"], 1), frequency, *others])
    return latex.rows(cells)


def numbers(rows, networks):
    """name → LaTeX of every number that the text quotes; radii may come in any order.

    Raises:
        ValueError: all networks have the same frequency at every radius, as with radii so small or
            so large that the event never or always happens: there is no standard error.
    """
    varying = [row for row in rows if float(row["standard_error"]) > 0]
    if not varying:
        raise ValueError(
            "the frequency is the same in all networks at every radius; flip_event.radii needs one"
            " at which they differ, or flip_event.networks must be larger"
        )
    deviations = [
        abs(float(row["frequency"]) - float(row["probability"])) / float(row["standard_error"])
        for row in varying
    ]
    excess = [float(row["bound"]) / float(row["probability"]) - 1 for row in rows]
    return {
        "flip-networks": latex.number(networks),
        "flip-deviation": latex.number(max(deviations), 2),
        "flip-bound-excess-smallest": latex.number(100 * min(excess), 1),
        "flip-bound-excess-largest": latex.number(100 * max(excess), 2),
    }


def main(arguments):
    rows = scripting.read_csv(arguments.flip_event)
    scripting.write_text(arguments.numbers, latex.results(numbers(rows, arguments.networks)))
    scripting.write_text(arguments.rows, table(rows))


if __name__ == "__main__":
    parser = scripting.parser(__doc__)
    parser.add_argument("--flip-event", default="results/flip_event.csv")
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--numbers", default="report/generated/flip_event.tex")
    parser.add_argument("--rows", default="report/generated/flip_event_rows.tex")
    scripting.run(main, parser.parse_args())
