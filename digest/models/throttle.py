"""Throttles: what was sent in the window that each limit is in, where there is no Redis to count it."""

from __future__ import annotations

from django.db import models


class Throttle(models.Model):
    """One limit's count, for all workers. Moments are in seconds since 1970, as limits are reckoned with.

    `used` messages went in the window that began at `window`; later windows are promised to waiting ones up to
    `promised`.
    """

    key = models.CharField(max_length=600, unique=True)
    window = models.FloatField(default=0.0)
    used = models.PositiveBigIntegerField(default=0)
    promised = models.FloatField(default=0.0)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.key}: {self.used}"


class ConnectionLease(models.Model):
    """The connections that one sending run may have open, until it renews them or `until`, in seconds since 1970."""

    run = models.UUIDField(primary_key=True)
    connections = models.PositiveIntegerField()
    until = models.FloatField()

    class Meta:
        ordering = ["until"]

    def __str__(self) -> str:
        return f"{self.connections} of {self.run}"
