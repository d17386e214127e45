"""Takes a fresh installation, gives it papers, a published edition, one open for curation, and sample readers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from digest import editions, ingestion, search
from digest.errors import NoTurn, PaperboyError
from digest.models import Edition, EditionKind, EditionState, Outcome, Paper, Source
from digest.sample import network, papers, readers

Say = Callable[[str], None]
# Real sources are asked one after the other, politely; those that remain are due at the first tick.
FETCH_SECONDS = 60
PRAISED = "Small Print: Language Models That Read the Footnotes"
BLURB = "Everybody skips the conditions, and now we know at which layer."
NOTE = "These papers are invented, for trying Paperboy out. Real ones replace them once the network answers."


def prepare(now: datetime, say: Say, *, offline: bool = False) -> None:
    """Once: with papers in the database, none are added; with an edition, none is published.

    `offline` switches every source off: nothing is asked of anyone, now or later.
    """
    if offline:
        Source.objects.update(is_enabled=False)
    if not Paper.objects.exists():
        fill(now, say)
        search.catch_up()
    if not Edition.objects.published().exists():
        publish_first(now, say)
    if addresses := readers.subscribe(now):
        say(f"Subscribed sample readers: {', '.join(addresses)}")


def fill(now: datetime, say: Say) -> None:
    sources = list(Source.objects.filter(is_enabled=True))
    if network.reachable(source.url for source in sources):
        fetch(sources, now, say)
    else:
        say("No source can be reached from here.")
    if not Paper.objects.exists():
        say(f"Loaded {papers.load(now)} sample papers, all of them invented.")


def fetch(sources: list[Source], now: datetime, say: Say) -> None:
    """Visit real sources for a minute. The ones that list what people like come first."""
    deadline = time.monotonic() + FETCH_SECONDS
    for source in sorted(sources, key=lambda source: (source.kind != "huggingface_daily", source.pk)):
        if time.monotonic() > deadline:
            say("The remaining sources follow in the background.")
            return
        try:
            run = ingestion.refresh(source, now)
        except NoTurn as error:
            say(f"{source.name}: {error}")
            continue
        told = run.message if run.outcome == Outcome.FAILED else f"{run.new} papers"
        say(f"{source.name}: {told}")


def publish_first(now: datetime, say: Say) -> None:
    """Today's edition, out at once; and tomorrow's, so that there is one to curate."""
    today = editions.today(now)
    try:
        edition = editions.build(EditionKind.DAILY, today, now)
        decorate(edition)
        editions.publish(edition, now)
        editions.build(EditionKind.DAILY, today + timedelta(days=1), now)
    except PaperboyError as error:
        say(f"No edition yet: {error}")
        return
    say(f"Published the {edition}.")


def decorate(edition: Edition) -> None:
    """An editor's words, where the papers are invented: nobody's real work is commented on.

    Nothing is pinned, so that each sample reader's digest begins with something of their own.
    """
    paper = Paper.objects.filter(is_sample=True, title=PRAISED, entries__edition=edition).first()
    if paper is not None and edition.state == EditionState.OPEN:
        editions.set_blurb(edition, paper, BLURB)
        editions.set_note(edition, NOTE)
