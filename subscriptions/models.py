"""People and what they agreed to: topics, subscribers, the consent record, suppressions."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from subscriptions import addresses


class Topic(models.Model):
    """A subject a reader can follow, described by what papers about it look like."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=200)
    categories = models.JSONField(default=list, blank=True, help_text='arXiv categories, as in ["cs.RO"]')
    keywords = models.JSONField(default=list, blank=True, help_text="Words and phrases, without wildcards")
    exclusions = models.JSONField(
        default=list, blank=True, help_text="Words, phrases and categories that no paper about it has"
    )
    seeds = models.JSONField(default=list, blank=True, help_text="Papers about it: arXiv ids or DOIs")
    changed_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="What its papers look like; models of it are then fitted anew"
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Low numbers are listed first")
    is_active = models.BooleanField(default=True, help_text="Readers can choose it")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Frequency(models.TextChoices):
    DAILY = "daily", "Every day"
    WEEKDAYS = "weekdays", "Monday to Friday"
    WEEKLY = "weekly", "Once a week"


class Abstracts(models.TextChoices):
    """How much of each paper's abstract the mail brings; the first paper has it whole in any case."""

    SHORT = "short", "The key sentence of each"
    FULL = "full", "Whole abstracts"


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class SubscriberStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def active(self) -> SubscriberQuerySet:
        return self.filter(status=SubscriberStatus.ACTIVE)

    def mailable(self) -> SubscriberQuerySet:
        """Confirmed, and not suppressed: the only people a digest may be sent to."""
        suppressed = Suppression.objects.filter(address_hash=OuterRef("address_hash"))
        return self.active().filter(~Exists(suppressed))


class Subscriber(models.Model):
    """Somebody who confirmed. `address_key` is the normalised address: one row per mailbox, however it was typed."""

    email = models.EmailField(max_length=254)
    address_key = models.CharField(max_length=254, editable=False)
    address_hash = models.CharField(max_length=64, editable=False)
    status = models.CharField(max_length=12, choices=SubscriberStatus.choices, default=SubscriberStatus.ACTIVE)
    topics = models.ManyToManyField(Topic, blank=True, related_name="subscribers")
    frequency = models.CharField(max_length=8, choices=Frequency.choices, default=Frequency.DAILY)
    delivery_hour = models.PositiveSmallIntegerField(
        default=7, validators=[MaxValueValidator(23)], help_text="0 to 23, in the reader's time zone"
    )
    delivery_weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    time_zone = models.CharField(max_length=64, default="UTC")
    digest_length = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    surprises = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        validators=[MaxValueValidator(1)],
        help_text="How many papers near what they asked for, and not of it, a digest brings: none or one",
    )
    abstracts = models.CharField(
        max_length=5, choices=Abstracts.choices, default=Abstracts.SHORT, db_default=Abstracts.SHORT
    )
    next_delivery_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The reader's next slot; empty unless active"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(editable=False, help_text="The last time, where they left and came back")
    unsubscribed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            # With the id, as the plan goes through due readers in this order: thousands share a slot.
            models.Index(
                fields=["next_delivery_at", "id"], condition=Q(status="active"), name="subscriber_next_delivery"
            ),
            models.Index(fields=["address_hash"], name="subscriber_address_hash"),
        ]
        constraints = [
            # Not unique=True: that would add an index for LIKE, written with every slot and read by nobody.
            models.UniqueConstraint(fields=["address_key"], name="subscriber_once_per_address"),
            models.CheckConstraint(condition=Q(status__in=["active", "unsubscribed"]), name="subscriber_status_known"),
            models.CheckConstraint(condition=Q(delivery_hour__lte=23), name="subscriber_hour_of_day"),
            models.CheckConstraint(
                condition=Q(digest_length__gte=1, digest_length__lte=30), name="subscriber_digest_length"
            ),
        ]

    def __str__(self) -> str:
        """Masked: Django keeps it in the record of what was done at the desk, which outlives the reader."""
        return addresses.masked(self.email)


class SignupState(models.TextChoices):
    ASKED = "asked", "Not looked at yet"
    OPEN = "open", "Waiting for confirmation"
    CONFIRMED = "confirmed", "Confirmed"


class SignupRequest(models.Model):
    """Somebody asked, perhaps for somebody else: what they want waits here, and becomes a reader's with confirmation.

    Rows are forgotten after a while, confirmed or not. `mailbox_hash` is the keyed hash of the folded address (no plus
    tag, no dots where they mean nothing), and only counts mails: spellings of one mailbox share their limits.
    """

    email = models.EmailField(max_length=254)
    address_key = models.CharField(max_length=254, editable=False)
    address_hash = models.CharField(max_length=64, editable=False)
    mailbox_hash = models.CharField(max_length=64, editable=False)
    state = models.CharField(max_length=9, choices=SignupState.choices, default=SignupState.ASKED)
    wanted = models.JSONField(default=dict, editable=False, help_text="Preferences, as services.Preferences has them")
    origin = models.CharField(max_length=200)
    text = models.TextField(blank=True, help_text="The words they saw")
    text_version = models.CharField(max_length=20, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Until then its mail is tried, and its link confirms")
    mails = models.PositiveSmallIntegerField(default=0, help_text="That left, or may have")
    mailed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="In a row that did not leave")
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="When a mail is due, the reminder too")

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="asked"), name="signup_asked"),
            models.Index(fields=["next_try_at", "id"], condition=Q(state="open"), name="signup_due"),
            models.Index(fields=["mailbox_hash"], name="signup_mailbox"),
            models.Index(fields=["address_hash"], name="signup_address_hash"),
            models.Index(fields=["mailed_at"], name="signup_mailed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["address_key"], condition=Q(state="open"), name="signup_open_once_per_address"
            ),
            models.CheckConstraint(condition=Q(state__in=["asked", "open", "confirmed"]), name="signup_state_known"),
        ]

    def __str__(self) -> str:
        return addresses.masked(self.email)


class ConsentAction(models.TextChoices):
    REQUESTED = "requested", "Asked to subscribe"
    CONFIRMED = "confirmed", "Confirmed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"


class ConsentRecord(models.Model):
    """What was agreed to, when, and how. Rows are only ever added; they survive the subscriber's deletion."""

    subscriber = models.ForeignKey(
        Subscriber, null=True, blank=True, on_delete=models.SET_NULL, related_name="consent_records"
    )
    address_hash = models.CharField(max_length=64, db_index=True)
    action = models.CharField(max_length=12, choices=ConsentAction.choices)
    text = models.TextField(blank=True, help_text="The words the reader saw")
    text_version = models.CharField(max_length=20, blank=True)
    origin = models.CharField(max_length=200, help_text="Form, one-click, admin, import, sample")
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.created_at:%Y-%m-%d %H:%M}"


class SuppressionReason(models.TextChoices):
    HARD_BOUNCE = "hard_bounce", "Hard bounce"
    SOFT_BOUNCE = "soft_bounce", "Bounced again and again"
    COMPLAINT = "complaint", "Complaint"
    MANUAL = "manual", "Added by hand"
    REFUSED = "refused", "Asked never to be written to"


# They say that mail did not arrive: whoever confirms has received our mail, which lifts them, and any other reason
# takes their place.
BOUNCE_REASONS = (SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCE)


class Suppression(models.Model):
    """An address that must not be written to, kept as a keyed hash so that it survives deletion and import."""

    address_hash = models.CharField(max_length=64, unique=True, editable=False)
    reason = models.CharField(max_length=12, choices=SuppressionReason.choices)
    detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.address_hash[:8]}…"
