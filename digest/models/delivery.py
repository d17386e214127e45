"""The ledger: one row per reader and edition, from the plan to what became of the message."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.edition import Edition
from digest.models.states import OPEN_STATES, DeliveryState
from subscriptions.models import Subscriber


class Delivery(models.Model):
    """One reader's copy of one edition; its moves are declared in `digest.models.states`.

    `uid` names the message to the outside world (Message-ID, provider metadata). A claim precedes the wire; `run` is
    the sending run that made it.
    `attempts` counts the times a server put this message off; it only spaces out the next ones.

    Rows are many, for ever, and each is updated twice: an index here serves a query that would otherwise grow with the
    readers' history, and a constraint's index is not repeated by its foreign key. The plan is the only one who adds
    rows, from readers it has locked and an edition it has read; that the database looked both up again for every row
    would double its work.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    subscriber = models.ForeignKey(
        Subscriber,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
    )
    address_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    detail = models.TextField(blank=True, help_text="Why it was rejected, skipped, put off or is unknown")
    due_at = models.DateTimeField(help_text="Not sent before")
    run = models.UUIDField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    provider_message_id = models.CharField(max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            # With the id, as workers lease in this order: thousands fall due in the same second.
            models.Index(fields=["due_at", "id"], condition=Q(state="queued"), name="delivery_queued_due"),
            models.Index(fields=["claimed_at"], condition=Q(state="claimed"), name="delivery_claimed"),
            models.Index(fields=["claimed_at"], condition=Q(state="unknown"), name="delivery_unknown"),
            # The state first: a look-up of one reader's row of an edition must not be served by this one.
            models.Index(fields=["state", "edition"], name="delivery_state_edition"),
            # Rows with a reader are found by the reader.
            models.Index(fields=["address_hash"], condition=Q(subscriber=None), name="delivery_orphan_address"),
            models.Index(
                fields=["provider_message_id"], condition=Q(provider_message_id__gt=""), name="delivery_provider_id"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "edition"], name="delivery_once_per_reader"),
            # Two digests for one reader are never chosen side by side: neither would know of the other's papers.
            models.UniqueConstraint(
                fields=["subscriber"], condition=Q(state__in=OPEN_STATES), name="delivery_one_open_per_reader"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in DeliveryState]), name="delivery_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(claimed_at__isnull=False),
                name="delivery_claim_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"

    @property
    def selection(self) -> list[dict[str, Any]]:
        """The papers as `Digest.selection` has them; empty while nothing was chosen."""
        try:
            return list(self.digest.selection)
        except ObjectDoesNotExist:
            return []

    @property
    def news(self) -> list[dict[str, Any]]:
        """The follow-ups as `Digest.news` has them."""
        try:
            return list(self.digest.news)
        except ObjectDoesNotExist:
            return []

    @property
    def preferences(self) -> dict[str, Any]:
        """What the papers were chosen by, as `Digest.preferences` has it; empty while nothing was chosen."""
        try:
            return dict(self.digest.preferences)
        except ObjectDoesNotExist:
            return {}


class Digest(models.Model):
    """What one delivery carries: written once, in the transaction that claims it, and never changed.

    `selection` is the digest itself, in its order: [{"paper": id, "score": float, "parts": [[name, float], ...]}, ...]
    where score is the sum of the parts; "similar", where there is one, lists the near-duplicates named under the paper.
    `papers` repeats the ids alone, theirs too, which is what later choices ask for.
    `news` tells of papers that the reader was sent before: [{"paper": id, "words": str, "url": str}, ...].
    `preferences` is what it was chosen by, `digest.selection.Interests.as_json()`: with the frozen edition enough to
    choose it again. The ledger is the only writer, so the database need not check the key of every row.
    """

    delivery = models.OneToOneField(
        Delivery, on_delete=models.CASCADE, primary_key=True, related_name="digest", db_constraint=False
    )
    papers = models.TextField(default="[]", help_text="Ids, as a JSON list")
    selection = models.JSONField(default=list, blank=True)
    preferences = models.JSONField(default=dict, blank=True)
    news = models.JSONField(default=list, db_default=[], blank=True)

    def __str__(self) -> str:
        return f"Digest of {self.delivery_id}"
