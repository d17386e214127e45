"""Takes a reader who is about to be deleted; forgets what their deliveries carried and what it was chosen by.

The rows stay, as counts need them. What a digest was chosen by has a reader's own words in it, and so do its reasons.
"""

from __future__ import annotations

from digest.models import Delivery, Digest


def forget_digests(reader: int) -> None:
    """Within the transaction that deletes the reader. A claim on its way is waited for; later ones are refused."""
    rows = Delivery.objects.select_for_update(no_key=True).filter(subscriber=reader).order_by("pk")
    Digest.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).delete()
