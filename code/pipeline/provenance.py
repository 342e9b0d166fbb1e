"""Where a build comes from: the commit of its sources, and what differs from the shipped config.

That is the one of reference.json, to which an edit of config.yaml makes no difference.
"""

import json
import os
import subprocess
from pathlib import Path

from pipeline import ROOT


def commit():
    """The commit of the sources and whether they have been changed since; `unknown` without git.

    Of a repository around a copy that has none nothing is said.  Files that git does not know, or
    has been told not to look at, are changes.
    """
    try:
        if Path(_git("rev-parse", "--show-toplevel").strip()).resolve() != ROOT.resolve():
            return "unknown"
        head = _git("rev-parse", "HEAD")[:12]
        status = _git("status", "--porcelain", "--untracked-files=all")
        unseen = [line for line in _git("ls-files", "-v").splitlines() if line[0] != "H"]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}, {'changed' if status or unseen else 'clean'}"


def _git(*arguments):
    """What git prints about these sources, whatever the user has set."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    line = ["git", "-C", str(ROOT), "-c", "core.excludesFile=/dev/null", *arguments]
    done = subprocess.run(line, env=outer, capture_output=True, text=True, check=True)
    return done.stdout


def of_numbers(config):
    """The configuration without the names on the title page, on which no number depends."""
    return {section: values for section, values in config.items() if section != "report"}


def changed_keys(config):
    """Dotted keys on which numbers depend, with other values than those that shipped.

    Raises:
        ValueError: reference.json, which holds these, is damaged.
    """
    try:
        text = (ROOT / "reference.json").read_text(encoding="utf-8")
        shipped = json.loads(text)["configuration"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"reference.json is damaged ({error})") from error
    return [
        f"{section}.{key}"
        for section, values in of_numbers(config).items()
        for key, value in values.items()
        if shipped.get(section, {}).get(key) != value
    ]
