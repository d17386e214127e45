"""One client logging in: AUTH PLAIN and AUTH LOGIN (RFC 4954). Any name will do, with the right password."""

from __future__ import annotations

import base64
import binascii

from digest.management.sink.behaviour import WELCOME, WRONG

USER, PASSWORD = b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"


class Login:
    """`is_waiting` while the next line is the client's name or password."""

    def __init__(self) -> None:
        self.is_done = self.is_waiting = self._has_user = False

    def begin(self, argument: bytes, password: str) -> bytes:
        """Gives the reply to AUTH."""
        kind, _, first = argument.partition(b" ")
        if kind.upper() == b"PLAIN" and first:
            return self._check(_decoded(first).rpartition(b"\0")[2], password)
        if kind.upper() != b"LOGIN":
            return b"504 5.5.4 PLAIN or LOGIN\r\n"
        self.is_waiting, self._has_user = True, bool(first)
        return PASSWORD if first else USER

    def go_on(self, line: bytes, password: str) -> bytes:
        if not self._has_user:
            self._has_user = True
            return PASSWORD
        self.is_waiting = False
        return self._check(_decoded(line), password)

    def _check(self, given: bytes, password: str) -> bytes:
        self.is_done = given == password.encode()
        return WELCOME if self.is_done else WRONG


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
