"""A screenful on the terminal, everything in the log; what failed and why comes last."""

import io
import logging
import re
import shutil
import time
from types import SimpleNamespace

import pytest
from snakemake.logging import ColorizingTextHandler, logger
from snakemake_interface_logger_plugins.common import LogEvent
from workflow import listing, snakemake

from pipeline import terminal
from pipeline.terminal import Terminal


@pytest.fixture
def screen():
    return Terminal(ColorizingTextHandler(stream=io.StringIO()))


def say(screen, message="", event=None, level=logging.INFO, **fields):
    """Let Snakemake say something; return what the terminal has shown of it."""
    stream = screen.inner.stream
    before = stream.tell()
    record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    vars(record).update(fields | ({"event": event} if event else {}))
    screen.emit(record)
    return stream.getvalue()[before:]


def start(screen, number, rule, log="", **wildcards):
    fields = {"jobid": number, "rule_name": rule, "wildcards": wildcards}
    return say(screen, event=LogEvent.JOB_INFO, log=[log] if log else [], **fields)


def end(screen, number, done, total):
    return say(screen, event=LogEvent.JOB_FINISHED, job_id=number) + say(
        screen, event=LogEvent.PROGRESS, done=done, total=total
    )


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Building DAG of jobs...", False),
        ("Execute 2 jobs...", False),
        ("WorkflowError:\nAt least one job did not complete successfully.", False),
        ("Nothing to be done (all requested files are present and up to date).", True),
        ("something new", True),
    ],
)
def test_what_says_nothing_of_the_build_is_left_out_and_the_unknown_is_not(screen, message, shown):
    assert say(screen, message) == (f"{message}\n" if shown else "")


def test_the_banner_is_left_out(screen):
    assert say(screen, "x", LogEvent.WORKFLOW_STARTED) == ""


def test_jobs_are_named_with_the_progress_in_their_logs(screen, tmp_path):
    log = tmp_path / "run.log"
    log.write_text("2026-01-02 03:04:05,678 5 of 70 steps, 3 a second, 21 s left\n")
    assert start(screen, 1, "train_width", str(log), run="m16_seed201") == ""
    start(screen, 2, "plot")
    screen.total = 9
    assert (
        screen.status()
        == "0 of 9 jobs, 0 s: train_width m16_seed201 (5 of 70 steps, 21 s left), plot"
    )
    start(screen, 3, "other")
    assert screen.status().endswith(", plot and 1 more")
    log.write_text("nothing yet")
    assert screen.status().startswith("0 of 9 jobs, 0 s: train_width m16_seed201, ")
    log.unlink()
    assert screen.status().startswith("0 of 9 jobs, 0 s: train_width m16_seed201, ")


def test_a_line_wipes_a_bar_off_a_screen(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    screen = Terminal(ColorizingTextHandler(stream=stream))
    screen.write("line")
    assert stream.getvalue() == "\r\x1b[Kline\n"


def test_the_last_line_says_that_the_report_is_ready(screen):
    start(screen, 1, "report")
    assert end(screen, 1, 1, 2) == ""
    assert end(screen, 2, 2, 2) == "2 of 2 jobs, 0 s: report/main.pdf is ready\n"
    other = Terminal(screen.inner)
    start(other, 1, "plot_width")
    assert end(other, 1, 1, 1) == "1 of 1 job, 0 s\n"


def test_a_long_run_is_shown_though_nothing_ends(screen, monkeypatch):
    monkeypatch.setattr(terminal, "INTERVAL", 0)
    shown = say(screen, event=LogEvent.RUN_INFO, stats={"total": 100})
    assert shown.startswith("100 jobs; every detail: ")
    start(screen, 1, "train_width")
    time.sleep(2.5)
    end(screen, 1, 100, 100)
    lines = screen.inner.stream.getvalue().splitlines()[1:]
    assert len(lines) >= 2
    assert re.fullmatch(r"0 of 100 jobs, \d s: train_width", lines[0])


def test_a_failed_job_is_named_with_its_log(screen):
    failure = {"jobid": 1, "rule_name": "train", "rule_msg": "killed", "log": ["a.log", "b.log"]}
    start(screen, 1, "train", run="m16")
    shown = say(screen, event=LogEvent.JOB_ERROR, level=logging.ERROR, **failure)
    assert shown == "train m16 failed: killed (log: a.log, b.log)\n"
    assert screen.running == {}
    group = say(screen, "Error in group g", LogEvent.GROUP_ERROR, logging.ERROR, aux_logs=[])
    assert group == "Error in group g (log: none)\n"


def settings(**changed):
    asked = {"verbose": False, "printshellcmds": False, "debug_dag": False, "quiet": None}
    return SimpleNamespace(**asked | {"dryrun": False} | changed)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, Terminal),
        *(
            ({option: value}, ColorizingTextHandler)
            for option, value in [
                *(("verbose", True), ("printshellcmds", True), ("debug_dag", True)),
                *(("quiet", {"rules"}), ("dryrun", True)),
            ]
        ),
    ],
)
def test_whoever_asks_for_more_or_less_gets_snakemakes_own(changed, kind, monkeypatch):
    handler = ColorizingTextHandler(stream=io.StringIO())
    handler.name = "DefaultStreamHandler"
    monkeypatch.setattr(logger, "handlers", [handler])
    terminal.install(settings(**changed))
    assert [type(one) for one in logger.handlers] == [kind]


def lines(run):
    return (run.stdout + run.stderr).splitlines()


def test_a_build_is_a_screenful_and_a_second_one_two_lines(built, tmp_path):
    folder = shutil.copytree(built, tmp_path / "project")
    shutil.rmtree(folder / "report/generated")
    first, second = snakemake(folder), snakemake(folder)
    said = lines(first)
    assert len(said) <= 40
    start = re.compile(r"\d+ jobs; every detail: \.snakemake/log/\S+\.log")
    assert len([line for line in said if start.fullmatch(line)]) == 1
    assert "report/main.pdf: report/generated/eigenvalues.tex is missing" in said
    assert re.fullmatch(r"(\d+) of \1 jobs, .*: report/main\.pdf is ready", said[-1])
    # Two more of Snakemake itself: its profile, and the configuration of this test.
    assert len(lines(second)) == 3
    assert lines(second)[-1].startswith("Nothing to be done")


def test_the_log_holds_every_job_with_its_inputs(built, tmp_path):
    folder = shutil.copytree(built, tmp_path / "project")
    run = snakemake(folder, "plot_width", "--force")
    assert run.returncode == 0
    assert re.search(r"rule plot_width:\n +input: .*code/studies/width\.py", listing(folder))
    assert "plot_width:" not in run.stdout + run.stderr


def test_what_failed_is_named_and_why_comes_last(built, tmp_path):
    folder = shutil.copytree(built, tmp_path / "project")
    (folder / "results/width.csv").write_text("m,seed\n1,damaged\n")
    run = snakemake(folder, "plot_width", "--force", "--allowed-rules", "plot_width")
    assert run.returncode != 0
    said = lines(run)
    assert "plot_width failed (log: logs/plot_width.log)" in said
    assert "delete it and build again" in said[-1]
    assert len(said) <= 10
