"""An edition and the papers its readers get in, a compiled edition out: everything readers share, done once."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from digest.errors import DeliveryError
from digest.models import Edition, EditionKind, EditionPaper, Paper, Signal, SignalKind
from digest.rendering import headers, words
from digest.rendering.cards import BRIEF, FULL, VARIANTS, card, card_key, wrapped_paragraphs
from digest.rendering.facts import EditionFacts, PaperFacts
from digest.rendering.layout import Part, compile_part
from digest.rendering.reasons import Reasons
from subscriptions import links
from subscriptions.models import Topic

CARD_HOLES = ("position", "reason")
NOTE_BYTES = 3000
OPENING_LENGTH = 160


class CompiledCard(NamedTuple):
    """One paper in one variant: before the position, up to the reason, after it; `size` of the HTML, decoded."""

    html: tuple[bytes, ...]
    text: tuple[bytes, ...]
    size: int


class CompiledPaper(NamedTuple):
    id: int
    title: str
    short_title: str
    opening: str
    full: CompiledCard
    brief: CompiledCard


class Frame(NamedTuple):
    """What surrounds the two body parts of a message, from the MIME headers on."""

    opening: bytes
    between: bytes
    tail: bytes


@dataclass(frozen=True, slots=True)
class CompiledEdition:
    """What `assemble` joins from. Safe to share between threads; it holds no reader's data but remembered lines."""

    facts: EditionFacts
    papers: Mapping[int, CompiledPaper]
    html: Part
    text: Part
    reasons: Reasons
    from_email: str
    from_domain: str
    reply_to: tuple[str, ...]
    headers: Mapping[str, str]
    shared_headers: bytes
    frame: Frame
    remembered: dict[tuple[object, ...], Any] = field(default_factory=dict)


def compile_edition(edition: Edition, paper_ids: Collection[int]) -> CompiledEdition:
    """Render every paper's card and the layout once. Four queries; DeliveryError where a paper does not exist."""
    wanted = list(dict.fromkeys(paper_ids))
    facts = EditionFacts(edition.kind, edition.date, edition.note)
    return compile_facts(facts, paper_facts(edition, wanted), dict(Topic.objects.values_list("slug", "name")))


def paper_facts(edition: Edition, paper_ids: Sequence[int]) -> list[PaperFacts]:
    """The papers in the order asked for, with the edition's blurbs and the newest count of each signal."""
    rows = Paper.objects.in_bulk(paper_ids)
    if missing := [paper_id for paper_id in paper_ids if paper_id not in rows]:
        raise DeliveryError(f"No such paper: {', '.join(map(str, missing[:5]))}")
    entries = EditionPaper.objects.filter(edition=edition, paper__in=paper_ids).exclude(blurb="")
    blurbs = dict(entries.values_list("paper_id", "blurb"))
    signals = _newest_signals(paper_ids)
    return [_facts(rows[paper_id], blurbs.get(paper_id, ""), signals) for paper_id in paper_ids]


def _newest_signals(paper_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    rows = Signal.objects.filter(paper__in=paper_ids).order_by("observed_on")
    return {(paper_id, kind): value for paper_id, kind, value in rows.values_list("paper_id", "kind", "value")}


def _facts(paper: Paper, blurb: str, signals: Mapping[tuple[int, str], int]) -> PaperFacts:
    return PaperFacts(
        id=paper.pk,
        title=paper.title,
        abstract=paper.abstract,
        authors=tuple(map(str, paper.authors)),
        url=paper.url,
        page_url=links.site_url(f"/papers/{paper.pk}"),
        code_url=paper.code_url,
        project_url=paper.project_url,
        label=paper.primary_category,
        published_on=paper.published_at.date() if paper.published_at else None,
        upvotes=signals.get((paper.pk, SignalKind.UPVOTES), 0),
        stars=signals.get((paper.pk, SignalKind.STARS), 0),
        blurb=blurb,
        is_sample=paper.is_sample,
    )


def compile_facts(facts: EditionFacts, papers: Sequence[PaperFacts], topics: Mapping[str, str]) -> CompiledEdition:
    """The same from plain values, without the database; `topics` maps slugs to names."""
    cards = [card(paper, variant) for paper in papers for variant in VARIANTS]
    context = _context(facts)
    html, text = compile_part("body.html", context, cards), compile_part("body.txt", context, cards)
    shared = headers.shared(facts)
    reply_to = (settings.REPLY_TO,) if settings.REPLY_TO else ()
    addressing = {"From": settings.DEFAULT_FROM_EMAIL, **({"Reply-To": reply_to[0]} if reply_to else {})}
    return CompiledEdition(
        facts=facts,
        papers={paper.id: _compiled(paper, html, text) for paper in papers},
        html=html,
        text=text,
        reasons=Reasons(topics),
        from_email=settings.DEFAULT_FROM_EMAIL,
        from_domain=headers.from_domain(),
        reply_to=reply_to,
        headers=shared,
        shared_headers=headers.encoded({**addressing, **shared}),
        frame=_frame(),
    )


def _frame() -> Frame:
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


def _context(facts: EditionFacts) -> dict[str, object]:
    kind = EditionKind(facts.kind)
    note = words.shorten(facts.note.strip(), NOTE_BYTES)
    return {
        "site_name": words.one_line(settings.SITE_NAME),
        "site_url": links.site_url("/"),
        "edition_name": f"{kind.label} edition",
        "edition_url": links.site_url(f"/editions/{kind.value}/{facts.date.isoformat()}"),
        "edition_date": words.long_date(facts.date),
        "note": note,
        "wrapped_note": wrapped_paragraphs(note),
        "postal_address": words.one_line(settings.POSTAL_ADDRESS),
        "wrapped_sender": wrapped_paragraphs(words.one_line(settings.POSTAL_ADDRESS)),
    }


def _compiled(paper: PaperFacts, html: Part, text: Part) -> CompiledPaper:
    full, brief = (_compiled_card(card_key(paper, variant), html, text) for variant in (FULL, BRIEF))
    title = words.heading(paper.title)
    opening = words.clip(words.readable(paper.abstract), OPENING_LENGTH) or words.byline(paper.authors)
    return CompiledPaper(paper.id, title, words.short_title(title), opening, full, brief)


def _compiled_card(key: str, html: Part, text: Part) -> CompiledCard:
    for part in (html, text):
        if part.cards[key].names != CARD_HOLES:
            raise ImproperlyConfigured(f"A card must have the holes {CARD_HOLES}, not {part.cards[key].names}")
    return CompiledCard(html.cards[key].constants, text.cards[key].constants, html.cards[key].size)
