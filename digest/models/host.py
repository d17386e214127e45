"""Hosts that sources are on: whose turn it is there, and whether it is paused."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.told import Told

# So many failures in a row are not a hiccup: the host is paused, and people are told.
FAILURES_TO_PAUSE = 3
# A row that was written later than this from now was written before the clock was set back.
CLOCKS_DIFFER = timedelta(seconds=5)


class HostQuerySet(models.QuerySet["Host"]):
    def shut(self, now: datetime) -> HostQuerySet:
        """Those that a failure keeps from being asked at the moment."""
        return self.filter(failures__gt=0, next_turn_at__gt=now, touched_at__lte=now + CLOCKS_DIFFER)

    def paused(self, now: datetime) -> HostQuerySet:
        """Those in trouble that people should know of. A pause that is over ends with the first answer."""
        return self.filter(Q(failures__gte=FAILURES_TO_PAUSE) | Q(failures__gt=0, next_turn_at__gt=now))


class Host(Told):
    """A gate: nobody in the whole deployment asks this host before `next_turn_at`.

    While `holder`, a request, has its turn, `next_turn_at` is when that would lapse; afterwards when the pause between
    requests is over, or the longer one that followed `failures` in a row of the host's own. `touched_at` is when the
    row was last written: where that is later than now, the clock was set back.
    """

    name = models.CharField(max_length=255, unique=True)
    next_turn_at = models.DateTimeField()
    holder = models.UUIDField(null=True)
    failures = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True, help_text="What the last failure was")
    failing_since = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(default=timezone.now)

    objects = HostQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
