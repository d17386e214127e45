"""An edition's ranked entries in, rows of the curation page out: what is shown, filtered, named and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from digest.admin.display import part_names, plural
from digest.editions import RankedEntry
from digest.models import Decision, EditionPaper, SignalKind

NOUNS = {SignalKind.UPVOTES: "upvote", SignalKind.COMMENTS: "comment", SignalKind.STARS: "star"}


@dataclass(frozen=True, slots=True)
class Row:
    """One paper on the page. `up` and `down` are the positions of its visible neighbours, where it has any."""

    ranked: RankedEntry
    parts: list[tuple[str, float]]
    topics: list[str]
    signals: list[str]
    up: int | None = None
    down: int | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the pool is shown; kept in the address, so that a reload shows the same."""

    words: str = ""
    topic: str = ""
    only: str = ""
    everything: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        return cls(
            words=query.get("q", "").strip(),
            topic=query.get("topic", ""),
            only=query.get("only", ""),
            everything=query.get("all") == "1",
        )

    def query(self, **changes: Any) -> str:
        values = {"q": self.words, "topic": self.topic, "only": self.only, "all": "1" if self.everything else ""}
        return urlencode({name: value for name, value in (values | changes).items() if value})

    def admit(self, ranked: RankedEntry) -> bool:
        entry = ranked.entry
        return self._has_words(ranked) and (not self.topic or self.topic in entry.topics) and self._is_wanted(entry)

    def _has_words(self, ranked: RankedEntry) -> bool:
        text = " ".join(
            [ranked.paper.title, str(ranked.paper), ranked.paper.arxiv_id or "", *ranked.paper.authors]
        ).casefold()
        return all(word in text for word in self.words.casefold().split())

    def _is_wanted(self, entry: EditionPaper) -> bool:
        wanted = {
            "pinned": entry.decision == Decision.PINNED,
            "hidden": entry.decision == Decision.HIDDEN,
            "blurb": bool(entry.blurb),
            "moved": entry.shift != 0,
        }
        return wanted.get(self.only, True)


def rows(shown: Sequence[RankedEntry], topics: Mapping[str, str]) -> list[Row]:
    positions = [ranked.position for ranked in shown]
    return [
        Row(
            ranked=ranked,
            parts=part_names(ranked.parts, topics),
            topics=_leading_topics(ranked.entry, topics),
            signals=_newest_signals(ranked),
            up=positions[place - 1] if place else None,
            down=positions[place + 1] if place + 1 < len(positions) else None,
        )
        for place, ranked in enumerate(shown)
    ]


def _leading_topics(entry: EditionPaper, topics: Mapping[str, str]) -> list[str]:
    best = sorted(entry.topics.items(), key=lambda item: -item[1])[:3]
    return [topics.get(slug, slug) for slug, _ in best]


def _newest_signals(ranked: RankedEntry) -> list[str]:
    newest = {signal.kind: signal.value for signal in ranked.paper.signals.all()}  # ordered by the day observed
    return [plural(newest[kind], NOUNS[SignalKind(kind)]) for kind in SignalKind.values if newest.get(kind)]


def topic_counts(pool: Sequence[RankedEntry], topics: Mapping[str, str]) -> list[tuple[str, str, int]]:
    counts = {slug: sum(slug in ranked.entry.topics for ranked in pool) for slug in topics}
    return [(slug, topics[slug], count) for slug, count in counts.items() if count]
