"""Breakers at the editors' desk, where they are called pauses: what is paused and why, what was, resuming by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from digest.admin import curation
from digest.admin.display import chip, cut, patience, plural
from digest.delivery import pauses
from digest.delivery.pauses import Kind
from digest.models import Breaker, BreakerState
from subscriptions.admin.base import Facts, ModelAdmin

TONES = {BreakerState.CLOSED: "good", BreakerState.OPEN: "bad", BreakerState.HALF_OPEN: "busy"}


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again now, with what was put off meanwhile; for those who may change editions."""
    curation.require_editor(request)
    row = get_object_or_404(Breaker, pk=pk)
    [pause] = pauses.described([row])
    hastened = pauses.resume(row.scope, timezone.now(), patience())
    if hastened is None:
        messages.info(request, f"{pause.what} works already; nothing was changed.")
        return redirect("admin:index")
    waited = f" {plural(hastened, 'digest')} that waited for it {'is' if hastened == 1 else 'are'} due now."
    LogEntry.objects.log_actions(int(request.user.pk or 0), [row], CHANGE, "Resumed by hand", single_object=True)
    messages.success(request, f"{pause.what} is tried again with the next run.{waited if hastened else ''}")
    return redirect("admin:index")


@admin.register(Breaker)
class BreakerAdmin(Facts, ModelAdmin[Breaker]):
    list_display = ["what", "status", "opened_at", "last_closed", "trips", "why", "words"]
    list_filter = ["state", "fault"]
    search_fields = ["scope", "reason"]
    ordering = ["-updated_at"]
    date_hierarchy = "updated_at"
    fieldsets = [
        (None, {"fields": [("what", "status"), "why", "reason", "remedy"]}),
        ("When", {"fields": [("opened_at", "until"), ("closed_at", "updated_at"), "trips"]}),
        ("Told to the operators", {"fields": [("told", "told_at")]}),
        ("Names", {"fields": ["scope", "fault"], "classes": ["collapse"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(resume)
        return [path("<int:pk>/resume/", view, name="digest_breaker_resume"), *super().get_urls()]

    @admin.display(description="What", ordering="scope")
    def what(self, row: Breaker) -> SafeString | str:
        """Without a query: an edition by its number, which is a link."""
        if pauses.kind_of(row.scope) is not Kind.EDITION:
            return pauses.named(row.scope)
        url = reverse("admin:digest_edition_curate", args=[int(row.scope.partition(":")[2])])
        return format_html('<a class="desk-link" href="{}">{}</a>', url, pauses.named(row.scope))

    @admin.display(description="State", ordering="state")
    def status(self, row: Breaker) -> SafeString:
        return chip(TONES[BreakerState(row.state)], BreakerState(row.state).label)

    @admin.display(description="Last closed", ordering="closed_at")
    def last_closed(self, row: Breaker) -> datetime | None:
        """Before it opened, where it is open."""
        return row.closed_at

    @admin.display(description="Why")
    def why(self, row: Breaker) -> str:
        return pauses.explained(row)[0]

    @admin.display(description="What was said")
    def words(self, row: Breaker) -> str:
        return cut(row.reason, 90)

    @admin.display(description="What to do")
    def remedy(self, row: Breaker) -> str:
        return pauses.explained(row)[1] if row.state != BreakerState.CLOSED else "Nothing"
