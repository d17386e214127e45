"""Hosts that are paused are on the front desk and above the sources, and are tried from there."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from digest.models import Host, Source
from tests.factories import HostFactory, SourceFactory

pytestmark = pytest.mark.django_db
PAGES = ["/admin/", "/admin/digest/source/"]


@pytest.fixture
def clerk(db: None) -> Client:
    """May look at sources, not change them."""
    user = User.objects.create_user("clerk", "", "irrelevant", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_source"))
    client = Client()
    client.force_login(user)
    return client


def body(client: Client, url: str) -> str:
    reply = client.get(url)
    assert reply.status_code == 200
    return reply.content.decode()


@pytest.mark.parametrize("url", PAGES)
def test_a_paused_host_is_told_with_its_reason_until_when_and_a_way_out(chief: Client, url: str) -> None:
    HostFactory(name="fine.example")
    assert "Not visited at the moment" not in body(chief, url)
    host = HostFactory(name="down.example", paused=True, reason="HTTP 503: <b>tired</b>", failures=4)
    SourceFactory(url="https://down.example/feed")
    text = body(chief, url)
    for part in (
        "Not visited at the moment", "down.example", "It failed 4 times in a row.", "HTTP 503: &lt;b&gt;tired",
        "1 source waits for it.", f"Tried again at {timezone.localtime(host.next_turn_at):%-d %B}",
        f"/admin/digest/host/{host.pk}/try/",
    ):  # fmt: skip
        assert part in text
    assert "fine.example" not in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"failures": 1}, "It asks us to wait, or failed just now."),
        ({"next_turn_at": timezone.now() - timedelta(hours=1)}, "Tried again with the next visit."),
        ({"holder": "9b2f6a0e-64ab-4c8c-9f6c-0d5c4c3f5b11"}, "It is being tried just now."),
    ],
)
def test_every_state_has_its_words(chief: Client, fields: dict[str, object], said: str) -> None:
    HostFactory(paused=True, **fields)
    assert said in body(chief, "/admin/")


@pytest.mark.parametrize("url", PAGES)
def test_trying_is_a_press_of_a_button_and_on_record(chief: Client, url: str) -> None:
    host = HostFactory(name="down.example", paused=True)
    source = SourceFactory(
        url="https://down.example/feed", failures=3, next_check_at=timezone.now() + timedelta(days=1)
    )
    with patch("digest.tasks.refresh_due.apply_async") as enqueue:
        reply = chief.post(
            f"/admin/digest/host/{host.pk}/try/", follow=True, headers={"referer": f"http://testserver{url}"}
        )
    assert reply.redirect_chain[-1][0].endswith(url)
    assert "down.example is tried with the next visit" in reply.content.decode()
    assert [source.pk] in [ids for call in enqueue.call_args_list for ids in call.args[0]]
    assert Source.objects.due(timezone.now()).filter(pk=source.pk).exists()
    assert LogEntry.objects.get().object_id == str(host.pk)
    assert Host.objects.get().next_turn_at <= timezone.now()


def test_a_queue_that_is_down_leaves_it_to_the_next_tick_and_no_other_site_is_led_to(chief: Client) -> None:
    host = HostFactory(paused=True)
    with patch("digest.tasks.visit_sources", side_effect=OSError("no broker")):
        reply = chief.post(f"/admin/digest/host/{host.pk}/try/", headers={"referer": "https://evil.example/"})
    assert reply["Location"] == "/admin/"
    again = chief.post(f"/admin/digest/host/{HostFactory().pk}/try/", follow=True)
    assert "nothing was changed" in again.content.decode()


def test_who_may_not_change_sources_sees_it_and_presses_nothing(clerk: Client, editor: Client, chief: Client) -> None:
    host = HostFactory(name="down.example", paused=True)
    assert "down.example" in body(clerk, "/admin/")
    assert f"/admin/digest/host/{host.pk}/try/" not in body(clerk, "/admin/")
    assert "down.example" not in body(editor, "/admin/")
    assert clerk.post(f"/admin/digest/host/{host.pk}/try/").status_code == 403
    assert chief.get(f"/admin/digest/host/{host.pk}/try/").status_code == 405
    assert Host.objects.get().next_turn_at > timezone.now()
