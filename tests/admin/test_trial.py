"""Preview and test mail: the real mail, which reaches the editor and acts on nobody."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from digest.models import Edition
from subscriptions.models import ConsentRecord, Subscriber, SubscriberStatus
from tests.admin.test_curation import address, said
from tests.factories import EditionFactory, EditionPaperFactory, PaperFactory, SubscriberFactory, TopicFactory

pytestmark = pytest.mark.django_db


class BrokenBackend(BaseEmailBackend):
    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError("no mail server here")


@pytest.fixture
def edition() -> Edition:
    """Two topics with a paper each."""
    edition: Edition = EditionFactory(note="Good morning.")
    for slug in ("robotics", "vision"):
        TopicFactory(slug=slug)
        paper = PaperFactory(title=f"All about {slug}")
        EditionPaperFactory(edition=edition, paper=paper, topics={slug: 0.9}, trend=0.1, blurb=f"Why {slug}.")
    return edition


def test_the_preview_is_the_real_mail(editor: Client, edition: Edition) -> None:
    reply = editor.get(address(edition, "mail"))
    page = reply.content.decode()
    assert "Good morning." in page
    assert "Why robotics." in page
    assert "All about vision" in page
    assert "1 Test Street" in page
    assert '<base target="_blank">' in page
    assert reply["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in reply["Content-Security-Policy"]


def test_the_preview_is_chosen_by_a_readers_topics(editor: Client, edition: Edition) -> None:
    page = editor.get(address(edition, "mail"), {"topic": "robotics"}).content.decode()
    assert "All about robotics" in page
    assert "All about vision" not in page


def test_the_preview_page_frames_the_mail_at_the_width_asked_for(editor: Client, edition: Edition) -> None:
    page = editor.get(address(edition, "preview"), {"topic": "robotics", "width": "phone"}).content.decode()
    assert "preview-frame preview-phone" in page
    source = unescape(re.search(r'<iframe[^>]* src="([^"]+)"', page)[1])  # type: ignore[index]
    assert "All about robotics" in editor.get(source).content.decode()
    assert "preview-desktop" in editor.get(address(edition, "preview"), {"width": "evil"}).content.decode()


def test_unknown_topics_are_as_good_as_none(editor: Client, edition: Edition) -> None:
    page = editor.get(address(edition, "mail"), {"topic": ["nonsense", "<script>"]}).content.decode()
    assert "All about robotics" in page
    assert "All about vision" in page


def test_the_test_goes_to_the_editor_alone_and_says_what_it_is(chief: Client, edition: Edition) -> None:
    SubscriberFactory(email="reader@example.org")
    reply = chief.post(address(edition, "test"), follow=True)
    assert "on its way to chief@example.net" in said(reply.content)
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    assert message.recipients() == ["chief@example.net"]
    assert message.subject.startswith("[Test] ")
    sent = message.message()
    assert sent["X-Paperboy-Test"] == "yes"
    assert sent["List-Unsubscribe"] is None
    assert sent["List-Unsubscribe-Post"] is None
    assert {part.get_content_type() for part in sent.walk()} >= {"text/plain", "text/html"}


def test_no_link_in_a_test_acts_on_anybody(chief: Client, edition: Edition) -> None:
    for _ in range(3):
        SubscriberFactory()
    chief.post(address(edition, "test"))
    paths = set(re.findall(r"https?://[^/\s]+(/[cpu]/[\w-]+)", str(mail.outbox[0].body)))
    assert {path[:3] for path in paths} >= {"/u/", "/p/"}
    for path in paths:
        assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code < 500
    assert Subscriber.objects.filter(status=SubscriberStatus.ACTIVE).count() == 3
    assert not ConsentRecord.objects.exists()


def test_a_test_for_some_topics_comes_back_to_their_preview(chief: Client, edition: Edition) -> None:
    reply = chief.post(f"{address(edition, 'test')}?topic=robotics", follow=True)
    assert reply.redirect_chain[-1][0].endswith("preview/?topic=robotics")
    assert reply.status_code == 200
    assert "All about vision" not in str(mail.outbox[0].body)


def test_an_editor_without_an_address_is_told_so(editor: Client, edition: Edition) -> None:
    reply = editor.post(address(edition, "test"), follow=True)
    assert "no email address" in said(reply.content)
    assert mail.outbox == []


@pytest.mark.parametrize("typed", ["two@example.net, three@example.net", "line\nbreak@example.net", "nobody"])
def test_an_account_with_an_address_that_is_none_gets_words_not_mail(edition: Edition, typed: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("odd", "", "irrelevant"))
    User.objects.filter(username="odd").update(email=typed)
    reply = client.post(address(edition, "test"), follow=True)
    assert reply.status_code == 200
    if mail.outbox:  # a bare name is an address to some servers; it must at least be the only one
        assert mail.outbox[0].recipients() == [typed]
    else:
        assert "was not sent" in said(reply.content)
    assert client.get(address(edition, "preview")).status_code == 200
    assert client.get(address(edition, "mail")).status_code == 200


def test_a_mail_server_that_is_down_is_explained(chief: Client, edition: Edition, settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    reply = chief.post(address(edition, "test"), follow=True)
    assert "was not sent to chief@example.net: no mail server here" in said(reply.content)


def test_looking_sends_nothing(chief: Client, edition: Edition) -> None:
    assert chief.get(address(edition, "test")).status_code == 405
    chief.get(address(edition, "preview"))
    chief.get(address(edition, "mail"))
    assert mail.outbox == []


def test_an_empty_edition_has_no_mail(chief: Client) -> None:
    empty = EditionFactory()
    assert "Nothing to send" in chief.get(address(empty, "preview")).content.decode()
    assert chief.get(address(empty, "mail")).content == b""
    assert "no paper in this edition" in said(chief.post(address(empty, "test"), follow=True).content)
    assert mail.outbox == []


def test_the_front_page_leads_here(chief: Client, edition: Edition) -> None:
    assert address(edition) in chief.get(reverse("admin:index")).content.decode()
