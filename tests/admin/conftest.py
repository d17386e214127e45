"""Who sits at the desk: the chief may do everything, an editor only curate."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


@pytest.fixture
def chief(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "chief@example.net", "irrelevant"))
    return client


@pytest.fixture
def editor(db: None) -> Client:
    """May change editions, and nothing else; has no email address."""
    user = User.objects.create_user("editor", "", "irrelevant", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_edition"))
    client = Client()
    client.force_login(user)
    return client
