"""Which rows a paper is made of, at the editors' desk: their names, why they were joined, and how to part them."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from digest.admin.display import cut
from digest.errors import PaperboyError
from digest.models import Fact, Identifier, Merge, Paper, Scheme
from digest.papers import merging
from subscriptions.admin.base import Facts, TabularInline

CHANGE_PAPER = "digest.change_paper"


class IdentifierInline(Facts, TabularInline[Identifier, Paper]):
    model = Identifier
    fields = ["scheme", "name"]
    readonly_fields = ["name"]
    verbose_name_plural = "Names"
    hide_title = True
    tab = True

    @admin.display(description="Name")
    def name(self, identifier: Identifier) -> str:
        return "the words of a title" if identifier.scheme == Scheme.TITLE else identifier.value


class FactInline(Facts, TabularInline[Fact, Paper]):
    model = Fact
    fields = ["said_on", "kind", "value", "source"]
    verbose_name_plural = "Facts, with source and day"
    hide_title = True
    per_page = 30
    tab = True


class MergeInline(Facts, TabularInline[Merge, Paper]):
    """The records of merges: gone after the days in which they can be undone."""

    model = Merge
    fk_name = "winner"
    fields = ["other", "reason", "made_at", "undo"]
    readonly_fields = ["other", "undo"]
    verbose_name_plural = "Merged with it"
    hide_title = True
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merge]:
        return super().get_queryset(request).select_related("loser")

    @admin.display(description="What was taken for the same paper")
    def other(self, merge: Merge) -> SafeString:
        url = reverse("admin:digest_paper_change", args=[merge.loser_id])
        return format_html('<a class="desk-link" href="{}">{}</a> {}', url, cut(merge.loser.title, 90), merge.loser.key)

    @admin.display(description="")
    def undo(self, merge: Merge) -> SafeString:
        url = reverse("admin:digest_paper_part", args=[merge.pk])
        return format_html('<a class="desk-link" href="{}">Undo…</a>', url)


@require_http_methods(["GET", "HEAD", "POST"])
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks once more, POST parts the two for good."""
    if not request.user.has_perm(CHANGE_PAPER):
        raise PermissionDenied
    merge = get_object_or_404(Merge.objects.select_related("loser", "winner"), pk=pk)
    if request.method == "POST":
        return parted(request, merge)
    until = merge.made_at + merging.KEPT
    context = {**admin.site.each_context(request), "title": "Two papers after all?", "merge": merge, "until": until}
    return TemplateResponse(request, "digest/merge_undo.html", context)


def parted(request: HttpRequest, merge: Merge) -> HttpResponse:
    try:
        loser = merging.undo(merge, timezone.now())
    except PaperboyError as error:
        messages.error(request, f"Nothing was changed. {error}")
        return redirect("admin:digest_paper_change", merge.winner_id)
    done = f"Undid the merge of “{cut(loser.title, 60)}” ({merge.reason})"
    LogEntry.objects.log_actions(int(request.user.pk or 0), [merge.winner, loser], CHANGE, done)
    messages.success(request, f"{done}. They stay two papers, whatever comes in.")
    return redirect("admin:digest_paper_change", loser.pk)
