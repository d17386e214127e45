"""What readers asked for beyond topics: interests, muted words and people, votes, and what all that comes to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from digest.models.paper import Paper
from subscriptions.models import Subscriber

LONGEST_NAME = 100


class InterestKind(models.TextChoices):
    TEXT = "text", "In words"
    PAPERS = "papers", "Papers"
    AUTHOR = "author", "Author"


class InterestQuerySet(models.QuerySet["Interest"]):
    def kept(self) -> InterestQuerySet:
        """Without those that were removed a moment ago, and can still be had back."""
        return self.filter(removed_at__isnull=True)


class Interest(models.Model):
    """One thing a reader wants to read about; its name stands in the reasons of their digests.

    `text` is what they typed, for an author the name as `ranking.terms.author_key` has it, for papers a hash of their
    names. `percent` is how much it counts: less than 100 once they asked for less of it.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="interests", db_index=False)
    kind = models.CharField(max_length=6, choices=InterestKind.choices)
    name = models.CharField(max_length=LONGEST_NAME)
    text = models.TextField(blank=True)
    percent = models.PositiveSmallIntegerField(default=100)
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = InterestQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["removed_at"], condition=Q(removed_at__isnull=False), name="interest_removed"),
        ]
        constraints = [
            # Names tell interests apart where a reason is told, and asked less of.
            models.UniqueConstraint(fields=["subscriber", "name"], name="interest_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class InterestPaper(models.Model):
    """A paper that an interest was given, and that we know."""

    interest = models.ForeignKey(Interest, on_delete=models.CASCADE, related_name="papers", db_index=False)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="in_interests")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["interest", "paper"], name="interest_paper_once")]

    def __str__(self) -> str:
        return f"{self.interest_id}: {self.paper_id}"


class InterestReference(models.Model):
    """A name of a paper that an interest was given, and that nobody has brought us yet; one row a name.

    Rows of one `place` are one entry of what the reader gave. Its title tells something until the paper comes.
    """

    interest = models.ForeignKey(Interest, on_delete=models.CASCADE, related_name="references", db_index=False)
    place = models.PositiveSmallIntegerField()
    scheme = models.CharField(max_length=16, blank=True)
    value = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["place", "id"]
        indexes = [models.Index(fields=["scheme", "value"], name="interest_reference_name")]
        constraints = [
            models.UniqueConstraint(fields=["interest", "place", "scheme", "value"], name="interest_reference_once")
        ]

    def __str__(self) -> str:
        return self.title or f"{self.scheme}:{self.value}"


class MutedKind(models.TextChoices):
    WORD = "word", "Word or phrase"
    AUTHOR = "author", "Author"
    TOPIC = "topic", "Topic"
    PART = "part", "Reason"


class Muted(models.Model):
    """What a reader does not want to see, or, of a reason that is so for everybody, less of.

    `value` is the form in which it is compared, for such a reason its part of a score; `name` as it is shown.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="muted", db_index=False)
    kind = models.CharField(max_length=6, choices=MutedKind.choices)
    value = models.CharField(max_length=LONGEST_NAME)
    name = models.CharField(max_length=LONGEST_NAME)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["kind", "name"]
        verbose_name_plural = "muted"
        constraints = [models.UniqueConstraint(fields=["subscriber", "kind", "value"], name="muted_once")]

    def __str__(self) -> str:
        return self.name


class Vote(models.Model):
    """A reader's word on one paper: more like this, or less. The last one counts."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="votes", db_index=False)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="reader_votes")
    wants_more = models.BooleanField()
    cast_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-cast_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["subscriber", "paper"], name="vote_once_per_paper")]

    def __str__(self) -> str:
        return f"{'more' if self.wants_more else 'less'} like paper {self.paper_id}"


class ReaderProfile(models.Model):
    """All that a reader's interests, muting and votes come to, in the form in which a send matches it with a pool.

    One row a reader, found by their id; readers who have topics alone have none. It is made anew when any of that
    changes, or another model is in use. `names` and `vectors` are profiles, one after the other; `away` is what they
    voted down, or empty; `authors` are [key, points]; `muted` is {kind: [values]}: all three JSON as text, which takes
    half the room. `asked` is false where votes are all there is: they move papers up and down, and do not narrow the
    digest.
    """

    subscriber = models.OneToOneField(Subscriber, on_delete=models.CASCADE, primary_key=True, related_name="profile")
    model = models.CharField(max_length=64, blank=True, help_text="Which the vectors are of")
    names = models.TextField(default="[]")
    vectors = models.BinaryField(default=bytes, blank=True)
    away = models.BinaryField(default=bytes, blank=True)
    authors = models.TextField(default="[]")
    muted = models.TextField(default="{}")
    asked = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["model"], name="reader_profile_model")]

    def __str__(self) -> str:
        return f"Profile of reader {self.subscriber_id}"
