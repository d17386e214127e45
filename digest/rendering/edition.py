"""An edition and its papers as plain values in, a compiled edition out: everything readers share, done once.

Templates are tried before they are trusted: where cutting a template into constants and holes could change what a
reader reads, it is rendered for each reader instead, which is slow and right.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings

from digest.errors import DeliveryError
from digest.models import EditionKind
from digest.rendering import lines, trial, words
from digest.rendering.cards import FULL, SHORT, VARIANTS, Card, Variant, card, news, wrapped_paragraphs
from digest.rendering.entries import CompiledCard, Entry, Item, compiled_card, entry_of
from digest.rendering.facts import Chosen, EditionFacts, FollowUp, PaperFacts
from digest.rendering.holes import Uncompilable
from digest.rendering.layout import HTML, NOTHING, TEXT, Context, Layout, Lists, Part, compile_part, render
from digest.rendering.letterhead import letterhead
from digest.rendering.lines import LIMITS, Heading
from digest.rendering.memory import Memory
from digest.rendering.reasons import Parts, Reasons
from digest.rendering.shared import SharedMessage
from subscriptions import links

logger = logging.getLogger(__name__)

# Gmail cuts a message off at 102,400 bytes of HTML; the footer, with its links, must survive what gateways add.
MAX_HTML_BYTES = 80_000
# What surrounds the cards: with a note it leaves room for thirty papers; without, an operator's may be larger.
LAYOUT_BYTES = 20_000
MAX_LAYOUT_BYTES = 40_000
NOTE_BYTES = (3000, 1000, 0)
NAME_BYTES = 200
ADDRESS_BYTES = 600
MISSING_BYTES = 600
# Messages without what is their readers' own, some 4 KB each.
SHARED_KEPT = 5000


class CompiledEdition:
    """What `assemble` joins from. It holds no reader's data but remembered lines.

    `layout` is None where every message has to be rendered. Meant for one thread at a time.
    """

    def __init__(self, facts: EditionFacts, topics: Mapping[str, str]) -> None:
        self.facts = facts
        self.letterhead = letterhead(facts)
        self.links = links.ReaderLinks()
        self.votes_size = len(self.links.votes(0))
        self.reasons = Reasons(topics)
        self.papers: dict[int, PaperFacts] = {}
        self.headings: dict[int, Heading] = {}
        self.remembered: Memory[tuple[object, ...], Any] = Memory()
        self.shared: Memory[tuple[object, ...], tuple[Sequence[Chosen], SharedMessage]] = Memory(SHARED_KEPT)
        self._entries: Memory[tuple[str, int, Parts, int], Entry] = Memory()
        self._by_choice: dict[str, Memory[int, Entry]] = {FULL.name: Memory(), SHORT.name: Memory()}
        self._news: Memory[tuple[FollowUp, bool], Item] = Memory()
        self.context = _fitting_context(facts)
        self._cards: dict[str, dict[int, CompiledCard]] = {variant.name: {} for variant in VARIANTS}
        self.layout = self._compiled_layout()

    def add(self, papers: Sequence[PaperFacts]) -> None:
        """Take in papers that readers get; what is known already stays as it was."""
        new = {paper.id: paper for paper in papers if paper.id not in self.papers}
        self.papers |= new
        self.headings |= {paper.id: lines.heading(paper) for paper in new.values()}
        self._compile(FULL, SHORT)

    def entries(self, choices: Sequence[Chosen], variant: Variant) -> list[Entry]:
        """FULL or SHORT. KeyError for a paper that was not added.

        The readers of a pool share their choices, so these are looked up by identity: telling by their parts that two
        are alike takes ten times as long. A choice that is remembered lives on, so no other can have its identity.
        """
        known = self._by_choice[variant.name]
        return [known.get(id(choice)) or known.keep(id(choice), self.entry(choice, variant)) for choice in choices]

    def entry(self, choice: Chosen, variant: Variant) -> Entry:
        """Shorter cards are compiled when the first is needed. Uncompilable where that fails."""
        key = variant.name, choice.paper_id, choice.parts, len(getattr(choice, "similar", ()))
        found = self._entries.get(key)
        if found is None:
            self._compile(variant)
            if self.layout is None:
                raise Uncompilable(f"its {variant.name} cards")
            card = self._cards[variant.name][choice.paper_id]
            found = self._entries.keep(key, entry_of(choice, card, self.reasons.line(choice.parts), self.votes_size))
        return found._replace(choice=choice)

    def news(self, follow_ups: Sequence[FollowUp]) -> list[Item]:
        """The section for follow-ups; empty in a part that has no place for them. Uncompilable where that fails."""
        keys = [(follow_up, not place) for place, follow_up in enumerate(follow_ups)]
        found = {key: item for key in keys if (item := self._news.get(key))}
        if missing := [key for key in dict.fromkeys(keys) if key not in found]:
            found |= zip(missing, self._compiled_news(missing), strict=True)
        return [found[key] for key in keys]

    def add_news(self, follow_ups: Collection[FollowUp]) -> None:
        """Compile what many readers are told at once, as one takes as long as all; what is known stays."""
        keys = [(each, first) for each in follow_ups for first in (True, False)]
        if self.layout is not None and (missing := [key for key in keys if self._news.get(key) is None]):
            with suppress(Uncompilable):  # a message that tells it is rendered then
                list(self._compiled_news(missing))

    def _compiled_news(self, keys: Sequence[tuple[FollowUp, bool]]) -> Iterator[Item]:
        items = [news(follow_up, str(place), is_first=first) for place, (follow_up, first) in enumerate(keys)]
        html, text = (compile_part(template, self.context, [], items) for template in (HTML, TEXT))
        for key, item in zip(keys, items, strict=True):
            in_html, in_text = html.news.get(item.key, NOTHING), text.news.get(item.key, NOTHING)
            yield self._news.keep(key, Item(in_html.constants[0], in_text.constants[0], in_html.size))

    def card(self, paper_id: int, variant: Variant) -> Card:
        """A paper's card as templates get it."""
        key = (paper_id, variant.name)
        known: Card = self.remembered.get(key) or self.remembered.keep(key, card(self.papers[paper_id], variant))
        return known

    def _compile(self, *variants: Variant) -> None:
        cards = [
            card(paper, variant)
            for variant in variants
            for paper in self.papers.values()
            if paper.id not in self._cards[variant.name]
        ]
        if not cards or self.layout is None:
            return
        try:
            html, text = compile_part(HTML, self.context, cards), compile_part(TEXT, self.context, cards)
        except Uncompilable as reason:
            self._give_up(reason)
        else:
            for each in cards:
                self._cards[each.variant.name][each.paper.id] = compiled_card(each, html, text)

    def _compiled_layout(self) -> Layout | None:
        """DeliveryError where a part has no way to unsubscribe, or cannot be rendered at all."""
        try:
            html, text = (trial.tried(template, self.context) for template in (HTML, TEXT))
        except Uncompilable as reason:
            self._give_up(reason)
            return None
        return Layout(html, text, MAX_HTML_BYTES - html.size - _room_for_values(html))

    def _give_up(self, reason: Uncompilable) -> None:
        self.layout = None
        logger.warning("Digests are rendered one by one, a hundred times slower than joined: %s", reason)


def compile_facts(facts: EditionFacts, papers: Sequence[PaperFacts], topics: Mapping[str, str]) -> CompiledEdition:
    """Render every paper's card and the layout once; `topics` maps slugs to names."""
    compiled = CompiledEdition(facts, topics)
    compiled.add(papers)
    return compiled


def _room_for_values(html: Part) -> int:
    link = len(links.unsubscribe_url(0))
    return sum(LIMITS.get(name, link) for name in html.names)


def _fitting_context(facts: EditionFacts) -> Context:
    """With the note as long as it may be. DeliveryError where the layout takes too much room without any."""
    for note_bytes in NOTE_BYTES:
        context = _context(facts, note_bytes)
        size = len(render(HTML, context, Lists([], []), trial.plain_values()).encode())
        if size <= (LAYOUT_BYTES if note_bytes else MAX_LAYOUT_BYTES):
            return context
    raise DeliveryError(f"{HTML} takes {size:,} bytes without a single paper; it may take {MAX_LAYOUT_BYTES:,}")


def _context(facts: EditionFacts, note_bytes: int) -> Context:
    kind = EditionKind(facts.kind)
    note = words.shorten(facts.note.strip(), note_bytes) if note_bytes else ""
    missing = words.shorten(words.one_line(facts.missing), MISSING_BYTES)
    address = words.shorten(words.one_line(settings.POSTAL_ADDRESS), ADDRESS_BYTES)
    return {
        "site_name": words.shorten(words.one_line(settings.SITE_NAME), NAME_BYTES),
        "site_url": links.site_url("/"),
        "edition_name": f"{kind.label} edition",
        "edition_url": links.site_url(f"/editions/{kind.value}/{facts.date.isoformat()}"),
        "edition_date": words.long_date(facts.date),
        "note": note,
        "wrapped_note": wrapped_paragraphs(note),
        "missing": missing,
        "wrapped_missing": wrapped_paragraphs(missing),
        "postal_address": address,
        "wrapped_sender": wrapped_paragraphs(address),
    }
