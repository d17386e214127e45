"""Takes messages from a run; speaks SMTP over one connection, pipelined (RFC 2920); gives the run each one's result.

The octets of one group are: the content of message n and its final dot, then MAIL, RCPT and DATA of message n+1. So
there is at most one content unanswered and one envelope announced, and a message takes one round trip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.smtp.connection import Connection
from digest.delivery.transports.smtp.envelope import Envelope, UnfitSender, envelope_of
from digest.delivery.transports.smtp.replies import ReplyReader, Stage, Unreadable, acceptance, judge, parse
from digest.delivery.transports.smtp.run import Drawn, Run

DOT = b".\r\n"  # the content ends with CRLF and has no line that begins with a dot
RSET = b"RSET\r\n"
ACCEPTED, GO_ON, LATER, NEVER = b"2", b"3", b"4", b"5"
CLOSING = b"421"


class Gone(Exception):
    """The connection is of no use any more."""


class Dialogue:
    """One connection's state. `_expected` holds, for each reply that is still to come, what is to be done with it.

    Whatever is called here may raise Gone or OSError; then `abandon` says what that means for the messages on the way.
    """

    def __init__(self, connection: Connection, run: Run, room: int, timeout: float) -> None:
        self.channel = connection.channel
        self.run = run
        self.deadline = 0.0
        self.finished = 0
        self.is_kept = False  # since an earlier run: the server may have lost patience with it
        self._extensions = connection.extensions
        self._room = room
        self._timeout = timeout
        self._replies = ReplyReader()
        self._expected: deque[Callable[[bytes], None]] = deque()
        self._in_flight: Drawn | None = None
        self._after_dot = 0
        self._announced: Drawn | None = None
        self._envelope = Envelope(b"", b"", b"")
        self._refusal: Result | None = None
        self._is_recipient_refused = False
        self._needs_reset = False
        self._has_go_ahead = False
        self._group = (self._on_mail, self._on_rcpt, self._on_data)

    @property
    def is_busy(self) -> bool:
        return bool(self._expected) or self._has_go_ahead

    @property
    def ready(self) -> int | None:
        """The key of the message whose content the server waits for."""
        return self._announced[0] if self._has_go_ahead and self._announced else None

    @property
    def is_fresh(self) -> bool:
        return not (self.finished or self.is_kept)

    @property
    def is_spent(self) -> bool:
        """It has carried all that one connection should."""
        return not (self._room or self.is_busy)

    def begin(self) -> None:
        """Announce the next message, where there is one, on a connection that is not busy."""
        if commands := self._announce():
            self._write(commands)

    def advance(self) -> None:
        """The connection has something to say, and perhaps room for more."""
        if self.channel.backlog:
            self.channel.flush()
        self.receive()

    def receive(self) -> None:
        """Work off the replies that have come."""
        data = self.channel.read()
        if data is None:
            return
        if not data:
            raise Gone("The server hung up")
        if self._in_flight and self._announced and (acceptance_of := self._replies.routine(data)):
            self._go_on(acceptance_of)
            return
        for reply in self._split(data):
            if not self._expected:
                raise Gone(f"The server spoke without being asked: {parse(reply).words}")
            self.deadline = self.run.now + self._timeout
            self._expected.popleft()(reply)

    def _go_on(self, reply: bytes) -> None:
        """A whole group was answered as nearly all are: the content was taken, and the next one may come."""
        self._expected.clear()
        self._on_content(reply)
        self._has_go_ahead = True

    def _split(self, data: bytes) -> list[bytes]:
        try:
            return self._replies.feed(data)
        except Unreadable as error:
            raise Gone(str(error)) from None

    def _write(self, *parts: bytes) -> None:
        self.deadline = self.run.now + self._timeout
        self.channel.write(*parts)

    # Announcing

    def _announce(self) -> bytes:
        """The commands for the next message's envelope; nothing where there is none."""
        if not self._draw():
            return b""
        commands = self._envelope.mail + self._envelope.rcpt + b"DATA\r\n"
        if self._needs_reset:
            self._expected.append(self._on_reset)
            commands = RSET + commands
        self._expected.extend(self._group)
        return commands

    def _draw(self) -> bool:
        """Make the next message that can be told to this server the announced one."""
        while self._room and (drawn := self.run.draw(is_fresh=self.is_fresh)):
            if envelope := self._envelope_of(drawn):
                self._announced, self._envelope = drawn, envelope
                self._refusal, self._is_recipient_refused = None, False
                self._room -= 1
                return True
        return False

    def _envelope_of(self, drawn: Drawn) -> Envelope | None:
        key, message = drawn
        try:
            return envelope_of(message, self._extensions)
        except ValueError as error:  # an address or a header that no server can be told
            self.run.settle(key, Result(Outcome.REJECTED, str(error)))
        except UnfitSender as error:
            self.run.settle(key, Result(Outcome.RETURNED, str(error), fault=Fault.OURS))
        except Exception as error:  # composing failed: nothing has left
            detail = f"{type(error).__name__}: {error}"
            self.run.settle(key, Result(Outcome.RETURNED, detail, fault=Fault.OURS))
        return None

    # Replies, in the order in which they come

    def _on_reset(self, reply: bytes) -> None:
        if not reply.startswith(ACCEPTED):
            raise Gone(f"The server does not begin anew: {parse(reply).words}")
        self._needs_reset = False

    def _on_mail(self, reply: bytes) -> None:
        if not reply.startswith(ACCEPTED):
            self._refuse(Stage.MAIL, reply)

    def _on_rcpt(self, reply: bytes) -> None:
        if not reply.startswith(ACCEPTED):
            self._is_recipient_refused = True
            self._refuse(Stage.RCPT, reply)

    def _on_data(self, reply: bytes) -> None:
        if not reply.startswith(GO_ON):
            self._refuse(Stage.DATA, reply)
            self._end_refused()
            self.begin()
        elif self._refusal is None:
            self._has_go_ahead = True
        elif self._is_recipient_refused:  # RFC 2920 3.1: a lone dot, as there is nobody to send anything to
            self._end_refused()
            self._expected.append(self._on_void)
            self._write(DOT)
        else:
            raise Gone("The server asks for content after it refused the sender")

    def _on_void(self, reply: bytes) -> None:
        self._check_open(reply)
        self.begin()

    def _on_content(self, reply: bytes) -> None:
        drawn, self._in_flight = self._in_flight, None
        assert drawn is not None  # noqa: S101  # expected only when there is one
        self.run.settle(drawn[0], self._verdict(reply))
        self.finished += 1
        self._check_open(reply)
        if self.channel.backlog or not reply.startswith((ACCEPTED, LATER, NEVER)):
            raise Gone(f"The server gave no answer to the content: {parse(reply).words}")
        if not (self._expected or self._announced):
            self.begin()

    def _verdict(self, reply: bytes) -> Result:
        if reply.startswith((LATER, NEVER)):
            return judge(Stage.CONTENT, reply)
        if reply.startswith(ACCEPTED) and self._is_handed_over:
            return acceptance(reply)
        return Result(Outcome.UNKNOWN, parse(reply).words, fault=Fault.PROVIDER)

    def _refuse(self, stage: Stage, reply: bytes) -> None:
        """The first refusal is the one that counts: those after it only follow from it."""
        self._check_open(reply)
        if not reply.startswith((LATER, NEVER)):
            raise Gone(f"The server gave no answer to {stage.value}: {parse(reply).words}")
        self._refusal = self._refusal or judge(stage, reply)

    def _check_open(self, reply: bytes) -> None:
        if reply.startswith(CLOSING):
            raise Gone(parse(reply).words)

    def _end_refused(self) -> None:
        """The announced message's transaction comes to nothing, and may still be open on the server's side."""
        drawn, self._announced = self._announced, None
        assert drawn is not None  # noqa: S101
        assert self._refusal is not None  # noqa: S101
        self.run.settle(drawn[0], self._refusal)
        self.finished += 1
        self._needs_reset = True

    # Content

    def submit(self) -> None:
        """The announced message's content, and behind it the next one's envelope. Only when there is one `ready`."""
        content = self._hand_over()
        tail = DOT + self._announce()
        self._after_dot = len(tail) - 1
        self._write(content, tail)

    def _hand_over(self) -> bytes:
        self._has_go_ahead = False
        self._in_flight, self._announced = self._announced, None
        self._after_dot = -1  # nothing is written yet
        self._expected.append(self._on_content)
        return self._envelope.content

    @property
    def _is_handed_over(self) -> bool:
        """Whether the final dot has left: without it no server can have accepted the message."""
        return len(self.channel.backlog) <= self._after_dot

    # The end

    def salvage(self) -> None:
        """Writing or reading failed, while answers may wait to be read: they count. Nothing more is drawn or sent."""
        self._room = 0
        with suppress(Gone, OSError):
            while self._expected:
                before = len(self._expected)
                self.receive()
                if len(self._expected) >= before:
                    return

    def abandon(self, reason: str) -> None:
        """The connection is lost: judge what was on its way."""
        in_flight, announced = self._in_flight, self._announced
        self._in_flight = self._announced = None
        self._has_go_ahead = False
        if in_flight is not None and self._is_handed_over:
            self.run.settle(in_flight[0], Result(Outcome.UNKNOWN, reason, fault=Fault.PROVIDER))
        elif in_flight is not None:
            self._return(in_flight, reason)
        if announced is not None and self._refusal is not None:
            self.run.settle(announced[0], self._refusal)
        elif announced is not None:
            self._return(announced, reason)
        self._expected.clear()

    def _return(self, drawn: Drawn, reason: str) -> None:
        result = Result(Outcome.RETURNED, reason, fault=Fault.PROVIDER)
        self.run.unsent(drawn, result, may_retry=not self.is_fresh)
