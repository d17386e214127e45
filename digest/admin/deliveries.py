"""The ledger and the providers' events at the editors' desk: read, never written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from digest import ranking
from digest.admin.display import chip, cut, part_names, topic_names
from digest.delivery.reasons import of_delivery
from digest.models import Delivery, DeliveryState, Edition, Paper, ProviderEvent
from subscriptions import addresses
from subscriptions.admin.base import Facts, ModelAdmin, TabularInline

TONES = {
    DeliveryState.QUEUED: "calm",
    DeliveryState.CLAIMED: "busy",
    DeliveryState.ACCEPTED: "good",
    DeliveryState.DELIVERED: "good",
    DeliveryState.SKIPPED: "calm",
    DeliveryState.UNKNOWN: "warm",
    DeliveryState.REJECTED: "bad",
    DeliveryState.BOUNCED: "bad",
    DeliveryState.COMPLAINED: "bad",
}
Row = TypeVar("Row", Delivery, ProviderEvent)
SEE_READERS = "subscriptions.view_subscriber"


def state_chip(state: str) -> SafeString:
    return chip(TONES[DeliveryState(state)], DeliveryState(state).label)


def by_address(queryset: QuerySet[Row], typed: str) -> QuerySet[Row]:
    """Rows about an address someone typed; also about a reader who is gone, as rows keep the address's hash."""
    try:
        return queryset.filter(address_hash=addresses.address_hash(addresses.normalise(typed)))
    except ValidationError:
        return queryset.none()


class EventInline(Facts, TabularInline[ProviderEvent, Delivery]):
    model = ProviderEvent
    fields = ["received_at", "provider", "kind", "reject_reason", "description"]
    verbose_name_plural = "What the provider said"
    hide_title = True


class RecentEditionFilter(admin.SimpleListFilter):
    """The newest editions only: a list of all of them would grow for ever. Older ones link here with their id."""

    title = "edition"
    parameter_name = "edition"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Delivery]) -> list[tuple[str, str]]:
        return [(str(edition.pk), str(edition)) for edition in Edition.objects.all()[:15]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        chosen = self.value() or ""
        return queryset.filter(edition=int(chosen)) if chosen.isdecimal() and len(chosen) < 10 else queryset


@admin.register(Delivery)
class DeliveryAdmin(Facts, ModelAdmin[Delivery]):
    list_display = ["uid_start", "reader", "edition", "status", "paper_count", "due_at", "accepted_at", "why"]
    list_filter = ["state", "edition__kind", RecentEditionFilter]
    list_select_related = ["edition", "subscriber", "digest"]
    search_fields = ["uid"]
    search_help_text = "A reader's whole address, a delivery's id, or the provider's message id"
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = [EventInline]
    fieldsets = [
        (None, {"fields": [("reader", "edition"), ("status", "why"), "detail"]}),
        ("The digest, best first", {"fields": ["papers_and_reasons", "since_then"]}),
        ("On its way", {"fields": [("due_at", "claimed_at"), ("accepted_at", "updated_at"), "attempts"]}),
        ("Names", {"fields": [("uid", "provider_message_id"), "address_hash"], "classes": ["collapse"]}),
    ]

    def get_list_display(self, request: HttpRequest) -> Any:
        """Whoever may not see readers sees the ledger without their addresses."""
        columns = self.list_display
        return columns if request.user.has_perm(SEE_READERS) else [name for name in columns if name != "reader"]

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        if request.user.has_perm(SEE_READERS):
            return self.fieldsets
        return [(None, {"fields": ["edition", ("status", "why"), "detail"]}), *(self.fieldsets or [])[1:3]]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        if "@" in typed and request.user.has_perm(SEE_READERS):
            return by_address(queryset, typed), False
        return queryset.filter(Q(provider_message_id=typed) | Q(uid__in=_uuids(typed))), False

    @admin.display(description="Delivery", ordering="uid")
    def uid_start(self, delivery: Delivery) -> str:
        return str(delivery.uid)[:8]

    @admin.display(description="Reader")
    def reader(self, delivery: Delivery) -> SafeString | str:
        if delivery.subscriber is None:
            return "deleted"
        url = reverse("admin:subscriptions_subscriber_change", args=[delivery.subscriber.pk])
        return format_html('<a href="{}">{}</a>', url, delivery.subscriber.email)

    @admin.display(description="State", ordering="state")
    def status(self, delivery: Delivery) -> SafeString:
        return state_chip(delivery.state)

    @admin.display(description="Papers")
    def paper_count(self, delivery: Delivery) -> int:
        return len(delivery.selection)

    @admin.display(description="Why")
    def why(self, delivery: Delivery) -> str:
        return of_delivery(delivery.state, delivery.detail).text

    @admin.display(description="Papers and reasons")
    def papers_and_reasons(self, delivery: Delivery) -> SafeString | str:
        papers = Paper.objects.filter(pk__in=[item["paper"] for item in delivery.selection])
        titles = dict(papers.values_list("pk", "title"))
        topics = topic_names()
        rows = [
            (
                titles.get(item["paper"], "a paper that is gone"),
                _sentence(item, topics),
                f"{item['score']:.4f}",
                _reasons(item["parts"], topics),
            )
            for item in delivery.selection
        ]
        items = format_html_join(
            "", '<li>{}<span class="desk-under">{}</span><span class="desk-under">{} = {}</span></li>', rows
        )
        return format_html('<ol class="desk-digest">{}</ol>', items) if rows else "Not chosen yet"

    @admin.display(description="Since then")
    def since_then(self, delivery: Delivery) -> SafeString | str:
        rows = [(each["title"], each["words"]) for each in delivery.news]
        items = format_html_join("", '<li>{}<span class="desk-under">{}</span></li>', rows)
        return format_html('<ul class="desk-digest">{}</ul>', items) if rows else "No news of earlier papers"


@admin.register(ProviderEvent)
class ProviderEventAdmin(Facts, ModelAdmin[ProviderEvent]):
    list_display = ["received_at", "provider", "kind", "reject_reason", "delivery_link", "brief"]
    list_filter = ["kind", "provider", "reject_reason"]
    list_select_related = ["delivery"]
    search_fields = ["key", "description"]
    search_help_text = "A reader's whole address, the event's key or its words"
    date_hierarchy = "received_at"
    fieldsets = [
        (None, {"fields": [("provider", "kind", "bounce", "reject_reason"), "description", "delivery_link"]}),
        ("When", {"fields": [("occurred_at", "received_at", "handled_at")]}),
        ("Names", {"fields": ["key", ("uid", "message_id"), "address_hash"], "classes": ["collapse"]}),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ProviderEvent], search_term: str
    ) -> tuple[QuerySet[ProviderEvent], bool]:
        if "@" in search_term and request.user.has_perm(SEE_READERS):
            return by_address(queryset, search_term.strip()), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="Delivery")
    def delivery_link(self, event: ProviderEvent) -> SafeString | str:
        if event.delivery is None:
            return "–"
        url = reverse("admin:digest_delivery_change", args=[event.delivery.pk])
        return format_html('<a href="{}">{}</a>', url, str(event.delivery.uid)[:8])

    @admin.display(description="Its words")
    def brief(self, event: ProviderEvent) -> str:
        return cut(event.description, 90)


def _uuids(typed: str) -> list[UUID]:
    try:
        return [UUID(typed)]
    except ValueError:
        return []


def _reasons(parts: Sequence[tuple[str, float]], topics: Mapping[str, str]) -> str:
    return " + ".join(f"{name} {value:.4f}" for name, value in part_names(parts, topics))


def _sentence(item: Mapping[str, Any], topics: Mapping[str, str]) -> str:
    """As the reader was told, and what was folded under the paper."""
    told = ranking.sentence(tuple((name, value) for name, value in item["parts"]), topics)
    similar = len(item.get("similar", ()))
    return f"{told}, and {similar} similar." if similar else f"{told}."
