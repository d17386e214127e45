"""A source's runs in, a small chart out: a bar a run, its form and colour by outcome, its height by new papers.

The forms differ as well, for whoever does not see the colours; what the chart shows is also said in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import sqrt
from typing import NamedTuple

from django.utils import timezone
from django.utils.safestring import SafeString

from digest.admin.display import chip
from digest.models import Outcome, SourceRun

RUNS_SHOWN = 30
TONES = {
    Outcome.FRESH: "good",
    Outcome.QUIET: "calm",
    Outcome.HOLIDAY: "calm",
    Outcome.STALE: "warm",
    Outcome.FAILED: "bad",
}
RUNNING = "running"
# In the chart's own units.
STEP, WIDTH, BASE, TALLEST, LEAST = 10, 7, 40, 34, 5


class Bar(NamedTuple):
    """One run: `form` is its outcome, or running; `y` and `height` are those of a fresh run's bar."""

    form: str
    x: int
    y: int
    height: int
    title: str


class Chart(NamedTuple):
    """The bars, oldest first, from left to right; `words` say the same."""

    bars: Sequence[Bar]
    words: str
    width: int = STEP * RUNS_SHOWN


def chart(runs: Sequence[SourceRun]) -> Chart:
    """Of the newest runs, given oldest first; the newest is always at the right."""
    shown = runs[-RUNS_SHOWN:]
    most = max((run.new for run in shown), default=0)
    first = RUNS_SHOWN - len(shown)
    return Chart([_bar(run, (first + place) * STEP, most) for place, run in enumerate(shown)], words(shown))


def words(runs: Sequence[SourceRun]) -> str:
    """`Oldest first: fresh with 12 and 30 new, quiet 3 times, failed, fresh with 8 new.`"""
    if not runs:
        return "No visits yet."
    parts = [_stretch(form, list(stretch)) for form, stretch in groupby(runs, key=_form)]
    return (
        f"The last {len(runs)} visits, oldest first: {', '.join(parts)}."
        if len(runs) > 1
        else f"One visit: {parts[0]}."
    )


def outcome_chip(outcome: str | None, *, visited: bool = True) -> SafeString:
    """How a visit ended; an empty outcome is a visit that has not ended."""
    if outcome:
        return chip(TONES[Outcome(outcome)], Outcome(outcome).label)
    return chip("busy", "Running") if visited else chip("calm", "Not visited yet")


def _bar(run: SourceRun, x: int, most: int) -> Bar:
    height = LEAST + round((TALLEST - LEAST) * sqrt(run.new / most)) if most else LEAST
    started = timezone.localtime(run.started_at)
    title = f"{started:%-d %B, %H:%M}: {_stretch(_form(run), [run])}"
    return Bar(_form(run), x, BASE - height, height, title)


def _form(run: SourceRun) -> str:
    return run.outcome or RUNNING


def _stretch(form: str, runs: Sequence[SourceRun]) -> str:
    """Runs of one outcome in a row; of fresh ones each is told by what it brought."""
    if form == Outcome.FRESH:
        return f"fresh with {_enumerated(f'{run.new:,}' for run in runs)} new"
    times = f" {len(runs)} times" if len(runs) > 2 else " twice" if len(runs) == 2 else ""
    return f"{form}{times}"


def _enumerated(items: Iterable[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
