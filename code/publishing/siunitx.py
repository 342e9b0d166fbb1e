"""What siunitx prints for a number, with the settings of report/preamble.tex.

For the web edition: LaTeXML does not read siunitx.  Forms are those that `overparam.latex` writes
and plain numbers of the text.
"""

import re

NUMBER = re.compile(r"\\num{(.*?)}")
NARROW = "\u202f"  # a space that does not break
PARTS = re.compile(r"(-?)(\d+)(\.\d+)?(\(\d+\))?(?:e([+-]?\d+))?")


def grouped(digits, space):
    """Digits of a whole number in threes from the right, where there are five or more."""
    if len(digits) < 5:
        return digits
    first = len(digits) % 3 or 3
    return space.join([digits[:first], *re.findall("...", digits[first:])])


def printed(number):
    """LaTeX of a number for text, where no line breaks in it, and for mathematics.

    Raises:
        ValueError: the number has another form.
    """
    found = PARTS.fullmatch(number)
    if not found:
        raise ValueError(f"\\num{{{number}}} is not a number that the web edition can print")
    sign, whole, decimals, error, exponent = found.groups(default="")
    power, rest = int(exponent or 0), decimals + error
    text = sign.replace("-", "−") + grouped(whole, NARROW) + rest
    formula = sign + grouped(whole, r"\,") + rest
    if power:
        raised = str(power).replace("-", "−")
        text += rf"{NARROW}·{NARROW}10\textsuperscript{{{raised}}}"
        formula += rf"\cdot10^{{{power}}}"
    return text, formula


def replaced(text):
    r"""LaTeX with \printednumber{in text}{in mathematics} for each \num{number}."""
    return NUMBER.sub(lambda found: r"\printednumber{{{}}}{{{}}}".format(*printed(found[1])), text)
