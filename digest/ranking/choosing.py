"""Takes a pool and interests; gives digests, by a few matrix products for hundreds of readers.

What is chosen: the best by score, of papers that fit anything the reader asked for, and of others only editors' picks
and what trends, at most a quarter of the digest's length and at least one. For a reader who asked for nothing that
limit falls away. The rest is noise: a digest may be shorter than its length, or empty.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.parts import Followed, Told
from digest.ranking.pool import Choice, Pool
from digest.ranking.table import Meeting, with_own

OFF_TOPIC_PART = 4
# Readers at a time: their scores stay in the processor's cache.
BATCH = 256
Keys = NDArray[np.int64] | NDArray[np.int32]


def choose_for(pool: Pool, readers: Sequence[Interests]) -> list[list[Choice]]:
    """The digest for each of these interests, in their order, best first, possibly empty."""
    if not len(pool.paper_ids):
        return [[] for _ in readers]
    batches = (readers[start : start + BATCH] for start in range(0, len(readers), BATCH))
    with _no_collecting():
        return [digest for batch in batches for digest in _chosen(pool, batch)]


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Nothing that is made here refers to itself: to look for such takes as long as choosing does."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _chosen(pool: Pool, readers: Sequence[Interests]) -> list[list[Choice]]:
    lengths = np.array([reader.length for reader in readers])
    meeting = pool.table.meet(readers)
    places = _best(_eligible(pool, readers, meeting, lengths), lengths, len(pool.paper_ids))
    digests = _shared(pool, readers, meeting.followed, places)
    for met in meeting.own:
        digests = [_with_own(*each) for each in zip(digests, met.reasons(places), strict=True)]
    return digests


def _eligible(pool: Pool, readers: Sequence[Interests], meeting: Meeting, lengths: NDArray[np.int64]) -> Keys:
    """Readers x papers: sort keys, or never where the paper is not for this reader; modulo papers it is its place.

    What was scored is overwritten.
    """
    keys, fits = _keys(meeting.scored.points), meeting.scored.fits
    notable = pool.table.notable
    fits[meeting.followed.none] |= notable
    withheld = _withheld(pool, readers)
    return _with_few_off_topic(keys, fits, notable, withheld, np.maximum(1, lengths // OFF_TOPIC_PART))


def _keys(scores: NDArray[np.int32]) -> Keys:
    """Scores, and among equal ones places; 32-bit numbers where they fit, as they are sorted in half the time."""
    papers = scores.shape[1]
    if max(-int(scores.min()), int(scores.max())) >= np.iinfo(np.int32).max // papers - 1:
        wide: NDArray[np.int64] = scores.astype(np.int64) * papers + np.arange(papers)
        return wide
    scores *= papers
    scores += np.arange(papers, dtype=np.int32)
    return scores


def _withheld(pool: Pool, readers: Sequence[Interests]) -> NDArray[np.bool_]:
    """Readers x papers."""
    ids = np.fromiter(chain.from_iterable([reader.withheld for reader in readers]), dtype=np.int64)
    rows = np.repeat(np.arange(len(readers)), [len(reader.withheld) for reader in readers])
    columns = np.minimum(np.searchsorted(pool.paper_ids, ids), len(pool.paper_ids) - 1)
    here = pool.paper_ids[columns] == ids
    withheld = np.zeros((len(readers), len(pool.paper_ids)), dtype=bool)
    withheld[:, ~pool.offered] = True
    withheld[rows[here], columns[here]] = True
    return withheld


def _never(keys: Keys) -> int:
    """Below every key of this width."""
    return int(np.iinfo(keys.dtype).min)


def _with_few_off_topic(
    keys: Keys,
    fits: NDArray[np.bool_],
    notable: NDArray[np.bool_],
    withheld: NDArray[np.bool_],
    limits: NDArray[np.int64],
) -> Keys:
    candidates = np.flatnonzero(notable)
    off_topic = np.where(fits[:, candidates] | withheld[:, candidates], _never(keys), keys[:, candidates])
    few = _best(off_topic, limits, keys.shape[1])
    rows, columns = np.nonzero(few >= 0)
    fits[rows, few[rows, columns]] = True
    np.logical_not(fits, out=fits)
    np.logical_or(fits, withheld, out=fits)
    np.putmask(keys, fits, _never(keys))
    return keys


def _best(keys: Keys, counts: NDArray[np.int64], papers: int) -> Keys:
    """Readers x largest count: the places of each reader's best keys, best first, -1 after the last.

    A whole sort, as numpy's is vectorised: its argpartition takes ten times as long where most keys are never.
    """
    found = np.sort(keys, axis=1)[:, ::-1][:, : int(counts.max())]
    beyond = np.arange(found.shape[1]) >= counts[:, None]
    best: Keys = np.where((found == _never(keys)) | beyond, -1, found % papers)
    return best


def _shared(pool: Pool, readers: Sequence[Interests], followed: Followed, places: Keys) -> list[list[Choice]]:
    """A choice depends on the paper and on which of its topics the reader follows: most readers share them."""
    counts = np.sum(places >= 0, axis=1).tolist()
    known, digests = pool.shared, []
    for reader, count, row in zip(readers, counts, _shared_keys(pool, followed, places).tolist(), strict=True):
        keys = row[:count]
        try:
            digests.append([known[key] for key in keys])
        except KeyError:
            digests.append([pool.shared_choice(key, key % len(pool.paper_ids), reader) for key in keys])
    return digests


def _shared_keys(pool: Pool, followed: Followed, places: Keys) -> NDArray[Any]:
    """Readers x chosen: a number for the paper and which of its topics the reader follows; modulo papers its place.

    One bit for each topic, and one for who asked for nothing.
    """
    part = pool.table.topics
    is_wide = (len(part.slugs) + 1) + len(pool.paper_ids).bit_length() > 62
    bits = np.array([1 << bit for bit in range(len(part.slugs) + 1)], dtype=object if is_wide else np.int64)
    of_papers = np.where(part.points > 0, bits[:-1], 0).sum(axis=1)
    theirs = np.where(followed.sets > 0, bits[:-1], 0).sum(axis=1)[followed.rows]
    topics = np.where(followed.none[:, None], bits[-1], of_papers[places] & theirs[:, None])
    keys: NDArray[Any] = topics * len(pool.paper_ids) + places
    return keys


def _with_own(digest: list[Choice], own: Sequence[Told]) -> list[Choice]:
    return [
        Choice(choice.paper_id, *with_own(choice.score, choice.parts, reason)) if reason[1] else choice
        for choice, reason in zip(digest, own, strict=False)
    ]
