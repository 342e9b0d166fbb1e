"""`code/study.py` as a user runs it: one part alone, its help, and what it says of mistakes."""

import re
import subprocess
import sys

import pytest

FIGURE = ["figure", "stagewise"]


def run(built, *arguments, flags=()):
    """The command in a finished toy build."""
    command = [sys.executable, *flags, "code/study.py", *map(str, arguments)]
    return subprocess.run(command, cwd=built, capture_output=True, text=True)


# Study → folder of the runs that its part below reads.
RUNS = {"width": "width", "stagewise": "pairs"}


def test_a_figure_alone_is_the_one_of_the_build(built, tmp_path):
    done = run(built, *FIGURE, "--output", tmp_path / "my.pdf")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my.csv", "my.pdf"]
    for suffix in ("csv", "pdf"):
        expected = (built / f"figures/stagewise.{suffix}").read_bytes()
        assert (tmp_path / f"my.{suffix}").read_bytes() == expected


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (["table", "width"], "results/width.csv"),
        (["arrays", "anatomy"], "results/anatomy.npz"),
        (["numbers", "stagewise"], "report/generated/stagewise.tex"),
        (["rows", "eigenvalues"], "report/generated/eigenvalues_rows.tex"),
    ],
)
def test_a_part_alone_is_the_one_of_the_build(built, tmp_path, part, path):
    # The toy build has other runs than config.yaml; seeds are the same.
    runs = sorted(built.glob(f"results/{RUNS[part[1]]}/*.npz")) if part[1] in RUNS else ()
    given = ["--runs", *runs] if runs else []
    done = run(built, *part, *given, "--output", tmp_path / "mine")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "mine").read_bytes() == (built / path).read_bytes()


def test_settings_given_are_those_taken(built, tmp_path):
    options = ["--networks", "777", "--output", tmp_path / "mine.tex"]
    assert run(built, "numbers", "flip_event", *options).returncode == 0
    assert r"\newresult{flip-networks}{\num{777}}" in (tmp_path / "mine.tex").read_text()


def test_a_complete_command_does_not_read_the_table_of_studies(built, tmp_path):
    event = ["--flip-event", "results/flip_event.csv", "--networks", "2"]
    for given, imported in ((event, False), (event[:2], True)):
        options = [*given, "--output", tmp_path / "mine.tex"]
        done = run(built, "numbers", "flip_event", *options, flags=["-X", "importtime"])
        assert done.returncode == 0
        assert bool(re.search(r"\| +pipeline$", done.stderr, re.MULTILINE)) == imported


def test_help_names_files_and_settings(built):
    words = " ".join(run(built, "numbers", "loss_vs_bound", "--help").stdout.split())
    read = {
        "--full-batch FILE": "results/training_full_batch.npz",
        "--mini-batch FILE": "results/training_mini_batch.npz",
        "--lambda-zero FILE": "results/h_infinity.csv",
    }
    for option, path in read.items():
        assert f"{option} read; by default {path} " in words
    # As config.yaml has them.
    assert "--fraction VALUE setting, as JSON; by default 0.25 " in words
    assert "--batch-size VALUE setting, as JSON; by default 100 " in words
    assert "against the bound of Theorem 3.2, and its spread over networks." in words


def test_help_shortens_the_names_of_many_files(built):
    words = " ".join(run(built, "table", "width", "--help").stdout.split())
    assert "by default results/width/m250_seed201.npz … results/width/m8000_seed215.npz," in words
    assert "15 files" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["figure", "widht"], "argument study: invalid choice: 'widht' (choose from 'anatomy', "),
        (["figur", "width"], "argument kind: invalid choice: 'figur' (choose from 'table', "),
        (["figure", "flip_event"], "flip_event has no figure; it has table, numbers, rows"),
        ([*FIGURE, "--full-batch", "no.npz"], "No such file or directory: 'no.npz'"),
        ([*FIGURE, "--full-batch", "a.npz", "b.npz"], "unrecognized arguments: b.npz"),
        (["numbers", "flip_event", "--networks", "two"], "argument --networks: two is not JSON"),
        (["numbers", "flip_event", "--networks", '"two"'], '"two" is no number and no list of'),
        (["numbers", "flip_event", "--networks", "true"], "true is no number and no list of"),
        (
            ["numbers", "flip_event", "--flip-event", "results/eigenvalues.csv"],
            ".csv has no stan",
        ),
        (["table", "width", "--runs", "a/m1.npz", "b/m1.npz"], "have the same name: m1, m1"),
    ],
)
def test_a_mistake_is_named_in_one_line(built, tmp_path, arguments, message):
    done = run(built, *arguments, "--output", tmp_path / "mine")
    *usage, last = done.stderr.splitlines()
    assert done.returncode in (1, 2)
    assert last.startswith("study.py")
    assert message in last
    assert all(line.startswith(("usage: ", " ")) for line in usage)
    assert [*tmp_path.iterdir()] == []


def test_a_part_without_a_row_in_the_table_asks_for_all_options(built, tmp_path):
    path = built / "code/studies/new.py"
    path.write_text('"""A study."""\n\n\ndef rows(claims):\n    """Rows."""\n    return [["1"]]\n')
    claims, output = ["--claims", "results/hypotheses.csv"], ["--output", tmp_path / "rows.tex"]
    try:
        message = "study.py: pipeline/studies.py has no row for rows new; give all options\n"
        assert run(built, "rows", "new", *output).stderr == message
        assert run(built, "rows", "new", *claims, *output).returncode == 0
        assert (tmp_path / "rows.tex").read_text() == "1 \\\\\n"
    finally:
        path.unlink()
