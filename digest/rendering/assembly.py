"""A compiled edition, one reader and their choices in, one message out: a join of encoded pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from digest.errors import DeliveryError
from digest.rendering import headers, lines, quoted, rendered
from digest.rendering.cards import BRIEF, LINE
from digest.rendering.edition import MAX_HTML_BYTES, CompiledCard, CompiledEdition, Layout
from digest.rendering.facts import Chosen, ReaderFacts
from digest.rendering.holes import Uncompilable
from digest.rendering.message import DigestMessage
from digest.rendering.reasons import Reason
from subscriptions import links
from subscriptions.inlining import serialised

MAX_PAPERS = 100
POSITIONS = [(quoted.encode(str(place)), quoted.encode(f"{place:>2}. ")) for place in range(1, MAX_PAPERS + 1)]


class _Subject(NamedTuple):
    """What the leading papers say in the list of an inbox."""

    subject: str
    line: bytes
    html_preheader: bytes
    text_preheader: bytes


class _Lines(NamedTuple):
    """What a reader asked for, encoded."""

    date: bytes
    html_chosen: bytes
    text_chosen: bytes
    rhythm: bytes


def assemble(compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen]) -> DigestMessage:
    """One reader's digest, best paper first; the last ones are left out where the mail has no room for them.

    DeliveryError without choices (nobody gets an empty mail) or for a paper that was not compiled; ValueError or
    BadHeaderError for an address that is none.
    """
    if not 0 < len(choices) <= MAX_PAPERS:
        raise DeliveryError(f"A digest without papers is not sent, nor one of more than {MAX_PAPERS}: {len(choices)}")
    known, line = compiled.reasons.known, compiled.reasons.line
    reasons = [known.get(choice.parts) or line(choice.parts) for choice in choices]
    paper_ids = [choice.paper_id for choice in choices]
    try:
        return _joined(compiled, reader, paper_ids, reasons)
    except Uncompilable:
        return _rendered(compiled, reader, paper_ids, reasons)
    except KeyError as missing:
        raise DeliveryError(f"Paper {missing} was not compiled with its edition") from missing


def _joined(
    compiled: CompiledEdition, reader: ReaderFacts, paper_ids: Sequence[int], reasons: Sequence[Reason]
) -> DigestMessage:
    layout = compiled.layout
    if layout is None:
        raise Uncompilable
    cards = _fitting(compiled, layout, paper_ids, reasons)
    subject = _subject(compiled, reader, paper_ids[: len(cards)], reasons)
    asked = _lines(compiled, reader, len(cards), len(paper_ids) - len(cards))
    email, escaped = quoted.encode(reader.email), serialised(reader.email)
    html_email = email if escaped == reader.email else quoted.encode(escaped)
    preferences = quoted.encode(links.preferences_url(reader.subscriber_id))
    url = links.unsubscribe_url(reader.subscriber_id)
    unsubscribe = quoted.encode(url)
    # In the order of LAYOUT_HOLES.
    text_values = (
        subject.text_preheader, asked.date, asked.text_chosen, email, asked.rhythm, preferences, unsubscribe,
    )  # fmt: skip
    html_values = (
        subject.html_preheader, asked.date, asked.html_chosen, html_email, asked.rhythm, preferences, unsubscribe,
    )  # fmt: skip
    text = [*layout.text.before.fill(text_values)]
    html = [*layout.html.before.fill(html_values)]
    for (html_card, text_card, _), reason, (html_place, text_place) in zip(cards, reasons, POSITIONS, strict=False):
        text += (text_card[0], text_place, text_card[1], reason.text, text_card[2])
        html += (html_card[0], html_place, html_card[1], reason.html, html_card[2])
    text += layout.text.after.fill(text_values)
    html += layout.html.after.fill(html_values)
    return _message(compiled, reader, subject, url, text, html)


def _rendered(
    compiled: CompiledEdition, reader: ReaderFacts, paper_ids: Sequence[int], reasons: Sequence[Reason]
) -> DigestMessage:
    count, text, html = rendered.bodies(compiled, reader, paper_ids, reasons)
    subject = _subject(compiled, reader, paper_ids[:count], reasons)
    url = links.unsubscribe_url(reader.subscriber_id)
    return _message(compiled, reader, subject, url, [quoted.encode(text)], [quoted.encode(html)])


def _message(
    compiled: CompiledEdition,
    reader: ReaderFacts,
    subject: _Subject,
    unsubscribe: str,
    text: list[bytes],
    html: list[bytes],
) -> DigestMessage:
    letterhead, uid = compiled.letterhead, str(reader.uid)
    ways_out = headers.unsubscribe(unsubscribe, reader.subscriber_id)
    own = f"Message-ID: <{uid}@{letterhead.from_domain}>\r\nList-Unsubscribe: {ways_out}\r\n"
    pieces = [
        letterhead.lines,
        headers.recipient(reader.email),
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


def _fitting(
    compiled: CompiledEdition, layout: Layout, paper_ids: Sequence[int], reasons: Sequence[Reason]
) -> list[CompiledCard]:
    """Full cards for as many leading papers as the mail has room for, shorter ones for the rest, none for the last."""
    full = compiled.full
    cards = [full[paper_id] for paper_id in paper_ids]
    room = layout.room
    for card, reason in zip(cards, reasons, strict=True):
        room -= card.size + reason.size
    if room < 0:
        room = _shortened(compiled, paper_ids, cards, room)
    while room < 0 and len(cards) > 1:
        room += cards.pop().size + reasons[len(cards)].size
    if room < 0:
        raise DeliveryError(f"A digest of a single paper takes more than {MAX_HTML_BYTES:,} bytes of HTML")
    return cards


def _shortened(compiled: CompiledEdition, paper_ids: Sequence[int], cards: list[CompiledCard], room: int) -> int:
    """Put shorter cards in place of long ones from the end, until there is room; what room there is then."""
    for variant in (BRIEF, LINE):
        smaller = compiled.smaller(variant)
        for place in range(len(cards) - 1, -1, -1):
            shorter = smaller[paper_ids[place]]
            room += cards[place].size - shorter.size
            cards[place] = shorter
            if room >= 0:
                return room
    return room


def _subject(
    compiled: CompiledEdition, reader: ReaderFacts, paper_ids: Sequence[int], reasons: Sequence[Reason]
) -> _Subject:
    """Readers with the same leading papers share it."""
    lead = 0
    if not reasons[0].is_on_topic:
        lead = lines.lead(reader, [reason.is_on_topic for reason in reasons[: len(paper_ids)]])
    key = (len(paper_ids), lead, paper_ids[lead], *paper_ids[:3])
    known: _Subject | None = compiled.remembered.get(key)
    if known is not None:
        return known
    headings, count = [compiled.headings[paper_id] for paper_id in paper_ids], len(paper_ids)
    subject, preheader = lines.subject(headings, lead, count), lines.preheader(headings, lead, count)
    encoded = quoted.encode(serialised(preheader)), quoted.encode(preheader)
    known = _Subject(subject, headers.subject_line(subject), *encoded)
    compiled.remembered.keep(key, known)
    return known


def _lines(compiled: CompiledEdition, reader: ReaderFacts, count: int, left_out: int) -> _Lines:
    key = (reader.local_date, reader.topics, reader.frequency, count, left_out)
    known: _Lines | None = compiled.remembered.get(key)
    if known is not None:
        return known
    asked = lines.asked_for(reader, count, left_out)
    chosen = quoted.encode(serialised(asked.chosen)), quoted.encode(asked.wrapped)
    known = _Lines(quoted.encode(asked.date), *chosen, quoted.encode(asked.rhythm))
    compiled.remembered.keep(key, known)
    return known
