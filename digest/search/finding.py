"""Takes a query; gives papers' ids, the best first.

Candidates come from the database, the newest of those that have all words, then of those that have all but one, and so
on until there are enough; `ranking.relevance` puts them in order. So the work for a query is bounded whatever it says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from django.db.models import Q

from digest.models import Source
from digest.ranking import relevance
from digest.ranking.relevance import Rarity
from digest.ranking.words import STOP_WORDS
from digest.search import spelling
from digest.search.dialects import Groups, Term
from digest.search.entries import documents
from digest.search.indexing import ANY, papers_having
from digest.search.matching import EVERYTHING, Need, newest
from digest.search.query import Query

MOST = 200  # papers a search gives
MOST_BY_TITLE = 100
ENOUGH = 40  # papers, two pages: from there on none is looked for that has fewer of the words
MATCHED = 6  # words, the rarest: a paper is never asked for more


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of papers, the best first; the words that were looked for; those taken for a slip, by what was typed; those
    that no paper has."""

    papers: Sequence[int] = ()
    words: Sequence[str] = ()
    corrected: Mapping[str, str] = field(default_factory=dict)
    unknown: Sequence[str] = ()

    @property
    def is_cut(self) -> bool:
        return len(self.papers) >= MOST


def find(query: Query, *, is_public: bool = True, by_date: bool = False) -> Found:
    """At most 200 papers that answer the query; without words, the newest that pass its filters."""
    if query.is_empty:
        return Found()
    asked = list(dict.fromkeys([*query.telling, *(word for name in query.authors for word in name)]))
    having = papers_having(asked)
    corrected = spelling.corrections(asked, having)
    having |= papers_having(corrected.values())
    meant = {word: _term(word, having, corrected) for word in asked}
    need = _need(query, meant, is_public)
    if not query.words:
        return Found(newest(need, MOST), [word for name in query.authors for word in name], corrected)
    words = [corrected.get(word, word) for word in query.words]
    rarest = sorted(query.telling, key=lambda word: max(having.get(each, 0) for each in meant[word]))
    unknown = [word for word in rarest if not any(having.get(each) for each in meant[word])]
    ids = list(_candidates(need, [meant[word] for word in rarest if word not in unknown][:MATCHED]))
    ordered = sorted(ids, reverse=True) if by_date else _ordered(ids, words, corrected, having)
    return Found(ordered[:MOST], list(dict.fromkeys([*query.words, *words])), corrected, unknown)


def rarity(having: Mapping[str, int]) -> Rarity:
    """By how many papers have each word."""
    return relevance.rarity(having.get(ANY, 0), having)


def quorum(terms: Sequence[Term], number: int) -> Groups:
    """At least so many of the terms."""
    return list(combinations(terms, number))


def _term(word: str, having: Mapping[str, int], corrected: Mapping[str, str]) -> Term:
    """A rare word is looked for beside what it may have been meant to be."""
    if word not in corrected:
        return (word,)
    return (word, corrected[word]) if having.get(word) else (corrected[word],)


def _need(query: Query, meant: Mapping[str, Term], is_public: bool) -> Need:
    fields: list[tuple[str, Groups]] = [("authors", [[meant[word] for word in name]]) for name in query.authors]
    # A label with a full stop is whole; an archive's own ends with one.
    fields += [(EVERYTHING, [[(name if "." in name else f"{name}.",)]]) for name in query.categories]
    phrases = [tuple(meant.get(word, (word,))[0] for word in phrase) for phrase in query.phrases]
    for phrase in phrases:
        telling = [word for word in phrase if word not in STOP_WORDS] or phrase
        fields.append((EVERYTHING, [[(word,) for word in telling]]))
    return Need(
        fields=fields,
        without=query.without,
        phrases=phrases,
        sources=_sources(query.sources) if query.sources else None,
        since=query.since,
        until=query.until,
        is_public=is_public,
    )


def _sources(names: Iterable[str]) -> list[int]:
    named = Q()
    for name in names:
        named |= Q(slug__icontains=name) | Q(name__icontains=name)
    return list(Source.objects.filter(named).values_list("pk", flat=True))


def _candidates(need: Need, terms: Sequence[Term]) -> Iterator[int]:
    """Each id once. With fewer than half of the words only where no paper has more."""
    seen: set[int] = set()
    steps = [("title", len(terms), MOST_BY_TITLE)] if terms else []
    steps += [(EVERYTHING, number, MOST) for number in range(len(terms), 0, -1)]
    for name, number, limit in steps:
        is_relaxed = name == EVERYTHING and number < len(terms)
        if is_relaxed and (len(seen) >= ENOUGH or (seen and number < math.ceil(len(terms) / 2))):
            return
        found = newest(replace(need, fields=[(name, quorum(terms, number)), *need.fields]), limit)
        yield from (pk for pk in found if pk not in seen)
        seen.update(found)


def _ordered(
    ids: Sequence[int], words: Sequence[str], corrected: Mapping[str, str], having: Mapping[str, int]
) -> list[int]:
    """The best first; the newest among equals."""
    candidates = documents(ids, corrected)
    scores = relevance.relevance(words, list(candidates.values()), rarity(having))
    newest_first = list(candidates)
    return [newest_first[place] for place in (-scores).argsort(kind="stable")]
