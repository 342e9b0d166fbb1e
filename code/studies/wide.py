"""Wide networks: those of the width study and those recorded in data/wide.

Report: `sec:wide`.
"""

from overparam import bounds
from studies import width

# Steps after which a record has the loss, so that a test can take them again.
REPLAYED = (1, 2, 5, 10, 20)
# What a run tells about its origin.
ORIGIN = ("command", "commit", "device", "versions", "date")


def record(run, lambda_zero):
    """The row that is kept of a run with its origin."""
    row = width.table_row(run, lambda_zero)
    return {
        **{name: row[name] for name in row if name not in ("lead_time", "followed_time")},
        "sliding_lambda_min_smallest": float(run["probe_sliding_lambda_min"].min()),
        "gram_change_largest": float(run["probe_gram_change"].max()),
        "distance_largest": float(run["probe_distance_max"].max()),
        "over_bound_largest": float(bounds.run_over_bound(run, lambda_zero).max()),
        "steps": len(run["loss"]) - 1,
        **{f"loss_{step}": float(run["loss"][step]) for step in REPLAYED},
        **{name: str(run[name]) for name in ORIGIN},
    }
