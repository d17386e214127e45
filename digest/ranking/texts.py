"""Takes a paper as it is stored, or as it was recorded; gives what it is judged by, the same way for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Described(Protocol):
    """A `Paper` row, a `FetchedPaper` or a recorded paper: whatever has these columns."""

    @property
    def title(self) -> str: ...
    @property
    def abstract(self) -> str: ...
    @property
    def authors(self) -> Sequence[str]: ...
    @property
    def categories(self) -> Sequence[str]: ...
    @property
    def primary_category(self) -> str: ...
    @property
    def comment(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PaperText:
    """What a paper is judged by. Categories are arXiv's, as in `cs.RO`; the primary one may be listed again."""

    title: str
    abstract: str = ""
    categories: Sequence[str] = ()
    primary_category: str = ""
    authors: Sequence[str] = ()
    comment: str = ""


# The columns of a `Paper` row that `text_of` reads, for whoever fetches no others.
COLUMNS = ("title", "abstract", "authors", "categories", "primary_category", "comment")


def text_of(paper: Described) -> PaperText:
    """Where no primary category was stated it is the first: arXiv writes the primary first."""
    return PaperText(
        title=paper.title,
        abstract=paper.abstract,
        categories=tuple(paper.categories),
        primary_category=paper.primary_category or next(iter(paper.categories), ""),
        authors=tuple(paper.authors),
        comment=paper.comment,
    )
