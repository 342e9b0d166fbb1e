"""Where each claim of the proof begins to hold: the networks computed and the wider ones recorded.

Report: `sec:wide`.  A record is a row that a run of the width study left in data/wide, with its
origin; of records those count that are of the data of this build.  A claim holds from the smallest
width on at which, and above which, every network meets it; where the widest does not, a power law
through the wide networks says where it would begin.  What holds for ever is told by the networks of
the convergence study.
"""

from typing import NamedTuple

import numpy as np

from overparam import drawing, latex
from studies import routes, width

# A power law is fitted to the networks of at least this part of the largest width.
FITTED = 1 / 256
# Claim → statement, as the table prints it, and its name in the figure.
CLAIMS = {
    "gram_error": (
        r"$\norm{\Hzero-\Hinf}_2\le\lzero/4$",
        r"$\|H(0)-H^\infty\|_2\leq\lambda_0/4$",
    ),
    "initial_lambda_min": (
        r"$\lmin(\Hzero)\ge\frac34\lzero$",
        r"$\lambda_{\min}(H(0))\geq\frac{3}{4}\lambda_0$",
    ),
    "paper_radius": (
        r"$\max_{r,t}\norm{\w_r(t)-\w_r(0)}\le R$, paper's",
        r"$\|w_r(t)-w_r(0)\|\leq R$, paper's",
    ),
    "sharp_radius": (
        r"$\max_{r,t}\norm{\w_r(t)-\w_r(0)}\le R$, sharp",
        r"$\|w_r(t)-w_r(0)\|\leq R$, sharp",
    ),
    "gram_change": (
        r"$\max_t\norm{\HH(t)-\Hzero}_2\le\lzero/4$",
        r"$\|H(t)-H(0)\|_2\leq\lambda_0/4$",
    ),
    "lambda_min": (
        r"$\min_t\lmin(\HH(t))\ge\lzero/2$",
        r"$\lambda_{\min}(H(t))\geq\lambda_0/2$",
    ),
    "sliding_lambda_min": (
        r"$\min_t\lmin(\HH^p(t))\ge\lzero/2$",
        r"$\lambda_{\min}(H^p(t))\geq\lambda_0/2$",
    ),
    "convergence": ("loss at most its bound", "loss at most its bound"),
    "forever": ("the same for ever, proved", "the same for ever, proved"),
}
# What Lemmas 3.1 and 3.2 conclude, and the theorem.
CONCLUSIONS = ("gram_error", "gram_change", "lambda_min", "convergence")
# Those whose values go to zero with the width; of others a power law says nothing.
LAWS = ("gram_error", "paper_radius", "sharp_radius", "gram_change")
# Beyond this width an extrapolation says nothing either.
FARTHEST = 1e40
# Marker and colour of each kind of point.
MARKERS = (("o", "C0"), ("s", "C1"), ("^", "C3"), ("D", "C4"))
# Of which the text gives the mean at the widest width.
COMPARED = (
    *("initial_gram_error", "gram_change_largest", "flipped", "sliding"),
    "distance_largest",
)
# Of which the text gives the exponent between the two widest widths.
BENT = {
    "gram-change": "gram_change_largest",
    "flipped": "flipped",
    "median": "distance_median",
    "distance": "distance_largest",
}
# And over the fitted widths: of the first the two widest say nothing, as networks differ by much.
FALLING = {"gram-error": "initial_gram_error", **BENT}


class Claim(NamedTuple):
    """A claim against the width.

    Attributes:
        column: of the networks, whose values are compared with the limit.
        limit: positive where a value must not exceed it, negative where −value must not.
        paper, sharp: widths from which the two routes guarantee it, or None.
    """

    column: str
    limit: float
    paper: float | None
    sharp: float | None

    def holds(self, row):
        """Whether a network meets the claim."""
        return np.sign(self.limit) * row[self.column] <= self.limit


class Onset(NamedTuple):
    """The width from which a claim holds.

    Attributes:
        measured: the smallest one from which on all networks meet it, or None.
        networks: how many these are.
        extrapolated, factor: where a power law puts it otherwise, and the factor of one standard
            error; None where there is no such width.
    """

    measured: int | None
    networks: int
    extrapolated: float | None
    factor: float | None


def table(networks, records, dataset):
    """A row a network, ordered by width and seed, and whether it is recorded."""
    from overparam.dataset import with_records  # here, as MNIST-1D loads matplotlib

    rows = with_records(networks, records, dataset)
    return sorted(rows, key=lambda row: (row["m"], row["seed"]))


def claims(dataset, lambda_zero, delta):
    """name → Claim."""
    paper, sharp = routes.routes(dataset, lambda_zero, delta)
    whole = paper.width, sharp.width
    return {
        "gram_error": Claim("initial_gram_error", lambda_zero / 4, paper.gram_width, None),
        "initial_lambda_min": Claim(
            *("lambda_min_initial", -3 / 4 * lambda_zero, paper.gram_width, sharp.gram_width)
        ),
        "paper_radius": Claim("distance_largest", paper.radius, paper.width, None),
        "sharp_radius": Claim("distance_largest", sharp.radius, None, sharp.width),
        "gram_change": Claim("gram_change_largest", lambda_zero / 4, paper.width, None),
        "lambda_min": Claim("lambda_min_smallest", -lambda_zero / 2, *whole),
        "sliding_lambda_min": Claim("sliding_lambda_min_smallest", -lambda_zero / 2, *whole),
        "convergence": Claim("over_bound_largest", 1.0, *whole),
        "forever": Claim("coercivity", -lambda_zero / 2, *whole),
    }


def kept(proofs):
    """The networks of the convergence study that have a fate, by width; the coercivity where it
    keeps the bound, else 0."""
    return [
        {"m": row["m"], "coercivity": row["coercivity"] * (row["fate"] == "kept")}
        for row in sorted(proofs, key=lambda row: row["m"])
        if row["fate"]
    ]


def wide_enough(networks):
    """The networks to which power laws are fitted."""
    widest = max(row["m"] for row in networks)
    return [row for row in networks if row["m"] >= FITTED * widest]


def onset(networks, claim, law):
    """The Onset of a claim among networks ordered by width, extrapolated where it has a law."""
    failing = [row["m"] for row in networks if not claim.holds(row)]
    above = [row for row in networks if not failing or row["m"] > max(failing)]
    if above:
        return Onset(above[0]["m"], len(above), None, None)
    return Onset(None, 0, *(extrapolation(wide_enough(networks), claim) if law else (None, None)))


def extrapolation(networks, claim):
    """The width at which a power law through the networks meets a claim, and the factor of one
    standard error of it; None twice where the law does not tend there."""
    width.check_positive(networks, claim.column)
    centre = np.mean([np.log(row["m"]) for row in networks])
    x = np.array([np.log(row["m"]) for row in networks]) - centre
    y = np.log([row[claim.column] for row in networks])
    (slope, level), covariance = np.polyfit(x, y, 1, cov=True)
    distance = (np.log(abs(claim.limit)) - level) / slope
    if not x.max() < distance < np.log(FARTHEST) - centre:
        return None, None
    # Of the root of level + slope·x = limit, to first order.
    direction = np.array([distance, 1]) / slope
    error = np.sqrt(direction @ covariance @ direction)
    return float(np.exp(centre + distance)), float(np.exp(error))


def onsets(wide, proofs, dataset, lambda_zero, delta):
    """name → Claim and Onset."""
    networks = kept(proofs)
    return {
        name: (claim, onset(networks if name == "forever" else wide, claim, name in LAWS))
        for name, claim in claims(dataset, lambda_zero, delta).items()
    }


def begins_at(found):
    """The width of an Onset, measured or extrapolated, or None."""
    return found.measured or found.extrapolated


def reach(found):
    """The widths one standard error below and above an extrapolated Onset."""
    return found.extrapolated / found.factor, found.extrapolated * found.factor


def place(found):
    """An Onset as cells: the width, and the networks that meet the claim or the standard error."""
    if found.measured:
        noun = "network" if found.networks == 1 else "networks"
        return [latex.number(found.measured), f"{latex.number(found.networks)} {noun}"]
    if found.extrapolated is None:
        return ["--", "--"]
    low, high = (latex.number(m, 2) for m in reach(found))
    return [rf"\llap{{$^*$}}{latex.number(found.extrapolated, 2)}", f"{low} to {high}"]


def rows(wide, proofs, dataset, lambda_zero, *, delta):
    """Cells of the table: claim, where it begins, how sure, and both routes."""
    return [
        [
            CLAIMS[name][0],
            *place(found),
            *(latex.number(m, 2) if m else "--" for m in (claim.paper, claim.sharp)),
        ]
        for name, (claim, found) in onsets(wide, proofs, dataset, lambda_zero, delta).items()
    ]


def words(networks, claim, found):
    """An Onset as the end of a sentence about its claim, with the networks that meet it at the last
    width at which others do not."""
    if found.measured:
        return f"holds from $m={latex.number(found.measured)}$ on{nearly(networks, claim)}"
    fails = f"fails up to $m={latex.number(networks[-1]['m'])}$"
    if found.extrapolated is None:
        return fails
    low, high = (latex.number(m, 2) for m in reach(found))
    where = latex.number(found.extrapolated, 2)
    return f"{fails}, and by extrapolation begins at {where} ({low} to {high})"


def nearly(networks, claim):
    """How many networks of the last width at which some fail meet the claim, if any do."""
    last = max((row["m"] for row in networks if not claim.holds(row)), default=None)
    met = [claim.holds(row) for row in networks if row["m"] == last]
    if not any(met):
        return ""
    counts = f"{latex.number(sum(met))} of {latex.number(len(met))}"
    return f" (of those with $m={latex.number(last)}$, {counts})"


def lazy(networks, claim):
    """The width at which a claim on distances would hold, were they to go like m^{−1/2} from the
    widest networks on."""
    widest = networks[-1]["m"]
    values = [row[claim.column] for row in networks if row["m"] == widest]
    return widest * (np.mean(values) / claim.limit) ** 2


def proved(found, widest):
    """The Onset of a claim that is proved, as the end of a sentence about it; what is not proved
    need not fail."""
    if found.measured:
        networks = latex.number(found.networks)
        return f"is proved from $m={latex.number(found.measured)}$ on (networks: {networks})"
    return f"is not proved at $m={latex.number(widest)}$, the widest tried"


def orders(asked, found):
    """Where an asked width lies from that at which the last of some claims begins."""
    ends = [begins_at(begins) for begins in found]
    if None in ends:
        return "at no known distance from"
    return latex.orders(np.log10(asked / max(ends)))


def slopes(networks):
    """name → exponent of the width with its standard error, of what goes to zero."""
    return {
        f"wide-{name}-slope": latex.measured(*width.slope(networks, column))
        for name, column in FALLING.items()
    }


def crossing_widths(networks):
    """Widths of the networks whose loss exceeds the bound in the time in which all are compared."""
    return [row["m"] for row in networks if row["crossing_time"] != "" and width.not_after_end(row)]


def numbers(wide, proofs, dataset, lambda_zero, *, delta):
    """name → LaTeX of every number that the text quotes."""
    found = onsets(wide, proofs, dataset, lambda_zero, delta)
    fitted, crossing = wide_enough(wide), crossing_widths(wide)
    widest = [row for row in wide if row["m"] == wide[-1]["m"]]
    recorded = [row for row in wide if row["recorded"]]
    last = {name: np.mean([row[name] for row in widest]) for name in COMPARED}
    met = [all(map(claim.holds, widest)) for name, (claim, _) in found.items() if name != "forever"]
    ends = [found[name][1] for name in CONCLUSIONS]
    paper, sharp = routes.routes(dataset, lambda_zero, delta)
    return {
        "wide-networks": latex.number(len(wide)),
        "wide-recorded": latex.number(len(recorded)),
        "wide-has-records": latex.verdict(recorded),
        "wide-largest": latex.number(wide[-1]["m"]),
        "wide-at-largest": latex.number(len(widest)),
        "wide-fitted": latex.number(len(fitted)),
        "wide-fitted-from": latex.number(fitted[0]["m"]),
        "wide-time": latex.number(wide[0]["time_end"]),
        **slopes(fitted),
        **{
            f"wide-{name}-local": latex.number(width.local_slopes(wide, column)[1], 2)
            for name, column in BENT.items()
        },
        "wide-claims": latex.number(len(met)),
        "wide-claims-met": latex.number(sum(met)),
        "wide-crossed": latex.number(len(crossing)),
        "wide-crossed-widest": latex.number(max(crossing)) if crossing else "none",
        **{
            f"wide-{name.replace('_', '-')}-begins": words(wide, *found[name])
            for name in ("gram_error", "gram_change", "lambda_min", "sliding_lambda_min")
        },
        **{
            f"wide-{name.replace('_', '-')}-lazy": latex.number(lazy(wide, found[name][0]), 2)
            for name in ("paper_radius", "sharp_radius")
        },
        "wide-forever-begins": proved(found["forever"][1], kept(proofs)[-1]["m"]),
        "wide-gram-error-over": latex.number(last["initial_gram_error"] / (lambda_zero / 4)),
        "wide-gram-change-over": latex.number(last["gram_change_largest"] / (lambda_zero / 4)),
        "wide-flipped": latex.number(100 * last["flipped"], 2),
        "wide-sliding": latex.number(100 * last["sliding"], 2),
        "wide-distance": latex.number(last["distance_largest"], 2),
        "wide-paper-orders": orders(paper.width, ends),
        "wide-sharp-orders": orders(sharp.width, ends),
    }


def draw_axis(axes, wide, found):
    """Each claim on a line of its own: where it begins, and from where the routes guarantee it."""
    heights = dict(zip(found, range(len(found), 0, -1), strict=True))
    for recorded, shade in ((1, "0.9"), (0, "0.75")):
        if widths := [row["m"] for row in wide if row["recorded"] == recorded]:
            axes.axvspan(min(widths), max(widths), color=shade, linewidth=0, zorder=0)
    points = {"measured": [], "extrapolated": [], "sharp route": [], "paper's route": []}
    for name, (claim, begins) in found.items():
        height = heights[name]
        points["measured"].append((begins.measured, height))
        points["extrapolated"].append((begins.extrapolated, height))
        points["sharp route"].append((claim.sharp, height))
        points["paper's route"].append((claim.paper, height))
        if begins.extrapolated:
            axes.plot(reach(begins), (height, height), "-", color="C1", label="_standard error")
    for (label, places), (marker, color) in zip(points.items(), MARKERS, strict=True):
        there = np.array([p for p in places if p[0]], dtype=float).reshape(-1, 2)
        fill = "full" if label == "measured" else "none"
        axes.plot(*there.T, marker, color=color, fillstyle=fill, label=label)
    axes.set_yticks(list(heights.values()), [CLAIMS[name][1] for name in found])
    axes.set(xscale="log", xlabel="width $m$", ylim=(0.4, len(found) + 0.6))
    axes.grid(True, axis="x")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=4)


def draw_points(axes, wide, column, marker, color, label):
    """A column against the width: filled where recorded, open where computed in this build."""
    for recorded, fill, name in ((0, "none", f"_{label}, computed"), (1, "full", label)):
        points = [(row["m"], row[column]) for row in wide if row["recorded"] == recorded]
        there = np.array(points, dtype=float).reshape(-1, 2)
        axes.plot(*there.T, marker, color=color, fillstyle=fill, markersize=4, label=name)


def draw_law(axes, wide, column, end=None):
    """The power law that is fitted, to the widest network that it is fitted to, or to a width."""
    networks = wide_enough(wide)
    x, y = (np.log([row[name] for row in networks]) for name in ("m", column))
    ends = np.exp([x.min(), np.log(end) if end else x.max()])
    axes.plot(ends, np.exp(np.polyval(np.polyfit(x, y, 1), np.log(ends))), "k:", label="_law")


def draw_columns(axes, wide, columns, laws):
    """Columns against the width.

    Args:
        columns: name of a column → label.
        laws: name → where the law of the column ends, None for the widest network.
    """
    for (column, label), (marker, color) in zip(columns.items(), MARKERS, strict=False):
        draw_points(axes, wide, column, marker, color, label)
        if column in laws:
            draw_law(axes, wide, column, laws[column])
    axes.set(xscale="log", yscale="log", xlabel="width $m$")
    drawing.label_few_powers(axes.xaxis)
    drawing.label_few_powers(axes.yaxis, powers=4)
    axes.grid(True)


def figure(wide, proofs, dataset, lambda_zero, *, delta):
    """Theorem, proof and experiment on one axis of width; below, what is measured."""
    found = onsets(wide, proofs, dataset, lambda_zero, delta)
    figure, panels = drawing.subplot_mosaic(
        "TT;GE;SD", figsize=(6.1, 7.0), height_ratios=[1.3, 1, 1]
    )
    draw_axis(panels["T"], wide, found)
    norms = {"initial_gram_error": r"$H(0)-H^\infty$", "gram_change_largest": "$H(t)-H(0)$"}
    ends = {
        found[name][0].column: found[name][1].extrapolated for name in ("gram_error", "gram_change")
    }
    draw_columns(panels["G"], wide, norms, ends)
    panels["G"].axhline(lambda_zero / 4, color="C2", linestyle="-.", label=r"$\lambda_0/4$")
    panels["G"].set_title("spectral norm")
    eigenvalues = {"lambda_min_initial": "$H(0)$", "lambda_min_smallest": "$H(t)$"}
    eigenvalues |= {"sliding_lambda_min_smallest": "$H^p(t)$"}
    draw_columns(panels["E"], wide, eigenvalues, {})
    panels["E"].axhline(lambda_zero / 2, color="C2", linestyle="-.", label=r"$\lambda_0/2$")
    panels["E"].set_title(r"$\lambda_{\min}$")
    draw_columns(panels["S"], wide, {"flipped": "flipped", "sliding": "changing"}, {})
    panels["S"].set_title("share of pairs")
    distances = {"distance_largest": "largest", "distance_median": "median"}
    draw_columns(panels["D"], wide, distances, dict.fromkeys(distances))
    panels["D"].set_title(r"$\|w_r(t)-w_r(0)\|$")
    for name, share in (("E", 0.3), ("S", 0.2)):
        drawing.leave_room(panels[name], share)
        panels[name].legend(loc="upper right", ncols=2)
    for name in "GD":
        panels[name].legend(loc="upper right")
    return figure
