"""Papers that are indexed, however they came into the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from digest import search
from digest.models import Paper, Unindexed
from tests.factories import PaperFactory


@pytest.fixture
def indexed(db: None) -> Callable[..., Paper]:
    """A paper with these columns, which can be found at once."""

    def make(**columns: Any) -> Paper:
        columns.setdefault("abstract", "")
        columns.setdefault("authors", [])
        paper: Paper = PaperFactory.create(**columns)
        Unindexed.objects.create(paper=paper)
        search.catch_up()
        return paper

    return make


@pytest.fixture
def titles() -> Callable[..., list[str]]:
    """The titles that a search finds, the best first."""

    def find(text: str, **options: Any) -> list[str]:
        found = search.find(search.parse(text), **options)
        papers = Paper.objects.in_bulk(found.papers)
        return [papers[pk].title for pk in found.papers]

    return find
