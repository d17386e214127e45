"""Takes what each reader may get, best first, and what each paper is there for; gives what the digest has room for.

A reader who asked for several things (topics, interests, authors) has each of them in the digest: its places, without
those of off-topic papers, are shared out evenly, to the best papers of each; what is left over goes by score. A paper
is there for what it is worth most for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digest.ranking.parts import Asked, Followed, TopicPart
from digest.ranking.score import Points

Places = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
FOR_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Asking:
    """What each of these readers asked for, numbered: topics as columns, -1 after the last, then readers' own parts.

    `firsts` are the first number of each own part. `at_hand` are readers x numbers: how many of the pool's papers there
    may be for each, at most, nought after the last.
    """

    topics: TopicPart
    columns: NDArray[np.intp]
    own: Sequence[Asked]
    firsts: Sequence[int]
    at_hand: NDArray[np.int64]

    @classmethod
    def of(cls, topics: TopicPart, followed: Followed, own: Sequence[Asked]) -> Asking:
        """Who asked for nothing has nothing to share out, and topics without papers take no share."""
        sets = (followed.sets > 0) & topics.relevant.any(axis=0)
        most = int(sets.sum(axis=1).max(initial=0))
        columns = np.argsort(~sets, axis=1, kind="stable")[:, :most]
        columns[~np.take_along_axis(sets, columns, axis=1)] = FOR_NOTHING
        papers = np.append(topics.relevant.sum(axis=0), 0)[columns]  # the last for -1
        kinds = [papers[followed.rows], *(part.at_hand() for part in own)]
        at_hand = np.concatenate(kinds, axis=1)
        at_hand[followed.none] = 0
        firsts = np.cumsum([kind.shape[1] for kind in kinds])[:-1].tolist()
        return cls(topics, columns[followed.rows], own, firsts, at_hand)

    def reasons(self, rows: NDArray[np.intp], places: Places) -> Places:
        """Readers x places: the number of what each paper is there for, the one worth most; the first of equals."""
        points = self.topics.points.T.ravel()  # taken from by one index, in half the time of two
        papers = len(self.topics.points)
        found = np.full(places.shape, FOR_NOTHING, dtype=np.int16)
        worth = np.zeros(places.shape, dtype=np.int32)
        for number, columns in enumerate(self.columns[rows].T):
            theirs = points.take(places + columns[:, None] * papers, mode="wrap")
            _keep_better(found, worth, number, theirs, (columns >= 0)[:, None])
        for first, part in zip(self.firsts, self.own, strict=True):
            numbers, theirs = part.foremost(rows, places)
            _keep_better(found, worth, numbers + first, theirs, True)
        return found


def _keep_better(found: Places, worth: Points, numbers: Any, theirs: Points, where: Any) -> None:
    better = (theirs > worth) & where
    np.copyto(found, numbers, where=better, casting="unsafe")
    np.maximum(worth, theirs, out=worth, where=where)


class Taken(NamedTuple):
    """Readers x places: what makes the digest. And for which readers a share is not filled by these places."""

    chosen: Flags
    unfilled: Flags


def taken(
    asking: Asking, rows: NDArray[np.intp], places: Places, off_topic: Flags, lengths: NDArray[np.int64]
) -> Taken:
    """Of these readers' papers, best first and -1 after the last, what each digest has room for.

    Off-topic papers have the places that they have by score. With one thing asked for all goes by score.
    """
    there = places >= 0
    chosen = there & (np.arange(places.shape[1]) < lengths[:, None])
    unfilled = np.zeros(len(places), dtype=bool)
    several = np.flatnonzero(((asking.at_hand[rows] > 0).sum(axis=1) > 1) & (there.sum(axis=1) > lengths))
    if len(several):
        theirs = rows[several]
        own = there[several], off_topic[several], asking.reasons(theirs, places[several]), asking.at_hand[theirs]
        chosen[several], unfilled[several] = _shared_out(*own, lengths[several], chosen[several])
    return Taken(chosen, unfilled)


def _shared_out(
    there: Flags,
    off_topic: Flags,
    reasons: Places,
    at_hand: NDArray[np.int64],
    lengths: NDArray[np.int64],
    by_score: Flags,
) -> Taken:
    chosen = by_score & off_topic
    rooms = lengths - chosen.sum(axis=1)
    shares = np.maximum(1, rooms // (at_hand > 0).sum(axis=1))
    fitting = there & ~off_topic
    theirs, unfilled = np.zeros_like(fitting), np.zeros(len(there), dtype=bool)
    for number, papers in enumerate(at_hand.T):
        of_this = fitting & (reasons == number)
        order = np.cumsum(of_this, axis=1, dtype=np.int16)
        theirs |= of_this & (order <= shares[:, None])
        unfilled |= order[:, -1] < np.minimum(shares, papers)
    # Who asked for more than there are places gets the best of each, as far as they go by score.
    chosen |= _first(theirs, rooms)
    return Taken(chosen | _first(there & ~chosen, lengths - chosen.sum(axis=1)), unfilled)


def _first(flags: Flags, counts: NDArray[np.int64]) -> Flags:
    return flags & (np.cumsum(flags, axis=1, dtype=np.int16) <= counts[:, None])
