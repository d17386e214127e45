"""Three hundred real papers with the nastiest texts found: ten digests of thirty, each a sound mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.previews import DAY, TOPICS
from digest.rendering import CompiledEdition, EditionFacts, PaperFacts, assemble, compile_facts, words
from tests.inbox.judging import failures
from tests.inbox.mail import Mail
from tests.rendering.conftest import nasty_papers, picks, reader

pytestmark = pytest.mark.shared_data


@pytest.fixture
def papers(shared_data: Path) -> list[PaperFacts]:
    return nasty_papers(shared_data)


@pytest.fixture
def nasty(papers: list[PaperFacts], _public_site: None) -> CompiledEdition:
    return compile_facts(EditionFacts("daily", DAY), papers, TOPICS)


def test_every_one_of_them_makes_a_sound_mail(nasty: CompiledEdition, papers: list[PaperFacts]) -> None:
    assert len(papers) == 300
    for first in range(0, len(papers), 30):
        thirty = papers[first : first + 30]
        message = assemble(nasty, reader(), picks(*(paper.id for paper in thirty)))
        email = message.as_email()
        mail = Mail(message.as_bytes(), is_digest=True)
        assert failures(mail) == {}
        titles = [heading.text for heading in mail.page.all("h2")]
        assert len(titles) == len(thirty)
        for paper, title in zip(thirty, titles, strict=True):
            assert words.heading(paper.title).startswith(title.removesuffix("…").rstrip())
        assert (mail.text, mail.html) == (email.body, email.alternatives[0].content)
        assert mail.subject == message.subject
