"""Three hundred real papers with the nastiest texts found: ten digests of thirty, each a sound mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest.previews import DAY, TOPICS
from digest.rendering import CompiledEdition, EditionFacts, PaperFacts, assemble, compile_facts, words
from tests.inbox.judging import failures
from tests.inbox.mail import Mail
from tests.rendering.conftest import picks, reader

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
        mail = Mail(message.message().as_bytes(linesep="\r\n"), is_digest=True)
        assert failures(mail) == {}
        titles = [heading.text for heading in mail.page.all("h2")]
        assert len(titles) == len(thirty)
        for paper, title in zip(thirty, titles, strict=True):
            assert words.heading(paper.title).startswith(title.removesuffix("…").rstrip())
        assert (mail.text, mail.html) == (message.body, message.alternatives[0].content)
        assert mail.subject == message.subject
