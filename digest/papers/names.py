"""Names in, the rows that bear them out, and the reverse: `Identifier` and `Claim` rows as plain tuples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from digest.papers.identity import Name
from digest.sources import identifiers
from subscriptions import sql

BEARERS = """
    SELECT paper_id, value FROM digest_identifier WHERE scheme = %(scheme)s AND value = ANY(%(values)s)
    UNION ALL
    SELECT paper_id, value FROM digest_claim WHERE scheme = %(scheme)s AND value = ANY(%(values)s)
"""
HOLDERS = "SELECT paper_id, value FROM digest_identifier WHERE scheme = %(scheme)s AND value = ANY(%(values)s)"
NAMES = """
    SELECT paper_id, scheme, value FROM digest_identifier WHERE paper_id = ANY(%(papers)s)
    UNION ALL
    SELECT paper_id, scheme, value FROM digest_claim WHERE paper_id = ANY(%(papers)s)
"""


def bearers(names: Iterable[Name]) -> dict[Name, set[int]]:
    """The rows whose records gave each name; a name that no row bears is left out.

    arXiv ids are not looked up: the row that stands for one is the only one to bear it.
    """
    return collected(BEARERS, names)


def holders(names: Iterable[Name]) -> dict[Name, int]:
    """The row that each name means."""
    return {name: next(iter(rows)) for name, rows in collected(HOLDERS, names).items()}


def collected(statement: str, names: Iterable[Name]) -> dict[Name, set[int]]:
    found: dict[Name, set[int]] = defaultdict(set)
    for scheme, values in by_scheme(names):
        for paper, value in sql.rows(statement, scheme=scheme, values=values):
            found[scheme, value].add(paper)
    return dict(found)


def by_scheme(names: Iterable[Name]) -> Iterator[tuple[str, list[str]]]:
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for scheme, value in names:
        if scheme != identifiers.ARXIV_SCHEME:
            values[scheme][value] = None
    return ((scheme, list(found)) for scheme, found in values.items())


def names_of(papers: Collection[int]) -> dict[int, set[Name]]:
    """All names that each row's records gave."""
    found: dict[int, set[Name]] = {paper: set() for paper in papers}
    for paper, scheme, value in sql.rows(NAMES, papers=list(papers)) if papers else ():
        found[paper].add((scheme, value))
    return found
