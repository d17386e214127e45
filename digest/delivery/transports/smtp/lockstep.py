"""Takes messages from a run; speaks SMTP to a server that does not pipeline, one command and one answer at a time."""

from __future__ import annotations

from digest.delivery.transports.smtp.connection import Connection
from digest.delivery.transports.smtp.dialogue import DOT, RSET, Dialogue
from digest.delivery.transports.smtp.run import Run


class LockstepDialogue(Dialogue):
    """A transaction that was refused is ended at once, before the next message is drawn."""

    def begin(self) -> None:
        if self._needs_reset:
            self._expected.append(self._on_reset)
            self._write(RSET)
        elif self._draw():
            self._expected.append(self._on_mail)
            self._write(self._envelope.mail)

    def _on_reset(self, reply: bytes) -> None:
        super()._on_reset(reply)
        self.begin()

    def _on_mail(self, reply: bytes) -> None:
        super()._on_mail(reply)
        if not self._gave_up():
            self._expected.append(self._on_rcpt)
            self._write(self._envelope.rcpt)

    def _on_rcpt(self, reply: bytes) -> None:
        super()._on_rcpt(reply)
        if not self._gave_up():
            self._expected.append(self._on_data)
            self._write(b"DATA\r\n")

    def _gave_up(self) -> bool:
        if self._refusal is None:
            return False
        self._end_refused()
        self.begin()
        return True

    def submit(self) -> None:
        content = self._hand_over()
        self._after_dot = len(DOT) - 1
        self._write(content, DOT)


def dialogue_over(connection: Connection, run: Run, room: int, timeout: float) -> Dialogue:
    kind = Dialogue if connection.extensions.pipelining else LockstepDialogue
    return kind(connection, run, room, timeout)
