"""Editions at the editors' desk: the list, and the doors to curating, previewing, testing and publishing one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from digest.admin import curation, dashboard, results, trial, weights
from digest.admin.display import chip, cut
from digest.models import Delivery, DeliveryState, Edition, EditionState
from subscriptions.admin.base import ModelAdmin

SENT = [DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED]


def with_deliveries(editions: QuerySet[Edition]) -> QuerySet[Edition]:
    """Editions with how many deliveries were planned, and how many a provider accepted."""
    rows = Delivery.objects.filter(edition=OuterRef("pk")).order_by().values("edition").annotate(rows=Count("pk"))
    return editions.annotate(
        planned=Subquery(rows.values("rows")), sent=Subquery(rows.filter(state__in=SENT).values("rows"))
    )


@admin.register(Edition)
class EditionAdmin(ModelAdmin[Edition]):
    list_display = ["issue", "status", "publish_at", "pool", "decisions", "results", "brief_note"]
    list_display_links = ["publish_at"]  # its form sets just that; the issue's own link goes to curating
    list_filter = ["state", "kind"]
    search_fields = ["note", "date"]
    date_hierarchy = "date"
    fieldsets = [
        (None, {"fields": [("kind", "date"), "status", "publish_at"]}),
        ("What happened", {"fields": [("created_at", "built_at"), "published_at", "note"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Edition | None = None) -> list[str]:
        """Only when it goes out is set here, while it is open; everything else is curated on its own page."""
        fixed = ["kind", "date", "status", "created_at", "built_at", "published_at", "note"]
        return fixed if obj and obj.is_open else [*fixed, "publish_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        return with_deliveries(dashboard.with_counts(super().get_queryset(request)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Editions open by themselves, or by `manage.py build_edition`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        """What went out stays on record; what is open would be built again."""
        return False

    def save_model(self, request: HttpRequest, obj: Edition, form: Any, change: bool) -> None:
        """One conditional UPDATE, so that an edition published meanwhile stays as it went out."""
        still_open = Edition.objects.filter(pk=obj.pk, state=EditionState.OPEN)
        if not still_open.update(publish_at=obj.publish_at):
            self.message_user(request, "The edition was published meanwhile: nothing was changed.", messages.ERROR)

    def get_urls(self) -> list[URLPattern]:
        doors: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("desk/", self.desk, "desk"),
            ("weights/", weights.page, "weights"),
            ("<int:pk>/curate/", curation.page, "curate"),
            ("<int:pk>/preview/", trial.preview, "preview"),
            ("<int:pk>/mail/", trial.mail, "mail"),
            ("<int:pk>/test/", trial.send_test, "test"),
            ("<int:pk>/publish/", curation.publish, "publish"),
            ("<int:pk>/results/", results.page, "results"),
            ("<int:pk>/send-again/", results.send_again, "send_again"),
        ]
        named = [
            path(route, self.admin_site.admin_view(view), name=f"digest_edition_{name}") for route, view, name in doors
        ]
        return [*named, *super().get_urls()]

    def desk(self, request: HttpRequest) -> HttpResponse:
        """To the edition that goes out next, else to the newest; to the front desk where there is none."""
        edition = dashboard.on_desk()
        return redirect("admin:digest_edition_curate", edition.pk) if edition else redirect("admin:index")

    @admin.display(description="Issue", ordering="date")
    def issue(self, edition: Edition) -> SafeString:
        url = reverse("admin:digest_edition_curate", args=[edition.pk])
        return format_html('<a class="desk-title" href="{}">{}</a>', url, edition)

    @admin.display(description="State", ordering="state")
    def status(self, edition: Edition) -> SafeString:
        return chip("busy" if edition.is_open else "good", "Open" if edition.is_open else "Published")

    @admin.display(description="Pool", ordering="pool")
    def pool(self, edition: Edition) -> int:
        return int(getattr(edition, "pool", 0))

    @admin.display(description="Decisions")
    def decisions(self, edition: Edition) -> str:
        counts = [(getattr(edition, name, 0), name) for name in ("pinned", "hidden")]
        return ", ".join(f"{count} {name}" for count, name in counts if count) or "–"

    @admin.display(description="Note")
    def brief_note(self, edition: Edition) -> str:
        return cut(edition.note, 60)

    @admin.display(description="Deliveries")
    def results(self, edition: Edition) -> str:
        planned, sent = getattr(edition, "planned", None) or 0, getattr(edition, "sent", None) or 0
        return f"{sent:,} sent of {planned:,}" if planned else "–"
