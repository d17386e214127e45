"""The account of all sources on one page: their last runs as charts, their week, their trouble; a visit on demand."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from digest.admin import hosts, next_visits
from digest.admin.source_facts import facts
from digest.models import Source

# In the order of the legend.
FORMS = (
    ("fresh", "fresh: the taller, the more new papers"),
    ("quiet", "quiet: nothing new"),
    ("holiday", "holiday: nothing expected"),
    ("stale", "stale: yesterday’s papers again, or silent for too long"),
    ("failed", "failed"),
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("digest.view_source"):
        raise PermissionDenied
    now = timezone.now()
    context = {
        "title": "How the sources are doing",
        "now": now,
        "rows": facts(now),
        "forms": FORMS,
        "paused_hosts": hosts.panel(now),
    }
    return TemplateResponse(request, "digest/source_account.html", {**admin.site.each_context(request), **context})


@require_POST
def visit_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Due from now on, so that the next tick visits it even where nothing can be enqueued."""
    if not request.user.has_perm("digest.change_source"):
        raise PermissionDenied
    source, now = get_object_or_404(Source, pk=pk), timezone.now()
    if source.is_enabled:
        Source.objects.filter(pk=pk).update(next_check_at=now)
        hosts.enqueue(now)
        _promise(request, source, now)
    else:
        messages.info(request, f"{source} is disabled, and is not visited.")
    return redirect("admin:digest_source_account")


def _promise(request: HttpRequest, source: Source, now: datetime) -> None:
    """A host that is paused is not asked for the sake of one source: its own "Try now" says so on purpose."""
    if held_up := next_visits.held_up(source, next_visits.pauses(now), now):
        messages.warning(request, f"{source} is due. {held_up}; “Try now” ends the pause.")
    else:
        messages.success(request, f"{source} is visited within a minute.")
