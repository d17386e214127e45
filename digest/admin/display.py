"""Small pieces of page that several desk tables share: coloured chips, cut text, outcome counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


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


def flat(fields: Iterable[Any]) -> list[str]:
    """The names in a fieldset's `fields`, where a line may hold several."""
    return [name for item in fields for name in ([item] if isinstance(item, str) else item)]
