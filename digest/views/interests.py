"""`/p/<token>/interests`: what a reader asks for beyond topics: added, looked at, muted, taken back. One page.

Every form of it is a POST to the page itself, which answers with the page as it then is: it works without scripts and
cookies, and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from digest import interests, queries, selection
from digest.errors import InterestError
from digest.interests import Added, acts, references, spaces
from digest.models import InterestKind, MutedKind
from digest.views.votes import TOO_MUCH
from subscriptions import addresses, links, visitors
from subscriptions.models import Subscriber
from subscriptions.queries import active_topics
from subscriptions.tokens import Purpose
from subscriptions.views import personal

LARGEST_BODY = 10_000_000  # bytes: a file of the most characters, and the rest of the form
UNREAD_SHOWN = 5
KEPT = ("text", "papers", "name", "author", "word", "muted_author")


@dataclass(slots=True)
class Answer:
    """What became of a form: words for the top of the page, how to undo it, an error beside its field."""

    words: str = ""
    undo: str = ""
    unread: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


@personal(Purpose.PREFERENCES, "GET", "HEAD", "POST")
def interests_page(request: HttpRequest, reader: Subscriber) -> HttpResponse:
    """What a reader asks for, and what it catches today."""
    now = timezone.now()
    answer = _answered(request, reader, now) if request.method == "POST" else Answer()
    context = {**_facts(reader), "answer": answer, "typed": _typed(request, answer), "page_path": request.path}
    status = (429 if answer.errors.get("page") == TOO_MUCH else 422) if answer.errors else 200
    return render(request, "digest/interests.html", context, status=status)


def _answered(request: HttpRequest, reader: Subscriber, now: datetime) -> Answer:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        return Answer(errors={"file": "That is larger than 8 MB. Please give a part of it."})
    if not visitors.may_change(reader.pk):
        return Answer(errors={"page": TOO_MUCH})
    try:
        if code := request.POST.get("do", "")[:300]:
            done = interests.act(reader, code, now)
            return Answer(done.words, done.undo)
        add = ADDING.get(request.POST.get("add", ""))
        return add(request, reader, now) if add else Answer()
    except RequestDataTooBig:
        return Answer(errors={"papers": "That is too much to paste. Please upload it as a file."})
    except InterestError as error:
        return Answer(errors={error.field or "page": str(error)})


def _add_text(request: HttpRequest, reader: Subscriber, now: datetime) -> Answer:
    return _added(interests.add_text(reader, request.POST.get("text", ""), now))


def _add_papers(request: HttpRequest, reader: Subscriber, now: datetime) -> Answer:
    """A file, where there is one, else what was pasted."""
    upload = request.FILES.get("file")
    name = request.POST.get("name", "")
    if upload and upload.size:
        if upload.size > references.MOST_CHARACTERS:
            raise InterestError("That file is larger than 8 MB. Please give a part of it.", "file")
        return _added(interests.add_papers(reader, references.decoded(upload.read()), now, name, "file"))
    return _added(interests.add_papers(reader, request.POST.get("papers", ""), now, name))


def _follow(request: HttpRequest, reader: Subscriber, now: datetime) -> Answer:
    added = interests.follow(reader, request.POST.get("author", ""), now)
    found = interests.namesakes(added.interest.name)
    words = f"You follow {added.interest.name}."
    words += f" We have {found.papers:,} paper{'' if found.papers == 1 else 's'} by this name." if found.papers else ""
    if not found.papers:
        words += " We have no paper by exactly this name yet."
    if found.others:
        words += f" Papers also have: {', '.join(found.others)}."
    return Answer(words, f"remove:{added.interest.pk}")


def _mute(kind: MutedKind, name: str) -> Callable[[HttpRequest, Subscriber, datetime], Answer]:
    def act(request: HttpRequest, reader: Subscriber, now: datetime) -> Answer:
        try:
            done = acts.mute(reader, kind, request.POST.get(name, ""), now)
        except InterestError as error:
            raise InterestError(str(error), name) from error
        return Answer(done.words, done.undo)

    return act


ADDING: Mapping[str, Callable[[HttpRequest, Subscriber, datetime], Answer]] = {
    "text": _add_text,
    "papers": _add_papers,
    "author": _follow,
    "word": _mute(MutedKind.WORD, "word"),
    "muted_author": _mute(MutedKind.AUTHOR, "muted_author"),
    "muted_topic": _mute(MutedKind.TOPIC, "muted_topic"),
}


def _added(added: Added) -> Answer:
    words = f"Added: {added.interest.name}."
    if added.interest.kind == InterestKind.PAPERS:
        words += f" {added.known:,} of its papers {'is' if added.known == 1 else 'are'} here"
        words += f", {_waiting(added.waiting)}." if added.waiting else "."
    return Answer(words, f"remove:{added.interest.pk}", list(added.unread))


def _waiting(count: int) -> str:
    if count == 1:
        return "1 is waited for and counts by its title until it comes"
    return f"{count:,} are waited for and count by their titles until they come"


def _typed(request: HttpRequest, answer: Answer) -> dict[str, str]:
    """What stands in the fields again after an error, so that nobody types twice."""
    if not answer.errors or request.method != "POST":
        return {}
    try:
        return {name: request.POST.get(name, "") for name in KEPT}
    except RequestDataTooBig:
        return {}


def _facts(reader: Subscriber) -> dict[str, Any]:
    edition = queries.newest_daily()
    return {
        "address": addresses.masked(reader.email),
        "asked": interests.asked_by(reader),
        "edition": edition,
        "catch": selection.caught(edition, reader) if edition else None,
        "by_words": spaces.in_use().is_young,
        "topics": active_topics(),
        "preferences_path": links.preferences_path(reader.pk),
    }
