"""Have made-up webhook requests answered and their events worked off, in a scratch database; print what that costs."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from digest import events, tasks
from digest.management import scratch
from digest.management.bench.meters import timed
from digest.models import Delivery, DeliveryState
from subscriptions.models import Subscriber, Suppression

BATCH = 5000
PASSWORD = "bench:bench"  # noqa: S105  # opens nothing but this
# What a provider tells of a thousand messages, roughly.
MIX = {"delivered": 900, "open": 70, "bounce": 25, "blocked": 3, "spamreport": 2}


@dataclass(frozen=True, slots=True)
class Account:
    """What is printed. CPU is in microseconds an event; `receive` is the request, `handle` the task."""

    events: int
    requests: int
    database: str
    seconds: float
    events_per_second: float
    events_per_minute: float
    receive_cpu_us_per_event: float
    handle_cpu_us_per_event: float
    cpu_us_per_event: float
    database_cpu_us_per_event: float | None
    handled_per_second: float
    suppressed: int


class Command(BaseCommand):
    help = "Measure events: webhook requests as SendGrid makes them, through the whole site, then the task."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--events", type=int, default=10_000)
        parser.add_argument("--per-request", type=int, default=1, help="Events that one request tells of")
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        with (
            override_settings(ANYMAIL={"WEBHOOK_SECRET": PASSWORD}, CACHES=caches, ALLOWED_HOSTS=["bench"]),
            scratch.scratch_database(),
        ):
            account = measure(options["events"], options["per_request"])
        if not options["json"]:
            for name, value in asdict(account).items():
                self.stdout.write(f"{name:28} {value}")
        self.stdout.write(json.dumps(asdict(account)))


def measure(number: int, per_request: int) -> Account:
    now = timezone.now()
    bodies = list(_bodies(_deliveries(number, now), per_request, now))
    cache.set(tasks.EVENTS_ENQUEUED, True)  # nobody is to be told: the task is run here
    receiving, _ = timed(number, _post_all, bodies)
    handling, handled = timed(number, events.handle, timezone.now(), limit=number)
    if handled != number:
        raise CommandError(f"Only {handled} of {number} events were handled.")
    seconds = receiving.seconds + handling.seconds
    on_server = receiving.database_us + handling.database_us
    return Account(
        events=number,
        requests=len(bodies),
        database=connection.vendor,
        seconds=round(seconds, 2),
        events_per_second=round(number / seconds, 1),
        events_per_minute=round(60 * number / seconds),
        receive_cpu_us_per_event=round(receiving.cpu_us, 1),
        handle_cpu_us_per_event=round(handling.cpu_us, 1),
        cpu_us_per_event=round(receiving.cpu_us + handling.cpu_us, 1),
        database_cpu_us_per_event=round(on_server, 1) if on_server else None,
        handled_per_second=round(number / handling.seconds, 1),
        suppressed=Suppression.objects.count(),
    )


def _deliveries(number: int, now: datetime) -> list[tuple[str, str]]:
    """A message for each event, accepted a minute ago: its uid and its reader's address."""
    edition = scratch.fill(number, 1, now - timedelta(hours=1))
    made: list[tuple[str, str]] = []
    readers = list(Subscriber.objects.order_by("pk").only("pk", "email", "address_hash"))
    for start in range(0, len(readers), BATCH):
        some = readers[start : start + BATCH]
        rows = Delivery.objects.bulk_create(
            Delivery(
                edition=edition,
                subscriber=reader,
                address_hash=reader.address_hash,
                state=DeliveryState.ACCEPTED,
                due_at=now,
                claimed_at=now - timedelta(minutes=1),
                accepted_at=now - timedelta(minutes=1),
            )
            for reader in some
        )
        made += [(str(row.uid), reader.email) for row, reader in zip(rows, some, strict=True)]
    return made


def _bodies(messages: Sequence[tuple[str, str]], per_request: int, now: datetime) -> Iterator[bytes]:
    rng = random.Random(1)  # noqa: S311  # repeatable, not secret
    kinds = rng.choices(list(MIX), weights=list(MIX.values()), k=len(messages))
    told = [_event(kind, uid, email, now) for kind, (uid, email) in zip(kinds, messages, strict=True)]
    for start in range(0, len(told), per_request):
        yield json.dumps(told[start : start + per_request]).encode()


def _event(kind: str, uid: str, email: str, now: datetime) -> dict[str, Any]:
    known = {"email": email, "timestamp": int(now.timestamp()), "sg_event_id": f"event-{uid}", "delivery": uid}
    known |= {"event": kind, "sg_message_id": f"{uid[:8]}.filter0001", "smtp-id": f"<{uid}@example.org>"}
    if kind == "bounce":
        known |= {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 The account does not exist."}
    return known


def _post_all(bodies: Sequence[bytes]) -> None:
    site = WSGIHandler()
    for body in bodies:
        _post(site, body)


def _post(site: WSGIHandler, body: bytes) -> None:
    answered: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/anymail/sendgrid/tracking/",
        "SERVER_NAME": "bench",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": "Basic " + base64.b64encode(PASSWORD.encode()).decode(),
        "wsgi.url_scheme": "https" if settings.HTTPS else "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
    }

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
        answered.append(status)
        return bytes

    response = site(environ, start)
    response.close()
    if not answered[0].startswith("200"):
        raise CommandError(f"A request was answered with {answered[0]}.")
