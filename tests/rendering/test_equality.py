"""A joined message says, part by part and header by header, what Django says that renders it for its one reader."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as configured
from django.core.mail import EmailMultiAlternatives
from django.test.utils import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.previews import DAY, PAPERS, TOPICS, Pick
from digest.rendering import CompiledEdition, DigestMessage, EditionFacts, FollowUp, PaperFacts, ReaderFacts, assemble
from digest.rendering import compile_facts as compile_anew
from digest.rendering.cards import BRIEF, FULL
from tests.inbox.samples import SITE
from tests.rendering.conftest import nasty_papers, picks, reader
from tests.rendering.independent import written
from tests.rendering.templates import COMPILED, RENDERED, TEMPLATES

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
awkward = st.sampled_from(
    ["<b>&amp;", "\"'", "\xa0x", "漢字", ".", "From me", "{{ holes.date }}", "[[ab:date]]", "=?q?"]
)
texts = st.lists(any_text | awkward, max_size=4).map(" ".join)
urls = st.sampled_from(
    ["", "https://example.org/a?b=c&d='e'", "http://example.org/<x>", "javascript:x", "https://é.test/"]
)
slugs = st.sampled_from([*TOPICS, "unknown"])
cents = st.integers(-100, 300).map(lambda value: value / 100)
parts = st.lists(
    st.tuples(
        slugs.map("topic:{}".format) | st.sampled_from(["trend", "editor", "week", "author:ada lovelace"]), cents
    ),
    max_size=9,
    unique_by=lambda part: part[0],
).map(tuple)


@st.composite
def papers(draw: st.DrawFn) -> list[PaperFacts]:
    count = draw(st.integers(1, 6))
    return [
        PaperFacts(
            id=number,
            title=draw(texts),
            abstract=draw(texts),
            authors=tuple(draw(st.lists(texts | st.just("Ada Lovelace"), max_size=6))),
            url=draw(urls),
            page_url=draw(st.sampled_from(["", f"https://paperboy.example.org/papers/{number}"])),
            code_url=draw(urls),
            label=draw(texts),
            published_on=draw(st.none() | st.dates()),
            upvotes=draw(st.integers(0, 3)),
            blurb=draw(texts),
            is_sample=draw(st.booleans()),
        )
        for number in range(1, count + 1)
    ]


readers = st.builds(
    ReaderFacts,
    subscriber_id=st.integers(0, 2**32 - 1),
    email=st.sampled_from(
        ["ada@example.org", "o'hara&sons@example.org", '"<a>&b"@example.org', ".a@x.test", "ada@bücher.example"]
    ),
    uid=st.uuids(),
    local_date=st.dates(date(2020, 1, 1), date(2099, 1, 1)),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    topics=st.lists(texts, max_size=8).map(tuple),
    frequency=st.sampled_from(["daily", "weekdays", "weekly"]),
    abstracts=st.sampled_from(["short", "full"]),
)
follow_ups = st.lists(st.builds(FollowUp, st.integers(1, 99), texts, urls, texts), max_size=3)


@contextmanager
def site(files: dict[str, str]) -> Iterator[Path]:
    """With an operator's templates before the project's."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / "email" / "digest" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        (engine,) = configured.TEMPLATES
        with override_settings(TEMPLATES=[{**engine, "DIRS": [folder, *engine["DIRS"]]}], **SITE):
            yield Path(folder)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def said(message: EmailMessage) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Headers, and the words of every part."""
    # Django leaves the first line of a folded subject empty, so that it comes back with a space in front.
    fields = {name: str(value).strip() for name, value in message.items() if name != "Content-Type"}
    assert len(message.items()) == len(fields) + 1, "a field is doubled"
    bodies: list[tuple[str, str]] = []
    for part in message.iter_parts():
        assert isinstance(part, EmailMessage)
        bodies.append((part.get_content_type(), part.get_content().replace("\r\n", "\n")))
    return fields, bodies


def assert_same(message: DigestMessage, django: EmailMultiAlternatives) -> None:
    ours, theirs = said(parsed(message.as_bytes())), said(parsed(bytes(django.message())))
    assert ours[0] == theirs[0]
    for (kind, words), (expected_kind, expected) in zip(ours[1], theirs[1], strict=True):
        assert (kind, words) == (expected_kind, expected)


def compile_facts(edition: EditionFacts, of: Sequence[PaperFacts], *, is_joined: bool) -> CompiledEdition:
    compiled = compile_anew(edition, of, TOPICS)
    assert (compiled.layout is not None) is is_joined
    return compiled


def check(
    name: str,
    note: str,
    of: list[PaperFacts],
    who: ReaderFacts,
    choices: Sequence[Pick],
    news: Sequence[FollowUp] = (),
) -> None:
    edition = EditionFacts("daily", DAY, note)
    with site(TEMPLATES[name]):
        compiled = compile_facts(edition, of, is_joined=name in COMPILED)
        expected = written(edition, of, TOPICS, who, choices, follow_ups=news)
        assert_same(assemble(compiled, who, choices, news), expected)


@given(
    name=st.sampled_from(COMPILED),
    note=texts,
    of=papers(),
    who=readers,
    reasons=st.lists(parts, min_size=6, max_size=6),
    order=st.randoms(),
    news=follow_ups,
)
@settings(max_examples=50)
def test_a_joined_digest_is_what_django_renders(
    name: str, note: str, of: list[PaperFacts], who: ReaderFacts, reasons: list[Any], order: Any, news: list[FollowUp]
) -> None:
    ids = [paper.id for paper in of]
    order.shuffle(ids)
    chosen = [Pick(number, 0, own, (7,) * (number % 3)) for number, own in zip(ids, reasons, strict=False)]
    check(name, note, of, who, chosen, news)


@pytest.fixture
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "digest.rendering.edition")


@pytest.mark.usefixtures("_quiet")
@given(name=st.sampled_from(RENDERED), note=texts, of=papers(), who=readers, reason=parts, news=follow_ups)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_template_that_cannot_be_cut_gives_what_django_renders(
    name: str, note: str, of: list[PaperFacts], who: ReaderFacts, reason: Any, news: list[FollowUp]
) -> None:
    check(name, note, of, who, picks(*(paper.id for paper in of), parts=reason), news)


@pytest.mark.shared_data
@given(data=st.data(), name=st.sampled_from(COMPILED), who=readers)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_papers_that_were_really_published_come_out_as_django_renders_them(
    shared_data: Path, data: st.DataObject, name: str, who: ReaderFacts
) -> None:
    of = data.draw(st.lists(st.sampled_from(nasty_papers(shared_data)), min_size=1, max_size=8, unique_by=id))
    check(name, "", of, who, picks(*(paper.id for paper in of)))


def test_shortened_cards_come_out_as_django_renders_them() -> None:
    of = [
        replace(PAPERS[0], id=number, abstract="A word & more. " * 200, blurb="Why. " * 500, url="")
        for number in range(1, 26)
    ]
    edition, choices = EditionFacts("daily", DAY), picks(*range(1, 26))
    who = reader(abstracts="full")
    message = assemble(compile_facts(edition, of, is_joined=True), who, choices)
    email = message.as_email()
    long = len(re.findall(r"(?:Why\. ){100,}", str(email.alternatives[0].content)))
    assert 0 < long < 25
    variants = [FULL] * long + [BRIEF] * (25 - long)
    assert_same(message, written(edition, of, TOPICS, who, choices, variants))


def test_whoever_shares_a_mail_gets_what_they_would_get_alone(compiled: CompiledEdition) -> None:
    """Readers of the same papers share all but what is their own, whatever others were sent in between."""
    elsewhere = picks(1, parts=(("trend", 0.5),))
    chosen = [picks(1, 2, 3), picks(3, 2, 1), picks(1), elsewhere + picks(2, 3)]
    readers = [
        reader(subscriber_id=number, email=f"ada.{number}@example.org", abstracts=abstracts, topics=topics)
        for number, (abstracts, topics) in enumerate(product(["short", "full"], [(), ("Robotics",), ("Vision",)]), 1)
    ]
    cases = [(who, choices) for choices in chosen for who in readers] * 2
    for who, choices in cases:
        alone = compile_anew(compiled.facts, PAPERS, TOPICS)
        assert _but_for_boundaries(assemble(compiled, who, choices)) == _but_for_boundaries(
            assemble(alone, who, choices)
        )


def _but_for_boundaries(message: DigestMessage) -> bytes:
    return re.sub(rb"=_[0-9a-f]{24}", b"=_", message.as_bytes())


def test_the_comparison_would_notice(compiled: CompiledEdition) -> None:
    choices = picks(1, 2)
    expected = written(compiled.facts, PAPERS, TOPICS, reader(), choices)
    assert_same(assemble(compiled, reader(), choices), expected)
    others: list[tuple[ReaderFacts, list[Pick]]] = [
        (reader(email="eve@example.org"), choices),
        (reader(uid=UUID(int=1)), choices),
        (reader(subscriber_id=8), choices),
        (reader(topics=()), choices),
        (reader(abstracts="full"), choices),
        (reader(), picks(2, 1)),
        (reader(), picks(1, 2, parts=(("trend", 0.5),))),
    ]
    for who, chosen in others:
        with pytest.raises(AssertionError):
            assert_same(assemble(compiled, who, chosen), expected)
