"""Where papers come from, and the account of every visit."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.told import Told


class SourceQuerySet(models.QuerySet["Source"]):
    def due(self, now: datetime) -> SourceQuerySet:
        return self.filter(is_enabled=True).filter(Q(next_check_at__isnull=True) | Q(next_check_at__lte=now))


class Source(Told):
    """One feed or API. `kind` names its adapter in the registry of `digest.sources`.

    What polite HTTP needs to know between visits (validators, back-off) is kept on the row.
    """

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(unique=True)
    kind = models.CharField(max_length=40)
    url = models.URLField(max_length=1000)
    is_enabled = models.BooleanField(default=True)
    interval_minutes = models.PositiveIntegerField(default=60)
    etag = models.CharField(max_length=300, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    fetched_url = models.URLField(max_length=1000, blank=True, editable=False, help_text="Whose validators these are")
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    claim = models.CharField(max_length=200, blank=True, editable=False, help_text="What that content said of itself")
    next_check_at = models.DateTimeField(null=True, blank=True, db_index=True)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="In a row")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Outcome(models.TextChoices):
    FRESH = "fresh", "Fresh"
    QUIET = "quiet", "Quiet"
    HOLIDAY = "holiday", "Holiday"
    STALE = "stale", "Stale"
    FAILED = "failed", "Failed"


class Fault(models.TextChoices):
    """Why a run failed; what a person can do about each is in digest/ingestion/faults.py."""

    DNS = "dns", "Host not found"
    REFUSED = "refused", "No connection"
    CERTIFICATE = "certificate", "No valid certificate"
    TIMEOUT = "timeout", "Too slow to answer"
    CUT_OFF = "cut_off", "Broke off"
    PASSWORD = "password", "Wants a password (401)"
    FORBIDDEN = "forbidden", "Turned away (403)"
    NOT_FOUND = "not_found", "Not found (404)"
    GONE = "gone", "Gone (410)"
    TOO_MANY = "too_many", "Too many visits (429)"
    SERVER = "server", "The site's own problem (5xx)"
    REFUSES = "refuses", "Refused (another 4xx)"
    NO_FEED = "no_feed", "Not a feed"
    DAMAGED = "damaged", "Damaged"
    UNSAFE = "unsafe", "Made to do harm"
    HTML = "html", "A web page"
    TOO_LARGE = "too_large", "Too large"
    TOO_SLOW = "too_slow", "Too slow to read"
    NO_PAPER = "no_paper", "No entry is a paper"
    PRIVATE = "private", "Private address"
    REDIRECTS = "redirects", "Redirects in circles"
    ADDRESS = "address", "Not to be read"
    ENDED = "ended", "The worker ended"
    OURS = "ours", "Our own mistake"
    OTHER = "other", "Another reason"


class SourceRun(models.Model):
    """What one visit brought. Kept when its source is deleted; received = new + known + updated + refused.

    `listed` papers had not been listed by this source before; where others were first, they are not new. `fault` says
    why it failed.
    """

    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")
    source_name = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    received_bytes = models.PositiveBigIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=12, choices=Fault.choices, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["started_at"], name="source_run_started"),
            # A source's newest runs, its last good one, its days with news.
            models.Index(fields=["source", "started_at"], name="source_run_of_source"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(received=models.F("new") + models.F("known") + models.F("updated") + models.F("refused")),
                name="source_run_counts_add_up",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_name} {self.started_at:%Y-%m-%d %H:%M} {self.outcome or 'running'}"
