"""The socket's door: no private addresses, nothing beyond the deadline, whatever the layers above believe."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from digest.errors import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass
class Deadline:
    """A moment on the monotonic clock; waiting for our turn moves it, as only the server's time is limited."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def checked_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The host's addresses. Raises SourceError if any of them is private: a mixed answer is an attempt at something."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"cannot resolve {host[:100]}: {error}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise SourceError(f"{host[:100]} is a private address", permanent=True)
    return addresses


def is_public(written: str) -> bool:
    """Whether packets to this address leave for the internet, also where IPv6 wraps an IPv4 address."""
    address: Address = ipaddress.ip_address(written.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast
