"""A fetched paper in; the names it goes by out, and the words of titles and authors that tell papers apart.

Only a title that says something by itself is enough: "Editorial" or "Deep Learning" is joined to its first author (or
its address) before it identifies anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from digest import tex
from digest.sources import FetchedPaper, identifiers
from digest.sources.standing import unmarked

BRACES = re.compile(r"[{}]")
TEX_COMMAND = re.compile(r"\\[a-zA-Z]+")
# Every ideograph or syllable is a word of its own: such scripts put no spaces between words.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
PLAIN_WORD = re.compile(r"[a-z0-9]+")
TELLING_WORDS = 4
TELLING_LETTERS = 30
STRANGERS = frozenset({identifiers.GUID, identifiers.URL})  # count only where nothing better is known

Name = tuple[str, str]


class Named(NamedTuple):
    """What a record is filed under (its strongest name), and all the names it gives; (scheme, value) each."""

    key: Name
    names: tuple[Name, ...]


def named(paper: FetchedPaper) -> Named:
    """The names of a record. Of several arXiv ids the paper's own counts; of the rest, all."""
    given = [(identifiers.ARXIV_SCHEME, paper.arxiv_id), (identifiers.DOI_SCHEME, paper.doi)]
    own = [(scheme, value) for scheme, value in given if value]
    own += [name for name in paper.identifiers if name[0] not in (identifiers.ARXIV_SCHEME, identifiers.TITLE)]
    own = [name for name in own if name[0] not in STRANGERS] or own
    keys = title_keys(paper.title, paper.authors, (paper.url, paper.abstract))
    if own:
        return Named(min(own, key=rank), tuple(dict.fromkeys([*own, (identifiers.TITLE, next(keys))])))
    titles = tuple((identifiers.TITLE, key) for key in keys)
    return Named(titles[-1], titles)


def rank(name: Name) -> tuple[int, str]:
    """Which name comes first: by scheme, then by value."""
    return identifiers.SCHEMES.index(name[0]), name[1]


def title_keys(title: str, authors: Sequence[str], otherwise: Iterable[str]) -> Iterator[str]:
    """What a title is filed under, the usual key first; 64 hexadecimal digits each.

    The title alone, if it tells enough, and the title with its first author: for short titles, and for papers that
    have nothing else to be known by. `otherwise` (address, abstract) stands in where a short title has no authors.
    """
    words = words_of(unmarked(title))
    telling = is_telling(words)
    if telling:
        yield digest("".join(words))
    if authors or not telling:
        first = authors[0] if authors else next((value for value in otherwise if value), "")
        yield digest("".join(words), "".join(sorted(words_of(first))))


def digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def words_of(title: str) -> list[str]:
    """Words without case, accents, punctuation and TeX: `Schr\\"odinger` and `Schrödinger` are one word."""
    if title.isascii() and "\\" not in title and "{" not in title:
        return PLAIN_WORD.findall(title.lower()) or [title.casefold()]
    plain = BRACES.sub("", TEX_COMMAND.sub(" ", tex.with_letters(title)))
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return WORD.findall(unicodedata.normalize("NFC", bare)) or [title.casefold()]


def is_telling(words: Sequence[str]) -> bool:
    return len(words) >= TELLING_WORDS or sum(map(len, words)) >= TELLING_LETTERS


@lru_cache(maxsize=1024)
def people(authors: tuple[str, ...]) -> frozenset[str]:
    """Parts of names. They are written in many ways: any common part longer than an initial counts."""
    words = {word for name in authors[:100] for word in words_of(name)}
    return frozenset({word for word in words if len(word) > 1} or words)
