"""Repositories on GitHub that hold papers' code: what was last known of each, and how to ask whether it changed."""

from __future__ import annotations

from django.db import models


class Repository(models.Model):
    """`name` is `owner/name` in lower case as papers link to it; `moved_to` is what it is called now, if otherwise."""

    name = models.CharField(max_length=201, unique=True)
    moved_to = models.CharField(max_length=201, blank=True)
    stars = models.PositiveIntegerField(null=True, blank=True)
    etag = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True, help_text="Not there, or not for all to see")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.name
