"""A URL in, the reply out: within the limits of the settings, through the gate of every host on the way."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from django.conf import settings

from digest.ingestion import manners
from digest.sources import resolve
from digest.sources.fetch import Limits, Reply, Validators, fetch


def get(
    url: str,
    validators: Validators | None = None,
    secrets: Mapping[str, str] | None = None,
    *,
    seconds: float = inf,
) -> Reply:
    """In less than the usual time, where `seconds` says so. `secrets` are headers that only the URL's own origin gets.

    Raises SourceError; NoTurn where it could not be asked in time. Not within a transaction: what a request
    teaches is there for all workers as soon as it is over.
    """
    return fetch(
        url, user_agent=user_agent(), limits=limits(seconds), validators=validators, secrets=secrets, gate=manners.gate
    )


def limits(seconds: float = inf) -> Limits:
    return Limits(
        seconds=min(seconds, settings.FETCH_TIMEOUT_SECONDS),
        size=settings.FETCH_MAX_BYTES,
        private_hosts=frozenset(map(resolve.name, settings.FETCH_ALLOW_PRIVATE)),
    )


def user_agent() -> str:
    contact = "; ".join(filter(None, (f"+{settings.SITE_URL}", settings.FETCH_CONTACT)))
    return f"Paperboy ({contact})".encode("ascii", "ignore").decode()
