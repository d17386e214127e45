"""A refusal's status and headers in, whether and for how long its host asks us to wait out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Time-out, wrong connection, too early, too many.
LATER = (408, 421, 425, 429)


def asks_for_patience(status: int, pause: int | None) -> bool:
    """Whether the host, not the address, is why nothing came: a 403 with a pause is how GitHub says "too many"."""
    return status >= 500 or status in LATER or (status == 403 and pause is not None)


def pause_asked(headers: Mapping[str, str], now: datetime | None = None) -> int | None:
    """Seconds. Moments are told by the host's own clock, so they are held against its Date."""
    here = now or datetime.now(UTC)
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal() and asked.isascii():
        return int(asked[:9])
    if moment := date(asked):
        return _until(moment, date(headers.get("date", "")) or here)
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        return _until(_since_1970(headers.get("x-ratelimit-reset", "")), date(headers.get("date", "")) or here)
    return None


def date(value: str) -> datetime | None:
    """An HTTP date (RFC 9110, 5.6.7)."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _since_1970(value: str) -> datetime | None:
    """GitHub's: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
    digits = value.strip()
    return (
        datetime.fromtimestamp(int(digits), UTC)
        if digits.isascii() and digits.isdecimal() and len(digits) < 12
        else None
    )


def _until(moment: datetime | None, now: datetime) -> int | None:
    return max(0, int((moment - now).total_seconds())) if moment else None
