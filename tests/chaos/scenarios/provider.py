"""Faults of a provider that is reached by HTTP: a key it no longer knows, too many calls, an outage, nonsense."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from digest.management.sink import Receipt, Record
from tests.chaos.audit import Expected
from tests.chaos.site import Site

RETRY_AFTER = 300  # seconds


class Postmark:
    """As much of Postmark's API as sending takes. `trouble` is what it answers instead: status, headers, body.

    `takes` says that it sends the mail all the same.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self.trouble: tuple[int, dict[str, str], bytes] | None = None
        self.takes = False
        self.troubled = 0

    def answer(self, message: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.record.messages += 1
        receipt = Receipt(message["To"], "", time.monotonic())
        if self.trouble is None:
            self.record.accepted.append(receipt)
            name = f"{self.record.messages:08x}"
            said = {"ErrorCode": 0, "Message": "OK", "MessageID": name, "To": message["To"]}
            return 200, {}, json.dumps(said).encode()
        self.troubled += 1
        if self.takes:
            self.record.unanswered.append(receipt)
        return self.trouble


@contextmanager
def running(postmark: Postmark) -> Iterator[str]:
    """Gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(0.03)
            status, headers, body = postmark.answer(message)
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def unauthorized(site: Site) -> Expected:
    """The key is not known any more, and is again after a while."""
    _through(site, 401, {}, b'{"ErrorCode": 10, "Message": "Invalid API token"}', "credentials")
    return Expected()


def too_many(site: Site) -> Expected:
    """Too many calls: come back in five minutes."""

    def waits() -> bool:
        return bool(site.rows("SELECT 1 FROM digest_breaker WHERE until > now() + interval '4 minutes'"))

    headers = {"Retry-After": str(RETRY_AFTER)}
    _through(site, 429, headers, b'{"ErrorCode": 429, "Message": "Rate limit exceeded"}', "provider", waits)
    return Expected()


def unavailable(site: Site) -> Expected:
    """An outage. What a call did before it failed nobody knows."""
    return Expected(on_wire=_through(site, 503, {}, b"Service Unavailable", "provider"))


def nonsense(site: Site) -> Expected:
    """It takes every message, and answers what nobody can read."""
    return Expected(on_wire=_through(site, 200, {}, b'{"ErrorCode": 0, "Mess', "provider", takes=True))


def _through(
    site: Site,
    status: int,
    headers: dict[str, str],
    body: bytes,
    fault: str,
    waits: Callable[[], bool] = lambda: True,
    *,
    takes: bool = False,
) -> int:
    """Trouble in the middle, until the breaker says `fault`; gives how many calls met it."""
    postmark = Postmark(site.record)
    site.stop("sender")
    with running(postmark) as url:
        site.start_worker(
            "sender",
            EMAIL_BACKEND="anymail.backends.postmark.EmailBackend",
            ANYMAIL_POSTMARK_SERVER_TOKEN="a-token",
            ANYMAIL_POSTMARK_API_URL=url,
            PROVIDER_CONNECTIONS="4",
        )
        site.start()
        site.make_due()
        site.wait_for_mail(30)
        assert not site.is_over(), "everything was sent before the trouble"
        postmark.takes, postmark.trouble = takes, (status, headers, body)
        site.wait("sending is paused", lambda: site.is_paused(fault) and waits())
        postmark.trouble = None
        site.finish()
        site.stop("sender")
    return postmark.troubled
