"""One reader and their papers in, both body parts out, rendered by Django: for templates that cannot be cut up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from digest.errors import DeliveryError
from digest.rendering import asides, cards, fitting, lines, trial
from digest.rendering.cards import Card
from digest.rendering.edition import MAX_HTML_BYTES, CompiledEdition
from digest.rendering.facts import Chosen, FollowUp, ReaderFacts
from digest.rendering.holes import ENDS, CardByCard
from digest.rendering.layout import HTML, TEXT, Lists, render
from subscriptions import links


class _Digest(NamedTuple):
    """What is to be rendered: of `choices`, those that have `cards`."""

    reader: ReaderFacts
    choices: Sequence[Chosen]
    cards: Sequence[Card]
    follow_ups: Sequence[FollowUp]


def bodies(
    compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Chosen], follow_ups: Sequence[FollowUp] = ()
) -> tuple[int, str, str]:
    """How many papers there was room for, text and HTML. DeliveryError where not even one has room."""
    for variants in fitting.ever_smaller(reader.abstracts, len(choices)):
        fit = [compiled.card(each.paper_id, variant) for each, variant in zip(choices, variants, strict=False)]
        digest = _Digest(reader, choices, fit, follow_ups)
        html = _part(HTML, compiled, digest)
        if len(html.encode()) <= MAX_HTML_BYTES:
            return len(fit), _part(TEXT, compiled, digest), html
    raise DeliveryError(f"A digest of a single paper takes more than {MAX_HTML_BYTES:,} bytes of HTML")


def _part(template: str, compiled: CompiledEdition, digest: _Digest) -> str:
    is_html = template == HTML
    values = _values(compiled, digest, is_html=is_html)
    own = [_own(compiled, digest, place, is_html=is_html) for place in range(len(digest.cards))]
    by_card = CardByCard(digest.cards, own, values)
    news = [("", cards.news(each, "", is_first=not place)) for place, each in enumerate(digest.follow_ups)]
    lists = Lists(by_card if len(digest.cards) > 1 else [], by_card, news)
    rendered = render(template, compiled.context, lists, values)
    trial.must_let_go(template, rendered, values["unsubscribe"])
    return rendered


def _own(compiled: CompiledEdition, digest: _Digest, place: int, *, is_html: bool) -> dict[str, str]:
    choice = digest.choices[place]
    reason, mine = compiled.reasons.line(choice.parts), asides.own(choice, digest.cards[place])
    if is_html:
        return {"position": str(place + 1), "reason": reason.line, **mine.html}
    return {"position": f"{place + 1:>2}. ", "reason": reason.wrapped, **mine.text}


def _values(compiled: CompiledEdition, digest: _Digest, *, is_html: bool) -> dict[str, str]:
    reader, count = digest.reader, len(digest.cards)
    headings = [compiled.headings[card.paper.id] for card in digest.cards]
    reasons = [compiled.reasons.line(choice.parts) for choice in digest.choices[:count]]
    lead = lines.lead(reader, [reason.is_on_topic for reason in reasons])
    takes = cards.minutes(sum(card.characters for card in digest.cards))
    asked = lines.asked_for(reader, count, len(digest.choices) - count, takes)
    return {
        "preheader": lines.preheader(headings, lead, count),
        "date": asked.date,
        "chosen": asked.chosen if is_html else asked.wrapped,
        "email": reader.email,
        "rhythm": asked.rhythm,
        "preferences": links.preferences_url(reader.subscriber_id),
        "unsubscribe": links.unsubscribe_url(reader.subscriber_id),
        "votes": links.votes_url(reader.subscriber_id),
        **dict.fromkeys(ENDS, ""),
    }
