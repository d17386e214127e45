"""Untrusted bytes in, papers out, read in a process of its own that has a limit on CPU time, memory and answer.

No library's parser can be made to end soon on every input, and none can be stopped from within its own process without
stopping that. So the process is one that can be ended: see `process` for our side of it, `__main__` for the other,
`wire` for what passes between them, `limits` for how much a reply may take. Whatever happens there comes back as a
SourceError, or, where it concerns one line of many, as that line's refusal.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator

from digest.errors import SourceError
from digest.sources.base import FetchedPaper, ParsedFeed, Refusal, excerpt
from digest.sources.parsing import limits, pool
from digest.sources.parsing.process import Ended
from digest.sources.parsing.wire import LINE, SNIFFED, Answer, Request

__all__ = ["parse", "parse_stored", "read_lines"]

logger = logging.getLogger(__name__)
# Bytes of lines sent before the first is answered: enough that the parser has work while a batch is stored.
AHEAD = 2_000_000
EACH = 500  # what a line costs beside its bytes


def parse(kind: str, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
    """What the adapter of this kind makes of the body. Raises SourceError, also for too much work, and Interrupted."""
    return _read(Request(reader=kind, content_type=_encodable(content_type), url=_encodable(url)), body)


def parse_stored(body: bytes, name: str) -> ParsedFeed:
    """The same for a stored reply, whose kind its content tells, or else its file's name."""
    return _read(Request(reader=SNIFFED, name=_encodable(name)), body)


def read_lines(lines: Iterable[bytes]) -> Iterator[FetchedPaper | Refusal]:
    """One paper or refusal for each line of JSON that is not blank; a line that takes too much costs itself alone.

    What reading the lines raises is raised when those before have been given.
    """
    damage: list[Exception] = []
    remaining = _readable(lines, damage)
    waiting, ahead = deque[bytes](), 0
    with pool.parser() as parser:
        while True:
            while ahead < AHEAD and (line := next(remaining, None)):
                waiting.append(line)
                ahead += len(line) + EACH
                parser.send(_line(len(line)), line)
            if not waiting:
                break
            try:
                answer = parser.receive()
            except Ended as why:
                answer = Answer(error=str(why), permanent=True)
                for line in list(waiting)[1:]:
                    parser.send(_line(len(line)), line)
            line = waiting.popleft()
            ahead -= len(line) + EACH
            yield _result(answer, line)
    for error in damage:
        raise error


def _readable(lines: Iterable[bytes], damage: list[Exception]) -> Iterator[bytes]:
    """The lines that are not blank, up to where one cannot be read; why is noted."""
    try:
        yield from (line for line in lines if line.strip())
    except Exception as error:  # whatever a damaged file raises
        damage.append(error)


def _encodable(value: str) -> str:
    """Without the half characters that undecodable headers and file names leave."""
    return value.encode("utf-8", "replace").decode()


def _line(size: int) -> Request:
    return limits.allowed(Request(reader=LINE), size)


def _result(answer: Answer, line: bytes) -> FetchedPaper | Refusal:
    try:
        feed = _feed(answer)
    except SourceError as error:
        return Refusal(str(error), excerpt(line[:1000].decode("utf-8", "replace")))
    found: tuple[FetchedPaper | Refusal, ...] = feed.papers or feed.refused
    return found[0] if found else Refusal("not a paper", "")


def _read(request: Request, body: bytes) -> ParsedFeed:
    with pool.parser() as parser:
        parser.send(limits.allowed(request, len(body)), body)
        try:
            answer = parser.receive()
        except Ended as why:
            raise SourceError(str(why), permanent=True) from why
    return _feed(answer)


def _feed(answer: Answer) -> ParsedFeed:
    if answer.mistake:
        logger.error("A mistake of ours in reading a source:\n%s", answer.mistake)
    if answer.feed is None:
        raise SourceError(answer.error, permanent=answer.permanent)
    return answer.feed
