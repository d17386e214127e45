"""Takes more papers than a pool may hold; gives those it holds, so that every topic keeps its best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import EVERYBODY, Interests
from digest.ranking.score import order
from digest.ranking.table import Table

# Whatever other topics there are, each keeps this many, which is more than the longest digest holds; in a small pool
# a quarter of it.
KEPT = 40


def shortlist(ids: Sequence[int], table: Table, size: int, preference: NDArray[np.float64]) -> list[int]:
    """Positions of `size` papers, in ascending order; more only where KEPT of each topic are more.

    The general order and every topic keep their best KEPT by the score their followers would see: no topic loses
    papers to another. For what room is left they take turns, each with its best paper that is still free. Equal scores
    are told apart by `preference` (more is better), then by the higher id.
    """
    if len(ids) <= size:
        return list(range(len(ids)))
    keys = np.asarray(ids), preference
    scores, fits = table.meet([EVERYBODY, *(Interests((slug,)) for slug in table.topics.slugs)]).scored
    fits[0] = True
    queues = [_queue(scored, belongs, *keys) for scored, belongs in zip(scores, fits, strict=True)]
    kept = {paper for queue in queues for paper in islice(queue, min(KEPT, size // 4))}
    return sorted(_take_turns(queues, size, kept))


def _queue(
    scores: NDArray[np.int32], belongs: NDArray[np.bool_], ids: NDArray[np.int64], preference: NDArray[np.float64]
) -> Iterator[int]:
    by_preference = np.lexsort((ids, preference))
    rank = np.empty_like(by_preference)
    rank[by_preference] = np.arange(len(ids))
    return (int(paper) for paper in order(scores, rank) if belongs[paper])


def _take_turns(queues: list[Iterator[int]], size: int, taken: set[int]) -> set[int]:
    while queues and len(taken) < size:
        for queue in list(queues):
            paper = next((paper for paper in queue if paper not in taken), None)
            if paper is None:
                queues.remove(queue)
            elif len(taken) < size:
                taken.add(paper)
    return taken
