"""Takes a pool and interests; gives digests, by a few matrix products for hundreds of readers.

What is chosen: the best by score, of papers that fit anything the reader asked for, and of others only editors' picks
and what trends, at most a quarter of the digest's length and at least one. For a reader who asked for nothing that
limit falls away. The rest is noise: a digest may be shorter than its length, or empty. Of near-duplicates one is in it
(`folding`), and all that the reader asked for has its share (`sharing`).

In what order: by score, but what trends elsewhere comes after all the rest. It is the same for everybody.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digest.ranking.folding import Fold, fold
from digest.ranking.interests import Interests
from digest.ranking.parts import Asked, Followed, Told
from digest.ranking.pool import Choice, Pool
from digest.ranking.sharing import Asking, taken
from digest.ranking.surprise import SURPRISE, WORTH, placed, surprises
from digest.ranking.table import Meeting, with_own

OFF_TOPIC_PART = 4
# How many times as many papers as a digest holds are looked through before all are.
LOOKED_THROUGH = 4
# Readers at a time: their scores stay in the processor's cache.
BATCH = 256
NOTHING: Told = ("", 0.0)
Keys = NDArray[np.int64] | NDArray[np.int32]
Places = NDArray[np.intp]


def choose_for(pool: Pool, readers: Sequence[Interests]) -> list[list[Choice]]:
    """The digest for each of these interests, in their order, possibly empty."""
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
    withheld = _withheld(pool, readers)
    found = surprises(pool.table, readers, meeting.scored, withheld, pool.groups)
    eligible = _eligible(pool, readers, meeting, withheld, lengths)
    asked = [met for met in meeting.own if isinstance(met, Asked)]
    asking = Asking.of(pool.table.topics, meeting.followed, asked)
    places = _composed(pool, eligible, asking, lengths)
    surprising = placed(places, found, readers)
    digests = _shared(pool, readers, meeting.followed, places)
    for each in eligible.folds:
        for row, position, folded in each.under(places):
            digests[row][position] = pool.folding(digests[row][position], folded)
    for met in meeting.own:
        digests = [_with_own(*each) for each in zip(digests, met.reasons(places), strict=True)]
    for row, position in surprising.items():
        told = [NOTHING] * position + [(SURPRISE, WORTH)]
        digests[row] = [*_with_own(digests[row][: position + 1], told), *digests[row][position + 1 :]]
    return digests


class _Eligible(NamedTuple):
    """Readers x papers: sort keys, or never where the paper is not for this reader; modulo papers it is its place.

    `off_topic` are those of them that are about nothing the reader asked for.
    """

    keys: Keys
    off_topic: NDArray[np.bool_]
    folds: list[Fold]


def _eligible(
    pool: Pool,
    readers: Sequence[Interests],
    meeting: Meeting,
    withheld: NDArray[np.bool_],
    lengths: NDArray[np.int64],
) -> _Eligible:
    """What was scored and what is withheld are overwritten."""
    keys, fits = _keys(meeting.scored.points), meeting.scored.fits
    notable = pool.table.notable & (not pool.is_past)
    _withhold_lowered(pool, readers, fits, withheld)
    fits[meeting.followed.none] |= notable
    folds = fold(keys, fits, notable, withheld, pool.groups)
    off_topic = _few_off_topic(keys, fits, notable, withheld, np.maximum(1, lengths // OFF_TOPIC_PART))
    has_nothing = ~(fits & ~withheld).any(axis=1)
    off_topic[has_nothing] &= pool.table.picked
    np.logical_or(fits, off_topic, out=fits)
    np.logical_not(fits, out=fits)
    np.logical_or(fits, withheld, out=fits)
    np.putmask(keys, fits, _never(keys))
    return _Eligible(keys, off_topic, folds)


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


def _withhold_lowered(
    pool: Pool, readers: Sequence[Interests], fits: NDArray[np.bool_], withheld: NDArray[np.bool_]
) -> None:
    """What would come to readers for nothing but what they wanted less of."""
    for row, reader in enumerate(readers):
        if reader.lowered:
            withheld[row] |= ~(fits[row] | pool.table.notable_without(reader.lowered))


def _never(keys: Keys) -> int:
    """Below every key of this width."""
    return int(np.iinfo(keys.dtype).min)


def _few_off_topic(
    keys: Keys,
    fits: NDArray[np.bool_],
    notable: NDArray[np.bool_],
    withheld: NDArray[np.bool_],
    limits: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Readers x papers: the best of those that are notable and fit nothing, as many as the limits say."""
    candidates = np.flatnonzero(notable)
    off_topic = np.where(fits[:, candidates] | withheld[:, candidates], _never(keys), keys[:, candidates])
    few = _best_first(off_topic)[:, : int(limits.max())]
    rows, columns = np.nonzero((few != _never(keys)) & (np.arange(few.shape[1]) < limits[:, None]))
    found = np.zeros(fits.shape, dtype=bool)
    found[rows, few[rows, columns] % keys.shape[1]] = True
    return found


def _best_first(keys: Keys) -> Keys:
    """A whole sort, as numpy's is vectorised: its argpartition takes ten times as long where most keys are never."""
    return np.sort(keys, axis=1)[:, ::-1]  # type: ignore[return-value]  # numpy's stubs lose the width


def _composed(pool: Pool, eligible: _Eligible, asking: Asking, lengths: NDArray[np.int64]) -> Places:
    """Readers x largest length: the places of each digest, in its order, -1 after the last.

    Most digests are found among a few times as many papers as they hold; for the others all are looked through.
    """
    everybody, ranked = np.arange(len(lengths)), _best_first(eligible.keys)
    width = min(ranked.shape[1], int(lengths.max()) * LOOKED_THROUGH)
    places, missed = _composed_of(pool, everybody, ranked[:, :width], eligible, asking, lengths)
    if len(missed):
        rest = ranked[missed]
        rest = rest[:, : int((rest != _never(rest)).sum(axis=1).max())]
        places[missed] = _composed_of(pool, missed, rest, eligible, asking, lengths)[0]
    return places


def _composed_of(
    pool: Pool,
    rows: NDArray[np.intp],
    ranked: Keys,
    eligible: _Eligible,
    asking: Asking,
    lengths: NDArray[np.int64],
) -> tuple[Places, NDArray[np.intp]]:
    """These readers' places, and the readers for whom there may be papers further down that belong in."""
    papers = eligible.keys.shape[1]
    places = np.where(ranked == _never(ranked), -1, ranked % papers).astype(np.intp)
    off_topic = eligible.off_topic.ravel().take(places + rows[:, None] * papers, mode="wrap") & (places >= 0)
    chosen, unfilled = taken(asking, rows, places, off_topic, lengths[rows])
    late = off_topic.copy()
    late[late] = ~pool.table.picked[places[late]]
    more = unfilled & (places[:, -1] >= 0)
    return _in_order(places, chosen, late, int(lengths.max())), rows[more]


def _in_order(places: Places, chosen: NDArray[np.bool_], late: NDArray[np.bool_], most: int) -> Places:
    """Readers x most: what was chosen, in the order it stands in, but what is late after all the rest."""
    width = places.shape[1]
    order = np.where(chosen, np.arange(width, dtype=np.int32) + np.where(late, width, 0), 2 * width)
    order = np.sort(order, axis=1)[:, :most]
    if width < most:
        order = np.pad(order, ((0, 0), (0, most - width)), constant_values=2 * width)
    found = np.take_along_axis(places, order % width, axis=1)
    ordered: Places = np.where(order < 2 * width, found, -1)
    return ordered


def _shared(pool: Pool, readers: Sequence[Interests], followed: Followed, places: Places) -> list[list[Choice]]:
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


def _shared_keys(pool: Pool, followed: Followed, places: Places) -> NDArray[Any]:
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
        Choice(choice.paper_id, *with_own(choice.score, choice.parts, reason), choice.similar) if reason[1] else choice
        for choice, reason in zip(digest, own, strict=False)
    ]
