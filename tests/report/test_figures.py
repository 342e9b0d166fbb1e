"""Figures for every eye: no two lines differ by colour alone, and the csv holds the points."""

import colorsys
import csv
import itertools

import matplotlib
import numpy as np
import pytest
import yaml
from matplotlib import colors
from workflow import ROOT

import files
import study
from pipeline.config import shipped
from pipeline.studies import parts
from studies import width

matplotlib.use("pdf")
import matplotlib.pyplot as plt

STYLE = ROOT / "code/report.mplstyle"
# Okabe and Ito, "Color Universal Design", 2008; without their yellow, too pale on white.
OKABE_ITO = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7"}
NAMES = sorted(part.study for part in parts(shipped()) if part.kind == "figure")


def drawing(name):
    """The Figure of a study, from the toy results in the working folder."""
    config = yaml.safe_load((ROOT / "tests/config.yaml").read_text(encoding="utf-8"))
    config = {section: keys | config.get(section, {}) for section, keys in shipped().items()}
    (part,) = (p for p in parts(config) if (p.study, p.kind) == (name, "figure"))
    values = {name: study.read(name, study.as_list(paths)) for name, paths in part.reads.items()}
    return study.function_of("figure", name)(**values, **part.settings)


@pytest.fixture(scope="module")
def drawn(built):
    """name → the Figure that its study draws from the toy results."""
    # The style stays in force: a colour such as C0 has no meaning without it.
    with plt.rc_context():
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(built)
            plt.style.use(STYLE)
            figures = {name: drawing(name) for name in NAMES}
        yield figures
    plt.close("all")


def style(line):
    """What is left of a line's style without colour."""
    # Matplotlib has no public name for a dash given by its lengths.
    dash = line._unscaled_dash_pattern if line.get_linestyle() != "None" else None
    return str(dash), line.get_marker()


def confused(figure):
    """Lines of one panel that differ by their colour or their label alone."""
    for panel, axes in enumerate(figure.axes):
        # An upright line marks a place; it is no curve.
        lines = [
            line
            for line in axes.get_lines()
            if len(set(line.get_xdata())) > 1 or len(line.get_xdata()) == 1
        ]
        for one, other in itertools.combinations(lines, 2):
            labels = {one.get_label(), other.get_label()}
            named = len(labels) == 2 and not any(label.startswith("_") for label in labels)
            hues = {colors.to_hex(line.get_color()) for line in (one, other)}
            if style(one) == style(other) and (named or len(hues) == 2):
                yield panel, one.get_label(), other.get_label()


@pytest.mark.parametrize("name", NAMES)
def test_lines_differ_without_colour(drawn, name):
    assert list(confused(drawn[name])) == []


def test_the_check_of_lines_can_fail():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], "-", color="r", label="a")
    axes.plot([0, 1], [1, 0], "-", color="b", label="b")
    axes.plot([0, 1], [1, 1], "--", color="b", label="c")
    axes.axvline(0.5)
    assert list(confused(figure)) == [(0, "a", "b")]
    plt.close(figure)


def small_texts(figure):
    """Texts of a figure, drawn at its printed size, below 7 points; a formula's indices aside."""
    texts = figure.findobj(matplotlib.text.Text)
    return [t.get_text() for t in texts if t.get_text() and t.get_fontsize() < 7]


@pytest.mark.parametrize("name", NAMES)
def test_text_can_be_read_at_the_printed_size(drawn, name):
    assert small_texts(drawn[name]) == []
    # The width of the text in the preamble, 155 mm, is 6.1 inches.
    assert drawn[name].get_figwidth() == 6.1


def test_the_check_of_texts_can_fail():
    figure, axes = plt.subplots()
    axes.set_title("small", fontsize=6)
    assert small_texts(figure) == ["small"]
    plt.close(figure)


@pytest.mark.parametrize("count", [7, 12])
def test_as_many_widths_as_a_config_may_name_differ_and_have_room(count):
    run = {"time": np.linspace(0, 1, 5), "loss": np.linspace(2, 1, 5), "measured_steps": 4}
    with plt.rc_context(), plt.style.context(STYLE):
        figure, axes = plt.subplots()
        width.draw_losses(axes, [run | {"width": 2**k} for k in range(count)], 0.1)
        assert list(confused(figure)) == []
        plt.close(figure)
        # The legend stands above the losses, inside the page, and leaves them most of the room.
        runs = {str(k): run | {"width": 2**k} for k in range(count)}
        columns = ("seed", "crossing_time", "lead_time", "followed_time", "initial_gram_error")
        columns += ("lambda_min_initial", *width.LAST)
        rows = [{"m": 2**k} | dict.fromkeys(columns, 1 / 2**k) for k in range(count)]
        figure = width.figure(rows, runs, 0.1)
        figure.draw_without_rendering()
        axes = figure.axes[0]
        legend = axes.get_legend().get_window_extent()
        page = figure.bbox
        assert page.x0 <= legend.x0
        assert legend.x1 <= page.x1
        assert legend.y1 <= page.y1
        assert axes.get_window_extent().height > 1.2 * legend.height
        plt.close(figure)


def cycle():
    with plt.style.context(STYLE):
        return plt.rcParams["axes.prop_cycle"].by_key()


def test_the_cycle_is_okabe_and_ito_with_a_dash_for_each():
    assert {colors.to_hex(f"#{c.lstrip('#')}") for c in cycle()["color"]} == OKABE_ITO
    assert len(set(map(str, cycle()["linestyle"]))) == len(cycle()["color"]) == 7


@pytest.mark.parametrize("name", NAMES)
def test_curves_have_colours_of_the_cycle(drawn, name):
    for axes in drawn[name].axes:
        used = {colors.to_hex(line.get_color()) for line in axes.get_lines()}
        other = {c for c in used - OKABE_ITO if colorsys.rgb_to_hls(*colors.to_rgb(c))[2] > 0}
        # Widths are ordered, so their colours are too: a part of viridis, light growing with width.
        shades = [
            line.get_color()
            for line in axes.get_lines()
            if colors.to_hex(line.get_color()) in other
        ]
        light = [np.dot(colors.to_rgb(shade), (0.21, 0.72, 0.07)) for shade in shades]
        assert not other or (name == "width" and light == sorted(light))


def deuteranope(colour):
    """Linear RGB as a person without green cones sees it: Machado and others, 2009, severity 1."""
    matrix = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    rgb = np.array(colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.clip(matrix @ linear, 0, 1)


def lab(linear):
    """CIELAB of linear sRGB, white D65."""
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
        / [0.9505, 1, 1.089]
    )
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(palette):
    """The smallest distance between two colours of a palette, as a deuteranope sees them."""
    seen = [lab(deuteranope(colour)) for colour in palette]
    return min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2))


def test_colours_differ_without_green_cones():
    # A difference of 2 is just seen; a plain red and green of one lightness are the wrong variant.
    assert nearest(OKABE_ITO) > 10
    assert nearest(["#d02020", "#707000"]) < 10


@pytest.mark.parametrize("name", NAMES)
def test_the_csv_holds_the_points_of_the_lines(built, drawn, name):
    with open(built / f"figures/{name}.csv", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    expected = [
        (str(panel), files.line_name(axes, line), repr(float(x)), repr(float(y)))
        for panel, axes in enumerate(drawn[name].axes)
        for line in axes.get_lines()
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]
    assert rows == expected
    # Every name in a legend is a name in the table, if its line has points; and each line has one.
    entries = {
        line.get_label()
        for axes in drawn[name].axes
        for line in axes.get_lines()
        if line.get_label()[0] != "_" and len(line.get_xdata())
    }
    labels = {label for _, label, *_ in rows}
    assert entries <= labels
    assert [label for label in labels if not label or label[0] == "_"] == []
