"""What mail providers and mail servers report: delivered, bounced, complained. Stored once each, worked off in bulk."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.delivery import Delivery


class Bounce(models.TextChoices):
    """What a bounce says of its address; one that is about us, or about the message, says nothing of it."""

    HARD = "hard", "Hard: no such mailbox"
    SOFT = "soft", "Soft: may pass"


class ProviderEvent(models.Model):
    """One normalised event, as it arrived. `key` is made of the provider's event id, or of all the event says.

    `uid` and `message_id` are what it names its message by: our own id of a delivery, and the provider's id without
    angle brackets. What follows from it is done later, by many at a time: until then `handled_at` is empty, and no
    delivery is known.
    """

    key = models.CharField(max_length=100)
    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    uid = models.UUIDField(null=True, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.SET_NULL, related_name="events")
    address_hash = models.CharField(max_length=64, blank=True)
    bounce = models.CharField(max_length=4, choices=Bounce.choices, blank=True)
    reject_reason = models.CharField(max_length=20, blank=True)
    description = models.TextField(blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["received_at"], name="event_received"),
            models.Index(fields=["address_hash"], name="event_address"),
            models.Index(fields=["id"], condition=Q(handled_at=None), name="event_waiting"),
        ]
        constraints = [
            # Not `unique` on the field: that would be a second index on PostgreSQL, for patterns nobody asks for.
            models.UniqueConstraint(fields=["key"], name="event_key"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"
