"""One connection to the sink: octets in, answers out. Commands may be pipelined (RFC 2920)."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, cast

from digest.management.sink.behaviour import (
    CLOSING,
    FIRST,
    GO_ON,
    LOG_IN,
    NOBODY,
    OK,
    UNWANTED,
    WHAT,
    is_turn,
)
from digest.management.sink.login import Login
from digest.management.sink.record import Receipt, Record, message_id

if TYPE_CHECKING:
    from digest.management.sink.server import Sink

HEAD = 8 * 1024  # octets in which the Message-ID is looked for
# Behind the final dot a client may have announced its next message; before it sends that it waits for an answer.
ANNOUNCEMENT = 4096
END = b"\r\n.\r\n"
_PATH = re.compile(rb"<([^>]*)>")


class Session(asyncio.BufferedProtocol):
    """While an answer is kept back (`_is_quiet`), what the client sends meanwhile waits in `_pending`."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._pending = self._head = self._tail = self._recipient = b""
        self._replies: list[bytes] = []
        self._is_quiet = self._in_content = self._is_announced = self._has_ended = False
        self._waiting: Receipt | None = None
        self._login = Login()

    @property
    def record(self) -> Record:
        return self.sink.record

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.sink.sessions.add(self)
        self.transport.write(b"220 sink ESMTP\r\n")

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.sessions.discard(self)
        self.sink.held.discard(self)
        if self._waiting is not None:
            self.record.unanswered.append(self._waiting)
        if not self._has_ended:
            self.record.cuts.append((self._waiting is not None) + self._is_announced)
        self._waiting, self._is_quiet = None, True

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.sink.buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self.sink.buffer[:nbytes])
        self._pending = self._pending + data if self._pending else data
        self._work()

    # Reading

    def _work(self) -> None:
        while self._pending and not self._is_quiet:
            if self._in_content:
                self._read_content()
            elif not self._read_command():
                break
        self._flush()

    def _flush(self) -> None:
        if self._replies:
            self.transport.write(b"".join(self._replies))
            self._replies.clear()

    def _read_command(self) -> bool:
        line, newline, rest = self._pending.partition(b"\r\n")
        if newline:
            self._pending = rest
            if self._login.is_waiting:
                self._reply(self._login.go_on(line, self.sink.behaviour.password))
            else:
                self._command(line)
        return bool(newline)

    def _read_content(self) -> None:
        """Only the end of what came can hold the final dot, or its very beginning, if the dot was cut in two."""
        data, self._pending = self._pending, b""
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        border = self._tail + data[:4]
        end = border.find(END) - len(self._tail)
        if end < -len(self._tail):
            end = data.find(END, max(0, len(data) - ANNOUNCEMENT))
            if end < 0:
                self._tail = data[-4:] if len(data) >= 4 else (self._tail + data)[-4:]
                return
        self._pending = data[end + len(END) :]
        self._took()

    def _took(self) -> None:
        """A message is here, whole."""
        behaviour, record = self.sink.behaviour, self.record
        self._in_content = self._is_announced = False
        self._waiting = Receipt(self._recipient.decode(errors="replace"), message_id(self._head), time.monotonic())
        record.messages += 1
        if is_turn(record.messages, behaviour.hang_up_after):
            self._hang_up()
        elif behaviour.hold_from is not None and record.messages >= behaviour.hold_from:
            self._is_quiet = True
            self.sink.held.add(self)
        elif behaviour.latency:
            self._is_quiet = True
            self.sink.loop.call_later(behaviour.latency, self.go_on)
        else:
            self._judge()

    def go_on(self) -> None:
        """Answer what was kept waiting."""
        self.sink.held.discard(self)
        if self._waiting is not None:
            self._is_quiet = False
            self._judge()
            self._work()

    def cut(self) -> None:
        self.transport.abort()

    def _judge(self) -> None:
        receipt, self._waiting = self._waiting, None
        reply = self.sink.behaviour.of_message()
        if receipt is not None and reply is OK and self.sink.is_recording:
            self.record.accepted.append(receipt)
        elif receipt is not None and reply is UNWANTED:
            self.record.refused[receipt.recipient] += 1
        self._reply(reply)

    def _hang_up(self) -> None:
        """What was answered before is still said."""
        self.record.hung_up += 1
        self._is_quiet = True
        self._flush()
        self.transport.close()

    # Commands

    def _command(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        match verb.upper():
            case b"MAIL":
                self._mail()
            case b"RCPT":
                self._rcpt(argument)
            case b"DATA":
                self._data()
            case b"EHLO" | b"HELO":
                self._replies.append(self._greeting())
            case b"RSET" | b"NOOP":
                self._is_announced = self._is_announced and verb.upper() == b"NOOP"
                self._reply(OK)
            case b"AUTH":
                self._reply(self._login.begin(argument, self.sink.behaviour.password))
            case b"QUIT":
                self._end(b"221 2.0.0 Bye\r\n")
            case _:
                self._reply(WHAT)

    def _greeting(self) -> bytes:
        words = [b"sink", b"PIPELINING", b"SIZE 52428800", b"8BITMIME", b"SMTPUTF8", b"ENHANCEDSTATUSCODES"]
        if self.sink.behaviour.password:
            words.insert(1, b"AUTH PLAIN LOGIN")
        return b"".join(b"250-%b\r\n" % word for word in words[:-1]) + b"250 %b\r\n" % words[-1]

    def _mail(self) -> None:
        self._recipient, self.record.announced_at = b"", time.monotonic()
        self._is_announced = self._login.is_done or not self.sink.behaviour.password
        self._reply(OK if self._is_announced else LOG_IN)

    def _rcpt(self, argument: bytes) -> None:
        if not self._is_announced:
            self._reply(FIRST)
            return
        self.record.recipients += 1
        path = _PATH.search(argument)
        recipient = path[1] if path else b""
        reply = self.sink.behaviour.of_recipient(self.record.recipients)
        if reply is OK:
            self._recipient = recipient
        elif reply is NOBODY:
            self.record.refused[recipient.decode(errors="replace")] += 1
        self._reply(reply)

    def _data(self) -> None:
        self.record.transactions += 1
        if not (self._is_announced and self._recipient):
            self._is_announced = False
            self._reply(FIRST)
        elif is_turn(self.record.transactions, self.sink.behaviour.hang_up_before):
            self._hang_up()
        else:
            self._in_content, self._head, self._tail = True, b"\r\n", b"\r\n"
            self._reply(GO_ON)

    # Answering

    def _reply(self, reply: bytes) -> None:
        if reply is OK or reply is GO_ON:
            self._replies.append(reply)
        elif reply is CLOSING:
            self._end(reply)
        else:
            self.record.replies[reply.decode(errors="replace").strip()] += 1
            self._replies.append(reply)

    def _end(self, last_words: bytes) -> None:
        self._has_ended = self._is_quiet = True
        self.record.replies[last_words.decode().strip()] += 1
        self._replies.append(last_words)
        self._flush()
        self.transport.close()
