"""Takes a paper; gives its terms (words, or authors) and the columns they are hashed to.

Nothing has to be known of a term to see that two papers share it, so a model that was fitted last month serves the
words of this one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from digest.ranking.texts import PaperText
from digest.ranking.topics import tokens

COLUMNS = 2**20
TITLE_COUNTS = 2
WORD = re.compile(r"\w+")

Terms = Callable[[PaperText], Iterable[str]]


def words(paper: PaperText) -> Iterable[str]:
    """Words and pairs of neighbours, as they are written: by their case, names of methods differ from words."""
    for text in (*[paper.title] * TITLE_COUNTS, paper.abstract):
        found = WORD.findall(text)
        yield from found
        yield from (f"{one} {other}" for one, other in pairwise(found))


def plain_words(paper: PaperText) -> Iterable[str]:
    """Words without case and plural."""
    return tokens(" ".join((*[paper.title] * TITLE_COUNTS, paper.abstract)))


def author_names(paper: PaperText) -> Iterable[str]:
    """Whole names; `author_key` makes one of their spellings."""
    return dict.fromkeys(key for name in paper.authors if (key := author_key(name)))


def parts_of_names(paper: PaperText) -> Iterable[str]:
    """First and last names by themselves: what is left of one who is written in another way."""
    return [part for name in paper.authors for part in author_key(name).split(" ") if len(part) > 1]


def author_key(name: str) -> str:
    """Lower case, without dots and hyphens."""
    return " ".join(WORD.findall(name.casefold()))


def column(term: str) -> int:
    return crc32(term.encode()) % COLUMNS


def counted(paper: PaperText, terms: Terms) -> Counter[int]:
    """How often each column is met."""
    return Counter(map(column, terms(paper)))


def weighed(
    paper: PaperText, columns: NDArray[np.int32], rarity: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Of a paper's plain words those that are among `columns`, which are in order: their places, and their weights,
    logarithms of counts times rarity.
    """
    counts = counted(paper, plain_words)
    own = np.fromiter(counts, dtype=np.int32, count=len(counts))
    times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
    places = np.searchsorted(columns, own)
    known = places < len(columns)
    known[known] = columns[places[known]] == own[known]
    places = places[known]
    return places, (1 + np.log(times[known])) * rarity[places]
