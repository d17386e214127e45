"""A digest as plain Django makes it: templates rendered for one reader, styles inlined, Django's own MIME.

It shares with the project the words and the cards, and nothing of how they are cut, joined or encoded.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from digest.models import EditionKind
from digest.previews import Pick
from digest.rendering import EditionFacts, FollowUp, PaperFacts, ReaderFacts, headers, words
from digest.rendering.cards import FULL, SHORT, Card, News, Variant, card, wrapped, wrapped_paragraphs
from digest.rendering.cards import news as told_news
from digest.rendering.lines import RHYTHMS
from digest.rendering.reasons import Reason, Reasons
from subscriptions import links
from subscriptions.inlining import inlined


class Cards:
    """Each card with its own words in the holes, as Django's `for` comes to it."""

    def __init__(self, cards: Sequence[Card], holes: dict[str, str], own: Callable[[int], dict[str, str]]) -> None:
        self.cards, self.holes, self.own = cards, holes, own

    def __len__(self) -> int:
        return len(self.cards)

    def __iter__(self) -> Iterator[tuple[str, Card]]:
        for place, each in enumerate(self.cards):
            self.holes.update(self.own(place))
            yield "", each


def written(
    edition: EditionFacts,
    papers: Sequence[PaperFacts],
    topics: dict[str, str],
    reader: ReaderFacts,
    choices: Sequence[Pick],
    variants: Sequence[Variant] | None = None,
    follow_ups: Sequence[FollowUp] = (),
) -> EmailMultiAlternatives:
    known = {paper.id: paper for paper in papers}
    chosen = [known[choice.paper_id] for choice in choices]
    variants = variants or ([FULL] + [FULL if reader.abstracts == "full" else SHORT] * (len(chosen) - 1))
    cards = [card(paper, variant) for paper, variant in zip(chosen, variants, strict=True)]
    told = [
        (Reasons(topics).line(choice.parts), *_own(choice, each)) for choice, each in zip(choices, cards, strict=True)
    ]
    minutes = max(1, round(sum(each.characters for each in cards) / 1300))
    lead = _lead(reader, choices)
    left_out = 0
    line = words.shorten(words.chosen_line(len(cards), reader.topics, left_out, minutes), 1000)
    holes = {
        "preheader": _preheader(chosen, lead),
        "date": words.long_date(reader.local_date),
        "email": reader.email,
        "rhythm": RHYTHMS[reader.frequency],
        "preferences": links.preferences_url(reader.subscriber_id),
        "unsubscribe": links.unsubscribe_url(reader.subscriber_id),
        "votes": links.votes_url(reader.subscriber_id),
    }
    news = [("", told_news(each, "", is_first=each is follow_ups[0])) for each in follow_ups]
    wrapped = textwrap.fill(line, 76, break_on_hyphens=False)
    text = _part("body.txt", edition, cards, told, news, {**holes, "chosen": wrapped})
    message = EmailMultiAlternatives(
        words.subject(words.heading(chosen[lead].title), len(cards)),
        re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", text),
        settings.DEFAULT_FROM_EMAIL,
        [reader.email],
        reply_to=[settings.REPLY_TO],
        headers={
            **headers.shared(edition),
            "Date": headers.date_value(reader.now),
            "Message-ID": f"<{reader.uid}@mail.example.org>",
            "List-Unsubscribe": f"<{links.unsubscribe_url(reader.subscriber_id)}>",
        },
    )
    html = _part("body.html", edition, cards, told, news, {**holes, "chosen": line})
    message.attach_alternative(inlined(html), "text/html")
    return message


def _own(choice: Pick, card: Card) -> tuple[str, list[str]]:
    """The byline with whom the reader follows, and what the choice says of itself."""
    followed = [name.partition(":")[2] for name, _ in choice.parts if name.startswith("author:")]
    limit = card.variant.byline
    byline = words.shorten(words.byline(card.paper.authors, followed), limit) if limit else ""
    return byline, [f"and {len(choice.similar)} similar"] if choice.similar else []


def _part(
    template: str,
    edition: EditionFacts,
    cards: Sequence[Card],
    told: Sequence[tuple[Reason, str, list[str]]],
    news: Sequence[tuple[str, News]],
    holes: dict[str, str],
) -> str:
    def own(place: int) -> dict[str, str]:
        reason, byline, labels = told[place]
        if template == "body.html":
            aside = "".join(f"\xa0· {label}" for label in labels)
            return {"position": str(place + 1), "reason": reason.line, "byline": byline, "aside": aside}
        aside = wrapped(" · ".join(labels)) + "\n" if labels else ""
        return {
            "position": f"{place + 1:>2}. ", "reason": reason.wrapped, "byline": wrapped(byline), "aside": aside,
        }  # fmt: skip

    kind, note = EditionKind(edition.kind), words.shorten(edition.note.strip(), 3000)
    context: dict[str, Any] = {
        "site_name": settings.SITE_NAME,
        "site_url": f"{settings.SITE_URL}/",
        "edition_name": f"{kind.label} edition",
        "edition_url": f"{settings.SITE_URL}/editions/{kind.value}/{edition.date.isoformat()}",
        "edition_date": words.long_date(edition.date),
        "note": note,
        "wrapped_note": wrapped_paragraphs(note),
        "postal_address": settings.POSTAL_ADDRESS,
        "wrapped_sender": settings.POSTAL_ADDRESS,
        "contents": Cards(cards if len(cards) > 1 else [], holes, own),
        "cards": Cards(cards, holes, own),
        "news": news,
        "holes": holes,
    }
    return render_to_string(f"email/digest/{template}", context)


def _lead(reader: ReaderFacts, choices: Sequence[Pick]) -> int:
    places = [
        place
        for place, choice in enumerate(choices)
        if sum(value for name, value in choice.parts if name.startswith("topic:")) >= 0.1
        or any(name.startswith(("author:", "interest:")) and value > 0 for name, value in choice.parts)
    ]
    return places[0] if places and reader.topics else 0


def _preheader(papers: Sequence[PaperFacts], lead: int) -> str:
    titles = [words.short_title(words.heading(paper.title)) for paper in papers]
    others = [title for place, title in enumerate(titles[:3]) if place != lead]
    opening = words.clip(words.readable(papers[lead].abstract), 160) or words.byline(papers[lead].authors)
    return words.preheader(others[:2], len(papers), opening)
