"""What makes two records the same paper: pure rules on titles, authors and identifiers.

The arXiv id decides, then the DOI. A title joins records only when their identifiers do not contradict each other and
their authors, where both name any, have someone in common; and only a title that says something by itself is enough:
"Editorial" or "Deep Learning" is joined to its first author (or its address) before it identifies anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import sha256

from digest import tex

BRACES = re.compile(r"[{}]")
TEX_COMMAND = re.compile(r"\\[a-zA-Z]+")
# Every ideograph or syllable is a word of its own: such scripts put no spaces between words.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
TELLING_WORDS = 4
TELLING_LETTERS = 30


def title_keys(title: str, authors: Sequence[str], otherwise: Iterable[str]) -> list[str]:
    """What the paper may be filed under, the usual key first; 64 hexadecimal digits each.

    The title alone, if it tells enough, and the title with its first author: for short titles, and for papers whose
    title is taken by other people. `otherwise` (address, abstract) stands in where a short title has no authors.
    """
    words = words_of(title)
    first = authors[0] if authors else next((value for value in otherwise if value), "")
    alone, signed = digest("".join(words)), digest("".join(words), "".join(sorted(words_of(first))))
    if not is_telling(words):
        return [signed]
    return [alone, signed] if authors else [alone]


def digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def words_of(title: str) -> list[str]:
    """Words without case, accents, punctuation and TeX: `Schr\\"odinger` and `Schrödinger` are one word."""
    plain = BRACES.sub("", TEX_COMMAND.sub(" ", tex.with_letters(title)))
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return WORD.findall(unicodedata.normalize("NFC", bare)) or [title.casefold()]


def is_telling(words: Sequence[str]) -> bool:
    return len(words) >= TELLING_WORDS or sum(map(len, words)) >= TELLING_LETTERS


def could_be_one(
    arxiv_id: str | None, doi: str | None, authors: Sequence[str], other: tuple[str | None, str | None, Sequence[str]]
) -> bool:
    """Whether two records with the same title may be one paper."""
    other_arxiv_id, other_doi, other_authors = other
    if arxiv_id and other_arxiv_id and arxiv_id != other_arxiv_id:
        return False
    if doi and other_doi and doi != other_doi:
        return False
    return share_someone(authors, other_authors)


def share_someone(authors: Sequence[str], others: Sequence[str]) -> bool:
    """Names are written in many ways; any common part longer than an initial counts. No names contradict nobody."""
    if not authors or not others:
        return True
    return not parts_of(authors).isdisjoint(parts_of(others))


def parts_of(names: Sequence[str]) -> set[str]:
    words = {word for name in names[:100] for word in words_of(name)}
    return {word for word in words if len(word) > 1} or words
