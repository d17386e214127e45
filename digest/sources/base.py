"""The contract between adapters and the rest: a source's reply in, papers and refusals out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from digest.sources import text

Raw = TypeVar("Raw")
WEEKEND = frozenset({5, 6})
START = 100_000  # bytes of a reply in which its format shows


class FetchedPaper(Struct, frozen=True, omit_defaults=True):
    """One paper as a source tells it, cleaned: plain bounded text, checked links, canonical identifiers.

    `arxiv_id` carries no version (`2203.01250`, `hep-ex/0307015`), `version` stands beside it. `listed_on` is the day
    the source itself gives for its listing. `is_replacement` says that an existing paper was announced again, so the
    announcement's day tells nothing about the paper's age. `signals` holds upvotes, comments and stars.

    `identifiers` are further names of the paper, each (scheme, value), beside `arxiv_id` and `doi`; the schemes are
    those of `digest.sources.identifiers`. An adapter gives them as it finds them, `tidy` makes them canonical.
    """

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    url: str = ""
    arxiv_id: str | None = None
    version: int | None = None
    doi: str | None = None
    categories: tuple[str, ...] = ()
    primary_category: str = ""
    comment: str = ""
    journal_reference: str = ""
    license_url: str = ""
    code_url: str = ""
    project_url: str = ""
    published_at: datetime | None = None
    listed_on: date | None = None
    is_withdrawn: bool = False
    is_retracted: bool = False
    is_replacement: bool = False
    signals: Mapping[str, int] = {}
    identifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that is not a paper: why, and its beginning, for whoever looks into it."""

    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A whole reply. `title` is what it calls itself, or what its address says it is.

    `claim` is what a source of dated announcements says of its reply (announced when, made when): the very same
    papers under another claim mean that the reply is stale. `made_on` is the reply's own idea of today. `next_url` is
    the page that follows in a long list, `total` how many papers the reply says the whole list has.
    """

    papers: tuple[FetchedPaper, ...] = ()
    refused: tuple[Refusal, ...] = ()
    claim: str = ""
    made_on: date | None = None
    title: str = ""
    next_url: str = ""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """An address to fetch, and the kind of adapter that reads what comes from there."""

    kind: str
    url: str


class Adapter(ABC):
    """Reads one format. People call it `label`; `example` is an address that a source of it may have, and a new one is
    visited every so many minutes. Its days begin and end in `time_zone`."""

    kind: ClassVar[str]
    label: ClassVar[str]
    example: ClassVar[str]
    interval_minutes: ClassVar[int] = 60
    time_zone: ClassVar[str] = "UTC"

    @abstractmethod
    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        """The whole reply, which came from `url`. Raises SourceError when it is not what it should be."""

    @abstractmethod
    def knows(self, body: bytes) -> bool:
        """Whether a stored reply is in this format; the adapters are asked in the order of the registry."""

    def address(self, url: str) -> str:
        """The address to fetch, where this is one of the provider's own pages, feeds or queries; else nothing."""
        return ""

    def further_urls(self, url: str, feed: ParsedFeed, now: datetime) -> tuple[str, ...]:
        """What else to fetch on the same visit, having read this reply from `url`."""
        return ()

    def window(self, url: str, since: date, until: date) -> tuple[Request, ...]:
        """Where the papers of these days (both counted) are found for a source at `url`; nothing if nowhere.

        Each request is the first of a list: `ParsedFeed.next_url` leads on, until it is empty.
        """
        return ()

    def rests(self, day: date) -> bool:
        """Whether nothing new is to be expected of this day."""
        return False

    def seen_on(self, paper: FetchedPaper) -> date | None:
        """The day on which a visit would have found this paper; None where it does not tell."""
        return paper.listed_on or (paper.published_at.date() if paper.published_at else None)


class UnusableEntry(ValueError):
    """This entry cannot become a paper; the message says why."""


# What odd data can raise in a reader that expects another shape. Anything else is our own mistake and rises.
ODD_DATA = (UnusableEntry, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


def read_each(entries: Iterable[Raw], read: Callable[[Raw], FetchedPaper]) -> Iterator[FetchedPaper | Refusal]:
    """One bad entry never costs the others."""
    return (read_one(entry, read) for entry in entries)


def read_one(entry: Raw, read: Callable[[Raw], FetchedPaper]) -> FetchedPaper | Refusal:
    """The paper, or why it is refused."""
    try:
        return read(entry)
    except UnusableEntry as error:
        return Refusal(str(error), excerpt(entry))
    except ODD_DATA as error:
        return Refusal(f"unexpected shape: {type(error).__name__}: {text.line(str(error), 100)}", excerpt(entry))


def collected(results: Iterable[FetchedPaper | Refusal], **facts: Any) -> ParsedFeed:
    """`ParsedFeed` of mixed results; `facts` are its other fields."""
    papers: list[FetchedPaper] = []
    refused: list[Refusal] = []
    for result in results:
        if isinstance(result, FetchedPaper):
            papers.append(result)
        else:
            refused.append(result)
    return ParsedFeed(papers=without_common_names(papers), refused=tuple(refused), **facts)


def without_common_names(papers: Sequence[FetchedPaper]) -> tuple[FetchedPaper, ...]:
    """Names that entries of different titles share name none of them: some feeds give all the address of their home."""
    if len(papers) < 2:
        return tuple(papers)
    titles: dict[tuple[str, str], set[str]] = {}
    for paper in papers:
        for name in paper.identifiers:
            titles.setdefault(name, set()).add(paper.title)
    common = {name for name, bearers in titles.items() if len(bearers) > 1}
    return tuple(without(paper, common) for paper in papers)


def without(paper: FetchedPaper, common: Collection[tuple[str, str]]) -> FetchedPaper:
    kept = tuple(name for name in paper.identifiers if name not in common)
    return paper if len(kept) == len(paper.identifiers) else replace(paper, identifiers=kept)


def excerpt(entry: object) -> str:
    shown = "".join(entry.itertext()) if hasattr(entry, "itertext") else str(entry)
    return text.line(shown[:1000], 200)
