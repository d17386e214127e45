"""What a visit brought in, one word for it out: fresh, quiet, holiday, stale or failed, decided by content."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from hashlib import sha256

from digest.ingestion import account, habits
from digest.ingestion.refusals import Refusals
from digest.models import Outcome, Source
from digest.papers import IngestCounts
from digest.sources import ParsedFeed, text

LONGEST_PAUSE = timedelta(hours=24)
PERMANENT_PAUSE = timedelta(hours=6)
LONGEST_REQUESTED_PAUSE = timedelta(days=7)


def judge(source: Source, feed: ParsedFeed, counts: IngestCounts, listed: int, now: datetime) -> tuple[Outcome, str]:
    """The outcome, and the reason where there is something to say; `listed` papers are new to this source."""
    if feed.refused and not feed.papers:
        return Outcome.FAILED, f"none of {len(feed.refused)} entries is a paper"
    if counts.new or counts.updated:
        return Outcome.FRESH, ""
    if listed:
        return Outcome.FRESH, account.came_through(source, now)
    if repeats(source, feed):
        return Outcome.STALE, f"the papers of the visit before ({source.claim}) again, now as: {feed.claim}"
    return without_news(source, now, "" if feed.papers else "an empty list", feed.made_on)


def repeats(source: Source, feed: ParsedFeed) -> bool:
    """Whether these are the papers of the reply that is remembered, under another date."""
    is_other = bool(feed.papers and feed.claim) and feed.claim != source.claim
    return is_other and fingerprint(feed) == source.content_hash


def without_news(source: Source, now: datetime, note: str, made_on: date | None = None) -> tuple[Outcome, str]:
    """Nothing new: on a day of rest, by our calendar or by the reply's own date; after a long silence; or just so."""
    if habits.rests_today(source, now) or (made_on and habits.rests_of(source)(made_on)):
        return Outcome.HOLIDAY, note or "nothing new on a day of rest"
    if silence := habits.silence(source, now):
        return Outcome.STALE, "\n".join(filter(None, (silence, note)))
    return Outcome.QUIET, note


def fingerprint(feed: ParsedFeed) -> str:
    """Which papers in which versions, in whatever order."""
    names = sorted(f"{paper.arxiv_id or paper.doi or paper.title} {paper.version or ''}" for paper in feed.papers)
    return sha256("\n".join(names).encode("utf-8", "replace")).hexdigest()


def next_check(source: Source, now: datetime, *, permanent: bool = False, retry_after: int | None = None) -> datetime:
    """The usual interval, doubled with every failure in a row up to a day; what the server asked for comes first."""
    interval = timedelta(minutes=source.interval_minutes)
    pause = interval * (1 << min(source.failures, 10))
    pause = max(interval, min(pause, LONGEST_PAUSE))
    if permanent:
        pause = max(pause, PERMANENT_PAUSE)
    if retry_after:
        pause = max(pause, min(timedelta(seconds=retry_after), LONGEST_REQUESTED_PAUSE))
    return now + pause


def told(refused: Refusals, message: str = "") -> str:
    """The account's message: the reason, then what was refused and why."""
    return text.visible("\n".join([*filter(None, (message,)), *refused.lines()]))
