"""Back-fill: which days of a source's past were asked for, and what each brought."""

from __future__ import annotations

from django.db import models

from digest.models.source import Source


class BackfilledDay(models.Model):
    """A day that was asked for as a whole: written with its papers, in one transaction."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="backfilled_days")
    day = models.DateField()
    finished_at = models.DateTimeField()
    is_settled = models.BooleanField(default=True, help_text="Nothing can be added to it any more")
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["source", "day"]
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="backfilled_day_once")]

    def __str__(self) -> str:
        return f"{self.source} on {self.day:%Y-%m-%d}"
