"""Filters for showing a paper, on the site and in mail: readable text, what states the result, who is left out."""

from collections.abc import Sequence
from functools import lru_cache

from django import template

from digest import tex
from digest.ranking import key_sentence as sentences

register = template.Library()

AUTHORS_SHOWN = 6


@register.filter
def readable(text: str) -> str:
    """Without TeX where plain Unicode can say it. Plain text in, plain text out: the template still escapes it."""
    return tex.readable(text)


@register.filter
@lru_cache(maxsize=2048)
def key_sentence(abstract: str) -> str:
    """Remembered, as finding it takes a millisecond and the front page shows the same papers for a day."""
    return sentences.key_sentence(abstract)


@register.filter
def byline(authors: Sequence[str], shown: int = AUTHORS_SHOWN) -> str:
    """ "A, B and C", or the first few "and 3,298 others"; "1 other" is never worth hiding a name for."""
    names = [tex.readable(name) for name in authors[: shown + 1]]
    if len(authors) > shown + 1:
        return f"{', '.join(names[:shown])} and {len(authors) - shown:,} others"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
