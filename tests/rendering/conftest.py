"""What the tests of the mail share: a public site, and one edition compiled from the samples."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings

from digest.previews import DAY, NOW, TOPICS, Pick
from digest.previews.papers import PAPERS
from digest.rendering import (
    CompiledEdition,
    DigestEmail,
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


def email_of(compiled: CompiledEdition, reader: ReaderFacts, choices: Sequence[Pick]) -> DigestEmail:
    return assemble(compiled, reader, choices).as_email()


@cache
def nasty_papers(shared_data: Path) -> list[PaperFacts]:
    """Three hundred that were really published, and are hard to print."""
    rows = [json.loads(line) for line in (shared_data / "feeds" / "nasty_300.jsonl").read_text().splitlines()]
    return [
        PaperFacts(
            id=number,
            title=row["title"],
            abstract=row["abstract"],
            authors=tuple(row["authors"]),
            url=f"https://arxiv.org/abs/{row['id']}",
            label=row["categories"][0],
            blurb=row["comment"] or "",
        )
        for number, row in enumerate(rows, start=1)
    ]


@pytest.fixture
def digest_of() -> Callable[..., DigestMessage]:
    """A digest of exactly these papers."""

    def compose(papers: Sequence[PaperFacts], *, note: str = "", **changes: Any) -> DigestMessage:
        edition = compile_facts(EditionFacts("daily", DAY, note), papers, TOPICS)
        return assemble(edition, reader(**changes), picks(*(paper.id for paper in papers)))

    return compose
