"""Adding a source: an address is pasted, a trial shows what it would bring, and only then is anything saved."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from digest.admin.display import cut, names
from digest.admin.source_form import SourceForm
from digest.ingestion import trials
from digest.ingestion.manners import names as gates
from digest.models import Source
from digest.sources import ADAPTERS, FetchedPaper

ADD_SOURCE = "digest.add_source"
SHOWN = 20
REASONS_SHOWN = 5
EXAMPLES = (
    "https://arxiv.org/list/cs.CL/recent",
    "https://www.biorxiv.org/collection/genomics",
    "https://openreview.net/group?id=TMLR",
)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """GET asks for an address; POST tries it out, or saves what was tried."""
    if not request.user.has_perm(ADD_SOURCE):
        raise PermissionDenied
    if request.method == "POST" and "save" in request.POST:
        return save(request)
    if request.method == "POST":
        return try_out(request)
    return shown(request)


def try_out(request: HttpRequest) -> HttpResponse:
    """Nothing is stored: what is shown can be asked for again."""
    pasted, kind = request.POST.get("address", "")[:2000], request.POST.get("kind", "")
    try:
        trial = trials.try_out(pasted, timezone.now(), kind=kind if kind in ADAPTERS else "")
    except trials.NoSource as error:
        return shown(request, address=pasted, chosen=kind, problem=str(error), advice=error.advice)
    form = SourceForm(initial={"name": trial.name, "slug": trial.slug})
    return shown(request, address=pasted, chosen=kind, **told(trial), form=form)


def save(request: HttpRequest) -> HttpResponse:
    """The source as it was tried, under the name it was given; it is due at once."""
    adapter = ADAPTERS.get(request.POST.get("kind", ""))
    usual = {"is_enabled": "on", "interval_minutes": adapter.interval_minutes if adapter else 60}
    form = SourceForm({**request.POST.dict(), **usual})
    if not form.is_valid():
        values = form.data
        again = {"kind": values.get("kind", ""), "url": values.get("url", "")}
        return shown(request, form=form, address=again["url"], trial=again, problem="It is not saved yet: see below.")
    source: Source = form.save()
    LogEntry.objects.log_actions(
        int(request.user.pk or 0), [source], ADDITION, "Added by its address", single_object=True
    )
    messages.success(request, f"Added “{source}”. Its first visit follows within a minute.")
    return redirect("admin:digest_source_changelist")


def told(trial: trials.Trial) -> dict[str, Any]:
    """The trial as the page shows it."""
    reasons = Counter(refusal.reason for refusal in trial.refused).most_common(REASONS_SHOWN)
    examples = {refusal.reason: cut(refusal.excerpt, 90) for refusal in reversed(trial.refused)}
    return {
        "trial": trial,
        "rows": [row(paper) for paper in trial.papers[:SHOWN]],
        "known": trial.counts.known + trial.counts.updated,
        "more": max(0, len(trial.papers) - SHOWN),
        "refused": [(count, reason, examples[reason]) for reason, count in reasons],
        "interval": ADAPTERS[trial.kind].interval_minutes // 60,
        "pause": gates.pause(gates.gate_of(trial.host)).total_seconds(),
    }


def row(paper: FetchedPaper) -> dict[str, Any]:
    published = paper.published_at.date() if paper.published_at else None
    return {
        "title": paper.title,
        "url": paper.url,
        "authors": names(list(paper.authors)),
        "day": paper.listed_on or published,
        "marks": [
            mark for mark, is_so in [("withdrawn", paper.is_withdrawn), ("new version", paper.is_replacement)] if is_so
        ],
    }


def shown(request: HttpRequest, **values: Any) -> HttpResponse:
    form = values.get("form")
    if form is not None:
        values["fields"] = [(form["name"], "Name"), (form["slug"], "Short name, for commands")]
    kinds = [(kind, adapter.label) for kind, adapter in ADAPTERS.items()]
    context = {"title": "Add a source", "address": "", "kinds": kinds, "examples": EXAMPLES, **values}
    return TemplateResponse(request, "digest/source_add.html", {**admin.site.each_context(request), **context})
