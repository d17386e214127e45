"""The socket's door: no private addresses, nothing beyond the deadline, whatever the layers above believe.

Nor is anything waited for in a worker that is to end.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from digest import stopping
from digest.errors import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
STEP = 0.5  # seconds, after which a wait looks whether it still makes sense
NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass
class Deadline:
    """A moment on the monotonic clock; waiting for our turn moves it, as only the server's time is limited."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout("the time limit is reached")
        return seconds


@cache
def certificates() -> ssl.SSLContext:
    """Read once: it takes longer than many a fetch."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.HTTPTransport):
    """httpx's own transport over connections that are checked where they are made."""

    def __init__(self, *, deadline: Deadline, connect_seconds: float, allow_private: bool) -> None:
        super().__init__(verify=certificates(), trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=certificates(),
            network_backend=GuardedBackend(deadline, connect_seconds, allow_private),
        )


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves the name itself and connects to the very addresses it has checked, so rebinding gains nothing."""

    def __init__(self, deadline: Deadline, connect_seconds: float, allow_private: bool) -> None:
        self.deadline = deadline
        self.connect_seconds = connect_seconds
        self.allow_private = allow_private
        self.backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in checked_addresses(host, port, allow_private=self.allow_private):
            stopping.check()
            seconds = min(self.connect_seconds, self.deadline.remaining())
            try:
                stream = self.backend.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return GuardedStream(stream, self.deadline, self.connect_seconds)
        raise failure

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise SourceError("sources are not read from sockets", permanent=True)


class GuardedStream(httpcore.NetworkStream):
    """A server that sends a byte now and then passes every time limit on single reads, but not this one."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline, connect_seconds: float) -> None:
        self.stream = stream
        self.deadline = deadline
        self.connect_seconds = connect_seconds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises Interrupted, too."""
        while True:
            stopping.check()
            seconds = min(self.deadline.remaining(), STEP)
            with suppress(httpcore.ReadTimeout):
                return self.stream.read(max_bytes, seconds)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.deadline.remaining())

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = min(self.connect_seconds, self.deadline.remaining())
        secured = self.stream.start_tls(ssl_context, server_hostname, seconds)
        return GuardedStream(secured, self.deadline, self.connect_seconds)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


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
