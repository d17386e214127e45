"""A host in, the name of its gate out: the host itself, or what it is below where that asks for a pause of its own."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings

from digest.sources import resolve

# https://info.arxiv.org/help/api/tou.html: one request every three seconds and one connection at a time, whatever the
# number of machines.
PAUSES = {"arxiv.org": timedelta(seconds=3)}


def gate_of(host: str) -> str:
    host = resolve.name(host)
    return next((name for name in PAUSES if host == name or host.endswith(f".{name}")), host)


def gate_of_url(url: str) -> str:
    """Empty where the URL has no host, and so is never asked for."""
    try:
        return gate_of(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def pause(gate: str) -> timedelta:
    """From the end of a request to the beginning of the next: so nothing on the way brings two closer together."""
    return max(PAUSES.get(gate, timedelta()), timedelta(seconds=settings.FETCH_PAUSE_SECONDS))
