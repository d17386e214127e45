"""The ways out, by the name that DELIVERY_TRANSPORT gives."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from digest.delivery.transports.backends import BackendTransport
from digest.delivery.transports.base import Message, Transport, TransportUnavailable
from digest.delivery.transports.smtp import SmtpTransport

TRANSPORTS: dict[str, Callable[[int], Transport]] = {
    "smtp": SmtpTransport.from_settings,
    "anymail": lambda connections: BackendTransport(connections=connections),
}


def wanted_connections() -> int:
    """As many as the settings give one worker."""
    over_smtp = settings.DELIVERY_TRANSPORT == "smtp"
    number: int = settings.SMTP_CONNECTIONS if over_smtp else settings.PROVIDER_CONNECTIONS
    return number


def configured(connections: int) -> Transport:
    """The transport that the settings name, with so many connections at most.

    KeyError for an unknown name (a system check says so).
    """
    return TRANSPORTS[settings.DELIVERY_TRANSPORT](connections)


__all__ = [
    "TRANSPORTS",
    "BackendTransport",
    "Message",
    "SmtpTransport",
    "Transport",
    "TransportUnavailable",
    "configured",
    "wanted_connections",
]
