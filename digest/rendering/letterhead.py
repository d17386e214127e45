"""Takes the settings and an edition; gives what all its messages carry: addresses, headers, the frame of the parts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

from digest.rendering import headers
from digest.rendering.facts import EditionFacts
from subscriptions import addresses


class Frame(NamedTuple):
    """What surrounds the two body parts of a message, from the MIME headers on."""

    opening: bytes
    between: bytes
    tail: bytes


@dataclass(frozen=True, slots=True)
class Letterhead:
    """`lines` are the shared headers, encoded; `envelope_from` has "{uid}" where each message puts its own.

    `takes_mail` says whether readers can also unsubscribe by mail.
    """

    kind: str
    from_email: str
    from_domain: str
    reply_to: tuple[str, ...]
    headers: Mapping[str, str]
    lines: bytes
    frame: Frame
    envelope_from: str
    takes_mail: bool


def letterhead(edition: EditionFacts) -> Letterhead:
    """ValueError or BadHeaderError for settings that would break a header."""
    shared = headers.shared(edition)
    reply_to = (settings.REPLY_TO,) if settings.REPLY_TO else ()
    addressing = {"From": settings.DEFAULT_FROM_EMAIL, **({"Reply-To": reply_to[0]} if reply_to else {})}
    return Letterhead(
        kind=edition.kind,
        from_email=settings.DEFAULT_FROM_EMAIL,
        from_domain=addresses.sender_domain(),
        reply_to=reply_to,
        headers=shared,
        lines=headers.encoded({**addressing, **shared}),
        frame=frame(),
        envelope_from=envelope_from(),
        takes_mail=bool(settings.UNSUBSCRIBE_ADDRESS),
    )


def envelope_from() -> str:
    """Where bounces go: BOUNCE_ADDRESS with the delivery's id in it, so that a bounce names what bounced (VERP)."""
    return addresses.tagged(settings.BOUNCE_ADDRESS, "{uid}") if settings.BOUNCE_ADDRESS else addresses.sender()


def frame() -> Frame:
    """ "=_" never occurs in quoted-printable text, so no body holds the boundary."""
    boundary = b"=_%b" % secrets.token_hex(12).encode()
    kind = b'Content-Type: multipart/alternative; boundary="%b"\r\nMIME-Version: 1.0\r\n' % boundary
    part = b'--%b\r\nContent-Type: text/%%b; charset="utf-8"\r\nMIME-Version: 1.0\r\n' % boundary
    part += b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    return Frame(
        opening=kind + b"\r\n" + part % b"plain",
        between=b"\r\n" + part % b"html",
        tail=b"\r\n--%b--\r\n" % boundary,
    )
