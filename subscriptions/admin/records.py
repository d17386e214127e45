"""The consent record, read-only, and suppressions: added by typing an address, lifted by deleting the row."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminEmailInputWidget

from subscriptions import addresses, services
from subscriptions.admin.base import Facts, ModelAdmin, ModelForm
from subscriptions.models import BOUNCE_REASONS, ConsentRecord, Suppression, SuppressionReason

TONES = {
    SuppressionReason.HARD_BOUNCE: "warm",
    SuppressionReason.SOFT_BOUNCE: "warm",
    SuppressionReason.COMPLAINT: "bad",
    SuppressionReason.MANUAL: "calm",
    SuppressionReason.REFUSED: "calm",
}


def hash_of(typed: str) -> str | None:
    """The keyed hash of an address someone typed; None if it is none."""
    try:
        return addresses.address_hash(addresses.normalise(typed))
    except ValidationError:
        return None


@admin.register(ConsentRecord)
class ConsentRecordAdmin(Facts, ModelAdmin[ConsentRecord]):
    list_display = ["created_at", "action", "subscriber", "origin", "text_version", "ip_address"]
    list_filter = ["action", "origin"]
    list_select_related = ["subscriber"]
    search_fields = ["origin"]
    search_help_text = "A reader's whole address: also finds the record of readers who are gone"
    date_hierarchy = "created_at"
    fieldsets = [
        (None, {"fields": [("action", "created_at"), "subscriber", "address_hash"]}),
        ("The words", {"fields": ["text", "text_version"]}),
        ("Where from", {"fields": [("origin", "ip_address"), "user_agent"]}),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentRecord], search_term: str
    ) -> tuple[QuerySet[ConsentRecord], bool]:
        if "@" in search_term:
            return queryset.filter(address_hash=hash_of(search_term) or ""), False
        return super().get_search_results(request, queryset, search_term)


class SuppressionForm(ModelForm[Suppression]):
    """An address to be left alone. Only its keyed hash is kept."""

    address = forms.CharField(widget=UnfoldAdminEmailInputWidget(), help_text="Kept only as a keyed hash")

    class Meta:
        model = Suppression
        fields = ["detail"]

    def clean_address(self) -> str:
        digest = addresses.address_hash(addresses.normalise(self.cleaned_data["address"]))
        if Suppression.objects.filter(address_hash=digest).exclude(reason__in=BOUNCE_REASONS).exists():
            raise ValidationError("This address is suppressed already.")
        return digest


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin[Suppression]):
    form = SuppressionForm
    list_display = ["hash_start", "why", "detail", "created_at"]
    list_filter = ["reason"]
    search_fields = ["detail"]
    search_help_text = "An address, typed in full"
    date_hierarchy = "created_at"
    fieldsets = [(None, {"fields": ["address_hash", "why", "detail", "created_at"]})]
    add_fieldsets = [(None, {"fields": ["address", "detail"]})]
    readonly_fields = ["address_hash", "why", "created_at"]

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        if "@" in search_term:
            return queryset.filter(address_hash=hash_of(search_term) or ""), False
        return super().get_search_results(request, queryset, search_term)

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        data = form.cleaned_data
        row = services.suppress(data["address"], SuppressionReason.MANUAL, data["detail"], timezone.now())
        obj.pk = row.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        services.unsuppress(obj.address_hash)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        for digest in list(queryset.values_list("address_hash", flat=True)):
            services.unsuppress(digest)

    @admin.display(description="Address (hash)", ordering="address_hash")
    def hash_start(self, suppression: Suppression) -> str:
        return f"{suppression.address_hash[:12]}…"

    @admin.display(description="Reason", ordering="reason")
    def why(self, suppression: Suppression) -> SafeString:
        tone = TONES[SuppressionReason(suppression.reason)]
        return format_html('<span class="desk-chip desk-chip-{}">{}</span>', tone, suppression.get_reason_display())
