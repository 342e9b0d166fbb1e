"""What a recorded run tells about where it comes from."""

import datetime
import re
import sys

import numpy as np
import pytest
import torch

import files
import origin


def test_a_run_tells_command_commit_machine_versions_and_date(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["code/train_network.py", "--log", "a b"])
    found = origin.of_run("cpu")
    assert found["command"] == "python code/train_network.py --log 'a b'"
    assert found["commit"] == origin.commit(but=["data"])
    assert found["device"] == origin.processor()
    assert re.fullmatch(r"torch [\w.+]+, numpy [\d.]+(, \w+ .+)+", found["versions"])
    assert f"torch {torch.__version__}" in found["versions"]
    assert datetime.date.fromisoformat(found["date"])
    assert {*found} == {"command", "commit", "device", "versions", "date"}


def test_words_stand_in_an_npz_beside_numbers(tmp_path):
    words = origin.of_run("cpu")
    files.write_npz(tmp_path / "a.npz", loss=np.ones(2), **words)
    read = files.read_npz(tmp_path / "a.npz")
    assert {name: str(read[name]) for name in words} == words
    with pytest.raises(ValueError, match="loss would be nan"):
        files.write_npz(tmp_path / "a.npz", loss=np.array([np.nan]), **words)


def test_a_digest_is_the_beginning_of_sha256():
    assert origin.digest(b"abc") == "ba7816bf8f01cfea"
