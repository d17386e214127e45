"""Requests and answers in, bytes out, and back. JSON with declared types: what a parser that was taken over could send
is a value of these types or an error, never an object of its choosing.

A request is two lengths (four bytes each), its header and its body; an answer is one length and the answer.
"""

from __future__ import annotations

import struct

import msgspec

from digest.sources.base import ParsedFeed

# What to read the body with, besides the kinds of adapters.
SNIFFED = "sniffed"  # whichever adapter its content asks for
LINE = "line"  # one record of papers_json
LENGTHS = struct.Struct("!II")
LENGTH = struct.Struct("!I")


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """`seconds` of CPU time and bytes of `memory` are what reading the body may take."""

    reader: str
    content_type: str = ""
    url: str = ""
    name: str = ""
    seconds: float = 0.0
    memory: int = 0


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A feed, or an error; `mistake` is the traceback of one that is no fault of the source's."""

    feed: ParsedFeed | None = None
    error: str = ""
    permanent: bool = False
    mistake: str = ""


_encoder = msgspec.json.Encoder()
_requests = msgspec.json.Decoder(Request)
_answers = msgspec.json.Decoder(Answer)


def request(header: Request, body: bytes) -> list[bytes]:
    encoded = _encoder.encode(header)
    return [LENGTHS.pack(len(encoded), len(body)) + encoded, body]


def read_request(encoded: bytes) -> Request:
    return _requests.decode(encoded)


def answer(value: Answer) -> bytes:
    """Raises ValueError or OverflowError for what JSON cannot hold: half a surrogate pair, a number beyond 64 bits."""
    encoded = _encoder.encode(value)
    return LENGTH.pack(len(encoded)) + encoded


def read_answer(encoded: bytes | bytearray | memoryview) -> Answer:
    """Raises ValueError for anything but an answer."""
    try:
        return _answers.decode(encoded)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not an answer: {error}") from error
