"""What mail providers report back: delivered, bounced, complained. Stored once each, whatever is replayed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from digest.models.delivery import Delivery


class ProviderEvent(models.Model):
    """One normalised event. `key` is the provider's event id, or a digest of the event where it has none."""

    key = models.CharField(max_length=100, unique=True)
    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.SET_NULL, related_name="events")
    address_hash = models.CharField(max_length=64, blank=True, db_index=True)
    reject_reason = models.CharField(max_length=20, blank=True)
    description = models.TextField(blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["received_at"], name="event_received")]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"
