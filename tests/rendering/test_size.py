"""80,000 bytes of HTML hold every digest, whatever papers, editors, readers and operators bring."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.test.utils import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.previews import DAY, PAPERS
from digest.rendering import DigestEmail, EditionFacts, FollowUp, PaperFacts, assemble, compile_facts
from digest.rendering.edition import MAX_HTML_BYTES
from tests.inbox.mailpage import MailPage
from tests.rendering.conftest import picks, reader
from tests.rendering.templates import CARD, OWN, TEMPLATES
from tests.rendering.test_equality import site

characters = st.sampled_from(["&", "<", "'", '"', "\xa0", "漢", "🤖", "a", "a ", "&. ", "\n\n", "a\n\n"])
lengths = st.sampled_from([0, 1, 50, 500, 3000])
texts = st.builds(lambda character, length: character * length, characters, lengths)
urls = st.builds(lambda text: f"https://example.org/?{text}", texts)


wanted = st.sampled_from(["short", "full"])
OTHERS = ("From the editor", "Since then")


def html_of(email: DigestEmail) -> str:
    return str(email.alternatives[0].content)


def papers_of(count: int, **fields: object) -> list[PaperFacts]:
    return [
        PaperFacts(id=number, page_url=f"https://paperboy.example.org/papers/{number}", **fields)  # type: ignore[arg-type]
        for number in range(1, count + 1)
    ]


def digest(
    papers: list[PaperFacts],
    note: str = "",
    topic: str = "Topic",
    site_name: str = "Paperboy",
    abstracts: str = "short",
    news: Sequence[FollowUp] = (),
) -> DigestEmail:
    names = {f"topic-{number}": f"{topic} {number}" for number in range(30)}
    parts = (*((f"topic:{slug}", 0.3) for slug in names), ("trend", 0.2), ("editor", -1.0))
    with override_settings(SITE_NAME=site_name):
        compiled = compile_facts(EditionFacts("daily", DAY, note), papers, names)
        who = reader(topics=tuple(names.values()), email=f"{'&' * 64}@{'x' * 180}.example", abstracts=abstracts)
        return assemble(compiled, who, picks(*(paper.id for paper in papers), parts=parts), news).as_email()


@given(
    title=texts,
    words=texts,
    url=urls,
    note=texts,
    name=texts,
    template=st.sampled_from(list(TEMPLATES)),
    abstracts=wanted,
)
@example("&" * 900, "&<" * 2000, "https://example.org/?" + "&" * 470, "&'\"" * 3000, "&" * 500, "the project's", "full")
@example(
    "&" * 900, "&<" * 2000, "https://example.org/?" + "&" * 100, "a\n\n" * 3000, "&" * 500, "the project's", "short"
)
@settings(max_examples=25)
def test_nothing_makes_a_digest_too_large(
    title: str, words: str, url: str, note: str, name: str, template: str, abstracts: str
) -> None:
    papers = papers_of(
        30,
        title=title,
        abstract=words,
        blurb=words,
        authors=(title,) * 9,
        label=words,
        url=url,
        code_url=url,
        project_url=url,
    )
    with site(TEMPLATES[template]):
        news = [FollowUp(number, title, url, words) for number in range(9)]
        email = digest(papers, note, title[:70], name.replace("\n", " "), abstracts, news)
    assert len(html_of(email).encode()) <= MAX_HTML_BYTES == 80_000
    if template == "the project's":
        assert len([each for each in MailPage(html_of(email)).all("h2") if each.text not in OTHERS]) == 30


def test_an_address_too_long_for_mail_gives_way_to_our_own_page_about_the_paper() -> None:
    long = "https://example.org/?" + "&" * 470
    (paper,) = papers_of(1, title="A title", url=long, code_url=long)
    email = digest([paper])
    assert long not in email.body
    assert "Read at paperboy.example.org: https://paperboy.example.org/papers/1" in email.body
    assert "Code" not in email.body


def test_papers_become_a_title_and_a_link_before_any_is_left_out() -> None:
    papers = papers_of(
        30, title="T&" * 200, abstract="&" * 3000, blurb="&" * 3000, url="https://example.org/?" + "&" * 30
    )
    heavy = CARD.replace("<b>", f"<!-- {'x' * 1500} --><b>")
    with site({**OWN, "_card.html": heavy}):
        email = digest(papers)
    page = MailPage(html_of(email))
    assert len(page.all("h2")) == 30
    abstracts = [element.text for element in page.all("p") if "title" in element.attributes]
    assert len(abstracts[0]) > 50
    assert abstracts[-1] == "-"
    assert "on our site" not in email.body


@pytest.mark.parametrize("breaks", ["", "{{ holes.reason|upper }}"])
def test_papers_without_room_are_left_out_from_the_end_and_counted(breaks: str) -> None:
    heavy = CARD.replace("<b>", f"<!-- {'x' * 5000} --><b>") + breaks
    papers = [replace(PAPERS[0], id=number, title=f"Number {number}") for number in range(1, 31)]
    with site({**OWN, "_card.html": heavy}):
        email = digest(papers, topic="T")
    page = MailPage(html_of(email))
    shown = [element.text for element in page.all("h2")]
    assert shown == [f"Number {number}" for number in range(1, len(shown) + 1)]
    assert 5 < len(shown) < 30
    takes = re.findall(r"papers, about (\d+) minutes", email.body)[0]
    assert email.subject == f"Number 1 and {len(shown) - 1} more"
    line = f"{len(shown)} papers, about {takes} minutes, chosen for T 0, T 1, T 2, T 3 and 26 other topics"
    line += f"; {30 - len(shown)} papers more on our site"
    assert line in page.one("body").text
    assert line in " ".join(email.body.split())
    assert len(html_of(email).encode()) <= MAX_HTML_BYTES
