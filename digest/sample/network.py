"""Takes addresses of sources, tells within seconds whether any of them can be reached from here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, Queue
from urllib.parse import urlsplit

PATIENCE_SECONDS = 3.0


def reachable(urls: Iterable[str], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether one of the hosts accepts a connection. A name server that never answers costs `seconds`, no more."""
    hosts = {(parts.hostname or "", parts.port or 443) for parts in map(urlsplit, urls)}
    answers: Queue[bool] = Queue()
    for host in hosts:
        # Looking up a name cannot be interrupted: a thread that hangs there is left to itself.
        threading.Thread(target=lambda address=host: answers.put(connects(address, seconds)), daemon=True).start()
    with suppress(Empty):
        for _ in hosts:
            if answers.get(timeout=seconds):
                return True
    return False


def connects(address: tuple[str, int], seconds: float) -> bool:
    try:
        with socket.create_connection(address, timeout=seconds):
            return True
    except OSError:
        return False
