"""The socket's door: no private addresses, nothing beyond the deadline or the limit, whatever the layers above believe.

Nor is anything waited for in a worker that is to end.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import httpcore
import httpx

from digest import stopping
from digest.errors import SourceError
from digest.sources.deadline import Deadline
from digest.sources.resolve import look_up


@cache
def certificates() -> ssl.SSLContext:
    """Read once: it takes longer than many a fetch."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.BaseTransport):
    """httpx's requests over httpcore's connections, which the backend makes; errors are httpcore's own.

    Proxies of the environment are not asked: they would look names up themselves.
    """

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self.pool = httpcore.ConnectionPool(ssl_context=certificates(), network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self.pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=Body(answer), extensions=dict(answer.extensions)
        )

    def close(self) -> None:
        self.pool.close()


class Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self.answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self.answer.iter_stream()

    def close(self) -> None:
        self.answer.close()


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves the name itself and connects to the very addresses it has checked, so rebinding gains nothing.

    `most_bytes` is what may come over one connection, whatever part of a reply it pretends to be.
    """

    def __init__(
        self, deadline: Deadline, *, connect_seconds: float, most_bytes: int, private_hosts: Collection[str]
    ) -> None:
        self.deadline = deadline
        self.connect_seconds = connect_seconds
        self.most_bytes = most_bytes
        self.private_hosts = private_hosts
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
        for address in look_up(host, port, self.deadline, self.private_hosts):
            stopping.check()
            seconds = min(self.connect_seconds, self.deadline.remaining())
            try:
                stream = self.backend.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return GuardedStream(stream, self)
        raise failure

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise SourceError("sources are not read from sockets", permanent=True)


class GuardedStream(httpcore.NetworkStream):
    """A server that sends a byte now and then passes every time limit on single reads, but not this one."""

    def __init__(self, stream: httpcore.NetworkStream, guard: GuardedBackend) -> None:
        self.stream = stream
        self.guard = guard
        self.bytes = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises Interrupted and SourceError, too."""
        while True:
            seconds = self.guard.deadline.step()
            with suppress(httpcore.ReadTimeout):
                return self.counted(self.stream.read(max_bytes, seconds))

    def counted(self, received: bytes) -> bytes:
        self.bytes += len(received)
        if self.bytes > self.guard.most_bytes:
            raise SourceError(f"larger than {self.guard.most_bytes:,} bytes on the wire", permanent=True)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.guard.deadline.remaining())

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = min(self.guard.connect_seconds, self.guard.deadline.remaining())
        return GuardedStream(self.stream.start_tls(ssl_context, server_hostname, seconds), self.guard)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
