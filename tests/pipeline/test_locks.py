"""Locks of killed builds go, those of living ones stay."""

import fcntl

import pytest

from pipeline.locks import clear_stale_locks


@pytest.fixture
def locked(tmp_path):
    """A .snakemake folder with a lock in it."""
    folder = tmp_path / ".snakemake"
    (folder / "locks").mkdir(parents=True)
    (folder / "locks/0.output.lock").touch()
    return folder


def test_a_lock_that_nobody_holds_is_removed(locked):
    clear_stale_locks(locked).close()
    assert list(locked.glob("locks/*")) == []


def test_a_lock_of_a_living_build_stays(locked):
    with open(locked / "alive", "w") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        clear_stale_locks(locked).close()
    assert [path.name for path in locked.glob("locks/*")] == ["0.output.lock"]


def test_two_may_read_the_snakefile_at_once(tmp_path):
    one, two = clear_stale_locks(tmp_path / "s"), clear_stale_locks(tmp_path / "s")
    assert one is not None
    assert two is not None
    one.close()
    two.close()
