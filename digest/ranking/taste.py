"""Takes vectors of what a reader asked for, liked and disliked; gives profiles that meet a pool's papers.

A profile is a vector as papers have them (`ranking.vectors`): the direction of meaning that its papers share, and the
terms they have more of than papers usually have. Closed form (Rocchio, in The SMART Retrieval System, 1971): one paper
more changes it at once, and nothing is fitted anew. A text is a paper that has nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.ranking.score import POINTS
from digest.ranking.vectors import BITS, DIMENSIONS, HEAVIEST, as_bytes, meaning_of, packed_terms, terms_of

# Of what readers voted down, this much is taken from what they liked.
TAKEN = 0.25
TERMS = 100  # of a profile, those that weigh most
# A profile's terms weigh so much that its own papers, on average, have SAME of their words in common with it.
SAME = 512
# A text is a few words for what it means, and some of them stand in many papers: of what it may mean only so much counts,
# of its words the square of how much they tell, and so many times as much as words of papers.
MEANT_BY_TEXT = 0.6
OF_TEXT = 3.3
# A profile of one vote is as long as this, of many as can be: one moves papers, ten lead.
FIRST_VOTE = 0.85
# Of the papers a reader liked or gave, the share that somebody wrote, as if there were some more by others, is what a
# paper of theirs is worth; never as much as one that is all about a topic, or is by somebody they follow.
OTHERS = 4
MOST_NOTICED = round(0.35 * POINTS)
AUTHORS_COUNTED = 100  # of a reader, those of most papers

Usual = NDArray[np.float16]


def of_text(text: bytes, usual: Usual) -> bytes:
    """What a reader typed, as a model has it; papers about it have some of the words among many others: each counts
    more, those that tell most by far: "sign language" is not about whatever translates.
    """
    return _meaning([text], (), MEANT_BY_TEXT) + _terms([text], usual, (), OF_TEXT, power=2)


def of_papers(given: Sequence[bytes], usual: Usual) -> bytes:
    """What papers, and titles of papers, have in common and others have not; at least one is given."""
    return _meaning(given, (), 1.0) + _terms(given, usual, (), 1.0)


def of_votes(liked: Sequence[bytes], usual: Usual, disliked: Sequence[bytes]) -> bytes:
    """The same of votes, without a part of what was voted down; at least one is liked."""
    length = 1 - (1 - FIRST_VOTE) / len(liked)
    return _meaning(liked, disliked, length) + _terms(liked, usual, disliked, length)


def away(disliked: Sequence[bytes], usual: Usual) -> bytes:
    """What papers that were voted down have in common; where that is little it is short, as it says little."""
    meaning: bytes = np.rint(_mean(disliked)).astype(np.int8).tobytes()
    return meaning + _terms(disliked, usual, (), 1.0)


def weighed(vector: bytes, share: float) -> bytes:
    """A profile of less length: what is barely near is near no longer."""
    meaning: bytes = np.rint(meaning_of(vector) * share).astype(np.int8).tobytes()
    terms = terms_of(vector)
    return meaning + packed_terms(terms >> BITS, (terms & HEAVIEST) * share).tobytes()


def noticed(teams: Iterable[Sequence[str]]) -> dict[str, int]:
    """Authors of the papers that a reader liked or gave, `teams` of names, and what a paper by each is worth, in
    points.
    """
    of_papers = [set(team) for team in teams]
    papers = Counter(name for team in of_papers for name in sorted(team))
    return {
        name: min(MOST_NOTICED, round(POINTS * count / (len(of_papers) + OTHERS)))
        for name, count in papers.most_common(AUTHORS_COUNTED)
    }


def _meaning(liked: Sequence[bytes], disliked: Sequence[bytes], length: float) -> bytes:
    direction = as_bytes(_mean(liked) - TAKEN * _mean(disliked))[0]
    found: bytes = np.rint(direction * length).astype(np.int8).tobytes()
    return found


def _mean(vectors: Sequence[bytes]) -> NDArray[np.float64]:
    if not vectors:
        return np.zeros(DIMENSIONS)
    found: NDArray[np.float64] = np.mean([meaning_of(each) for each in vectors], axis=0, dtype=np.float64)
    return found


def _terms(liked: Sequence[bytes], usual: Usual, disliked: Sequence[bytes], length: float, power: int = 1) -> bytes:
    """Weights are whole in the end, and are reckoned in one order: the same everywhere."""
    places, near = _summed(liked)
    near /= len(liked)
    near -= usual[places]
    if disliked:
        others, far = _summed(disliked)
        shared = np.isin(places, others)
        near[shared] -= TAKEN * far[np.searchsorted(others, places[shared])] / len(disliked)
    best = np.sort(np.argsort(-near, kind="stable")[:TERMS])
    places, weights = places[best], np.maximum(near[best], 0) ** power
    own = _likeness(liked, places, weights)
    return packed_terms(places, weights * (SAME * length / own) if own else weights).tobytes()


def _summed(vectors: Sequence[bytes]) -> tuple[NDArray[Any], NDArray[Any]]:
    joined = np.concatenate([terms_of(each) for each in vectors])
    places, which = np.unique(joined >> BITS, return_inverse=True)
    weights = (joined & HEAVIEST) / HEAVIEST
    return places, np.bincount(which, weights=weights, minlength=len(places)).astype(np.float64)


def _likeness(vectors: Sequence[bytes], places: NDArray[Any], weights: NDArray[Any]) -> float:
    """The mean of the vectors' products with these weights."""
    joined = np.concatenate([terms_of(each) for each in vectors])
    found = np.isin(joined >> BITS, places)
    own = weights[np.searchsorted(places, joined[found] >> BITS)]
    product = float(np.dot(own, joined[found] & HEAVIEST))
    return product / float(HEAVIEST * len(vectors))
