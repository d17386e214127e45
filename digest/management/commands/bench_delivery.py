"""Send made-up digests to an SMTP server, our way and the plain Django way in turns; print what each costs."""

from __future__ import annotations

import gc
import json
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import override_settings
from django.utils import timezone

from digest.delivery import composing, ledger
from digest.delivery.sending import send_due
from digest.management import scratch
from digest.models import Delivery, Edition
from digest.rendering.cards import FULL, Card, card
from digest.rendering.edition import paper_facts
from subscriptions import links
from subscriptions.mail import inlined
from subscriptions.models import Subscriber


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one round: CPU of this process, in microseconds a message, and messages a second by the clock."""

    cpu_us: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Account:
    """What is printed; medians over the rounds. CPU is this process's own, without the database's and the server's."""

    messages: int
    papers: int
    transport: str
    database: str
    rounds: int
    cpu_us_per_message: float
    plan_cpu_us_per_message: float
    messages_per_second: float
    bytes_per_message: int
    plain_messages: int
    plain_cpu_us_per_message: float
    plain_messages_per_second: float
    plain_bytes_per_message: int
    ratio: float


class Command(BaseCommand):
    help = (
        "Measure sending: digests made up in a scratch database, to an SMTP server such as smtp-sink. Both transports "
        "go through Django's SMTP backend today. The plain way renders the same templates once per reader, inlines "
        "the CSS, and sends an EmailMultiAlternatives; its papers are chosen for it, and it keeps no ledger."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subscribers", type=int, default=2000)
        parser.add_argument("--papers", type=int, default=200)
        parser.add_argument("--transport", choices=["smtp", "anymail"], default="anymail")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=2525)
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--plain", type=int, default=300, help="Messages a round of the plain way")
        parser.add_argument("--yes", action="store_true", help="Send to a host that is not this machine")
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        if not options["yes"] and not _is_loopback(host):
            raise CommandError(f"{host} is not this machine: thousands of mails would go there. Give --yes to insist.")
        _must_answer(host, port)
        mail = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": host, "EMAIL_PORT": port}
        with override_settings(**mail, EMAIL_USE_TLS=False, EMAIL_USE_SSL=False), scratch.scratch_database():
            account = measure(options["subscribers"], options["papers"], options)
        if not options["json"]:
            for name, value in asdict(account).items():
                self.stdout.write(f"{name:28} {value}")
        self.stdout.write(json.dumps(asdict(account)))


def measure(readers: int, papers: int, options: dict[str, Any]) -> Account:
    """Rounds of both ways in turns, so that a busy machine disturbs both alike."""
    now = timezone.now()
    edition = scratch.fill(readers, papers, now)
    ours, planning, plain = [], [], []
    plain_count = min(options["plain"], readers)
    for _ in range(options["rounds"]):
        Delivery.objects.all().delete()
        Subscriber.objects.update(next_delivery_at=now)
        planning.append(_timed(readers, ledger.plan, now))
        ours.append(_timed(readers, _send_all, now, readers))
        rows = list(Delivery.objects.select_related("subscriber").order_by("pk")[:plain_count])
        cards = _cards(edition)
        plain.append(_timed(len(rows), _send_plainly, edition, rows, cards))
    cpu, plain_cpu = _median(ours, "cpu_us"), _median(plain, "cpu_us")
    return Account(
        messages=readers,
        papers=papers,
        transport=options["transport"],
        database=connection.vendor,
        rounds=options["rounds"],
        cpu_us_per_message=cpu,
        plan_cpu_us_per_message=_median(planning, "cpu_us"),
        messages_per_second=_median(ours, "per_second"),
        bytes_per_message=_our_size(edition, rows, now),
        plain_messages=plain_count,
        plain_cpu_us_per_message=plain_cpu,
        plain_messages_per_second=_median(plain, "per_second"),
        plain_bytes_per_message=_plain_size(edition, rows, cards),
        ratio=round(plain_cpu / cpu, 1),
    )


def _timed(messages: int, run: Callable[..., object], *arguments: object) -> Cost:
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    run(*arguments)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(cpu / messages * 1e6, messages / wall)


def _median(costs: Sequence[Cost], name: str) -> float:
    return round(float(statistics.median(getattr(cost, name) for cost in costs)), 1)


def _send_all(now: datetime, expected: int) -> None:
    report = send_due(now)
    if report.accepted != expected:
        raise CommandError(f"Not every message was accepted: {report}")


# The plain way


def _cards(edition: Edition) -> dict[int, Card]:
    ids = list(edition.entries.values_list("paper_id", flat=True))
    return {facts.id: card(facts, FULL) for facts in paper_facts(edition, ids)}


def _send_plainly(edition: Edition, rows: Sequence[Delivery], cards: dict[int, Card]) -> None:
    with get_connection() as backend:
        for row in rows:
            backend.send_messages([_plain_message(edition, row, cards)])


def _plain_message(edition: Edition, row: Delivery, cards: dict[int, Card]) -> EmailMultiAlternatives:
    reader = row.subscriber
    assert reader is not None  # noqa: S101  # nobody is deleted here
    chosen = [cards[item["paper"]] for item in row.selection]
    unsubscribe = links.unsubscribe_url(reader.pk)
    context = {
        "site_name": settings.SITE_NAME,
        "site_url": links.site_url("/"),
        "edition_name": "Daily edition",
        "edition_url": links.site_url(f"/editions/daily/{edition.date.isoformat()}"),
        "edition_date": f"{edition.date:%d %B %Y}",
        "postal_address": settings.POSTAL_ADDRESS,
        "cards": [("", each) for each in chosen],
        "holes": {
            "preheader": chosen[1].title if chosen[1:] else "",
            "date": f"{edition.date:%A, %d %B %Y}",
            "chosen": f"{len(chosen)} papers chosen for you",
            "email": reader.email,
            "rhythm": "every day",
            "preferences": links.preferences_url(reader.pk),
            "unsubscribe": unsubscribe,
            "reason": "Robotics 0.61 + trend 0.22",
            "position": "1",
        },
    }
    message = EmailMultiAlternatives(
        chosen[0].title,
        render_to_string("email/digest/body.txt", context),
        to=[reader.email],
        headers={"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    message.attach_alternative(inlined(render_to_string("email/digest/body.html", context)), "text/html")
    return message


# Sizes, and who is at the other end


def _plain_size(edition: Edition, rows: Sequence[Delivery], cards: dict[int, Card]) -> int:
    return _mean_size([_plain_message(edition, row, cards) for row in rows[:20]])


def _our_size(edition: Edition, rows: Sequence[Delivery], now: datetime) -> int:
    sample = list(rows[:20])
    Delivery.objects.all().delete()  # what was just sent would not be chosen again
    batch = composing.prepare(edition, sample, now)
    return _mean_size([batch.compose(row, now) for row in sample])


def _mean_size(messages: Sequence[Any]) -> int:
    return round(statistics.mean(len(message.message().as_bytes(linesep="\r\n")) for message in messages))


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None)
    except socket.gaierror as error:
        raise CommandError(f"{host}: {error}") from error
    return all(ip_address(address[0]).is_loopback for *_, address in found)


def _must_answer(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        raise CommandError(
            f"No mail server at {host}:{port} ({error}). Start one: smtp-sink {host}:{port} 100"
        ) from error
