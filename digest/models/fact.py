"""What sources said of a paper, each with its source and day."""

from __future__ import annotations

from django.db import models

from digest.models.paper import Paper


class FactKind(models.TextChoices):
    VERSION = "version", "Version"
    WITHDRAWN = "withdrawn", "Withdrawn"
    RETRACTED = "retracted", "Retracted"
    ACCEPTED = "accepted", "Accepted at"
    JOURNAL = "journal", "Journal reference"
    LICENSE = "license", "Licence"
    CODE = "code", "Code"
    PROJECT = "project", "Project page"


class Fact(models.Model):
    """A source said this of the paper on this day; that it says so again adds nothing.

    `value` is the version's number, the venue, the reference or the address. `source` is the source's slug, empty for
    an import: history outlives the source. `digest` stands for kind, value and source, so that the index stays small.
    `stored_at` is when we learned of it; empty for what was stored before we noted that.
    """

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="facts", db_index=False)
    kind = models.CharField(max_length=10, choices=FactKind.choices)
    value = models.CharField(max_length=1000, blank=True)
    source = models.CharField(max_length=50, blank=True)
    said_on = models.DateField()
    stored_at = models.DateTimeField(null=True, editable=False)
    digest = models.CharField(max_length=32, editable=False)

    class Meta:
        ordering = ["said_on", "id"]
        indexes = [models.Index(fields=["stored_at"], name="fact_stored")]
        constraints = [models.UniqueConstraint(fields=["paper", "digest"], name="fact_once_per_source")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}".strip()
