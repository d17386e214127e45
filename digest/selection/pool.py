"""Takes an edition; gives its pool as columns that thousands of readers are matched against."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest import ranking
from digest.editions.ranked import numbers
from digest.models import Edition, Paper

EVERYTHING = -1  # as the bits of a reader's topics: they follow none, so all count


@dataclass(frozen=True, slots=True)
class Choice:
    """A paper in a digest; `score` is the sum of the `parts`: (name, value), largest first.

    `text` is its JSON, made once where a pool's readers share the choice.
    """

    paper_id: int
    score: float
    parts: ranking.Parts
    text: str = field(default="", compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """An item of `Digest.selection`."""
        return {"paper": self.paper_id, "score": self.score, "parts": [list(part) for part in self.parts]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Choice:
        return cls(stored["paper"], stored["score"], tuple((name, value) for name, value in stored["parts"]))


@dataclass(frozen=True, slots=True)
class Pool:
    """An edition's papers as columns, in the order of their ids.

    `offered` leaves out what editors hid. `known_as` gives, for any id they have or had, the ids of the pool's papers;
    `gone` are those that were withdrawn, hidden or merged since. Load a pool anew for every chunk of readers: what
    became of its papers is as of the loading.
    """

    edition_id: int
    paper_ids: NDArray[np.int64]
    table: ranking.Table
    offered: NDArray[np.bool_]
    gone: frozenset[int]
    known_as: Mapping[int, Collection[int]]
    choices: dict[tuple[int, int], Choice] = field(default_factory=dict, compare=False, repr=False)

    def choice(self, place: int, topics: int) -> Choice:
        """The paper with its reasons, made once for all readers for whom they are the same, and kept in `choices`.

        `topics` are those of the reader's that the paper belongs to, as bits (the lowest is the first of
        `table.slugs`); EVERYTHING for a reader who follows none.
        """
        found = self.choices.get((place, topics))
        if found is None:
            columns = [bit for bit in range(len(self.table.slugs)) if topics >> bit & 1]
            explained = self.table.explained(place, None if topics == EVERYTHING else columns)
            bare = Choice(int(self.paper_ids[place]), *explained)
            found = replace(bare, text=json.dumps(bare.as_json()))
            self.choices[place, topics] = found
        return found


def selection_as_text(choices: Sequence[Choice]) -> str:
    """The JSON of `Digest.selection`, joined from what the choices bring."""
    return f"[{', '.join([choice.text or json.dumps(choice.as_json()) for choice in choices])}]"


def papers_as_text(choices: Sequence[Choice]) -> str:
    """The JSON of `Digest.papers`."""
    return f"[{', '.join([str(choice.paper_id) for choice in choices])}]"


def load_pool(edition: Edition) -> Pool:
    """The edition's pool; two queries, one more for every link in a chain of merged papers."""
    rows = numbers(edition)
    order = np.argsort(rows.paper_ids)
    paper_ids, canonical_ids = rows.paper_ids[order], rows.canonical_ids[order]
    return Pool(
        edition_id=edition.pk,
        paper_ids=paper_ids,
        table=rows.table.take(order),
        offered=~rows.hidden[order],
        gone=frozenset(rows.paper_ids[rows.gone].tolist()),
        known_as=_known_as(paper_ids.tolist(), canonical_ids.tolist()),
    )


def _known_as(paper_ids: list[int], canonical_ids: list[int]) -> dict[int, set[int]]:
    """Every id that means a paper of the pool: its own, what it was merged into, what was merged into that."""
    known: dict[int, set[int]] = defaultdict(set)
    for paper_id, canonical_id in zip(paper_ids, canonical_ids, strict=True):
        known[canonical_id].add(paper_id)
    targets = set(canonical_ids)
    while targets:
        merged = Paper.objects.filter(merged_into__in=targets).values_list("id", "merged_into_id")
        aliases = {alias: target for alias, target in merged if target is not None}
        targets = aliases.keys() - known.keys()
        for alias, target in aliases.items():
            known[alias] |= known[target]
    return dict(known)
