"""What is particular to the two letters; what every mail owes its mailbox is judged by the gates of tests/inbox."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from subscriptions import links, mail
from subscriptions.models import SignupRequest, Subscriber
from tests.factories import SignupRequestFactory, SubscriberFactory

pytestmark = pytest.mark.django_db


ADDRESS = "ada+a&b@example.org"
LETTERS = [mail.confirmation, mail.already_subscribed]


@pytest.fixture
def request_() -> SignupRequest:
    return SignupRequestFactory.create(email=ADDRESS)


@pytest.fixture
def reader() -> Subscriber:
    return SubscriberFactory.create(email=ADDRESS)


@pytest.fixture(params=LETTERS)
def letter(request: Any, request_: SignupRequest, reader: Subscriber) -> EmailMessage:
    return received(request.param(request_ if request.param is mail.confirmation else reader))


def received(message: Any) -> EmailMessage:
    parsed = message_from_bytes(message.message().as_bytes(linesep="\r\n"), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


def test_the_confirmation_asks_one_question_and_promotes_nothing(request_: SignupRequest, settings: Any) -> None:
    settings.REPLY_TO = "desk@example.org"
    message = received(mail.confirmation(request_))
    assert message["To"] == "ada+a&b@example.org"
    assert message["Subject"] == "Please confirm your subscription to Paperboy"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] == "desk@example.org"
    assert message["Message-ID"].endswith("@paperboy.localhost>")
    assert not [name for name in message if name.startswith("List-")]
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_reminder_says_that_it_is_the_only_one(request_: SignupRequest) -> None:
    message = received(mail.confirmation(request_, is_reminder=True))
    assert message["Subject"] == "Reminder: please confirm your subscription to Paperboy"
    for subtype in ("plain", "html"):
        assert "no other reminder follows" in " ".join(part(message, subtype).split())
        assert links.refuse_url(request_.pk) in part(message, subtype)


def test_both_parts_lead_to_the_same_places(letter: EmailMessage) -> None:
    in_text = set(re.findall(r"https?://\S+", part(letter, "plain")))
    in_html = set(re.findall(r'href="([^"]+)"', part(letter, "html")))
    assert in_text == in_html
    assert {links.site_url("/")} < in_text


def test_the_text_part_names_the_address_and_who_writes(letter: EmailMessage) -> None:
    text = part(letter, "plain")
    assert "ada+a&b@example.org" in text
    assert "1 Test Street, Testville" in text


def test_the_html_part_shows_the_address_and_what_to_press(letter: EmailMessage) -> None:
    html = part(letter, "html")
    assert 'class="press" style="' in html or re.search(r'<a [^>]*style="[^"]*background-color: ?#8c2f1d', html)
    assert "ada+a&amp;b@example.org" in html


def test_a_site_name_cannot_add_headers_or_markup(request_: SignupRequest, settings: Any) -> None:
    settings.SITE_NAME = "Papers <b>&</b>"
    message = received(mail.confirmation(request_))
    assert message["Subject"] == "Please confirm your subscription to Papers <b>&</b>"
    assert "Papers &lt;b&gt;&amp;&lt;/b&gt;" in part(message, "html")
