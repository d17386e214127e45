"""A reader's page at the editors' desk, with what this app knows of them: their last deliveries, why nothing came, and
what they asked for beyond topics, to be looked at alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from digest import interests
from digest.admin.deliveries import state_chip
from digest.delivery import history, reasons
from subscriptions.admin.subscribers import SubscriberAdmin
from subscriptions.models import Subscriber

VIEW_DELIVERY = "digest.view_delivery"
VIEW_INTEREST = "digest.view_interest"

admin.site.unregister(Subscriber)


@admin.register(Subscriber)
class ReaderAdmin(SubscriberAdmin):
    """The page of `subscriptions`, which knows nothing of papers, with two sections more."""

    change_form_outer_before_template = "digest/_reader_answer.html"
    change_form_outer_after_template = "digest/_reader_deliveries.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        reader = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if reader is not None and self.has_view_permission(request, reader):
            more = what_came(reader) if request.user.has_perm(VIEW_DELIVERY) else {}
            more |= {"asked": interests.asked_by(reader)} if request.user.has_perm(VIEW_INTEREST) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})


def what_came(reader: Subscriber) -> dict[str, Any]:
    rows = history.last_deliveries(reader)
    return {
        "answer": history.why_nothing_came(reader, timezone.now(), rows),
        "deliveries": [(row, state_chip(row.state), reasons.of_delivery(row.state, row.detail)) for row in rows],
    }
