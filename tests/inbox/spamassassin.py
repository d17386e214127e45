"""A message in, SpamAssassin's score out: rules on this machine alone, no network, nothing learned.

A regression check, no proof of delivery: Bayes, DNS and reputation decide too, and are not asked here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from typing import NamedTuple

HIGHEST_SCORE = 0.0  # a good mail has -1.0 as a list's, 0.0 as a letter
REMEDY = "SpamAssassin is not installed: `make system-deps`, or apt-get install spamassassin"


class Verdict(NamedTuple):
    """`rules` are those that count against the message."""

    score: float
    rules: tuple[str, ...]


def is_installed() -> bool:
    return shutil.which("spamassassin") is not None


def verdict(raw: bytes) -> Verdict:
    """RuntimeError if the program says nothing to be understood."""
    with tempfile.TemporaryDirectory(prefix="paperboy-spamassassin-") as home:
        # A home of its own: nobody's preferences, and nothing learned from one message for the next.
        finished = subprocess.run(
            ["spamassassin", "-x", "-t", "-L"],
            input=raw,
            env={"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C"},
            capture_output=True,
            timeout=120,
            check=False,
        )
    report = finished.stdout.decode(errors="replace").rpartition("Content analysis details:")[2]
    if not (found := re.match(r"\s*\((-?[\d.]+) points", report)):
        raise RuntimeError(f"spamassassin: {finished.stderr.decode(errors='replace').strip() or 'no report'}")
    costs = re.findall(r"^\s*(-?\d+(?:\.\d+)?) ([A-Z][A-Z0-9_]+)", report, re.MULTILINE)
    return Verdict(float(found[1]) + 0.0, tuple(f"{rule} {points}" for points, rule in costs if float(points) > 0))
