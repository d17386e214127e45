"""What papers are called, and which of the rows turned out to be one paper."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from digest.models.paper import Paper


class Scheme(models.TextChoices):
    """What names a paper; `digest.sources.identifiers` says which tells more."""

    ARXIV = "arxiv", "arXiv id"
    DOI = "doi", "DOI"
    OPENREVIEW = "openreview", "OpenReview"
    SEMANTIC_SCHOLAR = "semantic_scholar", "Semantic Scholar"
    GUID = "guid", "Feed's own name"
    URL = "url", "Address"
    TITLE = "title", "Title"


class Identifier(models.Model):
    """A name, and the one row it means: the best of those whose records gave it.

    Names stay with the row when it is merged into another: the paper is where `merged_into` leads. A title's value is
    a hash of its words.
    """

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=16, choices=Scheme.choices)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme", "value"], name="identifier_means_one_paper")]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class Claim(models.Model):
    """A name that a row's records gave as well, though it means another: one title of two papers, one DOI of two
    preprints, a journal's record of a DOI that its preprint gave."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="claims")
    scheme = models.CharField(max_length=16, choices=Scheme.choices)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme", "value", "paper"], name="claim_once")]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


class Merge(models.Model):
    """One row was found to be another's paper: why, and what moved, so that it can be taken back.

    `moved` is by relation: {"digest.Listing.paper": {"moved": [ids], "dropped": [rows]}}. Kept as long as it can be
    undone.
    """

    loser = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="losses")
    winner = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="wins")
    reason = models.CharField(max_length=200)
    moved = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["loser"], name="merge_once_per_loser"),
            models.CheckConstraint(condition=~Q(loser=F("winner")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return self.reason


class Separation(models.Model):
    """An editor's word that two rows are two papers, whatever their records say."""

    one = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="separations")
    other = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="separated_from")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="separation_once")]

    def __str__(self) -> str:
        return f"{self.one_id} is not {self.other_id}"
