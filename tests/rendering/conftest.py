"""What the tests of the mail share: a public site, and one edition compiled from the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings

from digest.previews import DAY, NOW, TOPICS, Pick
from digest.previews.papers import PAPERS
from digest.rendering import (
    CompiledEdition,
    DigestMessage,
    EditionFacts,
    PaperFacts,
    ReaderFacts,
    assemble,
    compile_facts,
)
from tests.inbox.samples import SITE

UID = UUID("12345678-1234-5678-1234-567812345678")
PARTS = (("topic:robotics", 0.61), ("trend", 0.22), ("editor", 0.10))


@pytest.fixture(autouse=True)
def _public_site(settings: LazySettings) -> None:
    for name, value in SITE.items():
        setattr(settings, name, value)


@pytest.fixture
def compiled(_public_site: None) -> CompiledEdition:
    return compile_facts(EditionFacts("daily", DAY, "A word from the editor."), PAPERS, TOPICS)


def reader(**changes: Any) -> ReaderFacts:
    facts: dict[str, Any] = {
        "subscriber_id": 7,
        "email": "ada@example.org",
        "uid": UID,
        "local_date": DAY,
        "now": NOW,
        "topics": ("Robotics", "Computer vision"),
    }
    return ReaderFacts(**facts | changes)


def picks(*paper_ids: int, parts: tuple[tuple[str, float], ...] = PARTS) -> list[Pick]:
    return [Pick(paper_id, sum(value for _, value in parts), parts) for paper_id in paper_ids]


@pytest.fixture
def digest_of() -> Callable[..., DigestMessage]:
    """A digest of exactly these papers."""

    def compose(papers: Sequence[PaperFacts], *, note: str = "", **changes: Any) -> DigestMessage:
        edition = compile_facts(EditionFacts("daily", DAY, note), papers, TOPICS)
        return assemble(edition, reader(**changes), picks(*(paper.id for paper in papers)))

    return compose
