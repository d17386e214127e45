"""What is particular to a digest, in both parts, whatever papers it brings.

What every mail owes its mailbox is judged by the gates of tests/inbox, on the same samples.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from django.core.mail import EmailMultiAlternatives
from django.urls import resolve

from digest import previews
from digest.errors import DeliveryError
from digest.previews import DAY, PAPERS, TOPICS, Pick
from digest.rendering import CompiledEdition, EditionFacts, FollowUp, assemble, compile_facts, layout
from digest.rendering.edition import MAX_HTML_BYTES
from digest.rendering.holes import Holes
from subscriptions import links
from tests.inbox.mailpage import MailPage
from tests.inbox.samples import DIGESTS
from tests.rendering.conftest import email_of, picks, reader


class Sample(NamedTuple):
    message: EmailMultiAlternatives
    html: str
    page: MailPage


@cache
def sample(slug: str) -> Sample:
    """Made once: thirty papers take a while, and no test changes what it looks at."""
    preview = previews.get(slug)
    assert preview
    message = preview.email()
    html = str(message.alternatives[0].content)
    return Sample(message, html, MailPage(html))


@pytest.fixture(params=DIGESTS)
def slug(request: pytest.FixtureRequest, _public_site: None) -> str:
    return str(request.param)


@pytest.fixture
def message(slug: str) -> EmailMultiAlternatives:
    return sample(slug).message


@pytest.fixture
def html(slug: str) -> str:
    return sample(slug).html


@pytest.fixture
def page(slug: str) -> MailPage:
    return sample(slug).page


def test_language_title_and_headings_are_ours(page: MailPage) -> None:
    assert page.one("html").attributes == {"lang": "en", "dir": "ltr"}
    assert page.one("title").text in (
        "Paperboy, Daily edition of Sunday, 22 November 2026",
        "Paperboy, Weekly edition of Monday, 16 November 2026",
    )
    assert page.one("h1").text == "Paperboy"


def test_it_brings_no_pictures(page: MailPage) -> None:
    assert not page.all("img")


def test_rules_for_phones_survive_inlining(page: MailPage) -> None:
    assert "max-width: 480px" in page.one("style").text


def test_both_parts_tell_who_writes_why_and_how_to_leave(message: EmailMultiAlternatives, page: MailPage) -> None:
    for words in (message.body, page.one("body").text):
        assert "1 Test Street, Testville" in words
        assert "Unsubscribe" in words
        assert previews.EMAIL in words
        assert "because you asked for it" in words
    assert links.unsubscribe_url(previews.NOBODY) in message.body
    assert links.preferences_url(previews.NOBODY) in message.body
    assert {links.unsubscribe_url(previews.NOBODY), links.preferences_url(previews.NOBODY)} <= set(page.links)


def test_both_parts_say_why_each_paper_is_there(message: EmailMultiAlternatives, page: MailPage) -> None:
    papers = [heading for heading in page.all("h2") if heading.text not in ("From the editor", "Since then")]
    assert papers
    assert message.body.count("Why: ") == page.one("body").text.count("Why: ") == len(papers)


def test_the_text_leaves_no_gaps(message: EmailMultiAlternatives) -> None:
    assert "\n\n\n\n" not in message.body


def test_no_hole_is_left_open(message: EmailMultiAlternatives, html: str) -> None:
    assert "[[" not in html + message.body


def test_a_script_in_a_title_is_shown_not_run(compiled: CompiledEdition) -> None:
    message, _, page = sample("script")
    assert page.all("h2")[0].text.startswith("<script>alert('mail')</script> & \"quotes\" {{ braces }}")
    assert "<script>alert('mail')</script> & \"quotes\" {{ braces }}" in " ".join(str(message.body).split())


def test_markup_in_every_field_stays_text(digest_of) -> None:  # type: ignore[no-untyped-def]
    evil = "</p></td><script>x</script>\"'><b onclick=1>&{{ 1 }}{% now %}"
    paper = replace(PAPERS[0], title=evil, abstract=evil, authors=(evil,), label=evil, blurb=evil)
    message = digest_of([paper], note=evil, topics=(evil,)).as_email()
    page = MailPage(message.alternatives[0].content)
    assert page.problems == []
    assert not page.all("script")
    assert not [element for element in page.elements if "onclick" in element.attributes]
    assert page.one("body").text.count(evil) >= 6


def test_a_paper_cannot_forge_a_hole(digest_of) -> None:  # type: ignore[no-untyped-def]
    forged = "[[0123456789abcdef:unsubscribe]]"
    assert forged in digest_of([replace(PAPERS[0], abstract=forged)]).as_email().body


def test_what_an_editor_wrote_is_marked_as_the_editors(compiled: CompiledEdition) -> None:
    preview = previews.get("edited")
    assert preview
    message = preview.email()
    page = MailPage(message.alternatives[0].content)
    blurbs = [element.text for element in page.with_class("b")]
    assert blurbs == [f"The editor: {previews.BLURBS[1]}", f"The editor: {previews.BLURBS[4]}"]
    assert "FROM THE EDITOR\n\nGood morning." in message.body
    assert page.with_class("note")[0].text.strip().startswith("From the editor")


def test_samples_are_marked_as_invented(compiled: CompiledEdition) -> None:
    message = email_of(compiled, reader(), picks(1, 2))
    assert message.body.count("Invented sample") == 2
    assert message.alternatives[0].content.count("Invented sample") == 2


def test_the_subject_names_the_best_paper_of_the_readers_field_even_under_a_pick_from_another(
    compiled: CompiledEdition,
) -> None:
    pinned = picks(1, parts=(("editor", 1.0), ("trend", 0.2), ("topic:robotics", 0.02)))
    choices = [*pinned, *picks(2, 3)]
    message = email_of(compiled, reader(), choices)
    titles = [compiled.headings[number].short_title for number in (1, 2, 3)]
    assert message.subject.startswith(titles[1])
    assert f"Also: {titles[0]}" in message.alternatives[0].content
    assert message.body.index(titles[0]) < message.body.index(titles[1])
    assert email_of(compiled, reader(topics=()), choices).subject.startswith(titles[0])
    assert email_of(compiled, reader(), pinned).subject.startswith(titles[0])


def test_each_reader_gets_their_own_copy(compiled: CompiledEdition) -> None:
    ada = email_of(compiled, reader(), picks(1, 2))
    bob = email_of(
        compiled, reader(subscriber_id=8, email="bob@example.net", topics=(), frequency="weekly"), picks(3, 1, 2)
    )
    assert "ada@example.org" not in str(bob.message()) + bob.body
    assert links.unsubscribe_url(7) not in bob.body + bob.alternatives[0].content
    assert "2 papers, about a minute, chosen for Robotics and Computer vision" in ada.body
    assert "3 papers, about a minute, from all topics" in bob.body
    assert "every day" in ada.body
    assert "once a week" in bob.body
    assert bob.body.index(PAPERS[2].title[:30]) < bob.body.index(PAPERS[0].title[:30])
    assert bob.subject == "Sparse Attention, Dense Memory and 2 more"


def test_the_reason_is_one_plain_sentence(compiled: CompiledEdition) -> None:
    message = email_of(compiled, reader(), picks(1))
    reason = "you follow Robotics; picked by our editors; much discussed today"
    assert f"    Why: {reason}\n" in message.body
    assert MailPage(message.alternatives[0].content).with_class("w")[0].text == f"Why: {reason}"


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ((("trend", 0.3),), "much discussed today"),
        ((("topic:privacy-and-security", 0.5), ("editor", -0.125)), "you follow Privacy & security"),
        ((("author:Ada Lovelace", 0.5), ("trend", 0.1)), "by Ada Lovelace, whom you follow; discussed today"),
        ((("interest:meta\nlearning", 0.3), ("less:what you voted down", -0.1)), "near “meta learning”, your interest"),
        ((), "among the best of what is new"),
        ((("topic:since-renamed", 1.5),), "you follow since-renamed"),
    ],
)
def test_reasons(compiled: CompiledEdition, parts: tuple[tuple[str, float], ...], shown: str) -> None:
    message = email_of(compiled, reader(), picks(1, parts=parts))
    assert f"Why: {shown}\n" in message.body


def test_what_a_reader_asked_for_in_their_own_words_leads_the_subject(compiled: CompiledEdition) -> None:
    trending, asked = picks(1, 2)
    chosen = [trending._replace(parts=(("trend", 0.4),)), asked._replace(parts=(("interest:memory", 0.3),))]
    assert email_of(compiled, reader(), chosen).subject.startswith(compiled.headings[2])


def test_a_topics_name_is_escaped_in_the_reason() -> None:
    compiled = compile_facts(EditionFacts("daily", DAY), PAPERS[:1], {"odd": "<b>R&D</b>"})
    message = email_of(compiled, reader(), picks(1, parts=(("topic:odd", 0.5),)))
    assert MailPage(message.alternatives[0].content).with_class("w")[0].text == "Why: you follow <b>R&D</b>"
    assert "Why: you follow <b>R&D</b>\n" in message.body


def test_a_long_reason_is_wrapped_in_the_text(compiled: CompiledEdition) -> None:
    parts = (("interest:" + "graphs of molecules " * 4, 0.3), ("topic:robotics", 0.3), ("trend", 0.2), ("editor", 1.0))
    body = email_of(compiled, reader(), picks(1, parts=parts)).body
    start = body.index("    Why: ")
    lines = body[start : body.index("    Marit Solbakken")].splitlines()
    assert len(lines) > 1
    assert all(line.startswith("         ") for line in lines[1:])
    assert max(map(len, lines)) <= 78


def test_papers_at_the_end_are_shortened_first_when_there_are_many(digest_of) -> None:  # type: ignore[no-untyped-def]
    papers = [replace(PAPERS[0], id=number, abstract="A word. " * 200, blurb="Why. " * 350) for number in range(1, 26)]
    message = digest_of(papers, abstracts="full").as_email()
    assert "Read on at" in message.body
    abstracts = [element.text for element in MailPage(message.alternatives[0].content).with_class("a")]
    assert len(abstracts) == 25
    assert len(abstracts[0]) > 700 > 400 >= len(abstracts[-1])
    assert abstracts[-1].endswith("…")


def test_a_long_abstract_is_cut_to_what_a_morning_has_time_for(digest_of) -> None:  # type: ignore[no-untyped-def]
    message = digest_of(
        [replace(PAPERS[0], abstract="It is a sentence. " * 100), replace(PAPERS[1], abstract="Short.")]
    ).as_email()
    long, short = [element.text for element in MailPage(message.alternatives[0].content).with_class("a")]
    assert 700 < len(long) <= 850
    assert long.endswith("sentence. …")
    assert short == "Short."
    assert message.body.count("Read on at") == 1


def test_the_costliest_digest_there_can_be_stays_under_the_limit(digest_of) -> None:  # type: ignore[no-untyped-def]
    papers = [
        replace(
            PAPERS[0], id=number, title="&" * 900, abstract="漢&<" * 2000, blurb="<&>" * 900, authors=("Ж" * 200,) * 9
        )
        for number in range(1, 31)
    ]
    message = digest_of(
        papers, note="&'\"" * 3000, topics=tuple(f"Topic & topic {number}" for number in range(18))
    ).as_email()
    assert len(message.alternatives[0].content.encode()) <= MAX_HTML_BYTES == 80_000


def test_links_to_the_site_lead_to_pages(compiled: CompiledEdition) -> None:
    page = MailPage(email_of(compiled, reader(), picks(1)).alternatives[0].content)
    paths = [urlsplit(link).path for link in page.links if link.startswith("https://paperboy.example.org")]
    assert len(paths) == 6
    assert all(resolve(path) for path in [*paths, "/editions/"])


def test_what_readers_share_is_not_done_again_for_each(
    compiled: CompiledEdition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> str:
        raise AssertionError("a template is rendered for a single reader")

    assert compiled.layout is not None
    monkeypatch.setattr(layout, "render_to_string", fail)
    assert assemble(compiled, reader(), picks(*range(1, 11))).as_bytes()


def test_the_first_paper_comes_whole_and_of_the_others_the_sentence_that_states_the_result(
    compiled: CompiledEdition,
) -> None:
    page = MailPage(email_of(compiled, reader(), picks(1, 2, 3)).alternatives[0].content)
    first, second, third = [element.text for element in page.with_class("a")]
    assert first == PAPERS[0].abstract
    assert second.startswith("The resulting model asks in 9% of turns")
    assert third == "Answers to questions over a 900-book library cost 0.4 seconds on a single consumer card."


def test_a_reader_who_wants_whole_abstracts_gets_them(compiled: CompiledEdition) -> None:
    page = MailPage(email_of(compiled, reader(abstracts="full"), picks(1, 2, 3)).alternatives[0].content)
    assert [element.text for element in page.with_class("a")] == [paper.abstract for paper in PAPERS[:3]]


def test_a_list_at_the_top_leads_to_each_paper(compiled: CompiledEdition) -> None:
    message = email_of(compiled, reader(), picks(3, 1, 2))
    page = MailPage(message.alternatives[0].content)
    entries = [link for link in page.all("a") if link.attributes["href"].startswith("#")]
    assert [link.attributes["href"] for link in entries] == ["#p3", "#p1", "#p2"]
    assert [link.text.split(".\xa0\xa0") for link in entries][1] == ["2", "Fingers That Listen"]
    assert " 1. Sparse Attention, Dense Memory\n 2. Fingers That Listen\n 3. A Model That" in message.body


def test_a_single_paper_needs_no_list(compiled: CompiledEdition) -> None:
    message = email_of(compiled, reader(), picks(1))
    page = MailPage(message.alternatives[0].content)
    assert not [link for link in page.all("a") if link.attributes["href"].startswith("#")]
    assert message.body.count(" 1. ") == 1


def test_each_paper_can_be_voted_on_by_its_reader(compiled: CompiledEdition) -> None:
    message = email_of(compiled, reader(), picks(2, 1))
    votes = links.votes_url(7)
    for place in (f"{votes}/2/more", f"{votes}/2/less", f"{votes}/1/more", f"{votes}/1/less"):
        assert f'href="{place}"' in message.alternatives[0].content
        assert place in message.body
    assert links.votes_url(8) not in message.body
    assert "/v/" not in str(message.extra_headers)


def test_a_choice_that_stands_for_others_or_for_the_week_says_so(compiled: CompiledEdition) -> None:
    week = Pick(1, 0.5, (("topic:robotics", 0.4), ("week", 0.1)), similar=(8, 9))
    message = email_of(compiled, reader(), [week, *picks(2)])
    page = MailPage(message.alternatives[0].content)
    assert [element.text.endswith("\xa0· and 2 similar") for element in page.with_class("m")] == [True, False]
    assert "from this week, as today has little for you" in page.with_class("w")[0].text
    assert message.body.count("    and 2 similar\n") == 1


def test_an_author_whom_the_reader_follows_is_not_hidden(digest_of) -> None:  # type: ignore[no-untyped-def]
    authors = ("Ada", "Ben", "Cy Twombly", "Di", "Ed", "Fay")
    compiled = compile_facts(EditionFacts("daily", DAY), [replace(PAPERS[0], authors=authors)], TOPICS)
    message = email_of(compiled, reader(), picks(1, parts=(("author:cy twombly", 0.5),)))
    byline = "Ada, Ben … Cy Twombly … Fay and 2 more"
    assert MailPage(message.alternatives[0].content).with_class("y")[0].text == byline
    assert f"    {byline}\n" in message.body


def test_news_of_earlier_papers_have_a_section_of_their_own(compiled: CompiledEdition) -> None:
    follow_ups = [
        FollowUp(77, "An <i>Earlier</i> Paper", "https://example.org/77", "Its code is out."),
        FollowUp(78, "Another", "javascript:x", "It was withdrawn & will not return."),
    ]
    message = assemble(compiled, reader(), picks(1, 2), follow_ups).as_email()
    page = MailPage(message.alternatives[0].content)
    assert [heading.text for heading in page.all("h2")][3:] == ["Since then"]
    told = ["An <i>Earlier</i> PaperIts code is out.", "AnotherIt was withdrawn & will not return."]
    assert [element.text for element in page.with_class("n")] == told
    assert "https://example.org/77" in page.links
    assert "javascript:" not in message.body
    section = message.body.partition("SINCE THEN\n\n")[2]
    assert section.startswith("    An <i>Earlier</i> Paper\n    Its code is out.\n    https://example.org/77\n\n    An")
    assert "SINCE THEN" not in email_of(compiled, reader(), picks(1, 2)).body


def test_no_papers_no_mail(compiled: CompiledEdition) -> None:
    with pytest.raises(DeliveryError, match="without papers"):
        assemble(compiled, reader(), [])


def test_a_paper_that_was_not_compiled_is_named(compiled: CompiledEdition) -> None:
    with pytest.raises(DeliveryError, match="4711"):
        assemble(compiled, reader(), picks(1, 4711))


def test_holes_cannot_be_guessed() -> None:
    assert str(Holes(is_html=True)["date"]) != str(Holes(is_html=True)["date"])
