"""A message as the pump hands it to a transport, without the edition and the database behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from digest.delivery.outcomes import Outcome, Result
from digest.delivery.transports.connections import Answer, Job

UNSUBSCRIBE = "<https://paperboy.example.org/u/7-abcdefghijklmnopqrstuv>"
ONE_CLICK = "List-Unsubscribe=One-Click"
TEXT = "Good morning. Graphs of “everything”: https://example.org/p/1\n"
HTML = "<p>Good morning. <a href='https://example.org/p/1'>Graphs of “everything”</a></p>"


@dataclass
class FakeMessage:
    recipient: str = "ada@example.org"
    uid: str = str(UUID(int=7))
    sender: str = "digest@paperboy.example.org"
    text: str = TEXT

    def as_bytes(self) -> bytes:
        return bytes(self.as_email().message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]

    def as_email(self) -> EmailMultiAlternatives:
        headers = {
            "Date": "Mon, 02 Mar 2026 06:00:00 +0000",
            "Message-ID": f"<{self.uid}@paperboy.example.org>",
            "List-ID": '"Café" <digest.paperboy.example.org>',
            "List-Unsubscribe": UNSUBSCRIBE,
            "List-Unsubscribe-Post": ONE_CLICK,
            "Auto-Submitted": "auto-generated",
            "Precedence": "bulk",
        }
        email = EmailMultiAlternatives(
            "Graphs, and 2 more", self.text, f"Paperboy <{self.sender}>", [self.recipient], headers=headers
        )
        email.attach_alternative(HTML, "text/html")
        email.metadata = {"delivery": self.uid}  # type: ignore[attr-defined]
        email.tags = ["daily"]  # type: ignore[attr-defined]
        return email


def messages(number: int) -> Iterator[Job]:
    """With keys 1, 2, 3 and so on."""
    return ((key, FakeMessage(f"reader-{key}@example.org", str(UUID(int=key)))) for key in range(1, number + 1))


def outcomes(answers: Iterator[Answer]) -> dict[int, Outcome]:
    return {key: result.outcome for key, result in answers}


def only(answers: Iterator[Answer]) -> Result:
    ((_, result),) = answers
    return result
