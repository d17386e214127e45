"""What is refused says what is true, in the site's own dress."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_editor_without_the_right_is_told_so() -> None:
    client = Client()
    client.force_login(User.objects.create_user("guest", "", "irrelevant", is_staff=True))
    reply = client.get("/admin/auth/user/")
    assert reply.status_code == 403
    page = reply.content.decode()
    assert "Your account may not do this" in page
    assert "signed in as guest" in page


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/password/", "/admin/auth/user/add/"])
def test_a_form_that_another_site_might_have_sent_says_so(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("chief", "", "irrelevant"))
    reply = client.post(path, {"username": "eve"})
    assert reply.status_code == 403
    page = reply.content.decode()
    assert "This page was open for too long" in page
    assert "site.css" in page
    assert "CSRF" not in page
