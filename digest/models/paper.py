"""Papers, where each was listed, and the community's signals over time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest import tex
from digest.models.source import Source


class PaperQuerySet(models.QuerySet["Paper"]):
    def canonical(self) -> PaperQuerySet:
        """Without the rows that were merged into another."""
        return self.filter(merged_into__isnull=True)

    def showable(self) -> PaperQuerySet:
        """What readers may see: not merged away, not withdrawn, not hidden by an editor."""
        return self.canonical().filter(is_hidden=False, withdrawn_at__isnull=True)


class Paper(models.Model):
    """One paper, whatever door it came through.

    Identity is the arXiv id without version, else the DOI, else the normalised title. When two rows turn out to be
    the same paper, one points at the other with `merged_into`: ids in stored digests keep their meaning.
    `EDITORIAL` columns are the editors' own: whoever stores papers never writes them on a row that is there.
    """

    EDITORIAL: ClassVar = frozenset({"is_hidden"})

    arxiv_id = models.CharField(max_length=32, null=True, blank=True, unique=True)
    doi = models.CharField(max_length=200, null=True, blank=True, unique=True)
    title_key = models.CharField(max_length=64, db_index=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged", editable=False
    )

    title = models.TextField()
    abstract = models.TextField(blank=True)
    authors = models.JSONField(default=list, blank=True)
    categories = models.JSONField(default=list, blank=True)
    primary_category = models.CharField(max_length=32, blank=True)
    language = models.CharField(
        max_length=2, blank=True, help_text="Of title and abstract, as ISO 639-1; empty where it is not clear"
    )
    comment = models.TextField(blank=True)
    journal_reference = models.TextField(blank=True)
    license_url = models.URLField(max_length=500, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    code_url = models.URLField(max_length=1000, blank=True)
    project_url = models.URLField(max_length=1000, blank=True)
    version = models.PositiveSmallIntegerField(null=True, blank=True, help_text="arXiv version")
    published_at = models.DateTimeField(null=True, blank=True, help_text="First submitted or announced")
    first_seen_at = models.DateTimeField(default=timezone.now, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    is_hidden = models.BooleanField(default=False, help_text="Never shown to readers")
    is_sample = models.BooleanField(default=False, editable=False, help_text="An invented paper, for trying out")

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ["-first_seen_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["title_key"],
                condition=Q(arxiv_id__isnull=True, doi__isnull=True, merged_into__isnull=True),
                name="paper_title_is_identity_without_ids",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="paper_has_title"),
            models.CheckConstraint(condition=~Q(arxiv_id="") & ~Q(doi=""), name="paper_ids_null_or_set"),
        ]

    def __str__(self) -> str:
        return tex.readable(self.title)


class Listing(models.Model):
    """A paper was listed by a source; `listed_on` is the day the source itself gives, if it does."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="listings")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="listings")
    listed_on = models.DateField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["first_seen_at"], name="listing_first_seen")]
        constraints = [models.UniqueConstraint(fields=["paper", "source"], name="listing_once_per_source")]

    def __str__(self) -> str:
        return f"{self.source} listed {self.paper}"


class SignalKind(models.TextChoices):
    UPVOTES = "upvotes", "Upvotes"
    COMMENTS = "comments", "Comments"
    STARS = "stars", "GitHub stars"


class Signal(models.Model):
    """What the community's counter stood at on one day: a history of our own, as sources only tell today's value."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="signals")
    kind = models.CharField(max_length=10, choices=SignalKind.choices)
    value = models.PositiveIntegerField()
    observed_on = models.DateField()

    class Meta:
        ordering = ["observed_on"]
        constraints = [models.UniqueConstraint(fields=["paper", "kind", "observed_on"], name="signal_once_a_day")]

    def __str__(self) -> str:
        return f"{self.value} {self.get_kind_display()} on {self.observed_on}"
