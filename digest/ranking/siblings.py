"""Takes the papers of a pool; gives which of them are near-duplicates: a report and its short form, parts one and two.

Two papers are alike by the words of their titles and abstracts, as TF-IDF: each word counts by the logarithm of how
often it comes, and by how rare it is among these papers; the title twice. A group's papers are all near its first one,
so that no chain of small steps joins what is far apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from digest.ranking.texts import PaperText
from digest.ranking.words import STOP_WORDS, words

# Cosines. On 20 recorded days papers of different groups were hardly ever nearer than .3, and never told the same.
NEAR = 0.45
NEAR_BY_THE_SAME = 0.3  # where they have an author in common
COLUMNS = 4096  # words share them by their hashes: a small pool has as many
LONGEST = 5_000  # characters of an abstract that are looked at

ALONE = -1


def siblings(papers: Sequence[PaperText]) -> list[int]:
    """For each paper the place of its group's first one, ALONE where it has no near-duplicate."""
    if len(papers) < 2:
        return [ALONE] * len(papers)
    vectors = _vectors(papers)
    authors = [frozenset(name.casefold() for name in paper.authors) for paper in papers]
    first = [ALONE] * len(papers)
    for place, row in enumerate(vectors @ vectors.T):
        if first[place] != ALONE:
            continue
        for other in np.flatnonzero(row >= NEAR_BY_THE_SAME).tolist():
            is_near = row[other] >= NEAR or authors[place] & authors[other]
            if other > place and first[other] == ALONE and is_near:
                first[place] = first[other] = place
    return first


def _vectors(papers: Sequence[PaperText]) -> NDArray[np.float32]:
    counts = [_counts(paper) for paper in papers]
    having = Counter(word for each in counts for word in each)
    vectors = np.zeros((len(papers), COLUMNS), dtype=np.float32)
    for row, each in enumerate(counts):
        for word, count in each.items():
            rarity = log((len(papers) + 1) / (having[word] + 0.5))
            vectors[row, crc32(word.encode()) % COLUMNS] += (1 + log(count)) * rarity
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit


def _counts(paper: PaperText) -> Counter[str]:
    found = words(f"{paper.title} . {paper.title} . {paper.abstract[:LONGEST]}")
    return Counter(word for word in found if word not in STOP_WORDS)
