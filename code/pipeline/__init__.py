"""What the Snakefile needs besides rules.  No job imports it, so an edit here reruns nothing."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
