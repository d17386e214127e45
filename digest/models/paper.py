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
    """What one name stands for: all records of an arXiv id, else of a DOI, and so on down to a bare title.

    Rows that turn out to be one paper point at the best of them with `merged_into`: ids in stored digests keep their
    meaning. That row's columns show what the others add; what its own records say is kept in `own`, so that the others
    can be taken away again. The names themselves are `Identifier` rows; `arxiv_id` and `doi` are for showing.

    Every column has one owner: `EDITORIAL` ones the editors, `STATED` ones the sources, `KEPT` ones whoever stores
    papers.
    """

    EDITORIAL: ClassVar = frozenset({"is_hidden"})
    WORDED: ClassVar = (
        "title",
        "abstract",
        "authors",
        "categories",
        "primary_category",
        "comment",
        "journal_reference",
        "license_url",
        "url",
        "code_url",
        "project_url",
    )
    STATED: ClassVar = (
        *WORDED,
        "doi",
        "published_at",
        "first_seen_at",
        "withdrawn_at",
        "is_sample",
    )
    KEPT: ClassVar = ("id", "key", "arxiv_id", "version", "language", "stated_in", "own", "merged_into", "updated_at")

    key = models.CharField(max_length=220, editable=False, help_text="The name it stands for")
    arxiv_id = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001
    doi = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged", editable=False, db_index=False
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
    stated_in = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Versions of the columns that the newest one left open"
    )
    own = models.JSONField(null=True, blank=True, editable=False, help_text="What its own records say")
    published_at = models.DateTimeField(null=True, blank=True, help_text="First submitted or announced")
    first_seen_at = models.DateTimeField(default=timezone.now, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    is_hidden = models.BooleanField(default=False, help_text="Never shown to readers")
    is_sample = models.BooleanField(default=False, editable=False, help_text="An invented paper, for trying out")

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ["-first_seen_at", "-id"]
        # Few rows are merged into another.
        indexes = [
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="paper_merged_into")
        ]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="paper_once_per_name"),
            models.CheckConstraint(condition=~Q(title=""), name="paper_has_title"),
            models.CheckConstraint(condition=~Q(arxiv_id="") & ~Q(doi=""), name="paper_ids_null_or_set"),
        ]

    def __str__(self) -> str:
        return tex.readable(self.title)

    @property
    def field(self) -> str:
        """The category that it stands under: the primary one; of arXiv's papers, where nobody said which, the first."""
        return self.primary_category or (str(self.categories[0]) if self.arxiv_id and self.categories else "")


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
