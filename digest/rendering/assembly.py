"""A compiled edition, one reader and their choices in, one message out: a join of encoded pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from digest.errors import DeliveryError
from digest.rendering import fitting, headers, lines, quoted, rendered
from digest.rendering.cards import minutes
from digest.rendering.edition import CompiledEdition
from digest.rendering.entries import MAX_PAPERS, POSITIONS
from digest.rendering.facts import Chosen, FollowUp, ReaderFacts
from digest.rendering.holes import Uncompilable
from digest.rendering.message import DigestMessage
from subscriptions.inlining import serialised
from subscriptions.links import unsubscribe_address

MAX_FOLLOW_UPS = 5
# The same in a header, in HTML and in quoted-printable text; nearly all addresses are such.
_PLAIN_ADDRESS = re.compile(r"\w+(?:[.+-]\w+)*@[A-Za-z0-9][A-Za-z0-9.-]*", re.ASCII)


class _Subject(NamedTuple):
    """What the list of an inbox shows; `line` is the header."""

    subject: str
    line: bytes


class _Preheader(NamedTuple):
    """What the list of an inbox shows beside the subject, encoded."""

    html: bytes
    text: bytes


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
    layout = compiled.layout
    if layout is None:
        raise Uncompilable
    news = compiled.news(follow_ups) if follow_ups else []
    entries = fitting.entries(compiled, layout.room - sum([item.size for item in news]), choices, reader.abstracts)
    subject, preheader = _opening(compiled, reader, [entry.lead for entry in entries])
    takes = minutes(sum([entry.characters for entry in entries]))
    asked = _lines(compiled, reader, len(entries), len(choices) - len(entries), takes)
    to, html_email, email = _address(reader.email)
    links = compiled.links
    url = links.unsubscribe(reader.subscriber_id)
    preferences, unsubscribe = quoted.encode(links.preferences(reader.subscriber_id)), quoted.encode(url)
    # In the order of LAYOUT_HOLES.
    text_values = (
        preheader.text, asked.date, asked.text_chosen, email, asked.rhythm, preferences, unsubscribe,
    )  # fmt: skip
    html_values = (
        preheader.html, asked.date, asked.html_chosen, html_email, asked.rhythm, preferences, unsubscribe,
    )  # fmt: skip
    votes = quoted.encode(links.votes(reader.subscriber_id))
    text, html = [*layout.text.before.fill(text_values)], [*layout.html.before.fill(html_values)]
    if len(entries) > 1:  # a single paper needs no list
        text += [entry.text.lines[place] for place, entry in enumerate(entries)]
        html += [entry.html.lines[place] for place, entry in enumerate(entries)]
    text += layout.text.between.fill(text_values)
    html += layout.html.between.fill(html_values)
    for entry, (html_place, text_place) in zip(entries, POSITIONS, strict=False):
        start, rest, _ = entry.text
        text += (start, text_place, votes.join(rest))
        start, rest, _ = entry.html
        html += (start, html_place, votes.join(rest))
    text += layout.text.closing.fill(text_values)
    html += layout.html.closing.fill(html_values)
    text += [item.text for item in news]
    html += [item.html for item in news]
    text += layout.text.after.fill(text_values)
    html += layout.html.after.fill(html_values)
    return _message(compiled, reader, to, subject, url, text, html)


def _rendered(
    compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen], follow_ups: Sequence[FollowUp]
) -> DigestMessage:
    count, text, html = rendered.bodies(compiled, reader, choices, follow_ups)
    leads = [(choice.paper_id, compiled.reasons.line(choice.parts).is_on_topic) for choice in choices]
    subject, _ = _opening(compiled, reader, leads[:count])
    url = compiled.links.unsubscribe(reader.subscriber_id)
    to = headers.recipient(reader.email)
    return _message(compiled, reader, to, subject, url, [quoted.encode(text)], [quoted.encode(html)])


def _message(
    compiled: CompiledEdition,
    reader: ReaderFacts,
    to: bytes,
    subject: _Subject,
    unsubscribe: str,
    text: list[bytes],
    html: list[bytes],
) -> DigestMessage:
    letterhead, uid = compiled.letterhead, str(reader.uid)
    address = unsubscribe_address(reader.subscriber_id) if letterhead.takes_mail else ""
    ways_out = headers.unsubscribe(unsubscribe, address)
    own = f"Message-ID: <{uid}@{letterhead.from_domain}>\r\nList-Unsubscribe: {ways_out}\r\n"
    pieces = [
        letterhead.lines,
        to,
        subject.line,
        headers.date_line(reader.now),
        own.encode("ascii"),
        letterhead.frame.opening,
        *text,
        letterhead.frame.between,
        *html,
        letterhead.frame.tail,
    ]
    return DigestMessage(letterhead, uid, reader.email, subject.subject, ways_out, reader.now, pieces)


def _address(email: str) -> tuple[bytes, bytes, bytes]:
    """The To line, and the address as it stands in the HTML and in the text. Raises as `headers.recipient`."""
    if len(email) <= quoted.MAX_LINE and _PLAIN_ADDRESS.fullmatch(email):
        octets = email.encode("ascii")
        written = octets + quoted.SOFT_BREAK
        return b"To: %b\r\n" % octets, written, written
    return headers.recipient(email), quoted.encode(serialised(email)), quoted.encode(email)


def _opening(
    compiled: CompiledEdition, reader: ReaderFacts, leads: Sequence[tuple[int, bool]]
) -> tuple[_Subject, _Preheader]:
    """Readers with the same leading papers share the preheader, those with the same first one the subject."""
    count, (first, is_on_topic) = len(leads), leads[0]
    lead = 0 if is_on_topic else lines.lead(reader, [is_on_topic for _, is_on_topic in leads])
    remembered = compiled.remembered
    key = "subject", leads[lead][0], count
    subject: _Subject = remembered.get(key) or remembered.keep(key, _subject(compiled, leads[lead][0], count))
    wide_key = "preheader", count, lead, leads[lead][0], first, *[paper_id for paper_id, _ in leads[1:3]]
    preheader: _Preheader = remembered.get(wide_key) or remembered.keep(wide_key, _preheader(compiled, leads, lead))
    return subject, preheader


def _subject(compiled: CompiledEdition, paper_id: int, count: int) -> _Subject:
    subject = lines.subject(compiled.headings[paper_id], count)
    return _Subject(subject, headers.subject_line(subject))


def _preheader(compiled: CompiledEdition, leads: Sequence[tuple[int, bool]], lead: int) -> _Preheader:
    text = lines.preheader([compiled.headings[paper_id] for paper_id, _ in leads], lead, len(leads))
    return _Preheader(quoted.encode(serialised(text)), quoted.encode(text))


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
