"""What differs from the shipped configuration.

That is the one of reference.json, to which an edit of config.yaml makes no difference.
"""

import json

from pipeline import ROOT


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
