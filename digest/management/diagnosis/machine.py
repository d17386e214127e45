"""This machine and what is configured on it: settings, stylesheets, the disk, the clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.db.models.functions import Now

from digest.management.diagnosis.findings import PATIENCE_SECONDS, Finding, Level, fine, first_line, note, wrong
from digest.models import Source
from digest.views.collected import COLLECT, static_files_trouble
from subscriptions.models import Topic

CLOCK_TOLERANCE_SECONDS = 5
# A reply took its way, and its clock has whole seconds; what is an hour off, or a minute, still shows.
OUTSIDE_TOLERANCE_SECONDS = 30
# PostgreSQL, the journal of what is on the wire and the queue all stop where nothing can be written.
FREE_MEGABYTES = 500
FREE_FILES = 1000
NTP = "Run a time service (NTP), and look at `timedatectl`."


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


def disk(now: datetime) -> Iterator[Finding]:
    """Where DATA_DIR is: room, and leave to write."""
    folder = Path(settings.DATA_DIR)
    megabytes, files = shutil.disk_usage(folder).free // 10**6, os.statvfs(folder)
    if not os.access(folder, os.W_OK):
        yield wrong(f"{folder} cannot be written to.", "Give it to the user that the processes run as.")
    elif megabytes < FREE_MEGABYTES:
        yield wrong(f"{folder} has {megabytes} MB left.", "Make room, or move DATA_DIR: nothing leaves without it.")
    elif files.f_files and files.f_favail < FREE_FILES:
        yield wrong(f"{folder} has room for {files.f_favail} more files only.", "Delete what lies there in many files.")
    else:
        yield fine(f"{folder} has {megabytes / 1000:.1f} GB left.")


def clock(now: datetime) -> Iterator[Finding]:
    """This machine against the database's, with which slots and leases are compared, and against others'."""
    yield from database_clock()
    yield from outside_clock()


def database_clock() -> Iterator[Finding]:
    try:
        told = Topic.objects.annotate(told=Now()).values_list("told", flat=True).first()
    except DatabaseError:
        return
    if told is None:
        return
    seconds = abs((told - datetime.now(UTC)).total_seconds())
    if seconds > CLOCK_TOLERANCE_SECONDS:
        yield wrong(f"This clock and the database's differ by {seconds:.0f} s.", NTP)
    else:
        yield fine("This clock and the database's agree.")


def outside_clock() -> Iterator[Finding]:
    """The host of a source says what time it is with every reply, whatever the reply."""
    try:
        url = Source.objects.filter(is_enabled=True).order_by("pk").values_list("url", flat=True).first()
    except DatabaseError:
        return
    if not url:
        return
    host = urlsplit(url).hostname
    try:
        reply = httpx.head(url, timeout=PATIENCE_SECONDS)
        told = parsedate_to_datetime(reply.headers["Date"])
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError) as error:
        yield note(f"{host} did not say what time it is: {first_line(error)}", "Compare this clock with another.")
        return
    seconds = abs((told - datetime.now(UTC)).total_seconds())
    if seconds > OUTSIDE_TOLERANCE_SECONDS:
        yield wrong(f"This clock and that of {host} differ by {seconds:.0f} s.", NTP)
    else:
        yield fine(f"This clock and that of {host} agree.")
