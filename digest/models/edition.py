"""Editions: one issue of the newsletter, its pool of papers and the editors' decisions."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.paper import Paper
from digest.models.ranking import RankingModel, RankingWeights


class EditionKind(models.TextChoices):
    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"


class EditionState(models.TextChoices):
    OPEN = "open", "Open for curation"
    PUBLISHED = "published", "Published"


class EditionQuerySet(models.QuerySet["Edition"]):
    def published(self) -> EditionQuerySet:
        return self.filter(state=EditionState.PUBLISHED)

    def newest(self, kind: str) -> Edition | None:
        return self.published().filter(kind=kind).order_by("-date").first()


class Edition(models.Model):
    """One issue: `daily` for a date, `weekly` for the week that begins on `date` (a Monday).

    Publishing freezes it: from then on the pool, scores, decisions and blurbs no longer change.
    """

    kind = models.CharField(max_length=6, choices=EditionKind.choices)
    date = models.DateField()
    state = models.CharField(max_length=9, choices=EditionState.choices, default=EditionState.OPEN)
    note = models.TextField(blank=True, help_text="The editor's words at the top of every digest")
    missing = models.TextField(
        blank=True, editable=False, help_text="Said in every digest: which sources were missing when it was built"
    )
    publish_at = models.DateTimeField(help_text="Published then, with or without an editor")
    built_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    meaning = models.ForeignKey(
        RankingModel,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="editions",
        help_text="By which its papers' vectors were made; empty where there was none yet",
    )
    prediction = models.ForeignKey(
        RankingModel,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="predicted_editions",
        help_text="By which it was told how likely its papers are to trend; empty where none was good enough",
    )
    context = models.ForeignKey(
        RankingModel,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="context_editions",
        help_text="By which its papers' other words counted for topics; empty where only what topics name did",
    )
    weights = models.ForeignKey(
        RankingWeights,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="editions",
        help_text="By which its papers are ranked; empty where nobody ever set any",
    )
    papers = models.ManyToManyField(Paper, through="EditionPaper", related_name="editions")

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "date"], name="edition_once_per_kind_and_date"),
            models.CheckConstraint(
                condition=Q(state="open", published_at__isnull=True) | Q(state="published", published_at__isnull=False),
                name="edition_published_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} edition of {self.date:%Y-%m-%d}"

    @property
    def name(self) -> str:
        """What it is called on a page: its day, or the seven days before it goes out, which a weekly one tells of."""
        if self.kind == EditionKind.DAILY:
            return f"{self.date:%A}, {_long(self.date)}"
        last = timezone.localdate(self.publish_at) - timedelta(days=1)
        first = last - timedelta(days=6)
        is_same_month = (first.year, first.month) == (last.year, last.month)
        return f"The week from {first.day if is_same_month else _long(first)} to {_long(last)}"

    @property
    def is_open(self) -> bool:
        return self.state == EditionState.OPEN


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


class Decision(models.TextChoices):
    NONE = "", "None"
    PINNED = "pinned", "Pinned"
    HIDDEN = "hidden", "Hidden"


class EditionPaper(models.Model):
    """A paper in an edition's pool: the numbers it is ranked by, and what the editors decided.

    `trend` is in [0, 1], and so is `prediction`, how likely the paper is to be listed by a community. `topics` maps
    topic slugs to the paper's relevance to each, in [0, 1]. `shift` is the editors' reordering: added to the score as
    it stands. Near-duplicates of one pool have the same `group`, the id of the first of them when the pool was built; 0
    for a paper that stands alone. `authors` are the names readers may follow, frozen with the rest: papers may change.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="entries")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="entries")
    trend = models.FloatField(default=0.0)
    prediction = models.FloatField(default=0.0)
    topics = models.JSONField(default=dict, blank=True)
    group = models.BigIntegerField(default=0, db_default=0, editable=False)
    authors = models.JSONField(default=list, blank=True)
    decision = models.CharField(max_length=6, choices=Decision.choices, default=Decision.NONE, blank=True)
    shift = models.FloatField(default=0.0)
    blurb = models.TextField(blank=True, help_text="The editor's words about this paper, shown above its abstract")
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["edition", "paper"], name="edition_paper_once"),
            models.CheckConstraint(condition=Q(trend__gte=0, trend__lte=1), name="edition_paper_trend_share"),
        ]

    def __str__(self) -> str:
        return f"{self.paper} in {self.edition}"
