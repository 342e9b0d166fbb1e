"""A screenful on the terminal: what runs, how far, what failed.  All else stays in Snakemake's log.

Snakemake's own options (`quiet` in a profile) would shorten its log as well.
"""

import logging
import re
import threading
import time
from pathlib import Path

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

INTERVAL = 60  # seconds after which a line comes even where nothing has ended
SHARE = 20  # a line for each twentieth of the jobs
# What says nothing about this build: set-up, and the frame around what the events say.
NOISE = re.compile(
    r"Assuming unrestricted shared|Building DAG|Using shell|Select jobs|Execute \d+ jobs|Reasons:"
    r"|Complete log|Elapsed time|Exiting because a job|RuleException:\nCalledProcessError"
    r"|WorkflowError:\nAt least one job did not"
)
SILENT = {LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.JOB_STARTED}
SILENT |= {LogEvent.SHELLCMD, LogEvent.GROUP_INFO}
# What `scripting.progress` writes into a job's log.
PROGRESS = re.compile(r"(\d+ of \d+ \w+), .*?(\d+ s left)$", re.MULTILINE)


def install(settings):
    """Put the terminal's handler into the place of Snakemake's, but for a user who asks for more,
    or for less."""
    asked = settings.verbose or settings.printshellcmds or settings.debug_dag or settings.quiet
    if asked or settings.dryrun:
        return
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler":
            logger.removeHandler(handler)
            logger.addHandler(Terminal(handler))


def duration(seconds):
    """Seconds, or minutes from two on, as text."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def how_far(log):
    """The last progress in a job's log, in brackets; empty where there is none."""
    try:
        found = PROGRESS.findall(Path(log).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return f" ({', '.join(found[-1])})" if found else ""


class Terminal(logging.Handler):
    """Writes a line now and then; passes what it does not know to Snakemake's own handler.

    Attributes:
        running: job id → name and log of the job.
    """

    def __init__(self, inner):
        super().__init__(inner.level)
        self.inner, self.running = inner, {}
        self.done = self.total = self.shown = 0
        self.start = self.last = time.monotonic()
        self.ready = ""
        self.lines = {
            LogEvent.RUN_INFO: self.begin,
            LogEvent.JOB_INFO: self.started,
            LogEvent.JOB_FINISHED: self.finished,
            LogEvent.PROGRESS: self.progressed,
            LogEvent.JOB_ERROR: self.failed,
            LogEvent.GROUP_ERROR: self.group_failed,
        }

    def emit(self, record):
        event = getattr(record, "event", None)
        if event in SILENT or (event in (None, LogEvent.ERROR) and NOISE.match(str(record.msg))):
            return
        if event not in self.lines:
            self.inner.handle(record)
        elif line := self.lines[event](record):
            self.write(line)

    def write(self, line):
        # On a screen a job may have drawn a bar on this line.
        clear = "\r\x1b[K" if self.inner.is_tty else ""
        self.inner.stream.write(f"{clear}{line}\n")
        self.inner.flush()

    def begin(self, record):
        """The number of jobs, and where the full listing is."""
        self.total = record.stats["total"]
        threading.Thread(target=self.tick, daemon=True).start()
        logs = [relative(handler.baseFilename) for handler in logger.handlers if is_log(handler)]
        return f"{counted(self.total)}; every detail: {', '.join(logs)}"

    def started(self, record):
        name = " ".join([record.rule_name, *map(str, record.wildcards.values())])
        self.running[record.jobid] = name, next(iter(record.log), "")

    def finished(self, record):
        name, _ = self.running.pop(record.job_id, ("", ""))
        if name == "report":
            self.ready = ": report/main.pdf is ready"

    def progressed(self, record):
        self.done, self.total = record.done, record.total
        if self.done == self.total:
            return self.status() + self.ready

    def failed(self, record):
        name, _ = self.running.pop(record.jobid, (record.rule_name, ""))
        reason = f": {record.rule_msg}" if record.rule_msg else ""
        return f"{name} failed{reason} (log: {', '.join(record.log) or 'none'})"

    def group_failed(self, record):
        return f"{record.msg} (log: {', '.join(record.aux_logs) or 'none'})"

    def status(self):
        """How many jobs are done, for how long they run, and which run now."""
        self.last, self.shown = time.monotonic(), self.done
        names = [name + how_far(log) for name, log in self.running.values()]
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        now = f": {', '.join(names[:2])}{more}" if names else ""
        return f"{self.done} of {counted(self.total)}, {duration(self.last - self.start)}{now}"

    def tick(self):
        """A line when enough has been done, and in a long run, during which nothing ends."""
        while self.done < self.total:
            time.sleep(1)
            with self.lock:
                enough = (self.done - self.shown) * SHARE >= self.total
                if self.running and (enough or time.monotonic() - self.last >= INTERVAL):
                    self.write(self.status())


def counted(jobs):
    return "1 job" if jobs == 1 else f"{jobs} jobs"


def is_log(handler):
    return isinstance(handler, logging.FileHandler)


def relative(path):
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
