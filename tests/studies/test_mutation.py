"""The mutation test: which changes it makes, and how it reports what no test catches."""

import subprocess
import sys

import mutants
import mutation
import pytest
from workflow import ROOT

SOURCE = '''
"""Not 1 + 1 here."""
SHARE = 0.75
RATE: float | None = None


def last(values, times=3):
    """Nor 2 * 2 < 5 here."""
    if not values and times >= 2:
        return "3 - 2"
    return f"{-values[k]:.1f}", values[1:], {"strict": True, "name": values[name]}


def figure(x, k):
    axes.grid(True)
    return axes.plot(x > k, linewidth=0.5)
'''
CHANGES = [
    "SHARE = 0.75 -> SHARE = 1.5",
    "SHARE = 0.75 -> SHARE = 0.5",
    "values, times=3 -> values, times=4",
    "values, times=3 -> values, times=2",
    "not values and times >= 2 -> not values or times >= 2",
    "not values and times >= 2 -> not not values and times >= 2",
    "times >= 2 -> times > 2",
    "times >= 2 -> times < 2",
    "times >= 2 -> times >= 3",
    "times >= 2 -> times >= 1",
    "f'{-values[k]:.1f}' -> f'{+values[k]:.1f}'",
    "values[k] -> values[k - 1]",
    "values[1:] -> values[:]",
    "values[1:] -> values[2:]",
    "values[1:] -> values[0:]",
    "{'strict': True, 'name': values[name]} -> {'strict': False, 'name': values[name]}",
]
OPERATORS = {
    "a + b": ["a - b"],
    "a - b": ["a + b", "b - a"],
    "a * b": ["a / b"],
    "a / b": ["a * b", "b / a"],
    "a // b": ["a / b", "a * b", "b // a"],
    "a % b": ["a // b", "b % a"],
    "a ** b": ["a * b", "b ** a"],
    "a @ b": ["a * b"],
    "a & b": ["a | b"],
    "a | b": ["a & b"],
    "-a": ["+a"],
    "a and b": ["a or b"],
    "a or b": ["a and b"],
    "not a": ["not not a"],
    "a < b": ["a <= b", "a >= b"],
    "a <= b": ["a < b", "a > b"],
    "a > b": ["a >= b", "a <= b"],
    "a >= b": ["a > b", "a < b"],
    "a == b": ["a != b"],
    "a != b": ["a == b"],
    "a is b": ["a is not b"],
    "a is not b": ["a is b"],
    "a in b": ["a not in b"],
    "a not in b": ["a in b"],
    "a < b <= c": ["a <= b <= c", "a >= b <= c", "a < b < c", "a < b > c"],
    "a[::b]": ["a[:]"],
    "a[-1]": ["a[+1]", "a[-2]", "a[-0]"],
}
# Mistakes that a reader may make in the studies themselves.
MISTAKES = {
    "anatomy.rates: 2 * run['probe_rayleigh'] -> 1 * run['probe_rayleigh']",
    "anatomy.numbers: indicators / rate -> rate / indicators",
    "anatomy.numbers: lambda_zero / 2 -> lambda_zero / 1",
    "both_layers.numbers: bound[-1] -> bound[-0]",
    "both_layers.numbers: dropped[0] -> dropped[-1]",
    "eigenvalues: PROMISED = 0.75 -> PROMISED = 0.5",
    "eigenvalues.numbers: ratio >= PROMISED -> ratio > PROMISED",
    "flip_event.frequencies: -radius <= z -> -radius < z",
    "flip_event.table_row: np.std(frequencies, ddof=1) -> np.std(frequencies, ddof=0)",
    "hypotheses.table: 3 * lambda_zero -> 2 * lambda_zero",
    "loss_vs_bound.numbers: loss[-1] / bound[-1] -> bound[-1] / loss[-1]",
    "stagewise.rows: loss[0] -> loss[-1]",
    "step_size.change: fine['loss'][::ratio] -> fine['loss'][:]",
    "step_size.numbers: n ** 2 -> n ** 1",
    "targets.share_outside: squares[:-LEADING] -> squares[:+LEADING]",
    "width.slope: coefficients[0] -> coefficients[1]",
}


def planted(folder, source, tests=""):
    """A study that is no file of the project, and its tests."""
    study = mutants.Study("planted", folder / "planted.py", folder / "test_planted.py")
    study.source.write_text(source)
    study.tests.write_text(f"import planted\n\n\ndef test():\n    {tests}\n")
    return study


def run(folder, source, tests, equivalent=(), setting=""):
    """Exit code and printed lines of the mutation test of a planted study."""
    study = planted(folder, source, tests)
    script = f"import sys, mutants, mutation\nfrom pathlib import *\n{setting}\n"
    script += f"sys.exit(mutation.main([], [mutants.{study}], {dict(equivalent)}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT / "tests", capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_all_changes_of_a_source_are_made_in_order(tmp_path):
    study = planted(tmp_path, SOURCE)
    made = list(mutants.mutants(study))
    assert [mutant.change for mutant in made if not mutant.draws] == CHANGES
    assert [mutant.change for mutant in made if mutant.draws] == [
        "x > k -> x >= k",
        "x > k -> x <= k",
    ]


@pytest.mark.parametrize(("old", "new"), OPERATORS.items())
def test_an_expression_has_these_mutants(tmp_path, old, new):
    made = list(mutants.mutants(planted(tmp_path, old)))
    assert [str(mutant) for mutant in made] == [f"planted.py:1: {old} -> {text}" for text in new]


def test_the_code_of_a_mutant_has_its_change_alone(tmp_path):
    study = planted(tmp_path, "x = 2\ny = x - 8 / x")
    values = []
    for number in range(7):
        found = {}
        exec([*mutants.mutants(study)][number].code(), found)
        values.append((found["x"], found["y"]))
    assert values == [(3, 3 - 8 / 3), (1, -7), (2, 6), (2, 2), (2, -14), (2, 1.75), (2, -2.5)]


def test_equal_changes_of_a_function_are_told_apart(tmp_path):
    made = [mutant.key for mutant in mutants.mutants(planted(tmp_path, "x[k], x[k]"))]
    assert made == ["planted: x[k] -> x[k - 1]", "planted: x[k] -> x[k - 1] #2"]


def test_mistakes_of_a_reader_are_among_the_mutants():
    made = {mutant.key for study in mutation.shipped() for mutant in mutants.mutants(study)}
    assert made >= MISTAKES


def test_sample_is_drawn_in_order_and_from_its_seed(tmp_path, capsys):
    study = planted(tmp_path, SOURCE)

    def listed(*options):
        assert mutation.main(["--list", *options], [study], {}) == 0
        return [line.partition(": ")[2] for line in capsys.readouterr().out.splitlines()]

    assert listed() == CHANGES
    assert len(listed("--figures")) == len(CHANGES) + 2
    sample = listed("--sample", "5")
    assert (
        sample == listed("--sample", "5", "--seed", "0") != listed("--sample", "5", "--seed", "1")
    )
    assert [change for change in CHANGES if change in sample] == sample
    assert len(sample) == 5


def test_what_a_weak_test_lets_pass_is_reported(tmp_path):
    code, lines = run(tmp_path, "f = lambda x: x[-1] / 2", "assert planted.f([0, 8, 8]) == 4")
    assert code == 1
    assert lines == [
        "survived: planted.py:1: x[-1] -> x[+1]",
        "survived: planted.py:1: x[-1] -> x[-2]",
        "7 mutants, 5 caught (71.4%), 2 survived, 0 of them listed as equivalent",
    ]


def test_a_loop_without_an_end_is_caught(tmp_path):
    source, tests = (
        "def f(x):\n    while x:\n        x -= 1\n    return x",
        "assert planted.f(3) == 0",
    )
    code, lines = run(tmp_path, source, tests, setting="mutation.time_limit = lambda study: 1")
    assert (code, lines[-1][:20]) == (0, "3 mutants, 3 caught ")


def test_tests_that_fail_without_a_change_are_no_catch(tmp_path):
    code, lines = run(tmp_path, "x = 1", "assert planted.x == 3")
    message = "test_planted.py: exit code 1 before anything is changed"
    assert (code, lines) == (1, [message])


@pytest.fixture
def made(tmp_path):
    """Forty mutants of one study."""
    return list(mutants.mutants(planted(tmp_path, "\n".join(f"x{k} = {k}" for k in range(20)))))


@pytest.mark.parametrize(
    ("code", "equivalent", "line"),
    [
        (1, {}, None),
        (-14, {}, None),
        (0, {}, "survived: planted.py:1: x0 = 0 -> x0 = 1"),
        (0, {"x0 = 0 -> x0 = 1": "why"}, "equivalent: planted.py:1: x0 = 0 -> x0 = 1 (why)"),
        (1, {"x0 = 0 -> x0 = 1": "why"}, "stale excuse, caught: planted: x0 = 0 -> x0 = 1"),
        (1, {"x = 0": "why"}, "stale excuse, no such mutant: planted: x = 0"),
        (5, {}, "error: planted.py:1: x0 = 0 -> x0 = 1: the tests end with exit code 5"),
        (-9, {}, "error: planted.py:1: x0 = 0 -> x0 = 1: the tests end with exit code -9"),
    ],
)
def test_report(made, code, equivalent, line):
    found = {mutant.key: mutation.CAUGHT for mutant in made} | {made[0].key: code}
    excuses = {f"planted: {change}": reason for change, reason in equivalent.items()}
    elsewhere = {"width.table: x = 0": "of a study that is not run"}
    lines, well = mutation.report(made, found, excuses | elsewhere)
    assert lines[:-1] == ([line] if line else [])
    assert well == (line is None or line.startswith("equivalent"))


def test_excuses_for_more_than_one_in_twenty_are_refused(made):
    found = {mutant.key: mutation.SURVIVED for mutant in made[:3]}
    found |= {mutant.key: mutation.CAUGHT for mutant in made[3:]}
    excuses = {mutant.key: "why" for mutant in made[:3]}
    assert not mutation.report(made, found, excuses)[1]
    del found[made[0].key], found[made[1].key]
    assert mutation.report(made, found, excuses)[1]


@pytest.mark.slow
def test_mutants_of_the_studies_are_caught():
    done = subprocess.run(
        [sys.executable, ROOT / "tests/mutation.py", "--figures"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
