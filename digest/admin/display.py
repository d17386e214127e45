"""Small pieces of page that several desk tables share: coloured chips, cut text, outcome counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from subscriptions.models import Topic

SECONDS = 15.0


def chip(tone: str, text: str) -> SafeString:
    """A small label. Tones: good, calm, warm, bad, busy (see static/admin/desk.css)."""
    return format_html('<span class="desk-chip desk-chip-{}">{}</span>', tone, text)


def cut(text: str, length: int) -> str:
    """The text, shortened at a word boundary where it exceeds `length` characters."""
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"


def names(authors: list[str], shown: int = 3) -> str:
    """The first few authors, and how many more there are."""
    others = len(authors) - shown
    return ", ".join(authors[:shown]) + (f" and {others:,} other{'' if others == 1 else 's'}" if others > 0 else "")


def plural(count: int, noun: str) -> str:
    """`1 paper`, `2 papers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def ago(moment: datetime, now: datetime) -> str:
    """`2 hours ago`; `just now` for less than a minute."""
    return f"{timesince(moment, now, depth=1)} ago" if now - moment >= timedelta(minutes=1) else "just now"


def patience() -> Callable[[], bool]:
    """True for as long as a web server surely waits; whoever presses again goes on where this ended."""
    deadline = time.monotonic() + SECONDS
    return lambda: time.monotonic() < deadline


def flat(fields: Iterable[Any]) -> list[str]:
    """The names in a fieldset's `fields`, where a line may hold several."""
    return [name for item in fields for name in ([item] if isinstance(item, str) else item)]


def topic_names() -> dict[str, str]:
    """Every topic's name by its slug."""
    return dict(Topic.objects.values_list("slug", "name"))


# "trend" and "editor" say what they are.
PLAIN_NAMES = {"prediction": "likely to trend (a prediction)"}


def part_names(parts: Sequence[tuple[str, float]], topics: Mapping[str, str]) -> list[tuple[str, float]]:
    """The score's parts under the names an editor knows."""
    slugs = {name: name.partition(":")[2] for name, _ in parts}
    return [(topics.get(slugs[name]) or slugs[name] or PLAIN_NAMES.get(name, name), value) for name, value in parts]
