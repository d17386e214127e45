"""What a reader asks for; gives the interest that follows from it. Raises InterestError for what cannot be kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from digest import tex
from digest.errors import InterestError
from digest.interests import limits, matching
from digest.interests.changing import changing
from digest.interests.references import Entry, Read, UnreadableReferences, read
from digest.models import Interest, InterestKind, InterestPaper, InterestReference, Paper
from digest.models.interests import LONGEST_NAME
from digest.ranking.terms import author_key
from digest.sources import people
from digest.sources import text as texts
from subscriptions.models import Subscriber

logger = logging.getLogger(__name__)
LONGEST_SHOWN = 60  # characters of a text that make its name
FEWEST_LETTERS = 2
ORCID = "We cannot look up ORCIDs: papers come to us with names alone. Please type the name."


class Added(NamedTuple):
    """An interest; of papers how many are known and how many are waited for, and what was not understood."""

    interest: Interest
    known: int = 0
    waiting: int = 0
    unread: Sequence[str] = ()


def add_text(reader: Subscriber, typed: str, now: datetime) -> Added:
    """An interest in words, as long as an abstract or a whole proposal."""
    text = typed.replace("\0", "").strip()
    if len(text) > limits.LONGEST_TEXT:
        raise InterestError(f"That is longer than {limits.LONGEST_TEXT:,} characters. Please give the gist.", "text")
    if sum(letter.isalnum() for letter in text) < FEWEST_LETTERS:
        raise InterestError("Please say in a few words what you would like to read about.", "text")
    with changing(reader, now):
        same = Interest.objects.kept().filter(subscriber=reader, kind=InterestKind.TEXT, text=text).first()
        if same:
            return Added(same)
        limits.room_for_interest(reader, "text")
        interest = _create(reader, InterestKind.TEXT, shortened(text), now, text)
    return Added(interest)


def take_first(reader: Subscriber, typed: str, now: datetime) -> None:
    """The interest that a reader typed when they signed up; what cannot be kept is no reason not to confirm."""
    if not typed:
        return
    try:
        add_text(reader, typed, now)
    except InterestError as error:
        logger.info("The first interest of reader %s is left out: %s", reader.pk, error)


def add_papers(reader: Subscriber, given: str, now: datetime, name: str = "", field: str = "papers") -> Added:
    """An interest in papers like these: those we know at once, the others when they come."""
    try:
        found = read(given)
    except UnreadableReferences as error:
        raise InterestError(str(error), field) from error
    with changing(reader, now):
        same = Interest.objects.kept().filter(subscriber=reader, kind=InterestKind.PAPERS, text=_mark(found)).first()
        if same:
            waiting = same.references.values("place").distinct().count()
            return Added(same, same.papers.count(), waiting, found.unread)
        limits.room_for_interest(reader, field)
        limits.room_for_papers(reader, len(found.entries), field)
        return _with_papers(reader, found, texts.line(name, LONGEST_NAME), now)


def follow(reader: Subscriber, typed: str, now: datetime) -> Added:
    """An author, by a name as papers write it."""
    if "orcid" in typed.lower() or typed.replace("-", "").strip()[:15].isdigit():
        raise InterestError(ORCID, "author")
    name = people.name(texts.line(typed[:1000], LONGEST_NAME))
    key = author_key(name)[:LONGEST_NAME]
    if " " not in key:
        raise InterestError("Please type first name and last name, as papers have them.", "author")
    with changing(reader, now):
        same = Interest.objects.kept().filter(subscriber=reader, kind=InterestKind.AUTHOR, text=key).first()
        if same:
            return Added(same)
        limits.room_for_author(reader, "author")
        interest = _create(reader, InterestKind.AUTHOR, name, now, key)
    return Added(interest)


def shortened(text: str) -> str:
    """The beginning of a text as a name."""
    line = texts.line(text[:1000], 1000)
    if len(line) <= LONGEST_SHOWN:
        return line
    return line[:LONGEST_SHOWN].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _create(reader: Subscriber, kind: InterestKind, name: str, now: datetime, text: str = "") -> Interest:
    """With a name of its own; one that was removed makes room for it."""
    Interest.objects.filter(subscriber=reader, name=name, removed_at__isnull=False).delete()
    taken = set(Interest.objects.filter(subscriber=reader).values_list("name", flat=True))
    number, unique = 1, name
    while unique in taken:
        number += 1
        ending = f" ({number})"
        unique = name[: LONGEST_NAME - len(ending)] + ending
    return Interest.objects.create(subscriber=reader, kind=kind, name=unique, text=text, created_at=now)


def _with_papers(reader: Subscriber, found: Read, name: str, now: datetime) -> Added:
    known = matching.known([entry.names for entry in found.entries])
    papers = dict.fromkeys(paper for paper in known if paper)
    unknown = [entry for entry, paper in zip(found.entries, known, strict=True) if not paper]
    interest = _create(reader, InterestKind.PAPERS, name or _name(found.entries, known), now, _mark(found))
    InterestPaper.objects.bulk_create(InterestPaper(interest=interest, paper_id=paper) for paper in papers)
    InterestReference.objects.bulk_create(_references(interest, unknown), batch_size=1000, ignore_conflicts=True)
    return Added(interest, len(papers), len(unknown), found.unread)


def _name(entries: Sequence[Entry], known: Sequence[int | None]) -> str:
    """The title of the first paper that has one, and how many more there are: what a reader knows them by."""
    titles = dict(Paper.objects.filter(pk__in=[each for each in known if each]).values_list("pk", "title"))
    told = (titles.get(pk or 0) or entry.title for entry, pk in zip(entries, known, strict=True))
    first = shortened(tex.readable(next(filter(None, told), entries[0].names[0][1])))
    return f"{first} and {len(entries) - 1:,} more" if len(entries) > 1 else first


def _mark(found: Read) -> str:
    """What is the same for the same papers."""
    return sha256("\n".join(sorted(map(str, (each.names for each in found.entries)))).encode()).hexdigest()


def _references(interest: Interest, entries: Sequence[Entry]) -> Iterator[InterestReference]:
    for place, entry in enumerate(entries):
        for scheme, value in entry.names:
            yield InterestReference(interest=interest, place=place, scheme=scheme, value=value[:200], title=entry.title)
