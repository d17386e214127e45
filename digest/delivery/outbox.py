"""Takes messages; gives files, one .eml each, newest first: mail for a laptop, where nothing should really leave."""

from __future__ import annotations

import email
import email.policy
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as ParsedMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}\.eml")


def takes_all() -> bool:
    """Whether mail goes nowhere else."""
    return str(settings.EMAIL_BACKEND) == f"{EmailBackend.__module__}.{EmailBackend.__qualname__}"


class EmailBackend(BaseEmailBackend):
    """Writes each message into OUTBOX_DIR; a file that can be seen there is complete."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently, **kwargs)
        self.folder = Path(settings.OUTBOX_DIR)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        written = 0
        for message in email_messages:
            if message.recipients():
                content: Any = message.message()  # Django's own kind, which takes a line ending
                self._write(content.as_bytes(linesep="\r\n"))
                written += 1
        return written

    def _write(self, content: bytes) -> None:
        # The name sorts by time. Renaming is atomic: nobody ever sees half a message.
        name = f"{time.time_ns():020d}-{uuid4().hex[:8]}.eml"
        descriptor, temporary = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(temporary).replace(self.folder / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


@dataclass(frozen=True, slots=True)
class Stored:
    """One message in the outbox; `name` is its file's name."""

    name: str
    message: ParsedMessage

    @property
    def written_at(self) -> datetime:
        return datetime.fromtimestamp(int(self.name[:20]) / 1e9, tz=UTC)

    @property
    def to(self) -> str:
        return str(self.message["To"] or "")

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def size(self) -> int:
        """Bytes, as written."""
        return (Path(settings.OUTBOX_DIR) / self.name).stat().st_size

    def _body(self, subtype: str) -> str:
        part = self.message.get_body(preferencelist=(subtype,))
        return str(part.get_content()) if part is not None else ""


def forget(address: str) -> int:
    """Delete what was written to this address, however it is spelt; gives how many files."""
    gone = [stored for stored in messages(limit=sys.maxsize) if address in stored.message.as_string().lower()]
    for stored in gone:
        (Path(settings.OUTBOX_DIR) / stored.name).unlink(missing_ok=True)
    return len(gone)


def messages(limit: int = 200) -> list[Stored]:
    """The newest messages, newest first."""
    folder = Path(settings.OUTBOX_DIR)
    names = sorted((path.name for path in folder.glob("*.eml") if NAME.fullmatch(path.name)), reverse=True)
    stored = (read(name) for name in names[:limit])
    return [message for message in stored if message is not None]


def read(name: str) -> Stored | None:
    """One message by its file's name; None if there is none, or if `name` is anything but such a name."""
    if not NAME.fullmatch(name):
        return None
    try:
        content = (Path(settings.OUTBOX_DIR) / name).read_bytes()
    except FileNotFoundError:
        return None
    return Stored(name, email.message_from_bytes(content, policy=email.policy.default))
