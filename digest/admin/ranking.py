"""Models at the editors' desk: versions, what they were fitted on, how good they are, which is in use."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from digest.admin.display import chip
from digest.errors import ModelError
from digest.learning import keeping, quality
from digest.models import ModelKind, RankingModel
from subscriptions.admin.base import Facts, ModelAdmin


class Dot(NamedTuple):
    """A band of probabilities in the picture, a hundred units wide and high; `radius` grows with its papers."""

    told: float
    from_top: float
    radius: float
    words: str


def dots(bands: Sequence[Sequence[Any]]) -> list[Dot]:
    """Of the bands that `learning.quality` measured, those that any paper is in."""
    filled = [band for band in bands if band[2]]
    most = max((band[2] for band in filled), default=1)
    return [
        Dot(
            round(100 * told, 1),
            round(100 - 100 * listed, 1),
            round(2 + 4 * sqrt(count / most), 1),
            f"{low:g} to {high:g}: {count:,} papers, told {told:g}, listed {listed:g}",
        )
        for low, high, count, told, listed in filled
    ]


@admin.register(RankingModel)
class RankingModelAdmin(Facts, ModelAdmin[RankingModel]):
    list_display = ["name", "status", "fitted_at", "papers", "corpus_from", "corpus_until", "auc", "seconds"]
    list_filter = ["kind", "is_in_use"]
    ordering = ["kind", "-version"]
    actions = ["use"]
    fieldsets = [
        (None, {"fields": [("name", "status"), "what", "fitted_at", "seconds"]}),
        ("Fitted on", {"fields": ["papers", ("corpus_from", "corpus_until")]}),
        ("Measured on a fortnight it did not see", {"fields": ["measured", "calibration"]}),
    ]

    @admin.display(description="Model", ordering="kind")
    def name(self, row: RankingModel) -> str:
        return str(row)

    @admin.display(description="State", ordering="is_in_use")
    def status(self, row: RankingModel) -> SafeString:
        if row.is_in_use:
            return chip("good", "In use")
        is_bad = row.kind == ModelKind.PREDICTION and not quality.is_good(row.quality)
        return chip("bad", "Off: no better than chance") if is_bad else chip("calm", "Kept")

    @admin.display(description="AUC")
    def auc(self, row: RankingModel) -> float | str:
        found: float | str = row.quality.get("auc", "-")
        return found

    @admin.display(description="What it is for")
    def what(self, row: RankingModel) -> str:
        if row.kind == ModelKind.MEANING:
            return "Papers and readers' interests of one subject are near, whatever words they use."
        if row.kind == ModelKind.CONTEXT:
            return "What papers' other words say of whether a topic's keyword means the topic."
        return "How likely a community is to list a paper, before anybody has voted. A prediction, and labelled as one."

    @admin.display(description="Quality")
    def measured(self, row: RankingModel) -> str:
        if not row.quality:
            return "Nothing to measure it by"
        return "AUC {auc}, average precision {ap}: {listed} of {papers} papers were listed".format(**row.quality)

    @admin.display(description="Told and listed")
    def calibration(self, row: RankingModel) -> SafeString | str:
        bands = row.quality.get("told", [])
        return render_to_string("digest/_calibration.html", {"dots": dots(bands)}) if bands else "-"

    def has_use_permission(self, request: HttpRequest) -> bool:
        """Whoever may change editions may say what they are built by."""
        return request.user.has_perm("digest.change_edition")

    @admin.action(description="Use this version", permissions=["use"])
    def use(self, request: HttpRequest, rows: QuerySet[RankingModel]) -> None:
        if rows.count() != 1:
            self.message_user(request, "Choose one version.", "error")
            return
        row = rows.get()
        try:
            keeping.use(row)
        except ModelError as error:
            self.message_user(request, f"{error}.", "error")
            return
        LogEntry.objects.log_actions(int(request.user.pk or 0), [row], CHANGE, "Put in use", single_object=True)
        self.message_user(request, f"{row} is used by editions from now on.")
