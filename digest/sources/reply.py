"""A response that has begun in, the bounded reply out, or why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

import httpcore
import httpx

from digest.errors import HostError, SourceError
from digest.sources import inflate, text
from digest.sources.patience import asks_for_patience, pause_asked

# Of XML, which is no page: some say in a feed what was wrong with the request.
ELEMENT = re.compile(r"<[?!/a-z][^<>]*>", re.IGNORECASE)


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


def read(response: httpx.Response, limit: int) -> Reply:
    """With its body, of at most `limit` bytes before and after unpacking. Raises SourceError."""
    return Reply(
        url=str(response.url),
        status=response.status_code,
        body=b"" if response.status_code == 304 else body(response, limit),
        content_type=response.headers.get("content-type", ""),
        validators=Validators(etag=header(response, "etag", 300), last_modified=header(response, "last-modified", 100)),
    )


def body(response: httpx.Response, limit: int) -> bytes:
    """httpx would unpack before anyone can count, so the raw bytes are counted and unpacked here."""
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise SourceError(f"larger than {limit:,} bytes", permanent=True)
    return inflate.decoded(response.iter_raw(), response.headers.get("content-encoding", ""), limit)


def header(response: httpx.Response, name: str, limit: int) -> str:
    """A value to send back later; one that was cut would match nothing, so a longer one is no value."""
    value: str = response.headers.get(name, "")
    return value if len(value) <= limit and value.isascii() and value.isprintable() else ""


def refuse(response: httpx.Response) -> NoReturn:
    """A 4xx says that asking again will not help, except where it means "later"; a 5xx is about the whole host."""
    status = response.status_code
    pause = pause_asked(response.headers)
    said = text.line(ELEMENT.sub(" ", text.from_markup(beginning(response))), 200)
    message = f"HTTP {status} {response.reason_phrase}" + (f": {said}" if said else "")
    if asks_for_patience(status, pause):
        raise HostError(message, status=status, retry_after=pause)
    raise SourceError(message, permanent=400 <= status < 500, status=status, retry_after=pause)


def beginning(response: httpx.Response) -> str:
    """The first words of an error page, for the account; nothing if it cannot be had easily."""
    try:
        chunk = next(response.iter_raw(), b"")
        return inflate.decoded([chunk], response.headers.get("content-encoding", ""), 64 * 1024).decode(
            "utf-8", "replace"
        )
    except (SourceError, httpx.StreamError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        return ""
