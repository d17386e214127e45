"""What operators were told of a row by mail."""

from __future__ import annotations

from django.db import models


class Told(models.Model):
    """`told` is what they last heard of it, empty once they know that it works again."""

    told = models.CharField(max_length=8, blank=True, editable=False, help_text="What operators last heard of it")
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    telling_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="A tick tells them just now")

    class Meta:
        abstract = True
