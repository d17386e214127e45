"""A compiled edition, one reader and their choices in, one message out: a join of encoded pieces."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.utils.html import escape

from digest.errors import DeliveryError
from digest.rendering import headers, quoted, words
from digest.rendering.cards import TEXT_WIDTH
from digest.rendering.edition import CompiledCard, CompiledEdition, CompiledPaper
from digest.rendering.facts import Chosen, ReaderFacts
from digest.rendering.message import DigestMessage, Encoded
from digest.rendering.reasons import Reason
from subscriptions import links
from subscriptions.models import Frequency

# Gmail cuts a message off at 102,400 bytes of HTML; the footer, with its links, must survive what gateways add.
MAX_HTML_BYTES = 80_000
READER_BYTES = 2_500  # names of topics, address, links, preheader
MAX_REMEMBERED = 20_000

TOPIC_PART = "topic:"
ON_TOPIC = 0.1  # of a score: clearly about one of the reader's topics

HTML_POSITIONS = [quoted.encode(str(position)) for position in range(1, 31)]
TEXT_POSITIONS = [quoted.encode(f"{position:>2}. ") for position in range(1, 31)]
RHYTHMS = {
    Frequency.DAILY.value: "every day",
    Frequency.WEEKDAYS.value: "from Monday to Friday",
    Frequency.WEEKLY.value: "once a week",
}

Fill = dict[str, bytes]
T = TypeVar("T")


def assemble(compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen]) -> DigestMessage:
    """One reader's digest, best paper first.

    DeliveryError without choices (nobody gets an empty mail) or for a paper that was not compiled; ValueError or
    BadHeaderError for an address that is none.
    """
    papers = _papers(compiled, choices)
    html_cards, text_cards = _cards(compiled, papers, choices)
    lead = _lead(reader, choices)
    subject, subject_line = _subject(compiled, papers[lead], len(papers))
    unsubscribe = links.unsubscribe_url(reader.subscriber_id)
    own = {
        "preferences": quoted.encode(links.preferences_url(reader.subscriber_id)),
        "unsubscribe": quoted.encode(unsubscribe),
    }
    shared_html, shared_text = _reader_lines(compiled, reader, len(papers))
    html = shared_html | own | {"preheader": _preheader(papers, lead), "email": quoted.encode(escape(reader.email))}
    text = shared_text | own | {"email": quoted.encode(reader.email)}
    uid = str(reader.uid)
    message_id = headers.message_id(uid, compiled.from_domain)
    head = (
        compiled.shared_headers,
        headers.recipient(reader.email),
        subject_line,
        headers.date_line(reader.now.replace(microsecond=0)),
        f"Message-ID: {message_id}\r\nList-Unsubscribe: <{unsubscribe}>\r\n".encode("ascii"),
        compiled.frame.opening,
    )
    return DigestMessage(
        encoded=Encoded(
            head=b"".join(head),
            text=[*compiled.text.before.fill(text), *text_cards, *compiled.text.after.fill(text)],
            between=compiled.frame.between,
            html=[*compiled.html.before.fill(html), *html_cards, *compiled.html.after.fill(html)],
            tail=compiled.frame.tail,
        ),
        subject=subject,
        from_email=compiled.from_email,
        to=reader.email,
        reply_to=compiled.reply_to,
        headers={**compiled.headers, "Message-ID": message_id, "List-Unsubscribe": f"<{unsubscribe}>"},
        date=reader.now,
        delivery=uid,
        tags=[compiled.facts.kind],
    )


def _papers(compiled: CompiledEdition, choices: Sequence[Chosen]) -> list[CompiledPaper]:
    if not choices:
        raise DeliveryError("A digest without papers is not sent")
    try:
        return [compiled.papers[choice.paper_id] for choice in choices]
    except KeyError as missing:
        raise DeliveryError(f"Paper {missing} was not compiled with its edition") from missing


def _cards(
    compiled: CompiledEdition, papers: Sequence[CompiledPaper], choices: Sequence[Chosen]
) -> tuple[list[bytes], list[bytes]]:
    """The cards' HTML and text in pieces, each with its position and its reason."""
    html: list[bytes] = []
    text: list[bytes] = []
    reasons = [compiled.reasons.line(choice.parts) for choice in choices]
    for place, card in enumerate(_fitting(compiled, papers, reasons)):
        reason, html_card, text_card = reasons[place], card.html, card.text
        html += (html_card[0], HTML_POSITIONS[place], html_card[1], reason.html, html_card[2])
        text += (text_card[0], TEXT_POSITIONS[place], text_card[1], reason.text, text_card[2])
    return html, text


def _fitting(
    compiled: CompiledEdition, papers: Sequence[CompiledPaper], reasons: Sequence[Reason]
) -> list[CompiledCard]:
    """Full cards for as many leading papers as the mail has room for, brief ones for the rest."""
    cards = [paper.full for paper in papers]
    room = MAX_HTML_BYTES - READER_BYTES - compiled.html.size
    room -= sum([card.size for card in cards]) + sum([len(reason.html) for reason in reasons])
    for place in range(len(papers) - 1, -1, -1):
        if room >= 0:
            break
        room += papers[place].full.size - papers[place].brief.size
        cards[place] = papers[place].brief
    return cards


def _lead(reader: ReaderFacts, choices: Sequence[Chosen]) -> int:
    """The place of the paper the subject names: the best within the reader's topics, else the first.

    An editor's pick from another field comes first in the mail, but is no reason for this reader to open it.
    """
    if reader.topics:
        for place, choice in enumerate(choices):
            if sum([value for name, value in choice.parts if name.startswith(TOPIC_PART)]) >= ON_TOPIC:
                return place
    return 0


def _subject(compiled: CompiledEdition, lead: CompiledPaper, count: int) -> tuple[str, bytes]:
    """The subject and its header line; readers with the same leading paper share them."""

    def compose() -> tuple[str, bytes]:
        subject = words.subject(lead.title, count)
        return subject, headers.subject_line(subject)

    return _remembered(compiled, (lead.id, count), compose)


def _preheader(papers: Sequence[CompiledPaper], lead: int) -> bytes:
    others = [paper.short_title for place, paper in enumerate(papers[:3]) if place != lead]
    return quoted.encode(escape(words.preheader(others[:2], len(papers), papers[lead].opening)))


def _reader_lines(compiled: CompiledEdition, reader: ReaderFacts, count: int) -> tuple[Fill, Fill]:
    """The holes that tell what a reader asked for, for HTML and for text."""

    def compose() -> tuple[Fill, Fill]:
        chosen = words.chosen_line(count, reader.topics)
        date, rhythm = words.long_date(reader.local_date), RHYTHMS[reader.frequency]
        lines = {"date": date, "chosen": chosen, "rhythm": rhythm}
        text = lines | {"chosen": textwrap.fill(chosen, TEXT_WIDTH, break_on_hyphens=False)}
        return (
            {name: quoted.encode(escape(line)) for name, line in lines.items()},
            {name: quoted.encode(line) for name, line in text.items()},
        )

    return _remembered(compiled, (reader.local_date, reader.topics, reader.frequency, count), compose)


def _remembered(compiled: CompiledEdition, key: tuple[object, ...], compose: Callable[[], T]) -> T:
    memory: dict[tuple[object, ...], T] = compiled.remembered
    known = memory.get(key)
    if known is None:
        if len(memory) >= MAX_REMEMBERED:
            memory.clear()
        known = memory[key] = compose()
    return known
