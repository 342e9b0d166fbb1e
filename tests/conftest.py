"""Hypothesis draws the same examples in every run, and takes the time that they need."""

import pytest
from hypothesis import settings
from workflow import copy_project, snakemake

settings.register_profile("reproducible", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("reproducible")


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A finished toy build; tests that change it put it back."""
    folder = copy_project(tmp_path_factory.mktemp("a path with späces"))
    run = snakemake(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder
