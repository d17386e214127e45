"""Compressed bytes in, at most so many plain bytes out: what would grow beyond the limit is never unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from digest.errors import SourceError

GZIP = b"\x1f\x8b"
WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
STEP = 64 * 1024


def decoded(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """A whole body sent under this Content-Encoding. Raises SourceError above `limit` bytes, before or after."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return joined(chunks, limit)
    if encoding not in WINDOW:
        raise SourceError(f"content encoding {encoding[:40]!r} is not accepted")
    return joined(inflated(bounded(chunks, limit), WINDOW[encoding]), limit)


def gunzip(body: bytes, limit: int) -> bytes:
    """The plain bytes of a stored .gz file; anything else as it is."""
    return joined(inflated([body], WINDOW["gzip"]), limit) if body.startswith(GZIP) else body


def joined(chunks: Iterable[bytes], limit: int) -> bytes:
    return b"".join(bounded(chunks, limit))


def bounded(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise SourceError(f"larger than {limit:,} bytes", permanent=True)
        yield chunk


def inflated(chunks: Iterable[bytes], window: int) -> Iterator[bytes]:
    """Unpacks in small steps, one gzip member after the other, wherever chunks cut them; what follows them is padding.

    Some servers send raw deflate data where zlib's wrapping is asked for.
    """
    engine, has_begun, held = zlib.decompressobj(window), False, b""
    for chunk in chunks:
        rest, held = held + chunk, b""
        while rest:
            if len(rest) == 1 and (not has_begun or (engine.eof and GZIP.startswith(rest))):
                held, rest = rest, b""  # two bytes tell what begins here
                continue
            if engine.eof and not (window == WINDOW["gzip"] and rest.startswith(GZIP)):
                return
            engine = zlib.decompressobj(window) if engine.eof else engine
            try:
                step = engine.decompress(rest, STEP)
            except zlib.error as error:
                if window != WINDOW["deflate"] or has_begun:
                    raise SourceError(f"broken compression: {error}") from error
                engine, window = zlib.decompressobj(-15), -15
                continue
            has_begun = True
            yield step
            rest = engine.unused_data if engine.eof else engine.unconsumed_tail
    if not engine.eof:
        yield engine.flush()  # a few bytes that did not fit into the last step
    if not engine.eof:
        raise SourceError("compressed data ends early")
