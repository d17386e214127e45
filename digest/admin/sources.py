"""Sources at the editors' desk: where papers come from, how each visit went, and a visit on demand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from digest import tasks
from digest.admin import adding, hosts, source_account
from digest.admin.display import ago, cut, plural
from digest.admin.run_chart import chart, outcome_chip
from digest.admin.source_facts import last_runs
from digest.admin.source_form import SourceForm, label
from digest.ingestion import faults
from digest.models import Source, SourceRun
from subscriptions.admin.base import Facts, ModelAdmin, TabularInline

COUNTS = ("received", "new", "known", "updated", "refused")


class RunInline(Facts, TabularInline[SourceRun, Source]):
    model = SourceRun
    fields = ["started_at", "ended", *COUNTS, "http_status", "message"]
    readonly_fields = ["ended"]
    per_page = 20
    verbose_name_plural = "Runs"
    hide_title = True

    @admin.display(description="Outcome")
    def ended(self, run: SourceRun) -> SafeString:
        return outcome_chip(run.outcome)


@admin.register(Source)
class SourceAdmin(ModelAdmin[Source]):
    form = SourceForm
    list_before_template = "digest/_hosts_above.html"
    change_form_outer_before_template = "digest/_source_chart.html"
    list_display = ["name", "format", "is_enabled", "last_outcome", "last_counts", "checked", "next_visit", "failures"]
    list_filter = ["is_enabled", "kind"]
    search_fields = ["name", "slug", "url"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["checked", "next_visit", "failures", "etag", "last_modified"]
    actions = ["visit_now", "enable", "disable"]
    inlines = [RunInline]
    fieldsets = [
        (None, {"fields": [("name", "slug"), "kind", "url", ("is_enabled", "interval_minutes")]}),
        ("Between visits", {"fields": [("checked", "next_visit"), "failures", ("etag", "last_modified")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        """What "Add source" opens is the trial; the form to fill in by hand is a link on it."""
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(adding.page)
        by_hand: Callable[..., HttpResponse] = self.admin_site.admin_view(self.add_view)
        account: Callable[..., HttpResponse] = self.admin_site.admin_view(source_account.page)
        visit: Callable[..., HttpResponse] = self.admin_site.admin_view(source_account.visit_now)
        return [
            path("account/", account, name="digest_source_account"),
            path("<int:pk>/visit/", visit, name="digest_source_visit"),
            path("add/", view, name="digest_source_add"),
            path("add/by-hand/", by_hand, name="digest_source_add_by_hand"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        newest = SourceRun.objects.filter(source=OuterRef("pk")).order_by("-started_at", "-id")
        return (
            super()
            .get_queryset(request)
            .annotate(
                run_id=Subquery(newest.values("pk")[:1]),
                run_outcome=Subquery(newest.values("outcome")[:1]),
                run_new=Subquery(newest.values("new")[:1]),
                run_received=Subquery(newest.values("received")[:1]),
            )
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        now = timezone.now()
        return super().changelist_view(request, {"now": now, "paused_hosts": hosts.panel(now), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        source = self.get_object(request, object_id)
        drawn = {"run_chart": chart(last_runs([source.pk])[source.pk])} if source else {}
        return super().change_view(request, object_id, form_url, {**drawn, **(extra_context or {})})

    @admin.display(description="Format", ordering="kind")
    def format(self, source: Source) -> str:
        return label(source.kind)

    @admin.display(description="Next visit", ordering="next_check_at")
    def next_visit(self, source: Source) -> datetime | str:
        if not source.is_enabled:
            return "-"
        return source.next_check_at if source.next_check_at and source.next_check_at > timezone.now() else "due"

    @admin.display(description="Last visit")
    def last_outcome(self, source: Source) -> SafeString:
        return outcome_chip(getattr(source, "run_outcome", None), visited=bool(getattr(source, "run_id", None)))

    @admin.display(description="New / received")
    def last_counts(self, source: Source) -> str:
        received = getattr(source, "run_received", None)
        return "" if received is None else f"{getattr(source, 'run_new', 0):,} / {received:,}"

    @admin.display(description="Visited", ordering="checked_at")
    def checked(self, source: Source) -> str:
        return ago(source.checked_at, timezone.now()) if source.checked_at else "never"

    @admin.action(description="Visit now", permissions=["change"])
    def visit_now(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        """Due from now on, so that the next tick visits it even where nothing can be enqueued."""
        ids = list(queryset.filter(is_enabled=True).values_list("pk", flat=True))
        Source.objects.filter(pk__in=ids).update(next_check_at=timezone.now())
        transaction.on_commit(partial(tasks.visit_sources, timezone.now()), robust=True)
        skipped = queryset.count() - len(ids)
        note = f" {plural(skipped, 'disabled source')} left alone." if skipped else ""
        self.message_user(request, f"{plural(len(ids), 'visit')} queued.{note}")

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        self._set_enabled(request, queryset, enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        self._set_enabled(request, queryset, enabled=False)

    def _set_enabled(self, request: HttpRequest, queryset: QuerySet[Source], *, enabled: bool) -> None:
        """Noted in the history of those that were not so before."""
        changed = list(queryset.exclude(is_enabled=enabled))
        Source.objects.filter(pk__in=[source.pk for source in changed]).update(is_enabled=enabled)
        done = "enabled" if enabled else "disabled"
        for source in changed:
            self.log_change(request, source, done.capitalize())
        self.message_user(request, f"{plural(len(changed), 'source')} {done}.")


@admin.register(SourceRun)
class SourceRunAdmin(Facts, ModelAdmin[SourceRun]):
    list_display = ["source_name", "started_at", "ended", *COUNTS, "took", "why"]
    list_filter = ["outcome", "fault", "source"]
    readonly_fields = ["remedy"]
    search_fields = ["source_name", "message"]
    date_hierarchy = "started_at"
    fieldsets = [
        (None, {"fields": [("source_name", "outcome"), ("started_at", "finished_at"), "fault", "remedy", "message"]}),
        ("Counts", {"fields": [("received", "listed"), ("new", "known"), ("updated", "refused")]}),
        ("Wire", {"fields": [("http_status", "received_bytes")]}),
    ]

    @admin.display(description="Outcome", ordering="outcome")
    def ended(self, run: SourceRun) -> SafeString:
        return outcome_chip(run.outcome)

    @admin.display(description="What to do")
    def remedy(self, run: SourceRun) -> str:
        return faults.remedy(run.fault)

    @admin.display(description="Seconds")
    def took(self, run: SourceRun) -> str:
        return f"{(run.finished_at - run.started_at).total_seconds():.1f}" if run.finished_at else ""

    @admin.display(description="Why")
    def why(self, run: SourceRun) -> str:
        return run.get_fault_display() or cut(run.message.partition("\n")[0], 100)
