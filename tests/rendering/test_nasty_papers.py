"""Three hundred real papers with the nastiest texts found: ten digests of thirty, each a sound mail."""

from __future__ import annotations

import json
import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from digest.previews import DAY, TOPICS
from digest.rendering import CompiledEdition, EditionFacts, PaperFacts, assemble, compile_facts, words
from digest.rendering.assembly import MAX_HTML_BYTES
from tests.rendering.conftest import picks, reader
from tests.inbox.mailpage import MailPage

pytestmark = pytest.mark.shared_data


@pytest.fixture
def papers(shared_data: Path) -> list[PaperFacts]:
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
def nasty(papers: list[PaperFacts], _public_site: None) -> CompiledEdition:
    return compile_facts(EditionFacts("daily", DAY), papers, TOPICS)


def test_every_one_of_them_makes_a_sound_mail(nasty: CompiledEdition, papers: list[PaperFacts]) -> None:
    assert len(papers) == 300
    for first in range(0, len(papers), 30):
        thirty = papers[first : first + 30]
        message = assemble(nasty, reader(), picks(*(paper.id for paper in thirty)))
        html = str(message.alternatives[0].content)
        page = MailPage(html)
        assert page.problems == []
        assert not page.all("script", "form", "iframe", "object", "svg", "link", "img")
        assert len(html.encode()) <= MAX_HTML_BYTES
        titles = [heading.text for heading in page.all("h2")]
        assert len(titles) == len(thirty)
        for paper, title in zip(thirty, titles, strict=True):
            assert words.heading(paper.title).startswith(title.removesuffix("…").rstrip())
            assert "".join(title.split()) in "".join(message.body.split())
        wire = message_from_bytes(message.message().as_bytes(linesep="\r\n"), policy=policy.default)
        text, markup = (part.get_content().replace("\r\n", "\n") for part in wire.iter_parts())  # type: ignore[union-attr]
        assert (text, markup) == (message.body, html)
        assert wire["Subject"] == message.subject
        assert not [line for line in text.splitlines() if len(line) > 78 and not re.search(r"https?://", line)]
