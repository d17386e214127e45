"""Replies of Semantic Scholar's API in (recommendations, search and bulk search), papers with all their names out.

https://api.semanticscholar.org/api-docs/: what is not asked for under `fields` is left out of the reply.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

from digest.errors import SourceError
from digest.sources import addresses, dates, identifiers, json_values
from digest.sources.base import START, Adapter, FetchedPaper, ParsedFeed, Request, UnusableEntry, collected, read_each
from digest.sources.text import line
from digest.sources.tidy import tidy

HOST = "api.semanticscholar.org"
RECOMMENDATIONS = f"https://{HOST}/recommendations/v1/papers/forpaper"
BULK_SEARCH = f"https://{HOST}/graph/v1/paper/search/bulk"
FIELDS = "externalIds,corpusId,url,title,abstract,venue,publicationDate,authors,journal,openAccessPdf"
LIST = re.compile(rb'^\{[^\[]{0,300}"(?:recommendedPapers|data)"\s*:\s*\[')
PAPER_ID = re.compile(r"[0-9a-f]{40}")


class SemanticScholar(Adapter):
    kind = "semantic_scholar"
    label = "Semantic Scholar"
    example = f"{BULK_SEARCH}?query=retrieval&sort=publicationDate:desc&fields={FIELDS}"
    interval_minutes = 360

    def knows(self, body: bytes) -> bool:
        head = body[:START]
        return bool(LIST.match(head)) and (b'"paperId"' in head or b'"recommendedPapers"' in head[:400])

    def address(self, url: str) -> str:
        """The API with the fields we read; what is like a paper, or the newest for a search, where a page is given."""
        found = addresses.parts(url)
        if found.host == HOST and ({"recommendations", "search"} & set(found.steps)):
            return addresses.with_query(addresses.secure(url), fields=FIELDS)
        if found.host != "semanticscholar.org":
            return ""
        if found.steps[:1] == ("paper",) and PAPER_ID.fullmatch(found.steps[-1]):
            return addresses.with_query(f"{RECOMMENDATIONS}/{found.steps[-1]}", limit=100, fields=FIELDS)
        if found.steps == ("search",) and (words := found.query.get("q", "")):
            return addresses.with_query(BULK_SEARCH, query=words, sort="publicationDate:desc", fields=FIELDS)
        return ""

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        document = json_values.load(body)
        if not isinstance(document, dict):
            raise SourceError("not a reply of Semantic Scholar's API", permanent=True)
        for name in ("recommendedPapers", "data"):
            if isinstance(records := document.get(name), list):
                total = json_values.number(document, "total")
                return collected(
                    read_each(records, read), title=title(url), total=total, next_url=next_url(url, document)
                )
        said = json_values.text(document, "error", "message")
        raise SourceError(line(f"Semantic Scholar answered: {said or 'no list of papers'}", 300), permanent=True)

    def window(self, url: str, since: date, until: date) -> tuple[Request, ...]:
        """For a search; recommendations know no days."""
        if addresses.parts(url).steps[-2:] != ("search", "bulk"):
            return ()
        days = f"{since.isoformat()}:{until.isoformat()}"
        return (Request(self.kind, self.address(addresses.with_query(url, publicationDateOrYear=days, token=None))),)


def title(url: str) -> str:
    found = addresses.parts(url)
    if "recommendations" in found.steps:
        return line(f"Semantic Scholar: like {found.steps[-1]}"[:500], 200)
    return line(f"Semantic Scholar: {found.query.get('query', 'papers')}"[:500], 200)


def next_url(url: str, document: dict[str, Any]) -> str:
    """Bulk search goes on by a token, plain search by an offset; both are left out on the last page."""
    if url and (token := json_values.text(document, "token")):
        return addresses.with_query(url, token=token)
    if url and (offset := json_values.number(document, "next")):
        return addresses.with_query(url, offset=offset)
    return ""


def read(record: Any) -> FetchedPaper:
    """`externalIds` names the paper elsewhere; any of them may be missing or null."""
    if not isinstance(record, dict):
        raise UnusableEntry("not a paper")
    names, journal = (mapping(record, name) for name in ("externalIds", "journal"))
    day = dates.day(json_values.text(record, "publicationDate"))
    pdf = json_values.text(mapping(record, "openAccessPdf"), "url")
    return tidy(
        FetchedPaper(
            title=json_values.text(record, "title"),
            abstract=json_values.text(record, "abstract"),
            authors=tuple(json_values.names(record, "authors")),
            url=json_values.text(record, "url") or pdf,
            arxiv_id=json_values.text(names, "ArXiv"),
            doi=json_values.text(names, "DOI"),
            journal_reference=json_values.text(journal, "name") or json_values.text(record, "venue"),
            published_at=datetime.combine(day, time(), UTC) if day else None,
            identifiers=(
                (identifiers.SEMANTIC_SCHOLAR, json_values.text(record, "paperId")),
                (identifiers.SEMANTIC_SCHOLAR, f"CorpusId:{json_values.text(record, 'corpusId')}"),
            ),
        )
    )


def mapping(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}
