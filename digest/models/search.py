"""What a search looks in: papers' words, how many papers have each, and whose words are not there yet."""

from __future__ import annotations

from django.db import models

from digest.models.paper import Paper


class SearchEntry(models.Model):
    """A paper's words, as `ranking.words` gives them: joined by spaces, with a space at both ends.

    The database keeps its own index beside these columns (migration 0013): on PostgreSQL GIN over the words as a
    tsvector, on SQLite an FTS5 table with triggers.
    """

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, primary_key=True, related_name="search_entry")
    title = models.TextField()
    authors = models.TextField(blank=True)
    abstract = models.TextField(blank=True)
    labels = models.TextField(blank=True, help_text="Categories, and the archives they belong to")
    day = models.DateField(help_text="Of its publication, else when it was first seen (UTC)")

    class Meta:
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return self.title.strip()


class SearchWord(models.Model):
    """How many entries have a word: how much it tells, and what a mistyped one may have meant."""

    word = models.CharField(max_length=64, primary_key=True)
    papers = models.IntegerField()

    def __str__(self) -> str:
        return self.word


class Unindexed(models.Model):
    """A note that a paper's text is new or was changed. Only ever added and deleted: nobody waits for anybody."""

    paper = models.ForeignKey(
        Paper, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="unindexed"
    )

    def __str__(self) -> str:
        return f"paper {self.paper_id}"
