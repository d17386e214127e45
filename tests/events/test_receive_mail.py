"""A mail server's pipe: one process for each mail, and exit codes that tell the server what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.management import call_command

from tests.events import letters
from tests.services import PROJECT, process_environment

OK, UNREADABLE, TRY_AGAIN = 0, 65, 75


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    """Run the command as Postfix would, in an installation of its own."""
    folder = tmp_path_factory.mktemp("pipe")
    environment = process_environment(
        DATA_DIR=str(folder),
        DATABASE_URL=f"sqlite:///{folder / 'paperboy.sqlite3'}",
        CACHE_URL="locmemcache://",
        CELERY_BROKER_URL="memory://",
        BOUNCE_ADDRESS="bounces@example.org",
    )

    def run(raw: bytes, *arguments: str, **changed: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, str(PROJECT / "manage.py"), *(arguments or ("receive_mail",))]
        return subprocess.run(
            command, input=raw, env={**environment, **changed}, capture_output=True, timeout=180, check=False
        )

    assert run(b"", "migrate", "--verbosity=0", "--skip-checks").returncode == 0
    return run


SEED = """
from datetime import timedelta
from django.utils import timezone
from digest.models import *
from subscriptions.addresses import address_hash
from subscriptions.models import Subscriber
key = address_hash("r@example.net")
now = timezone.now()
edition = Edition.objects.create(kind="daily", date=now.date(), publish_at=now, state="published", published_at=now)
reader = Subscriber.objects.create(email="r@example.net", address_key="r@example.net", address_hash=key,
    status="active", confirmed_at=now - timedelta(days=900))
Delivery.objects.create(uid="%s", edition=edition, subscriber=reader, address_hash=key, state="accepted",
    due_at=now, claimed_at=now)
"""
UID = "7f2c1f0e-3f63-4a8e-9d0b-0d3f5c8a1b2c"


class Sent:
    """A delivery of that installation, for the letters to name."""

    uid = UID
    subscriber = None


def test_a_bounce_on_standard_input_reaches_the_ledger(pipe):
    assert pipe(b"", "shell", "-c", SEED % UID).returncode == 0
    raw = letters.postfix(Sent(), recipient="r@example.net")
    answer = pipe(raw, "receive_mail", f"bounces+{UID.replace('-', '')}@example.org")
    assert (answer.returncode, answer.stdout.strip()) == (OK, b"reported"), answer.stderr
    handled = (
        "from digest import events; from django.utils import timezone; from digest.models import *;"
        "from subscriptions.models import *;"
        "print(events.handle(timezone.now()), Delivery.objects.get().state, Suppression.objects.get().reason)"
    )
    assert pipe(b"", "shell", "-c", handled).stdout.strip().endswith(b"1 bounced hard_bounce")


def test_what_is_not_for_us_is_taken_and_ignored(pipe):
    answer = pipe(letters.note("digest@example.org"))
    assert (answer.returncode, answer.stdout.strip(), answer.stderr) == (OK, b"ignored", b"")


@pytest.mark.parametrize("raw", [b"", b"\n\n\xff"])
def test_what_is_no_mail_is_refused_for_good(pipe, raw):
    assert pipe(raw).returncode == UNREADABLE


def test_while_the_database_is_away_the_mail_comes_again(pipe):
    raw = letters.postfix(Sent(), recipient="r@example.net")
    answer = pipe(raw, DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert answer.returncode == TRY_AGAIN


def test_all_of_a_long_mail_is_read_so_that_the_pipe_does_not_break(monkeypatch, db):
    class Source:
        left = 5_000_000

        def read(self, most: int) -> bytes:
            taken = min(most, self.left)
            self.left -= taken
            return b"Subject: x\n\n".ljust(taken, b"y") if taken > 12 else b""

    source = Source()
    monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": source})())
    call_command("receive_mail")
    assert source.left <= 12
