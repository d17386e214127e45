"""The preview pages show every mail to staff, and to nobody else."""

from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from digest import previews
from subscriptions import tokens
from subscriptions.tokens import Purpose

pytestmark = pytest.mark.django_db
SLUGS = [preview.slug for preview in previews.all_previews()]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_user("editor", password="x", is_staff=True))
    return client


@pytest.mark.parametrize("path", ["/previews/", "/previews/ordinary-day", "/previews/ordinary-day/html"])
def test_strangers_and_plain_users_find_nothing(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    client.force_login(User.objects.create_user("reader", password="x"))
    assert client.get(path).status_code == 404


def test_in_debug_everyone_may_look(client: Client, settings: LazySettings) -> None:
    settings.DEBUG = True
    assert client.get("/previews/ordinary-day").status_code == 200


def test_the_list_names_every_mail(staff: Client) -> None:
    page = staff.get("/previews/").content.decode()
    assert all(f'href="/previews/{slug}"' in page for slug in SLUGS)
    assert {"ordinary-day", "edited", "one-paper", "thirty-papers", "crowd", "tex", "script", "confirmation"} <= set(
        SLUGS
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_every_mail_can_be_seen(staff: Client, slug: str) -> None:
    response = staff.get(f"/previews/{slug}")
    assert response.status_code == 200
    page = response.content.decode()
    assert f'src="/previews/{slug}/html" width="375"' in page
    assert f'src="/previews/{slug}/html" width="800"' in page
    assert "Auto-Submitted" in page
    assert "<script>alert" not in page
    framed = staff.get(f"/previews/{slug}/html")
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in framed["Content-Security-Policy"]
    assert framed.content.startswith(b"<!DOCTYPE html>")
    assert b"<script>alert" not in framed.content


def test_an_unknown_sample_is_not_found(staff: Client) -> None:
    assert staff.get("/previews/nothing").status_code == 404
    assert staff.get("/previews/nothing/html").status_code == 404


def test_links_in_samples_lead_to_nobody() -> None:
    message = previews.digest(previews.PAPERS).as_email()
    header = message.extra_headers["List-Unsubscribe"]
    assert tokens.read(Purpose.UNSUBSCRIBE, header.rpartition("/")[2].rstrip(">")) == previews.NOBODY == 0


@pytest.mark.parametrize("slug", ["ordinary-day", "weekly"])
def test_a_sample_s_reasons_are_topics_its_reader_chose(slug: str) -> None:
    sample = previews.get(slug)
    assert sample is not None
    why = re.findall(r"^ *Why: you follow (Language models|Robotics)", str(sample.email().body), re.MULTILINE)
    assert set(why) == {"Robotics", "Language models"}


def test_the_weekly_sample_is_named_by_its_monday() -> None:
    sample = previews.get("weekly")
    assert sample is not None
    page = str(sample.email().alternatives[0].content)
    assert "<title>Paperboy, Weekly edition of Monday, 16 November 2026</title>" in page
