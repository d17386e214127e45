"""Readers at the desk: found by address, changed through the services, never activated by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from subscriptions import addresses, erasure, services, signups, tasks
from subscriptions.admin.base import Facts, ModelAdmin, ModelForm, TabularInline
from subscriptions.clock import known_zones
from subscriptions.models import BOUNCE_REASONS, ConsentRecord, Subscriber, Suppression, Topic
from subscriptions.standing import Standing, standing

TONES = {Standing.ACTIVE: "good", Standing.LEFT: "calm"}
PREFERENCES = [
    "topics",
    "frequency",
    "delivery_hour",
    "delivery_weekday",
    "time_zone",
    "digest_length",
    "abstracts",
    "surprises",
]
DESK = services.Origin(name="admin")


class PreferencesForm(ModelForm[Subscriber]):
    """What a reader wants. Saving goes through the services, which know what follows from it."""

    topics = forms.ModelMultipleChoiceField(
        Topic.objects.all(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="None chosen means all of them, or their own interests alone where they have any",
    )
    time_zone = forms.ChoiceField(widget=UnfoldAdminSelectWidget())

    class Meta:
        model = Subscriber
        fields = PREFERENCES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields.get("time_zone")  # read-only pages have no fields
        if isinstance(zone, forms.ChoiceField):
            zone.choices = [(name, name) for name in sorted({*known_zones(), self.instance.time_zone})]

    def preferences(self) -> services.Preferences:
        data = self.cleaned_data
        return services.Preferences(
            topics=tuple(topic.slug for topic in data["topics"]),
            frequency=data["frequency"],
            delivery_hour=data["delivery_hour"],
            delivery_weekday=data["delivery_weekday"],
            time_zone=data["time_zone"],
            digest_length=data["digest_length"],
            abstracts=data["abstracts"],
            surprises=data["surprises"],
        )


class InvitationForm(PreferencesForm):
    """Someone who asked for the newsletter elsewhere: they are sent the same confirmation mail as everyone."""

    email = forms.CharField(widget=UnfoldAdminEmailInputWidget(), help_text="They must confirm by mail themselves")
    consent = forms.CharField(
        label="How they asked",
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Kept in the consent record: “asked at our stand, 3 May”",
    )

    class Meta(PreferencesForm.Meta):
        fields = ["email", *PREFERENCES]

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        key = addresses.normalise(typed)
        suppression = Suppression.objects.filter(address_hash=addresses.address_hash(key)).first()
        if suppression is not None and suppression.reason not in BOUNCE_REASONS:
            reason = suppression.get_reason_display().lower()
            raise ValidationError(f"This address is suppressed ({reason}). Lift the suppression first.")
        if Subscriber.objects.active().filter(address_key=key).exists():
            raise ValidationError("This address is already an active reader.")
        return typed


class ConsentInline(Facts, TabularInline[ConsentRecord, Subscriber]):
    model = ConsentRecord
    fields = ["created_at", "action", "origin", "text_version", "ip_address", "user_agent"]
    verbose_name_plural = "What was agreed to"
    hide_title = True


class SuppressedFilter(admin.SimpleListFilter):
    title = "suppressed"
    parameter_name = "suppressed"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Subscriber]) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        suppressed = Exists(Suppression.objects.filter(address_hash=OuterRef("address_hash")))
        conditions = {"yes": suppressed, "no": ~suppressed}
        return queryset.filter(conditions[chosen]) if (chosen := self.value()) in conditions else queryset


@admin.register(Subscriber)
class SubscriberAdmin(ModelAdmin[Subscriber]):
    list_display = ["email", "state", "topic_names", "rhythm", "next_delivery_at", "created_at"]
    list_filter = ["status", "frequency", SuppressedFilter, "topics"]
    search_fields = ["email"]
    search_help_text = "An address, or a part of one"
    date_hierarchy = "created_at"
    actions = ["unsubscribe"]
    readonly_fields = ["email", "state", "created_at", "confirmed_at", "unsubscribed_at", "next_delivery_at"]
    inlines = [ConsentInline]
    fieldsets = [
        (None, {"fields": [("email", "state")]}),
        ("What they read", {"fields": ["topics", ("digest_length", "abstracts", "surprises")]}),
        ("When", {"fields": [("frequency", "delivery_weekday"), ("delivery_hour", "time_zone")]}),
        ("So far", {"fields": [("created_at", "confirmed_at"), ("unsubscribed_at", "next_delivery_at")]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "consent"]}),
        ("What they read", {"fields": ["topics", ("digest_length", "abstracts", "surprises")]}),
        ("When", {"fields": [("frequency", "delivery_weekday"), ("delivery_hour", "time_zone")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        reason = Suppression.objects.filter(address_hash=OuterRef("address_hash")).values("reason")
        return super().get_queryset(request).prefetch_related("topics").annotate(suppressed_for=Subquery(reason))

    def get_form(
        self, request: HttpRequest, obj: Subscriber | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Subscriber]]:
        kwargs["form"] = PreferencesForm if obj else InvitationForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Subscriber | None) -> Any:
        """Who is invited has agreed to nothing yet."""
        return self.inlines if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> list[str]:
        return list(self.readonly_fields) if obj else []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscriber], search_term: str
    ) -> tuple[QuerySet[Subscriber], bool]:
        """A whole address finds its one row however it was typed; anything else is looked for inside addresses."""
        try:
            key = addresses.normalise(search_term)
        except ValidationError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(address_key=key), False

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        now = timezone.now()
        if change:
            services.change_preferences(obj, form.preferences(), now)
        else:
            self._invite(request, form, now)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Without the form's topics: the services have stored them."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def _invite(self, request: HttpRequest, form: InvitationForm, now: datetime) -> None:
        origin = services.Origin(name="admin", consent_text=form.cleaned_data["consent"])
        signups.ask(form.cleaned_data["email"], form.preferences(), origin, now)
        transaction.on_commit(tasks.enqueue_signups)
        self.message_user(
            request, f"{form.cleaned_data['email']} is asked to confirm, unless that was done within 24 hours."
        )

    def delete_model(self, request: HttpRequest, obj: Subscriber) -> None:
        erasure.erase(obj.email)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        for email in list(queryset.values_list("email", flat=True)):
            erasure.erase(email)

    def log_addition(self, request: HttpRequest, obj: Subscriber, message: Any) -> Any:
        """Nobody was added yet, and the record of what was done at the desk names nobody who only asked."""

    def response_add(self, request: HttpRequest, obj: Subscriber, post_url_continue: str | None = None) -> HttpResponse:
        return redirect("admin:subscriptions_signuprequest_changelist")

    @admin.action(description="Unsubscribe", permissions=["change"])
    def unsubscribe(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        now = timezone.now()
        count = sum(services.unsubscribe(pk, DESK, now) for pk in queryset.values_list("pk", flat=True))
        self.message_user(request, f"{count} unsubscribed.")

    @admin.display(description="State", ordering="status")
    def state(self, subscriber: Subscriber) -> SafeString:
        found = standing(subscriber, getattr(subscriber, "suppressed_for", None))
        return format_html('<span class="desk-chip desk-chip-{}">{}</span>', TONES.get(found, "bad"), found.value)

    @admin.display(description="Topics")
    def topic_names(self, subscriber: Subscriber) -> str:
        names = [topic.name for topic in subscriber.topics.all()]
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "All"

    @admin.display(description="When", ordering="delivery_hour")
    def rhythm(self, subscriber: Subscriber) -> SafeString:
        """How often, at what hour, by whose clock."""
        hour = f"{subscriber.get_frequency_display()}, {subscriber.delivery_hour:02}:00"
        return format_html('{}<span class="desk-under">{}</span>', hour, subscriber.time_zone)
