"""Models that papers are ranked by: versioned rows that every machine finds, and papers' vectors by them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.paper import Paper


class ModelKind(models.TextChoices):
    MEANING = "meaning", "Meaning"
    PREDICTION = "prediction", "Likely to trend"
    CONTEXT = "context", "Words of topics"


class RankingModel(models.Model):
    """One fit; of each kind at most one is in use. A row never changes but for being in use or not.

    `corpus_from` and `corpus_until` are the days of the papers it was fitted on, both included. Its bytes are in a row
    of their own, which goes when nothing is to be computed by them any more; this row stays while editions name it.
    """

    kind = models.CharField(max_length=12, choices=ModelKind.choices)
    version = models.PositiveIntegerField()
    format = models.PositiveSmallIntegerField(help_text="Of its bytes: another release may not read them")
    papers = models.PositiveIntegerField(help_text="It was fitted on")
    corpus_from = models.DateField(null=True)
    corpus_until = models.DateField(null=True)
    fitted_at = models.DateTimeField()
    seconds = models.FloatField(default=0.0, help_text="CPU time that the fit took")
    quality = models.JSONField(default=dict, blank=True, help_text="What was measured on papers it was not fitted on")
    checksum = models.CharField(max_length=64, help_text="SHA-256 of its bytes")
    is_in_use = models.BooleanField(default=False)

    class Meta:
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="ranking_model_version_once"),
            models.UniqueConstraint(fields=["kind"], condition=Q(is_in_use=True), name="ranking_model_one_in_use"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, version {self.version}"


class RankingModelData(models.Model):
    """A model's bytes, as `ranking.stored` makes them."""

    model = models.OneToOneField(RankingModel, on_delete=models.CASCADE, primary_key=True, related_name="stored")
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{len(self.data)} bytes"


class RankingWeights(models.Model):
    """What editors made the parts of a score count, as `ranking.score.Weights` names them; the newest row holds.

    A row never changes: editions name the one they are ranked by.
    """

    values = models.JSONField(default=dict)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "ranking weights"

    def __str__(self) -> str:
        return f"Weights {self.pk}"


class PaperVector(models.Model):
    """What a paper is about: a byte a dimension. Made once from its text as it was then, so that replays find it."""

    model = models.ForeignKey(RankingModel, on_delete=models.CASCADE, related_name="vectors", db_index=False)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="vectors")
    vector = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "paper"], name="paper_vector_once_per_model")]

    def __str__(self) -> str:
        return f"paper {self.paper_id} by model {self.model_id}"
