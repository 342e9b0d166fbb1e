"""LaTeX for numbers of the text, rows of tables: strings in, strings out.

Report: `report/generated/`; `\\newresult` and `\\result` are defined in `report/macros.tex`.
"""

import decimal
import math
import numbers


def number(value, digits=3, rounding=decimal.ROUND_HALF_EVEN):
    """`\\num{…}` with `digits` significant digits; integers are printed in full.

    Raises:
        ValueError: the value is not finite; a report must not print it as if it were a result.
    """
    if isinstance(value, numbers.Integral):
        return rf"\num{{{int(value)}}}"
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    exact = decimal.Decimal(float(value))
    if exact == 0:
        return r"\num{0}"
    rounded = decimal.Context(prec=digits, rounding=rounding).plus(exact)
    exponent = rounded.adjusted()
    # Trailing zeros, which `plus` does not add.
    rounded = rounded.quantize(decimal.Decimal(1).scaleb(exponent - digits + 1))
    if -4 <= exponent < 6:
        return rf"\num{{{rounded:f}}}" if exponent < digits else rf"\num{{{round(rounded)}}}"
    return rf"\num{{{rounded:.{digits - 1}e}}}"


def measured(value, error):
    """`\\num{v(e)}`: value and standard error, whose one digit counts the last digit of the value.

    Raises:
        ValueError: the error is not positive, or either is not finite.
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        raise ValueError(f"{value} with the error {error} is no measurement")
    rounded = decimal.Context(prec=1).plus(decimal.Decimal(float(error)))
    value = decimal.Decimal(float(value)).quantize(rounded)
    units = rounded.scaleb(-min(0, rounded.adjusted()))
    return rf"\num{{{value:f}({units:f})}}"


def lower_bound(value, digits=3):
    """As `number`, rounded down: what is printed is still a lower bound."""
    return number(value, digits, decimal.ROUND_FLOOR)


def upper_bound(value, digits=3):
    """As `number`, rounded up: what is printed is still an upper bound."""
    return number(value, digits, decimal.ROUND_CEILING)


def verdict(holds):
    """What `\\verdict` of `report/macros.tex` reads."""
    return "yes" if holds else "no"


def crossing(time, digits=3, step=None, end=None):
    """What a run does, as the verb of a sentence: it crosses the bound at that flow time (and
    step), or, where time is None, it does not (up to the time `end`)."""
    if time is None:
        return "does not cross the bound" + (f" up to $t={number(end)}$" if end else "")
    when = f"$t={number(time, digits)}$"
    return f"crosses the bound at {when if step is None else f'step {number(step)}, {when}'}"


def crossings(times, runs):
    """What happens to the bound: by how many of the runs (a plural noun) it is crossed, and when;
    a time is None where there is no crossing."""
    found = [time for time in times if time is not None]
    if not found:
        return f"is crossed by none of the {number(len(times))} {runs}"
    first, last = number(min(found)), number(max(found))
    part = "all" if len(found) == len(times) else f"{number(len(found))} of the"
    return (
        f"is crossed by {part} {number(len(times))} {runs}, first at $t={first}$ and last at"
        f" $t={last}$"
    )


def orders(exponent, digits=2):
    """Where something lies that is ten to that power times something else."""
    side = "above" if exponent >= 0 else "below"
    return f"{number(abs(exponent), digits)} orders of magnitude {side}"


def results(values):
    """One `\\newresult{name}{text}` a line from a dict name → LaTeX text."""
    return "".join(rf"\newresult{{{name}}}{{{text}}}" + "\n" for name, text in values.items())


def rows(cells):
    """The body of a table: each row's cells joined by `&`, each row ended by `\\\\`."""
    return "".join(" & ".join(row) + r" \\" + "\n" for row in cells)
