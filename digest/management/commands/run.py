"""`manage.py run`: everything on this machine, in the foreground; what `make run` calls."""

from __future__ import annotations

import os
import socket
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from digest import tasks
from digest.delivery import outbox
from digest.management.processes import Processes
from digest.sample.readers import READERS
from subscriptions.models import Subscriber

HOST = "127.0.0.1"
START_SECONDS = 60


class Command(BaseCommand):
    help = "Migrate, load sample content, then run the web server, a worker and beat until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-sample", action="store_false", dest="sample", help="start without sample content")
        parser.add_argument("--offline", action="store_true", help="sample papers, and every source switched off")

    def handle(self, *args: Any, port: int, sample: bool, offline: bool, **options: Any) -> None:
        started = time.monotonic()
        require_free(port)
        try:
            call_command("prepare", sample=sample, offline=offline)
        except KeyboardInterrupt:
            sys.exit(130)
        processes = Processes()
        processes.catch_signals()
        url = site_url(port)
        start(processes, port, url)
        if wait_until_up(processes, port):
            tasks.tick.delay()  # what is due is done now, not at beat's first minute
            self.stdout.write(banner(url, time.monotonic() - started))
            self.stdout.flush()
        if not processes.wait():
            sys.exit(1)
        self.stdout.write("Stopped.")


def require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {port} cannot be used ({error}). Try another: make run PORT=8001") from error


def site_url(port: int) -> str:
    """SITE_URL, with the port that is really used when it names this machine."""
    host = urlsplit(settings.SITE_URL).hostname
    return f"http://{HOST}:{port}" if host in (HOST, "localhost") else settings.SITE_URL


def start(processes: Processes, port: int, url: str) -> None:
    # In a container one is root, and for a trial that is no news.
    quiet_root = "ignore::UserWarning:celery.platforms"
    environment = {**os.environ, "SITE_URL": url, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": quiet_root}
    web = ["gunicorn", "config.wsgi", "--bind", f"{HOST}:{port}", "--threads", "4", "--log-level", "warning"]
    quiet = ["--without-gossip", "--without-mingle"]
    worker = [sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker", "-l", settings.LOG_LEVEL, *quiet]
    processes.start("web", [sys.executable, "-m", *web], environment)
    # Digests have a worker of their own, so that a confirmation never waits for them.
    processes.start(
        "worker", [*worker, "--beat", "-c", "2", "-Q", "control,urgent,ingestion", "-n", "all@%h"], environment
    )
    processes.start("sender", [*worker, "-c", "1", "-Q", "bulk", "-n", "bulk@%h"], environment)


def wait_until_up(processes: Processes, port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not processes.ended() and not processes.asked_to_stop.is_set():
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://{HOST}:{port}/healthz", timeout=5).is_success:
                return True
        time.sleep(0.1)
    return False


def banner(url: str, seconds: float) -> str:
    lines = ["", f"  Paperboy is up after {seconds:.0f} s.", "", f"  Site     {url}/"]
    if not outbox.takes_all():
        lines.append(f"  Mail     really leaves, by {settings.EMAIL_BACKEND}")
    elif settings.DEBUG:
        lines.append(f"  Outbox   {url}/outbox/   every mail; none leaves this machine")
    lines += [f"  Admin    {url}/admin/", *sample_readers(), "", "  Ctrl-C stops it.", ""]
    return "\n".join(lines)


def sample_readers() -> list[str]:
    """A line each, with what they read."""
    addresses = [reader.email for reader in READERS]
    found = Subscriber.objects.active().filter(address_key__in=addresses).order_by("pk").prefetch_related("topics")
    lines = [f"  {reader.email:<20} {', '.join(topic.name for topic in reader.topics.all())}" for reader in found]
    where = ", whose digests are in the outbox" if outbox.takes_all() else ""
    return ["", f"  Sample readers{where}:", *lines] if lines else []
