"""Hosts at the editors' desk: which are paused and why, until when, and trying one now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from digest import tasks
from digest.admin.display import chip, plural
from digest.ingestion import manners
from digest.models import Host
from digest.models.host import FAILURES_TO_PAUSE
from subscriptions.admin.base import Facts, ModelAdmin


class Paused(NamedTuple):
    """A host in words."""

    host: Host
    why: str
    waiting: str
    is_tried: bool
    is_over: bool


def panel(now: datetime) -> list[Paused]:
    """The hosts in trouble, the longest first. Two queries at most."""
    hosts = list(Host.objects.paused(now).order_by("failing_since", "name"))
    counts = manners.sources_behind() if hosts else {}
    return [_described(host, counts.get(host.name, 0), now) for host in hosts]


def _described(host: Host, sources: int, now: datetime) -> Paused:
    why = (
        f"It failed {host.failures:,} times in a row."
        if host.failures >= FAILURES_TO_PAUSE
        else "It asks us to wait, or failed just now."
    )
    waiting = f"{plural(sources, 'source')} {'waits' if sources == 1 else 'wait'} for it." if sources else ""
    return Paused(host, why, waiting, host.holder is not None, host.next_turn_at <= now)


@require_POST
def try_now(request: HttpRequest, pk: int) -> HttpResponse:
    """End the pause, have what waited visited; for those who may change sources."""
    if not request.user.has_perm("digest.change_source"):
        raise PermissionDenied
    host, now = get_object_or_404(Host, pk=pk), timezone.now()
    if manners.try_now(host, now):
        LogEntry.objects.log_actions(int(request.user.pk or 0), [host], CHANGE, "Tried by hand", single_object=True)
        enqueue(now)
        messages.success(request, f"{host.name} is tried with the next visit, and its sources are due.")
    else:
        messages.info(request, f"{host.name} is not paused, or is being tried already; nothing was changed.")
    return redirect(_back(request))


def enqueue(now: datetime) -> None:
    """Where the queue is down, the next tick has them visited."""
    try:
        tasks.visit_sources(now)
    except Exception:
        tasks.logger.exception("The queue cannot be reached; the next tick has the sources visited")


def _back(request: HttpRequest) -> str:
    """Where the button was pressed: on the front desk, or among the sources."""
    came_from = request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return came_from if is_ours else reverse("admin:index")


@admin.register(Host)
class HostAdmin(Facts, ModelAdmin[Host]):
    list_display = ["name", "status", "failures", "failing_since", "next_turn_at", "reason"]
    search_fields = ["name", "reason"]
    ordering = ["-failures", "name"]
    fieldsets = [
        (None, {"fields": [("name", "status"), "reason"]}),
        ("When", {"fields": [("next_turn_at", "touched_at"), ("failing_since", "failures")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(try_now)
        return [path("<int:pk>/try/", view, name="digest_host_try"), *super().get_urls()]

    @admin.display(description="State")
    def status(self, host: Host) -> SafeString:
        if host.failures == 0:
            return chip("good", "Works")
        if host.holder is not None:
            return chip("busy", "Trying again")
        is_over = host.next_turn_at <= timezone.now()
        return chip("warm", "To be tried") if is_over else chip("bad", "Paused")
