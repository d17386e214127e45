"""A small IMAP server for tests: one folder, one user, the commands that a reader of bounces needs."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Mailbox(socketserver.ThreadingTCPServer):
    """`mails` by their number; `seen` are the numbers that were marked as read."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.folder = ""
        self.hangs_up_at = ""

    @property
    def url(self) -> str:
        return f"imap://bounces%40example.org:pass%2Fword@127.0.0.1:{self.server_address[1]}/Lists/Bounces"

    def unread(self) -> list[int]:
        return sorted(set(self.mails) - self.seen)


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            if self.server.hangs_up_at and self.server.hangs_up_at in command:
                return
            answer = self._answer(command)
            self.wfile.write(answer + f"{tag} {self.verdict} done\r\n".encode())
            if command.startswith("LOGOUT"):
                return

    def _answer(self, command: str) -> bytes:
        self.verdict = "OK"
        name, _, rest = command.partition(" ")
        match name:
            case "CAPABILITY":
                return b"* CAPABILITY IMAP4rev1\r\n"
            case "LOGIN":
                self.verdict = "OK" if rest == 'bounces@example.org "pass/word"' else "NO"
            case "SELECT":
                self.server.folder = rest
                return f"* {len(self.server.mails)} EXISTS\r\n".encode()
            case "UID":
                return self._by_number(*rest.split(" ", 2))
            case "LOGOUT":
                return b"* BYE\r\n"
        return b""

    def _by_number(self, name: str, first: str, rest: str = "") -> bytes:
        if name == "SEARCH":
            return f"* SEARCH {' '.join(map(str, self.server.unread()))}\r\n".encode()
        if name == "FETCH":
            start, length = map(int, re.findall(r"<(\d+)\.(\d+)>", rest)[0])
            raw = self.server.mails[int(first)][start : start + length]
            return b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\n%s)\r\n" % (first.encode(), len(raw), raw)
        if name == "STORE" and "Seen" in rest:
            self.server.seen.add(int(first))
        return b""


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
