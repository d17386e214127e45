"""What those who write a journal and those who read it must agree on: its place, its first line, results in short."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.db import connection

from digest.delivery.outcomes import Fault, Outcome, Result

KIND = "paperboy 1"
SUFFIX = ".wire"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

ACCEPTED = Result(Outcome.ACCEPTED)
IN_DOUBT = Result(Outcome.UNKNOWN, "The worker ended while the message was on the wire", fault=Fault.OURS)
NEVER_LEFT = Result(Outcome.RETURNED, fault=Fault.OURS)


def folder() -> Path:
    return Path(settings.DATA_DIR) / "wire"


def boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


def database() -> str:
    """Whose claims a journal is about, in a word: several databases may be used from one folder, as by tests."""
    parts = [str(connection.settings_dict.get(name)) for name in ("HOST", "PORT", "NAME")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
