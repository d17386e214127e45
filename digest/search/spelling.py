"""Takes a word that no paper has, or hardly any; gives what it may have been meant to be.

A table of words and their counts does on both databases what trigrams would do on one, and needs no extension. Found
are all words at one edit, and those at two that begin alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import ascii_lowercase

from digest.models import SearchWord
from digest.search.indexing import papers_having

SHORTEST, LONGEST = 4, 24  # letters: shorter words have too many neighbours
LONG = 7  # letters from which on two edits may be one slip
SAME_BEGINNING = 3
RARE = 3  # papers: as rare as this a word may be somebody's slip, too
MUCH_MORE = 50  # times as many papers must have what was meant instead
AFTER_LETTERS = "zzzz"  # prefix + this is after all words that begin with it, in any collation
MOST_NEIGHBOURS = 2000
MOST_WORDS = 4  # of a query


def corrections(asked: Iterable[str], having: Mapping[str, int]) -> dict[str, str]:
    """By mistyped word, the likeliest right one; `having` says how many papers have each.

    Only a few words are looked into, those that no paper has before rare ones.
    """
    doubtful = [word for word in asked if is_doubtful(word, having.get(word, 0))]
    looked_into = sorted(doubtful, key=lambda word: having.get(word, 0))[:MOST_WORDS]
    found = {word: meant(word, having.get(word, 0)) for word in looked_into}
    return {word: better for word, better in found.items() if better}


def is_doubtful(word: str, papers: int) -> bool:
    return papers <= RARE and SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha()


def meant(word: str, papers: int) -> str | None:
    """The word that most papers have: of those at one edit, else, where no paper has the word itself, at two."""
    least = max(2, papers * MUCH_MORE)
    near = likeliest(papers_having(edits(word)), least)
    if near or papers or len(word) < LONG:
        return near
    beginning = word[:SAME_BEGINNING]
    alike = SearchWord.objects.filter(word__range=(beginning, beginning + AFTER_LETTERS), papers__gte=least)
    rows = alike.order_by("-papers").values_list("word", "papers")[:MOST_NEIGHBOURS]
    return likeliest({other: count for other, count in rows if distance(word, other, 2) <= 2}, least)


def likeliest(found: Mapping[str, int], least: int) -> str | None:
    """Alphabetical order settles equals, so that both databases say the same."""
    enough = [word for word, papers in found.items() if word and papers >= least]
    return min(enough, key=lambda word: (-found[word], word), default=None)


def edits(word: str) -> set[str]:
    """All that one missing, surplus, wrong or exchanged letter makes of it: about 54 for each letter."""
    halves = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    gone = {head + tail[1:] for head, tail in halves if tail}
    exchanged = {head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in halves if tail for letter in ascii_lowercase}
    surplus = {head + letter + tail for head, tail in halves for letter in ascii_lowercase}
    return (gone | exchanged | wrong | surplus) - {word}


def distance(one: str, other: str, limit: int) -> int:
    """Damerau and Levenshtein's: edits as above that lead from one to the other; `limit` + 1 for all above it."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    older: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        row = [i + 1]
        for j, theirs in enumerate(other):
            edited = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter != theirs))
            if i and j and letter == other[j - 1] and one[i - 1] == theirs:
                edited = min(edited, older[j - 1] + 1)
            row.append(edited)
        older, last = last, row
    return min(last[-1], limit + 1)
