"""Where a build comes from: the commit of its sources, and what differs from the shipped config.

That is the one of reference.json, to which an edit of config.yaml makes no difference.
"""

import json
import subprocess

from pipeline import ROOT


def commit():
    """The commit of the sources and whether they have been changed since; `unknown` without git."""
    git = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    except OSError:
        return "unknown"
    if head.returncode or status.returncode:
        return "unknown"
    return f"{head.stdout.strip()[:12]}, {'changed' if status.stdout else 'clean'}"


def of_numbers(config):
    """The configuration without the names on the title page, on which no number depends."""
    return {section: values for section, values in config.items() if section != "report"}


def changed_keys(config):
    """Dotted keys on which numbers depend, with other values than those that shipped."""
    text = (ROOT / "reference.json").read_text(encoding="utf-8")
    shipped = json.loads(text)["configuration"]
    return [
        f"{section}.{key}"
        for section, values in of_numbers(config).items()
        for key, value in values.items()
        if shipped.get(section, {}).get(key) != value
    ]
