"""The curation page: an edition as a ranked list, where an editor pins, hides, reorders, writes, and publishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from digest import editions
from digest.admin import dashboard, ranked_list
from digest.admin.display import cut, topic_names
from digest.admin.figures import figures
from digest.errors import EditionChanged, EditionError
from digest.models import Edition, EditionPaper

SHOWN = 60
BLURB_LENGTH = 2000
NOTE_LENGTH = 4000
RECENT_DECISIONS = 6
CHANGE_EDITION = "digest.change_edition"
VIEW_EDITION = "digest.view_edition"


class Conflict(NamedTuple):
    """Words that two editors wrote at a time: those of the one who saved first stand. `paper` is 0 for the note."""

    paper: int
    theirs: str
    yours: str


def open_door(request: HttpRequest, pk: int) -> Edition:
    """The edition, for those who may look at editions; 403 or 404 for others."""
    if not (request.user.has_perm(VIEW_EDITION) or request.user.has_perm(CHANGE_EDITION)):
        raise PermissionDenied
    return get_object_or_404(Edition, pk=pk)


def require_editor(request: HttpRequest) -> None:
    if not request.user.has_perm(CHANGE_EDITION):
        raise PermissionDenied


def may_send_again(request: HttpRequest, edition: Edition, planned: int) -> bool:
    """Whether there may be readers who did not get it and can still be sent it, for those who may decide that."""
    return bool(planned) and not edition.is_open and request.user.has_perm(CHANGE_EDITION)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows the ranked list; POST makes one decision and comes back to where it was made."""
    edition = open_door(request, pk)
    filters = ranked_list.Filters.of(request.GET)
    if request.method == "POST":
        require_editor(request)
        anchor = decide(request, edition)
        if isinstance(anchor, Conflict):
            edition.refresh_from_db()
            context = {**_context(request, edition, filters), "conflict": anchor}
            return TemplateResponse(request, "digest/curation.html", context, status=409)
        query = filters.query()
        return redirect(f"{request.path}{'?' if query else ''}{query}{anchor}")
    return TemplateResponse(request, "digest/curation.html", _context(request, edition, filters))


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks once more, POST publishes; to publish twice changes nothing."""
    edition = open_door(request, pk)
    require_editor(request)
    if request.method == "POST":
        _attempt(request, edition, lambda: editions.publish(edition, timezone.now()), "Published the edition")
        return redirect("admin:digest_edition_curate", pk)
    context = page_context(request, edition, f"Publish the {edition}?")
    counts = dashboard.with_counts(Edition.objects.filter(pk=pk)).get()
    return TemplateResponse(request, "digest/curation_publish.html", {**context, "counts": counts})


def decide(request: HttpRequest, edition: Edition) -> str | Conflict:
    """Make the one decision a form asks for; gives the page's anchor to come back to, or what stood in the way."""
    verb, _, argument = request.POST.get("do", "").partition(":")
    was = request.POST.get("was", "")
    if verb == "note":
        text, shown = _clean(request.POST.get("text", ""), NOTE_LENGTH), _clean(was, NOTE_LENGTH)
        changed = _attempt(request, edition, lambda: editions.set_note(edition, text, shown), "Saved the note")
        return Conflict(0, changed.theirs, text) if changed else "#note"
    entry = _entry(edition, request.POST.get("paper", ""))
    if entry is None:
        messages.error(request, "That paper is no longer in this edition’s pool: it was rebuilt meanwhile.")
        return ""
    paper, title = entry.paper, cut(str(entry.paper), 60)
    blurb, shown = _clean(request.POST.get("text", ""), BLURB_LENGTH), _clean(was, BLURB_LENGTH)
    position = _number(argument or request.POST.get("position", ""))
    deeds: dict[str, tuple[Callable[[], object], str]] = {
        "pin": (lambda: editions.pin(edition, paper), f"Pinned “{title}”"),
        "unpin": (lambda: editions.unpin(edition, paper), f"Unpinned “{title}”"),
        "hide": (lambda: editions.hide(edition, paper), f"Hid “{title}”"),
        "unhide": (lambda: editions.unhide(edition, paper), f"Brought back “{title}”"),
        "blurb": (
            lambda: editions.set_blurb(edition, paper, blurb, shown),
            f"{'Wrote' if blurb else 'Took away'} the blurb of “{title}”",
        ),
        "move": (lambda: editions.move(edition, paper, position or 1, _number(was)), f"Moved “{title}” to {position}"),
    }
    if verb not in deeds or (verb == "move" and position is None):
        messages.error(request, "That was not understood; nothing was changed.")
    elif (changed := _attempt(request, edition, *deeds[verb])) and verb == "blurb":
        return Conflict(paper.pk, changed.theirs, blurb)
    return f"#paper-{paper.pk}"


def page_context(request: HttpRequest, edition: Edition, title: str) -> dict[str, Any]:
    """What every page about one edition needs."""
    return {
        **admin.site.each_context(request),
        "title": title,
        "edition": edition,
        "may_change": edition.is_open and request.user.has_perm(CHANGE_EDITION),
        "now": timezone.now(),
    }


def _context(request: HttpRequest, edition: Edition, filters: ranked_list.Filters) -> dict[str, Any]:
    topics = topic_names()
    planned, found = figures(edition.pk)
    pool = editions.ranked_entries(edition, with_hidden=True)
    matching = [ranked for ranked in pool if filters.admit(ranked)]
    visible = [ranked for ranked in matching if ranked.position is not None]
    shown = visible if filters.everything else visible[:SHOWN]
    return {
        **page_context(request, edition, str(edition)),
        "rows": ranked_list.rows(shown, topics),
        "hidden_rows": ranked_list.rows([ranked for ranked in matching if ranked.position is None], topics),
        "left_out": len(visible) - len(shown),
        "pool_size": len(pool),
        "topics": ranked_list.topic_counts(pool, topics),
        "filters": filters,
        "everything_query": filters.query(all="1"),
        "is_filtered": bool(filters.words or filters.topic or filters.only),
        "decisions": _recent_decisions(edition),
        "planned": planned,
        "figures": found,
        "may_send_again": may_send_again(request, edition, planned),
        "neighbours": _neighbours(edition),
        "is_late": edition.is_open and edition.publish_at <= timezone.now(),
        "blurb_length": BLURB_LENGTH,
        "note_length": NOTE_LENGTH,
        "curate_url": reverse("admin:digest_edition_curate", args=[edition.pk]),
    }


def _neighbours(edition: Edition) -> dict[str, Edition | None]:
    same = Edition.objects.filter(kind=edition.kind)
    return {
        "earlier": same.filter(date__lt=edition.date).order_by("-date").first(),
        "later": same.filter(date__gt=edition.date).order_by("date").first(),
    }


def _recent_decisions(edition: Edition) -> list[LogEntry]:
    entries = LogEntry.objects.filter(content_type=_edition_type(), object_id=str(edition.pk), action_flag=CHANGE)
    return list(entries.select_related("user").order_by("-action_time")[:RECENT_DECISIONS])


def _edition_type() -> ContentType:
    return ContentType.objects.get_for_model(Edition)


def _attempt(request: HttpRequest, edition: Edition, deed: Callable[[], object], done: str) -> EditionChanged | None:
    """Do it, say so and keep it on record; or say clearly why not. What another editor did meanwhile is given back."""
    try:
        deed()
    except EditionError as error:
        messages.error(request, f"Nothing was changed. {error}")
        return error if isinstance(error, EditionChanged) else None
    editor = int(request.user.pk or 0)
    LogEntry.objects.log_actions(editor, [edition], CHANGE, done, single_object=True)
    messages.success(request, f"{done}.")
    return None


def _entry(edition: Edition, paper_id: str) -> EditionPaper | None:
    number = _number(paper_id)
    return edition.entries.filter(paper=number).select_related("paper").first() if number else None


def _number(text: str) -> int | None:
    """A whole number from 1 up, as a database can hold it; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:12]) < 10**9 and len(text) < 10 else None


def _clean(text: str, length: int) -> str:
    """Plain text without control characters, lines ended alike."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter == "\n" or letter.isprintable()).strip()[:length]
