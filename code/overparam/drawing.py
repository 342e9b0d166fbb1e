"""What the figures share.  Matplotlib is loaded where one is drawn: the other parts do without it.

Style is in `code/report.mplstyle` alone.
"""


def subplots(*shape, **options):
    """`pyplot.subplots`."""
    import matplotlib.pyplot as plt

    return plt.subplots(*shape, **options)


def subplot_mosaic(mosaic, **options):
    """`pyplot.subplot_mosaic`."""
    import matplotlib.pyplot as plt

    return plt.subplot_mosaic(mosaic, **options)


def dashes():
    """The line styles of the cycle, in its order."""
    import matplotlib.pyplot as plt

    return plt.rcParams["axes.prop_cycle"].by_key()["linestyle"]


def shades(count):
    """That many colours of one scale, dark to light."""
    import matplotlib.pyplot as plt
    import numpy as np

    return plt.get_cmap("viridis")(np.linspace(0, 0.85, count))


def plain_labels(axis):
    """Label a short logarithmic axis at 1, 2 and 5 times powers of ten, as decimals."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def without_minor_labels(*axes):
    """Leave the labels between powers of ten out of logarithmic axes."""
    from matplotlib.ticker import NullFormatter

    for axis in axes:
        axis.set_minor_formatter(NullFormatter())
