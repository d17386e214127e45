"""The ledger: one row per reader and edition, from the plan to what became of the message."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.edition import Edition
from subscriptions.models import Subscriber


class DeliveryState(models.TextChoices):
    """queued -> claimed -> accepted | rejected | unknown -> delivered | bounced | complained.

    `skipped` ends a row for which nothing may or need be sent: the reader left, or there is no paper for them.
    """

    QUEUED = "queued", "Queued"
    CLAIMED = "claimed", "Claimed"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    UNKNOWN = "unknown", "Unknown"
    SKIPPED = "skipped", "Skipped"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"


TERMINAL_STATES = [state for state in DeliveryState if state not in (DeliveryState.QUEUED, DeliveryState.CLAIMED)]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def terminal(self) -> DeliveryQuerySet:
        return self.filter(state__in=TERMINAL_STATES)

    def remembered(self) -> DeliveryQuerySet:
        """Whose papers the reader has, or may have, received: they are not sent again."""
        return self.exclude(state__in=[DeliveryState.QUEUED, DeliveryState.REJECTED, DeliveryState.SKIPPED])


class Delivery(models.Model):
    """One reader's copy of one edition.

    `selection` is the digest itself, best first: [{"paper": id, "score": float, "parts": [[name, float], ...]}, ...]
    where score is the sum of the parts; `preferences` is what it was chosen by, `digest.selection.Interests.as_json()`:
    with the frozen edition enough to choose it again. `uid` names the message to the outside world (Message-ID,
    provider metadata). A lease only says which worker looks after a queued row; it can lapse without harm. A claim
    precedes the wire: a row that is still claimed when its worker is gone may have been sent.

    Rows are many, for ever, and each is updated a few times: an index here serves a query that would otherwise grow
    with the readers' history, and a constraint's index is not repeated by its foreign key.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    subscriber = models.ForeignKey(
        Subscriber, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries", db_index=False
    )
    address_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    detail = models.TextField(blank=True, help_text="Why it was rejected, skipped or is unknown")
    selection = models.JSONField(default=list, blank=True)
    preferences = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(help_text="Not sent before")
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    provider_message_id = models.CharField(max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            # With the id, as workers lease in this order: thousands fall due in the same second.
            models.Index(fields=["due_at", "id"], condition=Q(state="queued"), name="delivery_queued_due"),
            models.Index(fields=["claimed_at"], condition=Q(state="claimed"), name="delivery_claimed"),
            models.Index(fields=["subscriber"], condition=Q(state__in=["queued", "claimed"]), name="delivery_in_hand"),
            models.Index(fields=["subscriber", "claimed_at"], name="delivery_reader_history"),
            models.Index(fields=["edition", "state"], name="delivery_edition_state"),
            models.Index(fields=["address_hash"], name="delivery_address"),
            models.Index(fields=["provider_message_id"], name="delivery_provider_id"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["edition", "subscriber"], name="delivery_once_per_reader"),
            # Two digests for one reader are never chosen side by side: neither would know of the other's papers.
            models.UniqueConstraint(
                fields=["subscriber"], condition=Q(state="claimed"), name="delivery_one_claim_per_reader"
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
