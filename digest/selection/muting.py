"""What readers mute, and a pool; gives the papers that are kept away from each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

import numpy as np

from digest.models import MutedKind, Paper
from digest.ranking.pool import Pool
from digest.ranking.terms import author_key
from digest.ranking.words import joined, words
from digest.selection.pool import authors_of

Muted = Mapping[str, Sequence[str]]  # by kind


class Mutes:
    """Looks up each muted word, author and topic of a pool once, whoever mutes it; the words are read when needed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[tuple[str, str], frozenset[int]] = {}

    def withheld(self, muted: Muted) -> frozenset[int]:
        """Ids of the pool's papers."""
        return frozenset().union(*(self.papers(kind, value) for kind in muted for value in muted[kind]))

    def papers(self, kind: str, value: str) -> frozenset[int]:
        if (kind, value) not in self._known:
            places = {
                MutedKind.WORD.value: self._saying,
                MutedKind.AUTHOR.value: self._by,
                MutedKind.TOPIC.value: self._about,
                MutedKind.PART.value: _none,  # lowered, not kept away
            }[kind](value)
            self._known[kind, value] = frozenset(int(self._pool.paper_ids[place]) for place in places)
        return self._known[kind, value]

    def _saying(self, value: str) -> list[int]:
        return [place for place, text in enumerate(self._words) if f" {value} " in text]

    def _by(self, value: str) -> Iterable[int]:
        part = authors_of(self._pool)
        return [place for name in self._names.get(value, ()) for place in part.papers[name]]

    def _about(self, value: str) -> Iterable[int]:
        part = self._pool.table.topics
        if value not in part.slugs:
            return ()
        found: list[int] = np.flatnonzero(part.relevant[:, part.slugs.index(value)]).tolist()
        return found

    @cached_property
    def _words(self) -> list[str]:
        """Of title and abstract, as they are compared; one query."""
        ids = self._pool.paper_ids.tolist()
        rows = Paper.objects.filter(pk__in=ids).values_list("pk", "title", "abstract")
        texts = {pk: _compared(title, abstract) for pk, title, abstract in rows}
        return [texts.get(pk, "") for pk in ids]

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        return names_by_key(self._pool)


def _none(value: str) -> Iterable[int]:
    return ()


@lru_cache(maxsize=4096)
def _compared(title: str, abstract: str) -> str:
    """Remembered, as each chunk of readers meets the same papers. No phrase reaches from the title to the abstract."""
    return joined([*words(title), "|", *words(abstract)])


def names_by_key(pool: Pool) -> dict[str, list[str]]:
    """The spellings of each author's name in the pool."""
    names: dict[str, list[str]] = {}
    for name in authors_of(pool).papers:
        names.setdefault(author_key(name), []).append(name)
    return names
