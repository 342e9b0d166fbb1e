"""The comparison with reference.json: inside and outside of a tolerance, misses, updates."""

import hashlib
import json
from pathlib import Path

import pytest

from pipeline import ROOT, config, studies
from publishing import verify_results
from publishing.verify_results import agrees, compare, printed, unit, updated

EXACT = {"units": 0, "relative": 0, "reason": "r"}
FORM = EXACT | {"form": "[0-9a-f]{2}"}
UNIT, TWO_PERCENT = EXACT | {"units": 1}, EXACT | {"relative": 0.02}


@pytest.fixture
def generated(tmp_path):
    """Files of results and of rows."""
    results, rows = tmp_path / "width.tex", tmp_path / "width_rows.tex"
    results.write_text("\\newresult{a}{\\num{1.02e+10}}\n\\newresult{b}{never}\n")
    rows.write_text("$x$ & \\num{3} \\\\\nlast & \\num{0.5(1)} \\\\\n")
    return [results, rows]


def test_results_and_cells_are_read(generated):
    assert printed(generated[0]) == {"a": r"\num{1.02e+10}", "b": "never"}
    assert printed(generated[1]) == {
        **{"1.1": "$x$", "1.2": r"\num{3}"},
        **{"2.1": "last", "2.2": r"\num{0.5(1)}"},
    }


@pytest.mark.parametrize(
    ("number", "value"), [("12", 1), ("0.50", 0.01), ("1.02e+10", 1e8), ("-3.1e-5", 1e-6)]
)
def test_unit_of_the_last_digit(number, value):
    assert unit(number) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("reference", "here", "allowed", "same"),
    [
        (r"\num{100}", r"\num{100}", EXACT, True),
        (r"\num{100}", r"\num{101}", EXACT, False),
        (r"\num{0.500}", r"\num{0.501}", UNIT, True),
        (r"\num{0.500}", r"\num{0.499}", UNIT, True),
        (r"\num{0.500}", r"\num{0.502}", UNIT, False),
        (r"\num{0.999}", r"\num{1.00}", UNIT, True),  # the unit is the smaller one
        (r"\num{0.0234}", r"\num{0}", UNIT, False),
        (r"\num{0.0234}", r"\num{1}", UNIT, False),
        (r"\num{1.45e+7}", r"\num{2e+7}", UNIT, False),
        (r"\num{100}", r"\num{102}", TWO_PERCENT, True),
        (r"\num{100}", r"\num{98}", TWO_PERCENT, True),
        (r"\num{100}", r"\num{103}", TWO_PERCENT, False),
        (r"\num{100}", r"\num{-100}", TWO_PERCENT, False),
        (r"\num{5.0e-07}", r"\num{5.1e-07}", TWO_PERCENT, True),
        (r"\num{0.16(3)}", r"\num{0.17(4)}", UNIT, True),
        (r"\num{0.16(3)}", r"\num{0.16(5)}", UNIT, False),
        (r"\num{0.16(3)}", r"\num{0.16}", UNIT, False),
        ("crosses at $t=\\num{3}$", "crosses at $t=\\num{4}$", UNIT, True),
        ("crosses at $t=\\num{3}$", "does not cross", TWO_PERCENT, False),
        ("holds", "fails", TWO_PERCENT, False),
        (r"\num{3}", "missing", TWO_PERCENT, False),
        ("0a", "f3", FORM, True),
        ("0a", "f", FORM, False),
        ("0a", "missing", FORM, False),
    ],
)
def test_numbers_agree_within_their_class_and_words_to_the_letter(reference, here, allowed, same):
    assert agrees(reference, here, allowed) is same


REFERENCE = {
    "configuration": {"hypotheses": {"delta": 0.1}, "flip_event": {"radii": [1, 2]}},
    "classes": {"exact": EXACT, "double": UNIT},
    "numbers": {"width": {"a": [r"\num{1.02e+10}", "double"], "b": ["never", "exact"]}},
}


def verdicts(found):
    return {(row["file"], row["name"]): row["verdict"] for row in compare(REFERENCE, found)}


def test_names_that_are_missing_or_unknown_are_misses():
    both = {"a": r"\num{1.03e+10}", "b": "never"}
    assert set(verdicts({"width": both}).values()) == {"pass"}
    assert verdicts({"width": {"b": "never"}})["width", "a"] == "MISS"
    assert verdicts({})["width", "b"] == "MISS"
    assert verdicts({"width": both | {"c": r"\num{1}"}})["width", "c"] == "MISS"
    assert verdicts({"width": both, "new": {"d": "x"}})["new", "d"] == "MISS"


def run(tmp_path, generated, reference, *more):
    path = tmp_path / "reference.json"
    path.write_text(json.dumps(reference))
    line = ["--reference", str(path), "--generated", *map(str, generated), *more]
    parsed = verify_results.make_parser().parse_args([*line, "--output", f"{tmp_path}/out.csv"])
    verify_results.main(parsed)
    return json.loads(path.read_text())


def test_a_miss_is_an_error_that_names_it(tmp_path, generated, capsys):
    with pytest.raises(ValueError, match=r"width_rows 1\.1, width_rows 1\.2"):
        run(tmp_path, generated, REFERENCE)
    assert "width_rows 1.1: $x$, reference missing" in capsys.readouterr().out
    assert "width_rows,1.1,missing,$x$,new,MISS" in (tmp_path / "out.csv").read_text()


def test_a_miss_of_another_configuration_says_so(tmp_path, generated):
    with pytest.raises(ValueError, match=r"another configuration, .* network\.seed, a\.b$"):
        run(tmp_path, generated, REFERENCE, "--changed", "network.seed", "a.b")


def test_many_misses_are_counted(tmp_path, generated, monkeypatch):
    monkeypatch.setattr(verify_results, "SHOWN", 1)
    with pytest.raises(ValueError, match=r"allows: width_rows 1\.1 and \d more \(.*out\.csv\)$"):
        run(tmp_path, generated, REFERENCE)


def test_update_keeps_classes_and_is_strict_with_what_is_new(tmp_path, generated):
    new = run(tmp_path, generated, REFERENCE, "--update")
    assert new["classes"] == REFERENCE["classes"]
    assert new["numbers"]["width"] == REFERENCE["numbers"]["width"]
    assert new["numbers"]["width_rows"]["2.1"] == ["last", "new"]
    run(tmp_path, generated, new)
    assert (tmp_path / "out.csv").read_text().count("pass") == 6


def test_update_after_a_build_of_config_yaml_stores_its_configuration(tmp_path, monkeypatch):
    written = {"hypotheses": {"delta": 0.2}, "report": {"author": "Anna"}}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "shipped", lambda: written)
    monkeypatch.setattr(studies, "parts", lambda _: [])
    text = json.dumps({"hypotheses": {"delta": 0.2}}, sort_keys=True)
    (tmp_path / "report/generated").mkdir(parents=True)
    colophon = tmp_path / "report/generated/colophon.tex"
    colophon.write_text(hashlib.sha256(text.encode()).hexdigest()[:16])
    (tmp_path / "reference.json").write_text(json.dumps(REFERENCE))
    verify_results.main(verify_results.make_parser().parse_args(["--update"]))
    new = json.loads((tmp_path / "reference.json").read_text())
    assert new["configuration"] == {"hypotheses": {"delta": 0.2}}
    assert new["classes"] == REFERENCE["classes"]


def test_update_forgets_what_is_no_longer_printed():
    assert updated(REFERENCE, {"width": {"b": "never"}})["numbers"] == {
        "width": {"b": ["never", "exact"]}
    }


SHIPPED = json.loads((ROOT / "reference.json").read_text(encoding="utf-8"))


def test_the_file_has_the_form_that_an_update_gives_it():
    text = (ROOT / "reference.json").read_text(encoding="utf-8")
    assert verify_results.formatted(SHIPPED) == text


def test_every_printed_number_has_a_reference(built):
    paths = studies.printed(studies.parts(config.shipped()))
    toy = {Path(path).stem: printed(built / path) for path in paths}
    assert {*SHIPPED["numbers"]} == {*toy}
    for file, names in SHIPPED["numbers"].items():
        # A toy build has fewer stages and radii.
        assert toy[file].keys() <= names.keys()
        assert file.endswith("_rows") or toy[file].keys() == names.keys()


def entries():
    """(file, name, LaTeX, class) of every number of the shipped file."""
    for file, names in SHIPPED["numbers"].items():
        for name, (text, kind) in names.items():
            yield file, name, text, kind


def test_every_class_has_a_reason_and_is_used():
    classes = SHIPPED["classes"]
    assert {kind for *_, kind in entries()} == {*classes}
    assert "new" not in classes  # what is new is to be judged before it is committed
    assert all(len(entry["reason"]) > 40 for entry in classes.values())


def test_tolerances_are_what_the_reasons_say():
    allowed = {name: (c["units"], c["relative"]) for name, c in SHIPPED["classes"].items()}
    assert allowed == {
        **{"exact": (0, 0), "count": (0, 0), "double": (1, 0), "rounded": (0, 0.012)},
        **{"crossing": (1, 0.01), "single": (1, 0.035), "chaotic": (1, 0.4)},
        **{"continued": (1, 0.03), "digest": (0, 0)},
    }
    kinds = [kind for *_, kind in entries()]
    assert kinds.count("chaotic") <= 5
    assert kinds.count("single") < len(kinds) / 5


@pytest.mark.parametrize("wrong", [lambda x: 0, lambda x: 1, lambda x: -x, lambda x: 2 * x])
def test_no_number_may_be_quite_another(wrong):
    passing = []
    for file, name, text, kind in entries():
        numbers = [float(number) for number, _ in verify_results.NUMBER.findall(text)]
        if len(numbers) != 1 or abs(wrong(numbers[0]) - numbers[0]) <= 0.5 * abs(numbers[0]):
            continue  # several numbers, or the same one
        another = verify_results.NUMBER.sub(rf"\\num{{{wrong(numbers[0]):.12g}}}", text)
        if agrees(text, another, SHIPPED["classes"][kind]):
            passing.append((file, name))
    assert passing == []


def test_update_after_a_build_of_another_configuration_is_refused(built, monkeypatch):
    monkeypatch.chdir(built)  # toy sizes
    with pytest.raises(ValueError, match=r"not of config\.yaml; run make first"):
        verify_results.main(verify_results.make_parser().parse_args(["--update"]))
