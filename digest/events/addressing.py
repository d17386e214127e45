"""Takes addresses that mail came to; gives the delivery that one of our own bounce addresses names (VERP)."""

from __future__ import annotations

import re
import uuid

from django.conf import settings

from subscriptions import addresses

TAG = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def uid_of(address: str) -> uuid.UUID | None:
    """The delivery's id in `local+<32 hexadecimal digits>@domain`, where BOUNCE_ADDRESS is `local@domain`."""
    tag = addresses.tag_of(address, settings.BOUNCE_ADDRESS)
    return uuid.UUID(tag) if TAG.fullmatch(tag) else None
