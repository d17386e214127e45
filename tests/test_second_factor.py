"""The second factor: who has one shows it before anything opens; who has lost it has recovery codes, each good once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

pytestmark = pytest.mark.django_db
ASK, SET_UP, DESK = "/admin/second-factor/", "/admin/second-factor/set-up/", "/admin/"
PASSWORD = "a right long password"


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("owner", "owner@example.org", PASSWORD)


def signed_in(name: str = "owner") -> Client:
    client = Client()
    reply = client.post("/admin/login/", {"username": name, "password": PASSWORD}, REMOTE_ADDR="198.51.100.9")
    assert reply.status_code == 302
    return client


def code_of(device: TOTPDevice) -> str:
    totp = TOTP(device.bin_key)
    totp.time = datetime.now(UTC).timestamp()
    return f"{totp.token():06d}"


def enrolled(client: Client, owner: User) -> list[str]:
    """Sets it up as an editor does; gives the recovery codes."""
    assert "<svg" in client.get(SET_UP).content.decode()
    device = TOTPDevice.objects.get(user=owner, confirmed=False)
    page = client.post(SET_UP, {"code": code_of(device)}).content.decode()
    return re.findall(r"<li><code>(\w+)</code></li>", page)


@pytest.fixture
def clock() -> Any:
    """Each code is good once: the next one comes half a minute later."""
    with time_machine.travel(datetime(2026, 12, 1, 8, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def test_without_one_a_password_opens_the_desk_as_before(owner: User) -> None:
    assert signed_in().get(DESK).status_code == 200


def test_with_one_the_password_alone_opens_nothing(owner: User, clock: Any) -> None:
    assert len(enrolled(signed_in(), owner)) == 10
    clock.shift(60)
    client = signed_in()
    for page in (DESK, "/admin/auth/user/", SET_UP, "/admin/digest/edition/weights/?topic=1"):
        reply = client.get(page)
        assert reply.status_code == 302
        assert reply["Location"].startswith(ASK), page
    assert client.post("/admin/auth/user/add/", {"username": "eve"}).status_code == 302
    assert client.get("/outbox/").status_code == 404
    assert client.get("/previews/").status_code == 404
    assert not User.objects.filter(username="eve").exists()
    assert client.post("/admin/logout/").status_code in (200, 302)


def test_the_code_opens_it_and_leads_on(owner: User, clock: Any) -> None:
    enrolled(signed_in(), owner)
    clock.shift(60)
    client = signed_in()
    where = client.get("/admin/auth/user/?q=o")["Location"]
    wrong = client.post(ASK, {"code": "000000"})
    assert "not right" in wrong.content.decode()
    clock.shift(60)
    device = TOTPDevice.objects.get(user=owner)
    code = code_of(device)
    reply = client.post(where, {"code": f" {code[:3]} {code[3:]}", "next": "/admin/auth/user/?q=o"})
    assert reply["Location"] == "/admin/auth/user/?q=o"
    assert client.get(DESK).status_code == 200
    assert "not right" in signed_in().post(ASK, {"code": code}).content.decode(), "a code is good once"


@pytest.mark.parametrize("evil", ["https://evil.example/admin/", "//evil.example/admin/", "/previews/", "javascript:x"])
def test_it_leads_nowhere_but_to_the_desk(owner: User, clock: Any, evil: str) -> None:
    enrolled(signed_in(), owner)
    clock.shift(60)
    reply = signed_in().post(ASK, {"code": code_of(TOTPDevice.objects.get()), "next": evil})
    assert reply["Location"] == DESK


def test_whoever_guesses_waits_and_the_right_code_does_not_help_meanwhile(owner: User, clock: Any) -> None:
    enrolled(signed_in(), owner)
    clock.shift(60)
    client = signed_in()
    for _ in range(4):
        client.post(ASK, {"code": "123123"})
    told = client.post(ASK, {"code": code_of(TOTPDevice.objects.get())}).content.decode()
    assert "came too soon" in told
    assert client.get(DESK).status_code == 302


def test_a_recovery_code_opens_it_once(owner: User, clock: Any) -> None:
    codes = enrolled(signed_in(), owner)
    clock.shift(60)
    client = signed_in()
    assert client.post(ASK, {"code": codes[0].upper()})["Location"] == DESK
    assert "9 are left" in client.get(DESK).content.decode()
    again = signed_in()
    assert "not right" in again.post(ASK, {"code": codes[0]}).content.decode()
    assert StaticToken.objects.count() == 9


def test_a_new_one_takes_the_place_of_the_old_and_its_codes(owner: User, clock: Any) -> None:
    client = signed_in()
    old = enrolled(client, owner)
    device = TOTPDevice.objects.get()
    clock.shift(60)
    new = enrolled(client, owner)
    assert len(new) == 10
    assert not set(old) & set(new)
    assert TOTPDevice.objects.get().pk != device.pk
    assert StaticToken.objects.count() == 10


def test_where_it_is_required_nothing_opens_but_the_set_up(owner: User, clock: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client = signed_in()
    assert client.get(DESK)["Location"].startswith(SET_UP)
    assert client.get("/previews/").status_code == 404
    enrolled(client, owner)
    assert client.get(DESK).status_code == 200


def test_whoever_is_not_signed_in_is_sent_to_sign_in(owner: User) -> None:
    for page in (ASK, SET_UP):
        assert Client().get(page)["Location"] == "/admin/login/"


def test_the_secret_of_a_factor_in_use_is_never_shown(owner: User, clock: Any) -> None:
    client = signed_in()
    enrolled(client, owner)
    device = TOTPDevice.objects.get()
    clock.shift(60)
    page = client.get(SET_UP).content.decode().replace(" ", "")
    from base64 import b32encode

    assert b32encode(device.bin_key).decode().rstrip("=") not in page
    assert client.get(f"/admin/otp_totp/totpdevice/{device.pk}/change/").status_code == 404
    for page in ("/admin/otp_totp/totpdevice/", "/admin/otp_totp/totpdevice/add/", "/admin/otp_static/staticdevice/"):
        assert client.get(page).status_code == 404, page


def test_a_secret_that_another_session_saw_does_not_become_the_factor(owner: User, clock: Any) -> None:
    """Whoever had the password alone could open the set-up first, note the secret and wait."""
    thief, client = signed_in(), signed_in()
    thief.get(SET_UP)
    noted = TOTPDevice.objects.get()
    client.get(SET_UP)
    client.get(SET_UP)
    assert TOTPDevice.objects.count() == 2
    (own,) = TOTPDevice.objects.exclude(pk=noted.pk)
    assert client.post(SET_UP, {"code": code_of(noted)}).status_code == 200
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    clock.shift(60)
    assert client.post(SET_UP, {"code": code_of(own)}).status_code == 200
    assert [device.bin_key for device in TOTPDevice.objects.all()] == [own.bin_key]
    assert thief.get(DESK)["Location"].startswith(ASK)


def test_the_command_takes_it_away(owner: User, clock: Any, capsys: pytest.CaptureFixture[str]) -> None:
    enrolled(signed_in(), owner)
    call_command("reset_second_factor", "owner")
    assert signed_in().get(DESK).status_code == 200
    assert not StaticToken.objects.exists()
    for name in ("owner", "nobody"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", name)


def test_an_editor_without_rights_sets_up_their_own(owner: User, clock: Any) -> None:
    editor = User.objects.create_user("editor", "", PASSWORD, is_staff=True)
    editor.user_permissions.add(Permission.objects.get(codename="change_edition"))
    client = signed_in("editor")
    assert len(enrolled(client, editor)) == 10
    assert TOTPDevice.objects.get().user == editor
    assert client.get(DESK).status_code == 200
