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


def plain_labels(*axes):
    """Label logarithmic axes at 1, 2 and 5 times powers of ten, without exponents."""
    from matplotlib.ticker import LogLocator, NullLocator

    for axis in axes:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())


def label_few_powers(*axes, powers=2):
    """Plain labels on logarithmic axes with fewer than that many powers of ten in view.

    Matplotlib's own run into each other where there are fewer than two, plain ones where there are
    more than the axis has room for.
    """
    import numpy as np

    for axis in axes:
        low, high = np.log10(axis.get_view_interval())
        if np.floor(high) - np.ceil(low) + 1 < powers:
            plain_labels(axis)


def leave_room(axes, share):
    """Raise the upper limit of y, so that the curves leave that share of the height to a legend."""
    scale = axes.yaxis.get_transform()
    low, high = scale.transform(axes.get_ylim())
    axes.set_ylim(top=scale.inverted().transform(low + (high - low) / (1 - share)))
