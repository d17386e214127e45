"""What is found: a level, a sentence, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


def note(text: str, remedy: str) -> Finding:
    return Finding(Level.NOTE, text, remedy)


def wrong(text: str, remedy: str) -> Finding:
    return Finding(Level.WRONG, text, remedy)


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
