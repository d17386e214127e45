"""What the readers' tests share: an empty cache, mail sent at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from config.celery import app
from subscriptions import forms
from tests.factories import NOW


@pytest.fixture(autouse=True)
def prompt() -> Iterator[None]:
    cache.clear()
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def sign_up(client: Client) -> Callable[..., Any]:
    """Open the form, read it for a while, send it with what is given; at NOW, or `at` another time."""

    def send(email: str, at: Any = NOW, **fields: Any) -> Any:
        with time_machine.travel(at - timedelta(seconds=10), tick=False):
            form = client.get(reverse("subscriptions:subscribe")).context["form"]
            opened = form["opened"].value()
        with time_machine.travel(at, tick=False):
            return client.post(reverse("subscriptions:subscribe"), {"email": email, "opened": opened, **fields})

    return send


@pytest.fixture
def opened() -> str:
    """The stamp of a form opened ten seconds ago."""
    with time_machine.travel(NOW - timedelta(seconds=10), tick=False):
        return str(forms.SignUpForm()["opened"].value())
