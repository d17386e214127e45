"""Takes an edition; gives its pool as columns that thousands of readers are matched against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from digest.editions import weights as weighing
from digest.editions.ranked import numbers
from digest.interests import spaces
from digest.interests.spaces import Space
from digest.models import Edition, Paper, RankingModel
from digest.ranking.parts import LOWERABLE, AuthorPart, LoweredPart, OwnPart, own_parts
from digest.ranking.pool import Choice, Pool
from digest.ranking.score import Weights
from digest.ranking.side import Side
from digest.ranking.table import Table

# Of editions that are being sent, and of choices that readers of one of them share: some 10 MB at most.
EDITIONS_KEPT = 3
CHOICES_KEPT = 20_000
# Of editions that are being sent, and of the week before, from which thin digests are filled.
SIDES_KEPT = 8


def load_pool(edition: Edition, weights: Weights | None = None) -> Pool:
    """The edition's pool, by other weights than its own where some are given; four queries, one more where it has
    weights of its own, and for every link in a chain of merged papers.
    """
    weights = weights or weighing.of(edition)
    rows = numbers(edition, weights)
    order = np.argsort(rows.paper_ids)
    paper_ids, canonical_ids = rows.paper_ids[order], rows.canonical_ids[order]
    table = rows.table.take(order)
    return Pool(
        edition_id=edition.pk,
        paper_ids=paper_ids,
        table=replace(table, own=(*_own_parts(edition, paper_ids.tolist(), weights), *_lowered(table))),
        offered=~rows.hidden[order],
        gone=frozenset(rows.paper_ids[rows.gone].tolist()),
        known_as=_known_as(paper_ids.tolist(), canonical_ids.tolist()),
        groups=_groups(rows.groups[order]),
        shared=_shared(paper_ids, table),
    )


def _shared(paper_ids: NDArray[np.int64], table: Table) -> dict[object, Choice]:
    """Choices that readers share, made once a process: they depend on these papers and their points alone."""
    columns = [column for part in table.common for column in (part.name.encode(), part.column.tobytes())]
    topics = table.topics
    numbers = [paper_ids.tobytes(), topics.points.tobytes(), topics.general.tobytes(), *columns]
    known = _known_choices(blake2b(b"|".join(numbers)).digest(), topics.slugs)
    if len(known) > CHOICES_KEPT:
        known.clear()
    return known


@lru_cache(maxsize=EDITIONS_KEPT)
def _known_choices(numbers: bytes, slugs: tuple[str, ...]) -> dict[object, Choice]:
    return {}


def _groups(numbers: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """The places of each group's papers."""
    members, counts = np.unique(numbers, return_counts=True)
    return [np.flatnonzero(numbers == group) for group in members[(counts > 1) & (members > 0)]]


def authors_of(pool: Pool) -> AuthorPart:
    return next(part for part in pool.table.own if isinstance(part, AuthorPart))


def space_of(pool: Pool) -> Space:
    """Where the pool's papers are compared with interests; one query."""
    return spaces.of(Edition.objects.select_related("meaning").get(pk=pool.edition_id))


def _own_parts(edition: Edition, paper_ids: list[int], weights: Weights) -> tuple[OwnPart, ...]:
    """What meets readers' own interests."""
    side = _kept_side(edition.meaning, tuple(paper_ids)) if edition.published_at else _side(edition.meaning, paper_ids)
    authors = dict(edition.entries.values_list("paper_id", "authors"))
    return own_parts(side, [frozenset(authors[pk]) for pk in paper_ids], weights)


def _side(model: RankingModel | None, paper_ids: Sequence[int]) -> Side:
    known = Space(model).stored(paper_ids)
    return Side.of([known.get(pk, b"") for pk in paper_ids])


# Vectors never change: those of editions that are being sent are read once a process, some 5 MB each.
_kept_side = lru_cache(maxsize=SIDES_KEPT)(_side)


def forget() -> None:
    """As a new process."""
    _kept_side.cache_clear()


def _lowered(table: Table) -> list[OwnPart]:
    return [LoweredPart(part) for part in table.common if part.name in LOWERABLE]


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
