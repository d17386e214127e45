"""A compiled edition, one reader and their choices in, one message out: a join of encoded pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from digest.errors import DeliveryError
from digest.rendering import fitting, headers, lines, quoted, rendered
from digest.rendering.cards import minutes
from digest.rendering.edition import CompiledEdition
from digest.rendering.entries import MAX_PAPERS
from digest.rendering.facts import Chosen, FollowUp, ReaderFacts
from digest.rendering.holes import Uncompilable
from digest.rendering.message import DigestMessage
from digest.rendering.shared import Opening, Own, SharedMessage
from subscriptions.inlining import serialised
from subscriptions.links import unsubscribe_address

MAX_FOLLOW_UPS = 5
# The same in a header, in HTML and in quoted-printable text; nearly all addresses are such.
_PLAIN_ADDRESS = re.compile(r"\w+(?:[.+-]\w+)*@[A-Za-z0-9][A-Za-z0-9.-]*", re.ASCII)


class _Lines(NamedTuple):
    """What a reader asked for, encoded."""

    date: bytes
    html_chosen: bytes
    text_chosen: bytes
    rhythm: bytes


def assemble(
    compiled: CompiledEdition,
    reader: ReaderFacts,
    choices: Sequence[Chosen],
    follow_ups: Sequence[FollowUp] = (),
) -> DigestMessage:
    """One reader's digest, best paper first; the last ones are left out where the mail has no room for them.

    Of the follow-ups, the first `MAX_FOLLOW_UPS`. DeliveryError without choices (nobody gets an empty mail) or for a
    paper that was not compiled; ValueError or BadHeaderError for an address that is none.
    """
    if not 0 < len(choices) <= MAX_PAPERS:
        raise DeliveryError(f"A digest without papers is not sent, nor one of more than {MAX_PAPERS}: {len(choices)}")
    news = follow_ups[:MAX_FOLLOW_UPS]
    try:
        return _joined(compiled, reader, choices, news)
    except Uncompilable:
        return _rendered(compiled, reader, choices, news)
    except KeyError as missing:
        raise DeliveryError(f"Paper {missing} was not compiled with its edition") from missing


def _joined(
    compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen], follow_ups: Sequence[FollowUp]
) -> DigestMessage:
    shared = _shared(compiled, reader, choices, follow_ups)
    asked = _lines(compiled, reader, shared.papers, shared.left_out, minutes(shared.characters))
    to, html_email, email = _address(reader.email)
    links = compiled.links
    url = links.unsubscribe(reader.subscriber_id)
    ways_out, own_headers = _headers(compiled, reader, url)
    own = Own(
        to,
        headers.date_line(reader.now),
        own_headers,
        asked.date,
        asked.rhythm,
        quoted.encode(links.preferences(reader.subscriber_id)),
        quoted.encode(url),
        quoted.encode(links.votes(reader.subscriber_id)),
        asked.text_chosen,
        email,
        asked.html_chosen,
        html_email,
    )
    pieces = shared.filled(own)
    return DigestMessage(
        compiled.letterhead, str(reader.uid), reader.email, shared.subject, ways_out, reader.now, pieces
    )


def _shared(
    compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen], follow_ups: Sequence[FollowUp]
) -> SharedMessage:
    """Remembered by the identity of choices, as `CompiledEdition.entries` is; what is remembered holds them.

    Nobody shares follow-ups.
    """
    if follow_ups:
        return _made(compiled, reader, choices, follow_ups)
    key = reader.abstracts, bool(reader.topics), *map(id, choices)
    known = compiled.shared.get(key)
    if known is None:
        known = compiled.shared.keep(key, (tuple(choices), _made(compiled, reader, choices, ())))
    return known[1]


def _made(
    compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen], follow_ups: Sequence[FollowUp]
) -> SharedMessage:
    layout = compiled.layout
    if layout is None:
        raise Uncompilable
    news = compiled.news(follow_ups) if follow_ups else []
    entries = fitting.entries(compiled, layout.room - sum([item.size for item in news]), choices, reader.abstracts)
    opening = _opening(compiled, reader, [entry.lead for entry in entries])
    return SharedMessage(compiled.letterhead, layout, opening, entries, news, len(choices) - len(entries))


def _rendered(
    compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen], follow_ups: Sequence[FollowUp]
) -> DigestMessage:
    count, text, html = rendered.bodies(compiled, reader, choices, follow_ups)
    leads = [(choice.paper_id, compiled.reasons.line(choice.parts).is_on_topic) for choice in choices]
    opening = _opening(compiled, reader, leads[:count])
    ways_out, own_headers = _headers(compiled, reader, compiled.links.unsubscribe(reader.subscriber_id))
    letterhead = compiled.letterhead
    pieces = [
        letterhead.lines,
        headers.recipient(reader.email),
        opening.line,
        headers.date_line(reader.now),
        own_headers,
        letterhead.frame.opening,
        quoted.encode(text),
        letterhead.frame.between,
        quoted.encode(html),
        letterhead.frame.tail,
    ]
    return DigestMessage(letterhead, str(reader.uid), reader.email, opening.subject, ways_out, reader.now, pieces)


def _headers(compiled: CompiledEdition, reader: ReaderFacts, unsubscribe: str) -> tuple[str, bytes]:
    """The value of List-Unsubscribe; and it and Message-ID, encoded."""
    letterhead = compiled.letterhead
    address = unsubscribe_address(reader.subscriber_id) if letterhead.takes_mail else ""
    ways_out = headers.unsubscribe(unsubscribe, address)
    own = f"Message-ID: <{reader.uid}@{letterhead.from_domain}>\r\nList-Unsubscribe: {ways_out}\r\n"
    return ways_out, own.encode("ascii")


def _address(email: str) -> tuple[bytes, bytes, bytes]:
    """The To line, and the address as it stands in the HTML and in the text. Raises as `headers.recipient`."""
    if len(email) <= quoted.MAX_LINE and _PLAIN_ADDRESS.fullmatch(email):
        octets = email.encode("ascii")
        written = octets + quoted.SOFT_BREAK
        return b"To: %b\r\n" % octets, written, written
    return headers.recipient(email), quoted.encode(serialised(email)), quoted.encode(email)


def _opening(compiled: CompiledEdition, reader: ReaderFacts, leads: Sequence[tuple[int, bool]]) -> Opening:
    """Readers with the same leading papers share it."""
    count, (first, is_on_topic) = len(leads), leads[0]
    lead = 0 if is_on_topic else lines.lead(reader, [is_on_topic for _, is_on_topic in leads])
    key = "opening", count, lead, leads[lead][0], first, *[paper_id for paper_id, _ in leads[1:3]]
    known: Opening | None = compiled.remembered.get(key)
    return known or compiled.remembered.keep(key, _opening_of(compiled, leads, lead))


def _opening_of(compiled: CompiledEdition, leads: Sequence[tuple[int, bool]], lead: int) -> Opening:
    subject = lines.subject(compiled.headings[leads[lead][0]], len(leads))
    text = lines.preheader([compiled.headings[paper_id] for paper_id, _ in leads], lead, len(leads))
    return Opening(subject, headers.subject_line(subject), quoted.encode(serialised(text)), quoted.encode(text))


def _lines(compiled: CompiledEdition, reader: ReaderFacts, count: int, left_out: int, takes: int) -> _Lines:
    key = (reader.local_date, reader.topics, reader.frequency, count, left_out, takes)
    known: _Lines | None = compiled.remembered.get(key)
    if known is not None:
        return known
    asked = lines.asked_for(reader, count, left_out, takes)
    chosen = quoted.encode(serialised(asked.chosen)), quoted.encode(asked.wrapped)
    known = _Lines(quoted.encode(asked.date), *chosen, quoted.encode(asked.rhythm))
    compiled.remembered.keep(key, known)
    return known
