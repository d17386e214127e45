"""Takes an edition; gives its pool in the general order, each paper with its score and the parts of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest import ranking
from digest.editions import weights as weighing
from digest.models import Decision, Edition, EditionPaper, Paper

COLUMNS = ("id", "paper_id", "trend", "prediction", "topics", "decision", "shift", "group")
FLAGS = (
    "paper__is_hidden",
    "paper__withdrawn_at",
    "paper__merged_into_id",
    "paper__merged_into__is_hidden",
    "paper__merged_into__withdrawn_at",
)


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """A paper's place in the general order: 1 is the top, None for one that readers do not see."""

    position: int | None
    entry: EditionPaper
    score: float
    parts: ranking.Parts

    @property
    def paper(self) -> Paper:
        return self.entry.paper


@dataclass(frozen=True, slots=True)
class Numbers:
    """A pool as columns, one row a paper. All but `gone` and `canonical_ids` is frozen when the edition is published.

    `hidden` is the editors' decision for this edition. `gone` is what became of the paper itself: hidden or withdrawn
    altogether, or merged into another of the same pool. `canonical_ids` are the papers they were merged into, or they.
    `groups` tell near-duplicates; what editors pinned stands alone, as does what has no near-duplicate, by a 0.
    """

    entry_ids: NDArray[np.int64]
    paper_ids: NDArray[np.int64]
    canonical_ids: NDArray[np.int64]
    hidden: NDArray[np.bool_]
    gone: NDArray[np.bool_]
    shift: NDArray[np.float64]
    groups: NDArray[np.int64]
    table: ranking.Table


def numbers(edition: Edition, weights: ranking.Weights | None = None) -> Numbers:
    """The pool's numbers, by other weights than the edition's where some are given; one query, or two.

    The topics are those that any of its papers belongs to, by slug.
    """
    weights = weights or weighing.of(edition)
    rows = list(edition.entries.order_by("id").values_list(*COLUMNS, *FLAGS))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS + FLAGS]
    entry_ids, paper_ids, trends, predictions, topics, decisions, shifts, groups, *flags = columns
    is_hidden, withdrawn, merged, *of_merged = flags
    slugs = sorted({slug for relevance in topics for slug in relevance})
    relevance = np.array([[paper.get(slug, 0.0) for slug in slugs] for paper in topics]).reshape(len(rows), len(slugs))
    pinned = np.array([decision == Decision.PINNED for decision in decisions], dtype=bool)
    twins = set(paper_ids).intersection(merged)
    gone = zip(merged, is_hidden, withdrawn, *of_merged, strict=True)
    return Numbers(
        entry_ids=np.array(entry_ids, dtype=np.int64),
        paper_ids=np.array(paper_ids, dtype=np.int64),
        canonical_ids=np.array([into or own for own, into in zip(paper_ids, merged, strict=True)], dtype=np.int64),
        hidden=np.array([decision == Decision.HIDDEN for decision in decisions], dtype=bool),
        gone=np.array([into in twins or any(reasons) for into, *reasons in gone], dtype=bool),
        shift=np.array(shifts, dtype=np.float64),
        groups=np.where(pinned, 0, np.array(groups, dtype=np.int64)),
        table=ranking.table(slugs, relevance, trends, pinned, shifts, weights=weights, prediction=predictions),
    )


def ranked_entries(edition: Edition, *, limit: int | None = None, with_hidden: bool = False) -> list[RankedEntry]:
    """The general list, best first: what a reader without topics is offered. Three queries.

    Papers come with their `signals`. What readers do not see (hidden in this edition, or hidden, withdrawn or merged
    altogether) is left out, or with `with_hidden` comes last.
    """
    pool = numbers(edition)
    scores = pool.table.general_scores()
    best = ranking.order(scores, pool.paper_ids)
    unseen = (pool.hidden | pool.gone)[best]
    places = [*enumerate(best[~unseen], start=1), *(((None, place) for place in best[unseen]) if with_hidden else ())]
    entries = _entries(pool, [int(place) for _, place in places[:limit]])
    return [
        RankedEntry(position, entries[int(place)], *pool.table.explained(int(place)))
        for position, place in places[:limit]
        if int(place) in entries
    ]


def _entries(pool: Numbers, places: list[int]) -> dict[int, EditionPaper]:
    ids = {int(pool.entry_ids[place]): place for place in places}
    rows = EditionPaper.objects.filter(pk__in=ids).select_related("paper").prefetch_related("paper__signals")
    return {ids[entry.pk]: entry for entry in rows}
