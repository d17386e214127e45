"""Every header a newsletter owes its reader and its reader's mailbox, and nothing that can be smuggled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header
from email.utils import parsedate_to_datetime
from functools import cache

import pytest
from django.conf import LazySettings
from django.core.mail.message import BadHeaderError
from hypothesis import example, given
from hypothesis import strategies as st

from digest.previews import DAY, NOW, PAPERS, TOPICS
from digest.rendering import CompiledEdition, DigestMessage, EditionFacts, assemble, compile_facts, headers
from subscriptions import links
from tests.rendering.conftest import UID, picks, reader

# A subject that looks encoded is taken apart before it gets here.
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="=?"), min_size=1, max_size=40)
EVIL = "x\r\nBcc: victim@example.org\r\n\r\nInjected"


def raw_headers(message: DigestMessage) -> list[tuple[str, str]]:
    return list(message_from_bytes(message.as_bytes(), policy=policy.compat32).items())


@pytest.fixture
def sent(compiled: CompiledEdition) -> dict[str, str]:
    pairs = raw_headers(assemble(compiled, reader(), picks(1, 2)))
    assert len(dict(pairs)) == len(pairs), "every field at most once"
    return dict(pairs)


def test_one_click_unsubscribe_is_offered_as_rfc_8058_asks(sent: dict[str, str]) -> None:
    assert sent["List-Unsubscribe"] == f"<{links.unsubscribe_url(7)}>"
    assert sent["List-Unsubscribe"].startswith("<https://")
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_unsubscribe_link_is_never_folded_nor_encoded(settings: LazySettings) -> None:
    settings.SITE_URL = "https://newsletter.department-of-x.test.uni"
    raw = assemble(compile_facts(EditionFacts("daily", DAY), PAPERS, TOPICS), reader(), picks(1)).as_bytes()
    assert f"\r\nList-Unsubscribe: <{links.unsubscribe_url(7)}>\r\n".encode() in raw


def test_the_list_names_itself(sent: dict[str, str]) -> None:
    assert sent["List-ID"] == '"Paperboy" <digest.paperboy.example.org>'
    assert sent["List-Post"] == "NO"
    assert sent["List-Archive"] == "<https://paperboy.example.org/editions/>"
    assert sent["List-Help"] == sent["List-Subscribe"] == "<https://paperboy.example.org/>"
    assert sent["List-Owner"] == "<mailto:editor@example.org>"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Precedence"] == "bulk"


def test_the_operator_can_name_the_list(settings: LazySettings) -> None:
    settings.LIST_ID = "Papers <papers.example.net>"
    assert headers.list_id() == "Papers <papers.example.net>"


@pytest.mark.parametrize("domain", ["x.y", "mail.example.org", "a-very-long-university-department.example.ac.uk"])
def test_feedback_id_has_four_distinct_fields_and_a_sender_of_5_to_15_characters(
    domain: str, settings: LazySettings
) -> None:
    settings.DEFAULT_FROM_EMAIL = f"digest@{domain}"
    fields = headers.feedback_id(EditionFacts("weekly", DAY)).split(":")
    assert len(fields) == len(set(fields)) == 4
    assert 5 <= len(fields[3]) <= 15


def test_sender_recipient_and_reply(sent: dict[str, str]) -> None:
    assert sent["From"] == "Paperboy <digest@mail.example.org>"
    assert sent["Reply-To"] == "editor@example.org"
    assert sent["To"] == "ada@example.org"


def test_date_is_the_moment_given(sent: dict[str, str]) -> None:
    assert parsedate_to_datetime(sent["Date"]) == NOW


def test_a_second_attempt_has_the_same_message_id(compiled: CompiledEdition, sent: dict[str, str]) -> None:
    again = dict(raw_headers(assemble(compiled, reader(), picks(3))))
    assert again["Message-ID"] == sent["Message-ID"] == f"<{UID}@mail.example.org>"


def test_provider_metadata_names_the_delivery_and_nothing_else(compiled: CompiledEdition) -> None:
    message = assemble(compiled, reader(), picks(1)).as_email()
    assert message.metadata == {"delivery": str(UID)}
    assert message.tags == ["daily"]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Über die Schrödinger-Gleichung: 観測", "Über die Schrödinger-Gleichung: 観測"),
        ("=?utf-8?q?injected?=", "= ?utf-8?q?injected?="),
        ("A " + "very " * 60 + "long title", None),
        ("🤖" * 100, None),
    ],
)
def test_any_title_comes_back_from_the_subject(
    title: str, shown: str | None, digest_of: Callable[..., DigestMessage]
) -> None:
    message = digest_of([replace(PAPERS[0], title=title)])
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert parsed["Subject"] == message.subject == (shown or message.subject)
    assert len(message.subject) <= 78


@given(st.lists(WORDS, min_size=1).map(" ".join))
@example("é" * 78)
@example("汉字" * 39)
@example("a" * 38 + "é" + "b" * 39)
@example("🙂" * 30)
def test_every_subject_is_read_as_it_was_written(subject: str) -> None:
    line = headers.subject_line(subject).decode("ascii")
    assert subject.isascii() or all(len(each) <= 76 for each in line.splitlines())
    parts = decode_header(line.removeprefix("Subject: ").removesuffix("\r\n"))
    shown = "".join(part.decode(code or "ascii") if isinstance(part, bytes) else part for part, code in parts)
    assert shown.replace("\r\n", "") == subject


def test_line_breaks_in_papers_and_notes_stay_out_of_the_headers(digest_of: Callable[..., DigestMessage]) -> None:
    paper = replace(
        PAPERS[0], title=EVIL, abstract=EVIL, authors=(EVIL,), url=f"https://example.org/{EVIL}", label=EVIL, blurb=EVIL
    )
    pairs = raw_headers(digest_of([paper], note=EVIL, topics=(EVIL,)))
    assert "Bcc" not in dict(pairs)
    assert dict(pairs)["Subject"] == "x Bcc: victim@example.org Injected"


@pytest.mark.parametrize(
    "email", [f"ada@example.org{EVIL}", "ada\n@example.org", "ada@example.org\n", "no-address", ""]
)
def test_an_address_that_is_none_is_refused(compiled: CompiledEdition, email: str) -> None:
    with pytest.raises((ValueError, BadHeaderError)):
        assemble(compiled, reader(email=email), picks(1))


@pytest.mark.parametrize("email", ["a@example.org, b@example.org", "a@example.org b@example.org", "A <a@b.c>, d@e.f"])
def test_two_addresses_are_refused(compiled: CompiledEdition, email: str) -> None:
    with pytest.raises(ValueError, match="Invalid address"):
        assemble(compiled, reader(email=email), picks(1))


ODD = st.sampled_from("abcXYZ019._+-'&=~#!%@")


@given(st.text(ODD, min_size=1, max_size=80).map(lambda local: f"{local}@example.org"))
@example("ada@example.org")
@example(f"{'a' * 63}@example.org")
@example(f"{'a' * 64}@example.org")
@example("a..b@example.org")
@example("_x+tag@example.org")
def test_what_an_address_looks_like_does_not_depend_on_the_way_it_is_written(email: str) -> None:
    """Plain addresses take a short cut, which must lead to where the long way leads."""
    compiled = _compiled_once()
    try:
        wanted = headers.recipient(email)
    except ValueError:
        with pytest.raises(ValueError, match="Invalid address"):
            assemble(compiled, reader(email=email), picks(1))
        return
    message = assemble(compiled, reader(email=email), picks(1))
    assert b"\r\n" + wanted in message.as_bytes()
    text, html = message.as_email().body, str(message.as_email().alternatives[0].content)
    assert email in text
    assert email.replace("&", "&amp;") in html
    assert max(map(len, message.as_bytes().split(b"\r\n\r\n", 1)[1].splitlines())) <= 76


@cache
def _compiled_once() -> CompiledEdition:
    return compile_facts(EditionFacts("daily", DAY), PAPERS, TOPICS)


def test_an_international_address_is_encoded(compiled: CompiledEdition) -> None:
    raw = assemble(compiled, reader(email="ada@bücher.example"), picks(1)).as_bytes()
    assert b"\r\nTo: ada@xn--bcher-kva.example\r\n" in raw


@pytest.mark.parametrize("name", ["DEFAULT_FROM_EMAIL", "REPLY_TO", "LIST_ID"])
def test_line_breaks_in_settings_are_refused(name: str, settings: LazySettings) -> None:
    setattr(settings, name, "Paperboy <digest@example.org>\r\nBcc: victim@example.org")
    with pytest.raises((BadHeaderError, ValueError)):
        compile_facts(EditionFacts("daily", DAY), PAPERS[:1], TOPICS)


def test_with_an_address_to_write_to_there_are_two_ways_out_and_the_first_is_one_click(
    settings: LazySettings,
) -> None:
    settings.UNSUBSCRIBE_ADDRESS = "leave@example.org"
    message = assemble(compile_facts(EditionFacts("daily", DAY), PAPERS, TOPICS), reader(), picks(1, 2))
    ours = dict(raw_headers(message))["List-Unsubscribe"]
    djangos = str(message.as_email().message()["List-Unsubscribe"])
    for value in (ours, djangos):
        first, second = value.replace("\r", "").replace("\n", "").split(", ")
        assert first == f"<{links.unsubscribe_url(7)}>"
        assert second == f"<mailto:{links.unsubscribe_address(7)}?subject=unsubscribe>"
    assert all(len(line) <= 98 for line in message.as_bytes().split(b"\r\n\r\n")[0].split(b"\r\n"))
