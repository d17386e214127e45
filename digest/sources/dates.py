"""Dates as sources write them in, aware datetimes or days out; what cannot be read is None, never a guess."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime


def moment(value: str) -> datetime | None:
    """ISO 8601 (RFC 3339) or RFC 2822; without an offset it is taken as UTC."""
    if not value:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value.strip())
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def day(value: str) -> date | None:
    """The calendar day as written, in the writer's own zone: `2026-06-24T00:00:00-04:00` is 24 June."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(value.strip()).date()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
