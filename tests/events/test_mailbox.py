"""A mailbox is read over IMAP: each mail once, marked when it is dealt with, and never more than is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from digest import events, tasks
from digest.errors import MailboxError
from digest.events import mail, mailbox
from digest.events.mail import Taken
from digest.models import ProviderEvent
from subscriptions import links
from subscriptions.models import Subscriber
from tests.events import letters
from tests.events.imap import Mailbox, running_mailbox
from tests.events.making import sent
from tests.factories import NOW, SubscriberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings) -> Iterator[Mailbox]:
    settings.BOUNCE_ADDRESS, settings.UNSUBSCRIBE_ADDRESS = "bounces@example.org", "unsubscribe@example.org"
    with running_mailbox() as server:
        yield server


def test_each_mail_is_taken_and_marked(server):
    reader = SubscriberFactory()
    server.mails = {
        3: letters.postfix(sent()),
        7: letters.note(links.unsubscribe_address(reader.pk)),
        9: b"\n\nno mail at all",
    }
    taken = events.read_mailbox(server.url, NOW)
    assert dict(taken) == {Taken.REPORTED: 1, Taken.UNSUBSCRIBED: 1, Taken.IGNORED: 1}
    assert (server.folder, server.unread()) == ('"Lists/Bounces"', [])
    assert Subscriber.objects.get(pk=reader.pk).status == "unsubscribed"
    assert not events.read_mailbox(server.url, NOW)


def test_only_so_many_are_taken_at_a_time_and_only_their_beginning(server, monkeypatch):
    monkeypatch.setattr(mail, "MAX_BYTES", 4000)
    server.mails = {number: letters.postfix(sent()) + b"x" * 100_000 for number in range(1, 6)}
    assert events.read_mailbox(server.url, NOW, most=2).total() == 2
    assert server.unread() == [3, 4, 5]
    answers = iter([True, False])
    assert events.read_mailbox(server.url, NOW, goes_on=lambda: next(answers)).total() == 1
    assert ProviderEvent.objects.count() == 3


def test_a_mail_that_could_not_be_stored_comes_again(server, monkeypatch):
    server.mails = {1: letters.postfix(sent())}

    def away(*_: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(mail, "store", away)
        with pytest.raises(OperationalError):
            events.read_mailbox(server.url, NOW)
    assert server.unread() == [1]
    assert events.read_mailbox(server.url, NOW)[Taken.REPORTED] == 1


@pytest.mark.parametrize("moment", ["LOGIN", "SEARCH", "FETCH", "STORE"])
def test_a_server_that_hangs_up_is_an_error_of_its_own(server, moment):
    server.mails, server.hangs_up_at = {1: letters.postfix(sent())}, moment
    with pytest.raises(MailboxError, match=r"127\.0\.0\.1"):
        events.read_mailbox(server.url, NOW)


def test_a_wrong_password_is_named_without_saying_it(server):
    with pytest.raises(MailboxError) as caught:
        events.read_mailbox(server.url.replace("word", "phrase"), NOW)
    assert "phrase" not in str(caught.value)


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(server, monkeypatch):
    monkeypatch.setattr(mailbox, "TIMEOUT", 0.05)
    monkeypatch.setattr(server, "finish_request", lambda *_: __import__("time").sleep(0.3))
    with pytest.raises(MailboxError):
        events.read_mailbox(server.url, NOW)


def test_the_command_and_the_task_read_what_the_setting_names(server, settings, monkeypatch):
    asked: list[bool] = []
    monkeypatch.setattr(tasks, "enqueue_events", lambda: asked.append(True))
    with pytest.raises(CommandError, match="not set"):
        call_command("read_mailbox")
    settings.BOUNCE_IMAP_URL = server.url
    server.mails = {1: letters.postfix(sent()), 2: letters.note("unsubscribe@example.org")}
    printed = StringIO()
    call_command("read_mailbox", "--json", stdout=printed)
    assert json.loads(printed.getvalue()) == {"unsubscribed": 0, "reported": 1, "ignored": 1}
    server.mails[3] = letters.postfix(sent())
    tasks.read_mailbox()
    assert (server.unread(), asked) == ([], [True, True])
