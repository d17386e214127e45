"""A new password by mail: for accounts of the desk alone, and a stranger learns nothing of which there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client

from config.celery import app
from config.masking import mask
from subscriptions.visitors import PASSWORDS_PER_HOUR

pytestmark = pytest.mark.django_db
ASK = "/admin/password/"
OLD, NEW = "the right long password", "another right long one"


@pytest.fixture(autouse=True)
def owner(settings: Any) -> Any:
    cache.clear()
    app.conf.task_always_eager = True
    settings.SITE_URL = "https://papers.example.org"
    settings.SECURE_PROXY_SSL_HEADER = None
    yield User.objects.create_superuser("owner", "Owner@example.org", OLD)
    app.conf.task_always_eager = False


def ask(email: str, client: Client | None = None, place: str = "198.51.100.9") -> Any:
    return (client or Client()).post(ASK, {"email": email}, REMOTE_ADDR=place)


def test_the_link_sets_a_password_once(owner: User) -> None:
    assert ask("owner@EXAMPLE.org")["Location"] == "/admin/password/asked/"
    letter = mail.outbox.pop()
    assert letter.to == ["Owner@example.org"]
    link = re.search(r"https://papers\.example\.org(/admin/password/\S+)", letter.body)
    assert link
    client = Client()
    form = client.get(link[1], follow=True)
    where = form.redirect_chain[-1][0]
    assert "token" not in where.replace("set-password", "")
    weak = client.post(where, {"new_password1": "short", "new_password2": "short"})
    assert "at least 12" in weak.content.decode()
    assert client.post(where, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/admin/password/changed/"
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    again = Client().get(link[1], follow=True).content.decode()
    assert "opens nothing any more" in again


def test_strangers_get_the_same_answer_and_no_mail(owner: User) -> None:
    User.objects.create_user("gone", "gone@example.org", OLD, is_active=False)
    known, unknown, inactive = (
        ask(f"{name}@example.org", place=f"198.51.100.{n}") for n, name in enumerate(["owner", "eve", "gone"])
    )
    assert known.status_code == unknown.status_code == inactive.status_code == 302
    assert known["Location"] == unknown["Location"] == inactive["Location"]
    assert [message.to for message in mail.outbox] == [["Owner@example.org"]]


def test_nobody_is_flooded(owner: User) -> None:
    replies = [
        ask("owner@example.org", place=f"198.51.100.{number}").status_code for number in range(PASSWORDS_PER_HOUR + 3)
    ]
    assert replies == [302] * PASSWORDS_PER_HOUR + [429] * 3
    assert len(mail.outbox) == PASSWORDS_PER_HOUR
    here = [
        ask(f"other{number}@example.org", place="203.0.113.5").status_code for number in range(PASSWORDS_PER_HOUR + 1)
    ]
    assert here[-1] == 429


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "x" * 300 + "@example.org", "a@example.org\r\nBcc: eve@example.org"]
)
def test_what_is_no_address_is_said_to_be_none(email: str) -> None:
    reply = ask(email)
    assert reply.status_code == 200
    assert 'role="alert"' in reply.content.decode()
    assert not mail.outbox


def test_a_forged_host_is_not_in_the_link(owner: User, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(ASK, {"email": "owner@example.org"}, headers={"host": "evil.example"})
    assert "evil" not in str(mail.outbox[0].message())


def test_the_link_is_not_in_the_log() -> None:
    line = "GET /admin/password/MQ/abc123-0123456789abcdef0123456789abcdef/ HTTP/1.1"
    assert "0123456789abcdef" not in mask(line)


def test_the_sign_in_page_offers_it() -> None:
    assert f'href="{ASK}"' in Client().get("/admin/login/").content.decode()
