"""Breakers: what all workers look at before they send, and what stops them when the message is not at fault."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class BreakerState(models.TextChoices):
    CLOSED = "closed", "Sending"
    OPEN = "open", "Paused"
    HALF_OPEN = "half_open", "Trying again"


class Breaker(models.Model):
    """One way out that can fail as a whole: `scope` is a sending identity, a destination domain, or an edition.

    While open nothing is sent through it until `until`; then one worker tries a few messages (half open, for as long
    as `until` says), which closes it or opens it for longer. `trips` counts how often it opened in a row. `told_at` is
    when the operators were told of the state that `told` names.
    """

    scope = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=9, choices=BreakerState.choices, default=BreakerState.CLOSED)
    until = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=11, blank=True)
    reason = models.TextField(blank=True)
    trips = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    told = models.CharField(max_length=9, choices=BreakerState.choices, default=BreakerState.CLOSED)
    told_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["scope"]
        verbose_name = "pause"  # what people at the desk see of it
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BreakerState.values), name="breaker_state_known"),
            models.CheckConstraint(
                condition=Q(state="closed") | Q(until__isnull=False), name="breaker_pause_has_its_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.get_state_display().lower()}"
