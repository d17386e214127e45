"""Who guesses passwords at the desk is kept out by place; nobody else is, whatever name was guessed at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from config.door.lockout import NAMES_PER_PLACE

pytestmark = pytest.mark.django_db

LIMIT = 10
PROXY = "172.18.0.1"
STRANGER, OWNER = "203.0.113.66", "198.51.100.7"
RIGHT, WRONG = "the right password", "a wrong one"


@pytest.fixture(autouse=True)
def owner(settings: Any) -> User:
    assert settings.AXES_FAILURE_LIMIT == LIMIT
    return User.objects.create_superuser("admin", "admin@example.org", RIGHT)


@pytest.fixture
def behind_proxy(settings: Any) -> None:
    settings.BEHIND_PROXY = True


def sign_in(password: str, *, name: str = "admin", remote: str = PROXY, forwarded: str | None = None) -> HttpResponse:
    """One attempt of a browser that has not been here before."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    form = {"username": name, "password": password}
    response: HttpResponse = Client().post("/admin/login/", form, REMOTE_ADDR=remote, headers=headers)
    return response


def fail(times: int, **where: str) -> list[int]:
    return [sign_in(WRONG, **where).status_code for _ in range(times)]


# Behind a proxy


@pytest.mark.usefixtures("behind_proxy")
def test_a_stranger_shuts_out_only_the_place_they_guess_from():
    assert fail(LIMIT, forwarded=STRANGER) == [200] * (LIMIT - 1) + [429]
    assert sign_in(RIGHT, forwarded=STRANGER).status_code == 429
    assert sign_in(RIGHT, forwarded=OWNER).status_code == 302


@pytest.mark.usefixtures("behind_proxy")
def test_what_a_stranger_forwards_themselves_changes_nothing():
    for number in range(LIMIT):
        sign_in(WRONG, forwarded=f"{OWNER}, 192.0.2.{number}, {STRANGER}")
    assert sign_in(RIGHT, forwarded=f"192.0.2.99, {STRANGER}").status_code == 429
    assert sign_in(RIGHT, forwarded=OWNER).status_code == 302


@pytest.mark.usefixtures("behind_proxy")
def test_the_addresses_of_one_ipv6_customer_count_as_one():
    for number in range(LIMIT):
        sign_in(WRONG, forwarded=f"2001:db8:0:1::{number:x}")
    assert sign_in(RIGHT, forwarded="2001:db8:0:1:ffff::1").status_code == 429
    assert sign_in(RIGHT, forwarded="2001:db8:0:2::1").status_code == 302


# Without one


def test_without_a_proxy_nobody_s_word_is_taken_for_their_address():
    for number in range(LIMIT):
        sign_in(WRONG, remote=STRANGER, forwarded=f"192.0.2.{number}")
    assert sign_in(RIGHT, remote=STRANGER, forwarded="192.0.2.99").status_code == 429
    assert sign_in(RIGHT, remote=OWNER, forwarded=STRANGER).status_code == 302


def test_ipv4_visitors_of_an_ipv6_socket_are_told_apart():
    fail(LIMIT, remote=f"::ffff:{STRANGER}")
    assert sign_in(RIGHT, remote=f"::ffff:{OWNER}").status_code == 302
    assert sign_in(RIGHT, remote=STRANGER).status_code == 429


# What is counted


def test_a_name_alone_is_never_locked():
    for number in range(5 * LIMIT):
        sign_in(WRONG, remote=f"203.0.113.{number}")
    assert sign_in(RIGHT, remote=OWNER).status_code == 302


def test_trying_many_names_is_no_way_round():
    limit = LIMIT * NAMES_PER_PLACE
    answers = [sign_in(WRONG, name=f"editor{number}", remote=STRANGER).status_code for number in range(limit)]
    assert answers == [200] * (limit - 1) + [429]
    assert sign_in(RIGHT, remote=STRANGER).status_code == 429
    assert sign_in(RIGHT, remote=OWNER).status_code == 302


def test_trying_with_many_browsers_is_no_way_round():
    for number in range(LIMIT):
        Client(headers={"User-Agent": f"Browser {number}"}).post(
            "/admin/login/", {"username": "admin", "password": WRONG}, REMOTE_ADDR=STRANGER
        )
    assert sign_in(RIGHT, remote=STRANGER).status_code == 429


def test_a_colleague_who_forgot_a_password_shuts_out_nobody_else_at_their_place():
    fail(LIMIT, name="colleague", remote=OWNER)
    assert sign_in(WRONG, name="colleague", remote=OWNER).status_code == 429
    assert sign_in(RIGHT, remote=OWNER).status_code == 302


# What is said, and for how long it is true


def test_the_page_says_how_long_and_that_no_account_is_locked():
    fail(LIMIT, remote=STRANGER)
    response = sign_in(RIGHT, remote=STRANGER)
    page = response.content.decode()
    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert "Please try again in 60 minutes" in page
    assert "No account is locked" in page
    assert "site.css" in page
    assert "admin" not in page


def test_it_is_over_in_an_hour_however_often_one_tried_meanwhile():
    fail(LIMIT, remote=STRANGER)
    almost = timezone.now() - timedelta(minutes=59)
    AccessAttempt.objects.update(attempt_time=almost)
    assert fail(3, remote=STRANGER) == [429] * 3
    assert set(AccessAttempt.objects.values_list("attempt_time", flat=True)) == {almost}
    AccessAttempt.objects.update(attempt_time=almost - timedelta(minutes=2))
    assert sign_in(RIGHT, remote=STRANGER).status_code == 302


def test_who_is_signed_in_stays_so():
    desk = Client(REMOTE_ADDR=OWNER)
    assert desk.post("/admin/login/", {"username": "admin", "password": RIGHT}).status_code == 302
    fail(LIMIT, remote=OWNER)
    assert desk.get("/admin/").status_code == 200
