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

from digest.ranking.texts import PaperText
from digest.ranking.topics import tokens
from digest.ranking.words import STOP_WORDS
from digest.ranking.words import words as compared_words

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


def telling_words(paper: PaperText) -> Iterable[str]:
    """Words as they are compared, without those that only build sentences, and pairs of neighbours of the rest."""
    for text in (*[paper.title] * TITLE_COUNTS, paper.abstract):
        found = [word for word in compared_words(text) if word not in STOP_WORDS]
        yield from found
        yield from (f"{one} {other}" for one, other in pairwise(found))


def author_names(paper: PaperText) -> Iterable[str]:
    """Whole names; `author_key` makes one of their spellings."""
    return dict.fromkeys(key for name in paper.authors if (key := author_key(name)))


def author_key(name: str) -> str:
    """Lower case, without dots and hyphens."""
    return " ".join(WORD.findall(name.casefold()))


def counted(paper: PaperText, terms: Terms) -> Counter[int]:
    """How often each column is met."""
    return Counter(crc32(term.encode()) % COLUMNS for term in terms(paper))
