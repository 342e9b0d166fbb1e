"""Results of which a study can say nothing: the line names the key to change."""

import numpy as np
import pytest

import summarise_flip_event
import summarise_step_size
import summarise_width

EVENT = {"frequency": "0.5", "probability": "0.4", "bound": "0.5", "standard_error": "0.1"}
STEP = {"time_step": "0.5", "difference_largest": "0.0"}


def test_radii_at_which_networks_do_not_differ_say_nothing_of_the_deviation():
    never = EVENT | {"frequency": "0.0", "standard_error": "0.0"}
    values = summarise_flip_event.numbers([never, EVENT], 2)
    assert values["flip-deviation"] == r"\num{1.0}"
    with pytest.raises(ValueError, match=r"flip_event\.radii needs one"):
        summarise_flip_event.numbers([never], 2)


def test_radii_may_come_in_any_order():
    rows = [EVENT, EVENT | {"bound": "0.8"}, EVENT | {"bound": "0.44"}]
    values = summarise_flip_event.numbers(rows, 2)
    assert values["flip-bound-excess-smallest"] == r"\num{10}"
    assert values["flip-bound-excess-largest"] == r"\num{100}"


def test_a_width_study_in_which_nothing_flips_is_refused():
    rows = [{"m": str(m), "flipped": share} for m, share in ((1, "0.1"), (2, "0.0"), (4, "0.2"))]
    with pytest.raises(ValueError, match=r"flipped is 0 .* width_study\.flow_time"):
        summarise_width.slope(rows, "flipped")


def test_a_step_study_in_which_nothing_changes_is_refused():
    run = {"loss": np.ones(2)}
    with pytest.raises(ValueError, match=r"same losses .* step_study\.flow_time"):
        summarise_step_size.numbers([STEP] * 2, run, run, run, {"lambda_min": "1", "n": "10"})
