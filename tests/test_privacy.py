"""Erased means gone: after an erasure no table, log line or file holds the address, in none of its spellings."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from config import masking
from digest.delivery import breaker, outbox
from digest.delivery.journal import WireJournal
from digest.delivery.outcomes import Fault, Outcome, Result
from digest.interests import add_text
from digest.models import Delivery, Digest, ProviderEvent
from subscriptions import addresses, erasure, services
from subscriptions.models import ConsentRecord, SignupRequest, Subscriber, Suppression
from tests.asking import ask, confirmed, mailed
from tests.factories import NOW, DeliveryFactory, ProviderEventFactory, SubscriberFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ADDRESS = "Ada.Lovelace@Example.org"
BOUNCE = "550 5.1.1 <Ada.Lovelace@Example.org>: no such user; ada.lovelace=40example.org"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What a handler of ours writes while a test runs."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(masking.Mask())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR, settings.OUTBOX_DIR = tmp_path, tmp_path / "outbox"
    settings.EMAIL_BACKEND = "digest.delivery.outbox.EmailBackend"
    return tmp_path


def holding(text: str) -> list[str]:
    """Every column of every table of the database that holds this text, in whatever case."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                name = f'"{column.name}"'
                like = f"LOWER(CAST({name} AS text)) LIKE %s"
                cursor.execute(f'SELECT COUNT(*) FROM "{table}" WHERE {like}', [f"%{text.lower()}%"])  # noqa: S608
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column.name}")
    return found


def leave_traces(admin_client: Client) -> Subscriber:
    """A reader who did all that leaves a trace, and whose mail went wrong in every way."""
    reader = confirmed(ADDRESS)
    mailed(ADDRESS, NOW)
    add_text(reader, f"write to {ADDRESS} about sea turtles", NOW)
    delivery = DeliveryFactory(subscriber=reader, state="accepted", selection=[], preferences={"of": ADDRESS})
    ProviderEventFactory(delivery=delivery, address_hash=reader.address_hash, message_id=ADDRESS, description="soft")
    services.suppress(reader.address_hash, "hard_bounce", BOUNCE, NOW)
    breaker.trip("smtp:mail.example.org", Fault.POLICY, Result(Outcome.REJECTED, BOUNCE).nameless().detail, NOW)
    admin_client.post(f"/admin/subscriptions/subscriber/{reader.pk}/change/", {})
    admin_client.post(
        "/admin/subscriptions/suppression/add/", {"address": "other@example.org", "detail": f"for {ADDRESS}"}
    )
    kind = ContentType.objects.get_for_model(Subscriber)
    editor = admin_client.session["_auth_user_id"]
    LogEntry.objects.create(
        user_id=editor, content_type=kind, object_id=reader.pk, object_repr=ADDRESS, action_flag=DELETION
    )
    logging.getLogger("anything").warning("Refused: %s", BOUNCE)
    try:
        {}[BOUNCE]
    except KeyError:
        logging.getLogger("anything").exception("It broke")
    return reader


def test_after_an_erasure_nothing_holds_the_address(admin_client: Client, files: Path, log: StringIO) -> None:
    reader = leave_traces(admin_client)
    message = mail.EmailMessage("A digest", "Hello", to=[f"Ada <{ADDRESS}>"])
    message.send()
    mail.EmailMessage("A digest", "Hello", to=["other@example.org"]).send()
    journal = WireJournal()
    journal.answered(7, Result(Outcome.REJECTED, BOUNCE).nameless())
    journal.flush()
    assert len(holding(ADDRESS)) > 3, "the search finds what there is"
    assert len(outbox.messages()) == 2

    call_command("erase_reader", ADDRESS.upper(), stdout=(said := StringIO()))

    assert "1 readers" in said.getvalue()
    for spelling in (ADDRESS, "ada.lovelace=40example.org", "ada.lovelace%40example.org"):
        assert holding(spelling) == []
        assert spelling.lower() not in log.getvalue().lower()
        for path in files.rglob("*"):
            assert path.is_dir() or spelling.lower().encode() not in path.read_bytes().lower(), path
    assert holding(addresses.address_hash(ADDRESS.lower())) == ["subscriptions_suppression.address_hash"]
    assert [stored.to for stored in outbox.messages()] == ["other@example.org"]
    assert (Delivery.objects.count(), ProviderEvent.objects.count(), Digest.objects.count()) == (1, 1, 0)
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    journal.close()


def test_the_desk_erases_too_and_its_record_names_nobody(admin_client: Client, files: Path) -> None:
    reader = leave_traces(admin_client)
    admin_client.post(f"/admin/subscriptions/subscriber/{reader.pk}/delete/", {"post": "yes"})
    assert holding(ADDRESS) == []
    other = SubscriberFactory(email="grace@example.org")
    form = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    admin_client.post("/admin/subscriptions/subscriber/", form)
    assert holding("grace@example.org") == []
    assert not Subscriber.objects.exists()


def test_others_are_left_alone(files: Path) -> None:
    ada, other = confirmed("ada@example.org"), confirmed("lada@example.org")
    DeliveryFactory(subscriber=other)
    assert erasure.erase("ada@example.org") == {"consent records": 2, "sign-ups": 1, "readers": 1}
    assert erasure.erase("ada@example.org") == {"consent records": 0, "sign-ups": 0, "readers": 0}
    assert list(Subscriber.objects.all()) == [other]
    assert ConsentRecord.objects.filter(subscriber=other).count() == 2
    assert Delivery.objects.get().address_hash == other.address_hash != ada.address_hash


def test_who_was_suppressed_stays_so_and_others_may_be_asked_again(files: Path) -> None:
    for address, reason in (("ada@example.org", "complaint"), ("bob@example.org", None)):
        reader = confirmed(address)
        if reason:
            services.suppress(reader.address_hash, reason, "", NOW)
        erasure.erase(address)
        ask(address)
    assert Suppression.objects.get().reason == "complaint"
    assert [request.email for request in SignupRequest.objects.all()] == ["bob@example.org"]


def test_all_that_is_known_is_told_as_json(admin_client: Client, files: Path) -> None:
    leave_traces(admin_client)
    call_command("export_reader", ADDRESS, stdout=(said := StringIO()))
    told = json.loads(said.getvalue())
    assert told["address"] == ADDRESS.lower()
    assert told["reader"]["written as"] == ADDRESS.replace("Example", "example")
    assert told["reader"]["preferences"]["frequency"] == "daily"
    assert "sea turtles" in told["interests"][0]["text"]
    assert [each["action"] for each in told["consent"]] == ["requested", "confirmed"]
    assert told["consent"][0]["ip_address"] == "192.0.2.7"
    assert told["suppression"][0]["reason"] == "hard_bounce"
    assert told["digests"][0]["chosen by"] == {"of": ADDRESS}
    assert len(told["sign-ups"]) == 2
    assert told["reports of mail providers"][0]["kind"] == "delivered"


def test_of_a_stranger_nothing_is_told_and_no_address_is_an_error() -> None:
    told = erasure.known("nobody@example.org")
    assert told.pop("address") == "nobody@example.org"
    assert not any(told.values())
    for command in ("erase_reader", "export_reader"):
        with pytest.raises(CommandError, match="looks like"):
            call_command(command, "nobody")


def test_every_column_that_leads_to_a_person_is_known_here() -> None:
    """A new one needs its line in `erasure`, `privacy` or a cascade, and the search above a trace in it."""
    hashes = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name.endswith(("address_hash", "mailbox_hash", "email", "address_key"))
        and model._meta.app_label in ("digest", "subscriptions")
    }
    assert hashes == {
        "digest.Delivery.address_hash",
        "digest.ProviderEvent.address_hash",
        "subscriptions.ConsentRecord.address_hash",
        "subscriptions.SignupRequest.address_hash",
        "subscriptions.SignupRequest.address_key",
        "subscriptions.SignupRequest.email",
        "subscriptions.SignupRequest.mailbox_hash",
        "subscriptions.Subscriber.address_hash",
        "subscriptions.Subscriber.address_key",
        "subscriptions.Subscriber.email",
        "subscriptions.Suppression.address_hash",
    }


def test_words_of_others_lose_every_address() -> None:
    words = f"{BOUNCE} and mailto:x@y.example, root@localhost"
    assert addresses.without_addresses(words) == (
        "550 5.1.1 <(address)>: no such user; (address) and mailto:(address), root@localhost"
    )
