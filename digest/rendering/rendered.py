"""One reader and their papers in, both body parts out, rendered by Django: for templates that cannot be cut up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digest.errors import DeliveryError
from digest.rendering import lines, trial
from digest.rendering.cards import BRIEF, FULL, LINE, Card
from digest.rendering.edition import MAX_HTML_BYTES, CompiledEdition
from digest.rendering.facts import ReaderFacts
from digest.rendering.holes import CardByCard
from digest.rendering.layout import HTML, TEXT, render
from digest.rendering.reasons import Reason
from subscriptions import links


def bodies(
    compiled: CompiledEdition, reader: ReaderFacts, paper_ids: Sequence[int], reasons: Sequence[Reason]
) -> tuple[int, str, str]:
    """How many papers there was room for, text and HTML. DeliveryError where not even one has room."""
    for cards in _ever_smaller(compiled, paper_ids):
        html = _part(HTML, compiled, reader, cards, reasons, len(paper_ids))
        if len(html.encode()) <= MAX_HTML_BYTES:
            return len(cards), _part(TEXT, compiled, reader, cards, reasons, len(paper_ids)), html
    raise DeliveryError(f"A digest of a single paper takes more than {MAX_HTML_BYTES:,} bytes of HTML")


def _ever_smaller(compiled: CompiledEdition, paper_ids: Sequence[int]) -> Iterator[list[Card]]:
    for variant in (FULL, BRIEF, LINE):
        yield [compiled.card(paper_id, variant) for paper_id in paper_ids]
    for count in range(len(paper_ids) - 1, 0, -1):
        yield [compiled.card(paper_id, LINE) for paper_id in paper_ids[:count]]


def _part(
    template: str,
    compiled: CompiledEdition,
    reader: ReaderFacts,
    cards: Sequence[Card],
    reasons: Sequence[Reason],
    wanted: int,
) -> str:
    is_html = template == HTML
    own = [
        (str(place), reason.line) if is_html else (f"{place:>2}. ", reason.wrapped)
        for place, reason in enumerate(reasons[: len(cards)], start=1)
    ]
    values = _values(compiled, reader, cards, reasons, wanted, is_html=is_html)
    rendered = render(template, compiled.context, CardByCard(cards, own, values), values)
    trial.must_let_go(template, rendered, values["unsubscribe"])
    return rendered


def _values(
    compiled: CompiledEdition,
    reader: ReaderFacts,
    cards: Sequence[Card],
    reasons: Sequence[Reason],
    wanted: int,
    *,
    is_html: bool,
) -> dict[str, str]:
    count = len(cards)
    headings = [compiled.headings[card.paper.id] for card in cards]
    lead = lines.lead(reader, [reason.is_on_topic for reason in reasons[:count]])
    asked = lines.asked_for(reader, count, wanted - count)
    return {
        "preheader": lines.preheader(headings, lead, count),
        "date": asked.date,
        "chosen": asked.chosen if is_html else asked.wrapped,
        "email": reader.email,
        "rhythm": asked.rhythm,
        "preferences": links.preferences_url(reader.subscriber_id),
        "unsubscribe": links.unsubscribe_url(reader.subscriber_id),
        "cards": "",
    }
