"""Configurations drawn at random: any value at any place, and ones that must be accepted.

They begin with the stored one: an edit of config.yaml fails no test.
"""

import copy
import json
from itertools import accumulate
from operator import mul

from hypothesis import strategies as st

from pipeline import ROOT

SHIPPED = json.loads((ROOT / "reference.json").read_text(encoding="utf-8"))["configuration"]
SHIPPED |= {"report": {"author": "", "course": "", "date": "", "check_proofs": True}}
SECTIONS = list(SHIPPED)
LEAVES = [f"{section}.{key}" for section in SHIPPED for key in SHIPPED[section]]
ITEMS = ["width_study.networks.0.width", "eigenvalues.seeds.1", "flip_event.radii.0"]
PATHS = [*SECTIONS, *LEAVES, *ITEMS]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-20, 20),
    st.integers(),
    st.sampled_from([10**30, -(10**30), 10**400]),  # the last is beyond any float
    st.floats(),
    st.text(),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=6,
)


def changed(path, value):
    """The shipped config with the value at a dotted path; numbers are places in a list."""
    config = copy.deepcopy(SHIPPED)
    *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    inner = config
    for key in way:
        inner = inner[key]
    inner[last] = value
    return config


def at(config, path):
    for key in path.split("."):
        config = config[int(key) if key.isdigit() else key]
    return config


@st.composite
def coherent(draw, samples=100_000, width=100_000, steps=100_000, count=20):
    """A config whose values go together, of sizes up to those given."""
    seed, size = st.integers(0, 2**32 - 1), st.integers(1, width)
    fraction = st.floats(0.01, 0.95)
    n = 10 * draw(st.integers(1, samples // 10))
    probes, window = draw(st.integers(2, 6)), draw(st.integers(2, 10))
    studied = draw(fraction)
    # In as many steps as the windows take, whatever lambda_max is between a half and n/2.
    enough = 4 * probes * window
    length = draw(st.integers(probes * window, max(steps, probes * window)))
    # All stages have no more steps than the full batch.
    stages = draw(st.integers(1, min(10, length)))
    factors = draw(st.lists(st.integers(2, 4), min_size=2, max_size=3))
    widths = draw(st.lists(size, min_size=2, max_size=4, unique=True))
    network = draw(seed)
    others = st.lists(seed.filter(lambda s: s != network), min_size=1, max_size=count, unique=True)
    return {
        "dataset": {"samples": n, "seed": draw(seed)},
        "network": {"width": draw(size), "seed": network, "device": "cpu"},
        "eigenvalues": {"seeds": draw(others)},
        "training": {
            "steps": length,
            "batch_size": draw(st.integers(1, n)),
            "learning_rate_fraction": draw(fraction),
        },
        "seed_study": {"seeds": draw(others), "flow_time": min(10_000, enough * studied)},
        "stagewise": {
            "seed": draw(seed),
            "stages": stages,
            "steps_per_stage": draw(st.integers(1, length // stages)),
            "pairs": draw(others),
        },
        "hypotheses": {"delta": draw(st.floats(1e-12, 1, exclude_max=True))},
        "anatomy": {"probes": probes, "window": window, "watch": draw(st.integers(1, 50))},
        "width_study": {
            "networks": [{"width": m, "networks": draw(st.integers(2, count))} for m in widths],
            "seed": draw(seed),
            "flow_time": min(10_000, enough * studied),
            "follow": min(10_000, 2 * enough * studied),
            "learning_rate_fraction": studied,
            "probes": probes,
            "window": window,
            "record": False,
        },
        "target_study": {
            "seeds": draw(others),
            "flow_time": min(10_000, enough * studied),
            "follow": min(10_000, 2 * enough * studied),
        },
        "sliding_study": {
            "refinements": draw(st.lists(st.integers(1, 20), min_size=2, max_size=4, unique=True)),
            "flow_time": draw(st.floats(1, 20)),
            "sharpness": draw(
                st.lists(st.integers(1, 1000), min_size=1, max_size=min(count, 4), unique=True)
            ),
        },
        "convergence_study": {
            "networks": [{"width": draw(size), "seed": one} for one in draw(others)[:12]],
            "flow_time": min(10_000, enough * studied),
            "look": draw(st.integers(1, 50)),
            "look_first_stage": draw(st.integers(1, 50)),
            "record": False,
        },
        "step_study": {
            "refinements": draw(st.permutations(list(accumulate([1, *factors], mul)))),
            "flow_time": draw(st.floats(1, 20)),
        },
        "both_layers": {
            "flow_time": min(10_000, enough),
            "refine": draw(st.integers(1, 8)),
            "probes": probes,
            "window": window,
        },
        "flip_event": {
            "seed": draw(seed),
            "networks": draw(st.integers(2, count)),
            # One at which networks of any size differ.
            "radii": [0.5, *draw(st.sets(st.floats(1e-12, 100).filter(lambda r: r != 0.5)))],
        },
        "report": {
            "author": draw(st.sampled_from(["", r"Müller & Søn_#%\\"])),
            "course": "",
            "check_proofs": False,
            "date": "",
        },
    }
