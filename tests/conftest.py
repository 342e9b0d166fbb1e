"""Hypothesis draws the same examples in every run, and takes the time that they need."""

from hypothesis import settings

settings.register_profile("reproducible", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("reproducible")
