"""The comparison with reference.json: inside and outside of a tolerance, misses, updates."""

import json

import pytest

import verify_results
from pipeline import ROOT
from verify_results import compare, printed_numbers


@pytest.fixture
def generated(tmp_path):
    folder = tmp_path / "generated"
    folder.mkdir()
    text = "\\newresult{a}{\\num{1.02e+10}}\n\\newresult{b}{never}\n\\newresult{c-d}{\\num{-0.5}}\n"
    (folder / "x.tex").write_text(text)
    return folder


def reference(value, tolerance):
    return {"a": {"value": value, "tolerance": tolerance, "reason": "r"}}


def test_printed_numbers_are_read_and_words_are_not(generated):
    assert printed_numbers(generated) == {"a": 1.02e10, "c-d": -0.5}


@pytest.mark.parametrize(
    ("here", "verdict"), [(102.0, "pass"), (98.0, "pass"), (102.1, "MISS"), (-100.0, "MISS")]
)
def test_tolerance_is_relative_and_two_sided(here, verdict):
    (row,) = compare(reference(100.0, 0.02), {"a": here})
    assert row["verdict"] == verdict


def test_missing_number_is_a_miss():
    (row,) = compare(reference(100.0, 0.02), {})
    assert (row["here"], row["verdict"]) == ("missing", "MISS")


def arguments(tmp_path, generated, *more):
    path = tmp_path / "reference.json"
    line = ["--reference", str(path), "--generated", str(generated), *more]
    return path, verify_results.make_parser().parse_args([*line, "--output", f"{tmp_path}/out.csv"])


def test_a_miss_is_an_error_that_names_it(tmp_path, generated, capsys):
    path, parsed = arguments(tmp_path, generated)
    path.write_text(json.dumps(reference(1.0, 0.1)))
    with pytest.raises(ValueError, match=r"reference\.json: a$"):
        verify_results.main(parsed)
    assert "MISS" in capsys.readouterr().out
    assert not (tmp_path / "out.csv").exists()


def test_update_keeps_tolerance_and_reason(tmp_path, generated):
    path, parsed = arguments(tmp_path, generated, "--update")
    path.write_text(json.dumps(reference(1.0, 0.1)))
    verify_results.main(parsed)
    assert json.loads(path.read_text()) == reference(1.02e10, 0.1)


def test_every_reference_has_a_tolerance_and_a_reason():
    references = json.loads((ROOT / "reference.json").read_text(encoding="utf-8"))
    assert len(references) >= 25
    for entry in references.values():
        assert entry.keys() == {"value", "tolerance", "reason"}
        assert 0 <= entry["tolerance"] <= 0.1
        assert len(entry["reason"]) > 10
