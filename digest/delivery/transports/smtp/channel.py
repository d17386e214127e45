"""Takes octets to write, and gives those that came, without ever waiting: over a plain socket, or over TLS."""

from __future__ import annotations

import socket
import ssl
import struct
from contextlib import suppress

CHUNK = 16 * 1024  # a TLS record holds no more, so that nothing read stays inside OpenSSL where no selector sees it
NOTHING = memoryview(b"")
_RESET = struct.pack("ii", 1, 0)


class Channel:
    """A non-blocking socket. `backlog` is what the kernel has not taken yet, also after an error."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.backlog = NOTHING

    @property
    def waits_to_write(self) -> bool:
        return bool(self.backlog)

    def write(self, *parts: bytes) -> None:
        """Hand over as much as the kernel takes now; the rest is the backlog. There must be none before."""
        try:
            sent = self.sock.sendmsg(parts)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.backlog = memoryview(b"".join(parts))
            raise
        if sent != sum(map(len, parts)):
            self.backlog = memoryview(b"".join(parts))[sent:]

    def flush(self) -> None:
        try:
            while self.backlog:
                self.backlog = self.backlog[self.sock.send(self.backlog) :]
        except BlockingIOError:
            return

    def read(self) -> bytes | None:
        """What came; b"" once the other side has closed; None where nothing is there yet."""
        try:
            return self.sock.recv(CHUNK)
        except BlockingIOError:
            return None

    def part(self, last_words: bytes) -> None:
        """Say goodbye and close without waiting for an answer. Never raises."""
        with suppress(OSError, ValueError):
            self.sock.send(last_words)
        self.close()

    def abort(self) -> None:
        """Close so that what the kernel has not sent yet is thrown away. Never raises."""
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def close(self) -> None:
        with suppress(OSError):
            self.sock.close()


class TlsChannel(Channel):
    """Writes one record at a time: a record that is not complete cannot be read by the other side, so that the backlog
    tells what may have arrived as exactly as over a plain socket."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        super().__init__(sock)
        self._waits_to_read = False

    @property
    def waits_to_write(self) -> bool:
        return bool(self.backlog) and not self._waits_to_read

    def write(self, *parts: bytes) -> None:
        self.backlog = memoryview(b"".join(parts))
        self.flush()

    def flush(self) -> None:
        self._waits_to_read = False
        try:
            while self.backlog:
                self.backlog = self.backlog[self.sock.send(self.backlog[:CHUNK]) :]
        except ssl.SSLWantWriteError:
            return
        except ssl.SSLWantReadError:
            self._waits_to_read = True

    def read(self) -> bytes | None:
        try:
            return self.sock.recv(CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None


def channel_over(sock: socket.socket) -> Channel:
    sock.setblocking(False)
    # A group's last segment must not wait until the one before it is acknowledged.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return TlsChannel(sock) if isinstance(sock, ssl.SSLSocket) else Channel(sock)
