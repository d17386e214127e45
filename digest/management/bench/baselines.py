"""The same digests sent as most sites would: templates rendered for each reader, CSS inlined, EmailMultiAlternatives.

Their papers are chosen for them, and they keep no ledger: what they leave out is in their favour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import get_template, render_to_string

from digest.models import Delivery, Edition
from digest.rendering.cards import SHORT, Card, card
from digest.rendering.rows import paper_facts
from subscriptions import links
from subscriptions.inlining import inlined
from subscriptions.models import Subscriber

Render = Callable[[str, dict[str, Any]], str]


def cards_of(edition: Edition) -> dict[int, Card]:
    ids = list(edition.entries.values_list("paper_id", flat=True))
    return {facts.id: card(facts, SHORT) for facts in paper_facts(edition, ids)}


def send(edition: Edition, rows: Sequence[Delivery], cards: dict[int, Card], render: Render) -> None:
    with get_connection() as backend:
        for row in rows:
            backend.send_messages([message(edition, row, cards, render)])


def message(edition: Edition, row: Delivery, cards: dict[int, Card], render: Render) -> EmailMultiAlternatives:
    reader = row.subscriber
    assert reader is not None  # noqa: S101  # nobody is deleted here
    chosen = [cards[item["paper"]] for item in row.selection]
    context = _context(edition, reader, chosen)
    unsubscribe = links.unsubscribe_url(reader.pk)
    made = EmailMultiAlternatives(
        chosen[0].title,
        render("email/digest/body.txt", context),
        to=[reader.email],
        headers={"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    made.attach_alternative(inlined(render("email/digest/body.html", context)), "text/html")
    return made


def with_django(template: str, context: dict[str, Any]) -> str:
    return render_to_string(template, context)


def with_jinja2(template: str, context: dict[str, Any]) -> str:
    return str(_jinja2().get_template(template).render(context))


@cache
def _jinja2() -> Any:
    """The same templates in Jinja's words. ImportError where Jinja2 is not installed."""
    from jinja2 import Environment, FunctionLoader

    def load(name: str) -> str:
        source = Path(str(get_template(name).template.origin.name)).read_text()  # type: ignore[attr-defined]
        source = source.replace("forloop.last", "loop.last").replace("{% autoescape off %}", "{% autoescape false %}")
        return re.sub(r"\.(\d)\.", r"[\1].", source)

    environment = Environment(loader=FunctionLoader(load), autoescape=True)  # as Django's
    environment.filters["linebreaks"] = lambda text: text
    return environment


def _context(edition: Edition, reader: Subscriber, chosen: Sequence[Card]) -> dict[str, Any]:
    return {
        "site_name": settings.SITE_NAME,
        "site_url": links.site_url("/"),
        "edition_name": "Daily edition",
        "edition_url": links.site_url(f"/editions/daily/{edition.date.isoformat()}"),
        "edition_date": f"{edition.date:%d %B %Y}",
        "postal_address": settings.POSTAL_ADDRESS,
        "contents": [("", each) for each in chosen],
        "cards": [("", each) for each in chosen],
        "holes": {
            "preheader": chosen[1].title if chosen[1:] else "",
            "date": f"{edition.date:%A, %d %B %Y}",
            "chosen": f"{len(chosen)} papers chosen for you",
            "email": reader.email,
            "rhythm": "every day",
            "preferences": links.preferences_url(reader.pk),
            "unsubscribe": links.unsubscribe_url(reader.pk),
            "reason": "Robotics 0.61 + trend 0.22",
            "position": "1",
            "byline": "",
            "votes": links.votes_url(reader.pk),
        },
    }
