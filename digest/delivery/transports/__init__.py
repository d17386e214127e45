"""The ways out, by the name that DELIVERY_TRANSPORT gives."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from digest.delivery.transports.anymail import AnymailTransport
from digest.delivery.transports.base import Transport, TransportUnavailable

TRANSPORTS: dict[str, Callable[[], Transport]] = {
    "anymail": AnymailTransport,
}


def configured() -> Transport:
    """The transport that the settings name, not yet open. KeyError for an unknown name (a system check says so)."""
    return TRANSPORTS[settings.DELIVERY_TRANSPORT]()


__all__ = ["TRANSPORTS", "AnymailTransport", "Transport", "TransportUnavailable", "configured"]
