"""Takes addresses that mail came to; gives the delivery that one of our own bounce addresses names (VERP)."""

from __future__ import annotations

import re
import uuid

from django.conf import settings

TAG = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def uid_of(address: str) -> uuid.UUID | None:
    """The delivery's id in `local+<32 hexadecimal digits>@domain`, where BOUNCE_ADDRESS is `local@domain`."""
    local, _, domain = settings.BOUNCE_ADDRESS.partition("@")
    typed_local, _, typed_domain = address.strip().strip("<>").rpartition("@")
    name, _, tag = typed_local.rpartition("+")
    if not domain or (name.lower(), typed_domain.lower()) != (local.lower(), domain.lower()):
        return None
    return uuid.UUID(tag) if TAG.fullmatch(tag) else None
