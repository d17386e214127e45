"""Leases: which stretch of the queue a sending run is working through."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """The queued rows from (`first_due_at`, `first_id`) to (`last_due_at`, `last_id`) are one run's until `until`.

    Others pass over that stretch. It only keeps two workers from composing the same digests: it can lapse without harm,
    as every row is still claimed on its own. One row a run instead of a mark on each delivery saves a third of what the
    ledger writes.
    """

    run = models.UUIDField(primary_key=True)
    first_due_at = models.DateTimeField()
    first_id = models.BigIntegerField()
    last_due_at = models.DateTimeField()
    last_id = models.BigIntegerField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.run}: {self.first_id} to {self.last_id}"
