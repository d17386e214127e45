"""A URL in, a bounded reply out: size, time, redirects, scheme and address are all limited. Errors are SourceErrors."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn
from urllib.parse import urljoin

import httpcore
import httpx

from digest.errors import SourceError
from digest.sources import inflate, text
from digest.sources.guard import Deadline, GuardedTransport

REDIRECTS = (301, 302, 303, 307, 308)
TRANSIENT = (408, 421, 425, 429)
ACCEPT = "application/atom+xml, application/rss+xml, application/json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` is the deadline for everything together; `size` counts bytes, both as sent and as unpacked."""

    seconds: float = 30.0
    connect_seconds: float = 5.0
    size: int = 20 * 1024 * 1024
    redirects: int = 5
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave us to ask "anything new since?" with."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """`url` is where it came from in the end. An unmodified reply has no body."""

    url: str
    status: int
    body: bytes
    content_type: str
    validators: Validators

    @property
    def is_unmodified(self) -> bool:
        return self.status == 304


def fetch(
    url: str,
    *,
    user_agent: str,
    limits: Limits | None = None,
    validators: Validators | None = None,
    before_request: Callable[[str], None] = lambda host: None,
) -> Reply:
    """GET the URL. `before_request` is called with the host before every request, redirected ones too.

    Raises SourceError: `permanent` for what repeating will not mend (a refused address, 404, too large),
    `retry_after` in seconds where the server asked for it. Raises Interrupted in a worker that is to end.
    """
    limits = limits or Limits()
    deadline = Deadline.after(limits.seconds)
    transport = GuardedTransport(
        deadline=deadline, connect_seconds=limits.connect_seconds, allow_private=limits.allow_private
    )
    headers = request_headers(user_agent, validators or Validators())
    with httpx.Client(transport=transport, trust_env=False, timeout=limits.seconds, headers=headers) as client:
        for _ in range(limits.redirects + 1):
            address = checked_url(url)
            asked = time.monotonic()
            before_request(address.host)
            deadline.at += time.monotonic() - asked
            answer = exchange(client, address, limits)
            if isinstance(answer, Reply):
                return answer
            url = answer
    raise SourceError(f"more than {limits.redirects} redirects", permanent=True)


def request_headers(user_agent: str, validators: Validators) -> dict[str, str]:
    headers = {"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def checked_url(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise SourceError(f"not an address: {text.line(url, 200)}", permanent=True) from error
    if address.scheme not in ("http", "https") or not address.host:
        raise SourceError(f"only http and https are fetched, not {text.line(url, 200)}", permanent=True)
    return address


def exchange(client: httpx.Client, address: httpx.URL, limits: Limits) -> Reply | str:
    """One request: the reply, or the address it redirects to."""
    try:
        with client.stream("GET", address) as response:
            if response.status_code in REDIRECTS and "location" in response.headers:
                return urljoin(str(address), response.headers["location"])
            if not response.is_success and response.status_code != 304:
                refuse(response, limits)
            return reply(response, limits)
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        raise SourceError(f"no complete reply within {limits.seconds:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
        raise SourceError(text.line(f"{type(error).__name__}: {error}", 300)) from error


def reply(response: httpx.Response, limits: Limits) -> Reply:
    return Reply(
        url=str(response.url),
        status=response.status_code,
        body=b"" if response.status_code == 304 else body(response, limits.size),
        content_type=response.headers.get("content-type", ""),
        validators=Validators(etag=header(response, "etag", 300), last_modified=header(response, "last-modified", 100)),
    )


def body(response: httpx.Response, limit: int) -> bytes:
    """httpx would unpack before anyone can count, so the raw bytes are counted and unpacked here."""
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise SourceError(f"larger than {limit:,} bytes", permanent=True)
    return inflate.decoded(response.iter_raw(), response.headers.get("content-encoding", ""), limit)


def header(response: httpx.Response, name: str, limit: int) -> str:
    """A value to send back later; one that was cut would match nothing, so a longer one is no value."""
    value: str = response.headers.get(name, "")
    return value if len(value) <= limit and value.isascii() and value.isprintable() else ""


def refuse(response: httpx.Response, limits: Limits) -> NoReturn:
    """A 4xx says that asking again will not help, except where the status itself means "later"."""
    status = response.status_code
    said = text.line(text.from_markup(beginning(response)), 200)
    raise SourceError(
        f"HTTP {status} {response.reason_phrase}" + (f": {said}" if said else ""),
        permanent=400 <= status < 500 and status not in TRANSIENT,
        status=status,
        retry_after=retry_after(response.headers.get("retry-after", "")),
    )


def beginning(response: httpx.Response) -> str:
    """The first words of an error page, for the account; nothing if it cannot be had easily."""
    try:
        chunk = next(response.iter_raw(), b"")
        return inflate.decoded([chunk], response.headers.get("content-encoding", ""), 64 * 1024).decode(
            "utf-8", "replace"
        )
    except (SourceError, httpx.HTTPError, httpcore.TimeoutException):
        return ""


def retry_after(value: str) -> int | None:
    """Seconds, from either form of Retry-After (RFC 9110, 10.2.3)."""
    if value.strip().isdigit():
        return int(value.strip()[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, int((aware - datetime.now(UTC)).total_seconds()))
