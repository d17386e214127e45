"""Send made-up digests, our way and the usual ways in turns; print what each costs."""

from __future__ import annotations

import json
import socket
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from digest.delivery import ledger
from digest.delivery.outcomes import SendReport
from digest.delivery.sending import send_due
from digest.delivery.transports import Transport
from digest.delivery.transports.null import NullTransport
from digest.management import scratch
from digest.management.bench import baselines, stages
from digest.management.bench.meters import Cost, median, rss_mb, timed
from digest.models import Breaker, Delivery, Digest, Edition
from subscriptions.models import Subscriber, Suppression

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclass(frozen=True, slots=True)
class Account:
    """What is printed: medians over the rounds. CPU in microseconds a message, of this process and of the database's.

    `cpu_us_per_message` holds selection, ledger, assembly and transport; planning is counted apart. `ratio` compares
    with Django's own way, which sends no more than the templates and the SMTP backend.
    """

    messages: int
    accepted: int
    rejected: int
    deferred: int
    unknown: int
    papers: int
    transport: str
    database: str
    rounds: int
    seconds: float
    messages_per_second: float
    cpu_us_per_message: float
    database_cpu_us_per_message: float
    plan_cpu_us_per_message: float
    bytes_per_message: int
    rss_mb: float
    baseline_cpu_us_per_message: float = 0.0
    baseline_messages_per_second: float = 0.0
    baseline_bytes_per_message: int = 0
    jinja2_cpu_us_per_message: float = 0.0
    ratio: float = 0.0
    stages_us: dict[str, float] = field(default_factory=dict)


class Command(BaseCommand):
    help = (
        "Measure sending: digests made up in a scratch database, through the transport named. With smtp the same "
        "digests also go out the usual ways: the same templates rendered for each reader by Django and by Jinja2, the "
        "CSS inlined, an EmailMultiAlternatives, Django's SMTP backend; chosen for them, and without a ledger."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subscribers", type=int, default=20_000)
        parser.add_argument("--papers", type=int, default=200)
        parser.add_argument("--transport", choices=["smtp", "anymail", "null"], default="smtp")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=2525)
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--plain", type=int, default=300, help="Messages a round of the usual ways; 0 for none")
        parser.add_argument("--yes", action="store_true", help="Send to a host that is not this machine")
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, host: str, port: int, transport: str, **options: Any) -> None:
        if transport == "smtp":
            if not options["yes"] and not _is_loopback(host):
                raise CommandError(f"{host} is not this machine: thousands of mails would go there. --yes insists.")
            _must_answer(host, port)
        if not options["rounds"] > 0 or not options["subscribers"] > 0:
            raise CommandError("At least one round and one subscriber.")
        with _surroundings(transport, host, port), scratch.scratch_database():
            account = measure(options["subscribers"], options["papers"], transport, options["rounds"], options["plain"])
        if not options["json"]:
            for name, value in asdict(account).items():
                self.stdout.write(f"{name:30} {value}")
        self.stdout.write(json.dumps(asdict(account)))


@contextmanager
def _surroundings(transport: str, host: str, port: int) -> Iterator[None]:
    """Settings of the benchmark's own; its journals are nobody else's either."""
    own: dict[str, Any] = {"DELIVERY_TRANSPORT": transport}
    if transport == "smtp":
        own |= {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": host, "EMAIL_PORT": port, "EMAIL_HOST_USER": ""}
        own |= {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}
    with tempfile.TemporaryDirectory(prefix="paperboy-bench-") as folder, override_settings(**own, DATA_DIR=folder):
        yield


def measure(readers: int, papers: int, transport: str, rounds: int, plain: int) -> Account:
    """Rounds of all ways in turns, so that a busy machine disturbs them alike."""
    now = timezone.now()
    edition = scratch.fill(readers, papers, now)
    own = NullTransport() if transport == "null" else None
    ours, planning, django, jinja = [], [], [], []
    rss, report = 0.0, SendReport()
    for _ in range(rounds):
        _begin_again(now)
        planning.append(timed(readers, ledger.plan, now)[0])
        _analyze()
        cost, report = timed(readers, send_due, now, transport=own)
        ours.append(cost)
        rss = rss or rss_mb()
        _must_be_done(report, readers)
        if plain and transport == "smtp":
            rows, cards = _rows(min(plain, report.accepted)), baselines.cards_of(edition)
            django.append(timed(len(rows), baselines.send, edition, rows, cards, baselines.with_django)[0])
            jinja.append(timed(len(rows), baselines.send, edition, rows, cards, baselines.with_jinja2)[0])
    size = _our_size(readers, now)
    spent = _stages(readers, now, own)
    cpu, seconds = median(ours, "cpu_us"), median(ours, "seconds")
    return Account(
        messages=readers,
        accepted=report.accepted,
        rejected=report.rejected,
        deferred=report.deferred,
        unknown=report.unknown,
        papers=papers,
        transport=transport,
        database=connection.vendor,
        rounds=rounds,
        seconds=round(seconds, 2),
        messages_per_second=round(readers / seconds, 1),
        cpu_us_per_message=round(cpu, 1),
        database_cpu_us_per_message=round(median(ours, "database_us"), 1),
        plan_cpu_us_per_message=round(median(planning, "cpu_us"), 1),
        bytes_per_message=size,
        rss_mb=rss,
        stages_us=spent,
        **(_compared(cpu, django, jinja, edition, rows, cards) if django else {}),
    )


def _compared(
    cpu: float, django: Sequence[Cost], jinja: Sequence[Cost], edition: Edition, rows: Sequence[Delivery], cards: Any
) -> dict[str, Any]:
    sample = [baselines.message(edition, row, cards, baselines.with_django) for row in rows[:20]]
    baseline = median(django, "cpu_us")
    return {
        "baseline_cpu_us_per_message": round(baseline, 1),
        "baseline_messages_per_second": round(len(rows) / median(django, "seconds"), 1),
        "baseline_bytes_per_message": round(statistics.mean(len(each.message().as_bytes()) for each in sample)),
        "jinja2_cpu_us_per_message": round(median(jinja, "cpu_us"), 1),
        "ratio": round(baseline / cpu, 1),
    }


def _begin_again(now: datetime) -> None:
    for model in (Digest, Delivery, Breaker, Suppression):
        model.objects.all()._raw_delete("default")
    Subscriber.objects.update(next_delivery_at=now)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE digest_delivery, digest_digest, subscriptions_subscriber")


def _analyze() -> None:
    """What autovacuum does within a minute of a plan."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE digest_delivery")


def _must_be_done(report: SendReport, readers: int) -> None:
    done = report.accepted + report.rejected + report.deferred + report.unknown + report.returned
    if report.stopped or done < readers or not report.accepted:
        raise CommandError(f"Not every message was answered: {report}")


def _rows(count: int) -> list[Delivery]:
    accepted = Delivery.objects.filter(state="accepted").select_related("subscriber", "digest")
    return list(accepted.order_by("pk")[:count])


def _our_size(readers: int, now: datetime) -> int:
    """Mean of some messages, in bytes."""
    _begin_again(now)
    ledger.plan(now)
    transport = NullTransport()
    send_due(now, min(readers, 50), transport=transport)
    return round(transport.bytes / max(1, transport.taken))


def _stages(readers: int, now: datetime, own: Transport | None) -> dict[str, float]:
    """CPU in microseconds a message by stage, from a round of its own; "transport" holds the pump as well."""
    _begin_again(now)
    ledger.plan(now)
    _analyze()
    with stages.watched() as spent:
        whole = timed(readers, send_due, now, transport=own)[0].cpu_us
    by_stage = {stage: round(spent[stage] / readers * 1e6, 1) for stage in stages.STAGES}
    return {**by_stage, "transport": round(whole - sum(by_stage.values()), 1)}


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
