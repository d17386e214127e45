"""Who asked and has not confirmed: read at the desk, and forgotten there; people are invited on the readers' page."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from subscriptions import addresses
from subscriptions.admin.base import Facts, ModelAdmin
from subscriptions.models import SignupRequest, SignupState


@admin.register(SignupRequest)
class SignupRequestAdmin(Facts, ModelAdmin[SignupRequest]):
    list_display = ["email", "standing", "asked_at", "mails", "attempts", "next_try_at", "expires_at"]
    list_filter = ["state"]
    search_fields = ["email"]
    search_help_text = "An address, or a part of one"
    date_hierarchy = "asked_at"
    fieldsets = [
        (None, {"fields": [("email", "standing")]}),
        ("Its mail", {"fields": [("mails", "mailed_at"), ("attempts", "next_try_at"), "expires_at"]}),
        ("Where from", {"fields": [("origin", "asked_at"), ("ip_address", "user_agent"), "text"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may delete readers may have the site forget who only asked."""
        return request.user.has_perm("subscriptions.delete_signuprequest")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SignupRequest], search_term: str
    ) -> tuple[QuerySet[SignupRequest], bool]:
        """A whole address finds its rows however it was typed; anything else is looked for inside addresses."""
        try:
            return queryset.filter(address_key=addresses.normalise(search_term)), False
        except ValidationError:
            return super().get_search_results(request, queryset, search_term)

    @admin.display(description="State", ordering="state")
    def standing(self, request: SignupRequest) -> SafeString:
        tone, words = _standing(request)
        return format_html('<span class="desk-chip desk-chip-{}">{}</span>', tone, words)


def _standing(request: SignupRequest) -> tuple[str, str]:
    """A tone, and in words what is the case."""
    if request.state == SignupState.CONFIRMED:
        return "good", "Confirmed"
    if request.expires_at <= timezone.now():
        return "calm", "Expired"
    if request.mails:
        return "warm", "Waiting for confirmation"
    return ("warm", "Its mail is put off") if request.attempts else ("calm", "Its mail is to leave")
