"""Takes text as authors or readers typed it, gives its words in the form in which they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from digest import tex

LONGEST_WORD = 64  # characters: what is longer is no word
# Chinese and Japanese are written without spaces: each of their characters is a word, and neighbours make pairs.
IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{IDEOGRAPHS}]|[^\W_{IDEOGRAPHS}]+")


def words(text: str) -> list[str]:
    """Lower case, without TeX, accents and plural endings: `The Poincaré maps` gives the, poincare, map."""
    return [compared(word) for word in WORD.findall(composed(tex.readable(text)))]


def joined(found: Iterable[str]) -> str:
    """Words as one text, with a space at both ends: any of them, or some in a row, are then found between spaces."""
    return f" {' '.join(found)} "


def composed(text: str) -> str:
    """Accents joined to their letters, which are then one word; ligatures and raised digits as plain ones."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=65536)
def compared(word: str) -> str:
    """One word of a text, as WORD finds it, in the form in which words are compared."""
    plain = word.casefold()
    if not plain.isascii():
        plain = "".join(each for each in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(each))
    return singular(plain[:LONGEST_WORD])


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """The word without its plural ending, by the first rules of Harman's S stemmer (JASIS 42(1), 1991)."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "sses", "xes")) else word[:-1]


# They say how a sentence is built, not what it is about.
STOP_WORDS = frozenset(
    map(
        singular,
        """a about all also an and any are as at be been between but by can could do does for from had has have how i
        if in into is it its may more most no not of on one or our over so some such than that the their them then
        there these they this those through to toward towards under up upon use used using via was we were what when
        where whether which while who why will with within without you your""".split(),  # noqa: SIM905
    )
)
