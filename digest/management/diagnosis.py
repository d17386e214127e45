"""Takes an installation as it is configured, gives findings, each with a remedy: what `manage.py doctor` prints."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from kombu import Connection

from digest.delivery import pauses
from digest.delivery.outbox import takes_all
from digest.models import Edition, Host
from digest.tasks import HEARTBEAT
from digest.views.health import COLLECT, static_files_trouble
from subscriptions.models import Topic

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
CLOCK_TOLERANCE_SECONDS = 5
# Three ticks: one may be missed while a worker restarts.
HEARTBEAT_TOLERANCE_SECONDS = 3 * 60
PATIENCE_SECONDS = 5


class Level(StrEnum):
    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    text: str
    remedy: str = ""


def fine(text: str) -> Finding:
    return Finding(Level.FINE, text)


def wrong(text: str, remedy: str) -> Finding:
    return Finding(Level.WRONG, text, remedy)


def configuration(now: datetime) -> Iterator[Finding]:
    """What Django's and our own system checks say; database and static files are steps of their own."""
    every = checks.run_checks(include_deployment_checks=settings.SITE_URL.startswith("https://"))
    found = [message for message in every if message.id != "paperboy.E013" and not message.is_silenced()]
    for message in found:
        level = Level.WRONG if message.is_serious() else Level.NOTE
        remedy = message.hint or f"Look up {message.id} in Django's documentation of its checks."
        yield Finding(level, f"{message.msg} ({message.id})", remedy)
    if not found:
        yield fine("Every setting makes sense.")


def pages(now: datetime) -> Iterator[Finding]:
    if trouble := static_files_trouble():
        yield wrong(trouble, COLLECT)
    else:
        yield fine("Every stylesheet and script can be served.")


def database(now: datetime) -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        yield from schema(len(pending))
        if not pending:
            yield from journal()
    except DatabaseError as error:
        first = str(error).strip().splitlines()[0]
        yield wrong(f"The database does not answer: {first}", "Start it, or correct DATABASE_URL.")


def schema(pending: int) -> Iterator[Finding]:
    if pending:
        yield wrong(f"{pending} migrations are not applied.", "Run manage.py migrate.")
    else:
        yield fine(f"{connection.display_name} answers, and every migration is applied.")
        if not Topic.objects.filter(is_active=True).exists():
            yield wrong("No topic is active.", "Add or activate topics in the admin; readers cannot choose any.")


def journal() -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    if mode not in ("wal", "memory"):
        remedy = "Keep the file on a local disk: network file systems cannot do it, and readers then wait for writers."
        yield wrong(f"SQLite's journal mode is {mode}, not wal.", remedy)


def clock(now: datetime) -> Iterator[Finding]:
    """This machine against the database's: slots and leases are compared with both."""
    try:
        told = Topic.objects.annotate(told=Now()).values_list("told", flat=True).first()
    except DatabaseError:
        return
    if told is None:
        return
    seconds = abs((told - datetime.now(UTC)).total_seconds())
    if seconds > CLOCK_TOLERANCE_SECONDS:
        yield wrong(f"This clock and the database's differ by {seconds:.0f} s.", "Run a time service (NTP) on both.")
    else:
        yield fine("This clock and the database's agree.")


def broker(now: datetime) -> Iterator[Finding]:
    options = {
        key: value
        for key, value in settings.CELERY_BROKER_TRANSPORT_OPTIONS.items()
        if key in ("data_folder_in", "data_folder_out", "control_folder")
    }
    try:
        with Connection(
            settings.CELERY_BROKER_URL, connect_timeout=PATIENCE_SECONDS, transport_options=options
        ) as link:
            link.ensure_connection(max_retries=1, timeout=PATIENCE_SECONDS)
    except Exception as error:  # every transport raises its own
        yield wrong(f"The queue does not answer: {error}", "Start Redis, or correct CELERY_BROKER_URL.")
    else:
        yield fine(f"The queue answers ({link.transport_cls}).")


def heartbeat(now: datetime) -> Iterator[Finding]:
    """Beat enqueues ticks, and a worker takes them: a recent one shows that both live."""
    remedy = (
        "Start beat and a worker (make run, or docker compose up -d), and look into their logs. "
        f"A tick comes every {settings.TICK_SECONDS:.0f} s."
    )
    try:
        ticked = cache.get(HEARTBEAT)
    except Exception as error:  # every cache raises its own
        yield wrong(f"The cache does not answer: {error}", "Run manage.py createcachetable, or correct CACHE_URL.")
        return
    if ticked is None:
        yield wrong("No worker has ever taken a tick.", remedy)
    elif (age := now.timestamp() - ticked) > HEARTBEAT_TOLERANCE_SECONDS + settings.TICK_SECONDS:
        yield wrong(f"The last tick was taken {age / 60:.0f} minutes ago.", remedy)
    else:
        yield fine(f"A worker took a tick {max(0, age):.0f} s ago.")


def editions(now: datetime) -> Iterator[Finding]:
    newest = Edition.objects.published().order_by("-published_at").first()
    if newest is None or newest.published_at is None:
        yield Finding(Level.NOTE, "No edition was published yet.", "manage.py refresh_sources, then build_edition.")
    elif (days := (now - newest.published_at).days) > 3:
        yield wrong(f"The newest edition is {days} days old.", "See what the sources' last visits say in the admin.")
    else:
        yield fine(f"The last to go out was the {newest}.")


def mail(now: datetime) -> Iterator[Finding]:
    """A greeting to the SMTP server; providers' APIs have none that sends nothing, and are left alone."""
    if takes_all():
        yield from outbox(Path(settings.OUTBOX_DIR))
    elif settings.EMAIL_BACKEND == SMTP_BACKEND:
        yield from smtp_server()
    else:
        text = f"Mail goes through {settings.EMAIL_BACKEND}, which is not tried."
        yield Finding(Level.NOTE, text, "Send yourself a test from an edition's page in the admin.")


def outbox(folder: Path) -> Iterator[Finding]:
    yield Finding(Level.NOTE, f"Mail stays on this machine, in {folder}.", "Set EMAIL_BACKEND to send it.")


def smtp_server() -> Iterator[Finding]:
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connect = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    try:
        with connect(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=PATIENCE_SECONDS) as client:
            client.ehlo()
            if settings.EMAIL_USE_TLS:
                client.starttls()
            if settings.EMAIL_HOST_USER:
                client.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except (OSError, smtplib.SMTPException) as error:
        yield wrong(f"{server} does not take mail: {error}", "Correct EMAIL_HOST and what belongs to it.")
    else:
        yield fine(f"{server} greets us.")


def sending(now: datetime) -> Iterator[Finding]:
    """What all workers leave alone for now, and why."""
    found = pauses.current()
    for pause in found:
        said = f" ({' '.join(pause.words.split())[:200]})" if pause.words else ""
        yield wrong(f"{pause.what}: paused since {pause.since}. {pause.why}{said}", pause.remedy)
    if not found:
        yield fine("Nothing is paused.")


def sources(now: datetime) -> Iterator[Finding]:
    """Hosts that no source is visited at for now."""
    found = list(Host.objects.paused(now))
    for host in found:
        since = f"{host.failing_since or host.touched_at:%Y-%m-%d %H:%M} UTC"
        text = f"{host} has not been visited since {since}: {host.reason}"
        yield wrong(text, "It is tried again by itself; docs/operations.md says what its words mean.")
    if not found:
        yield fine("No source's host is paused.")


def names(now: datetime) -> Iterator[Finding]:
    yield Finding(Level.NOTE, "SPF, DKIM, DMARC and PTR records are not checked.", "docs/operations.md says how to.")


STEPS: dict[str, Callable[[datetime], Iterator[Finding]]] = {
    "configuration": configuration,
    "pages": pages,
    "database": database,
    "clock": clock,
    "broker": broker,
    "heartbeat": heartbeat,
    "editions": editions,
    "sources": sources,
    "mail": mail,
    "sending": sending,
    "dns": names,
}


def examine(steps: list[str], now: datetime) -> Iterator[tuple[str, Finding]]:
    """(step, finding) for every step asked for; a step that needs a database without one says so and is over."""
    for step in steps:
        try:
            for finding in STEPS[step](now):
                yield step, finding
        except DatabaseError as error:
            yield step, wrong(f"The database does not answer: {error}", "See the database's own finding.")
