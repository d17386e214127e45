"""Takes the mails of an IMAP mailbox that nobody has read; gives what became of each, and marks it as read."""

from __future__ import annotations

import imaplib
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from urllib.parse import SplitResult, unquote, urlsplit

from digest.errors import MailboxError
from digest.events import mail

logger = logging.getLogger(__name__)

TIMEOUT = 30  # seconds for one answer of the server
MOST = 500  # mails at a time: the next call takes the others


def read_mailbox(
    url: str, now: datetime, most: int = MOST, goes_on: Callable[[], bool] = lambda: True
) -> Counter[mail.Taken]:
    """Take unread mails from imaps://user:password@host/folder, oldest first; gives how many were what.

    A mail is marked as read once it is dealt with, so one that was interrupted comes again. Raises MailboxError.
    """
    parts = urlsplit(url)
    taken: Counter[mail.Taken] = Counter()
    try:
        with _selected(parts) as server:
            for number in _unread(server)[:most]:
                if not goes_on():
                    break
                taken[_take(server, number, now)] += 1
                server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)")
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxError(f"The mailbox at {parts.hostname}: {error}") from error
    return taken


@contextmanager
def _selected(parts: SplitResult) -> Iterator[imaplib.IMAP4]:
    server = _connected(parts)
    try:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.lstrip("/")) or "INBOX"
        status, answer = server.select('"{}"'.format(folder.replace("\\", "\\\\").replace('"', '\\"')))
        if status != "OK":
            raise MailboxError(f"The folder {folder} at {parts.hostname} cannot be opened: {answer!r}")
        yield server
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()
        with suppress(OSError):
            server.shutdown()  # a failed logout leaves the connection open


def _connected(parts: SplitResult) -> imaplib.IMAP4:
    host = parts.hostname or ""
    if parts.scheme == "imaps":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=TIMEOUT)
    return imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)


def _unread(server: imaplib.IMAP4) -> list[str]:
    _, found = server.uid("SEARCH", "UNSEEN")
    return [number.decode() for number in (found[0] or b"").split()] if found else []


def _take(server: imaplib.IMAP4, number: str, now: datetime) -> mail.Taken:
    """Only its beginning is fetched, however long it is."""
    _, answer = server.uid("FETCH", number, f"(BODY.PEEK[]<0.{mail.MAX_BYTES}>)")
    raw = next((each[1] for each in answer if isinstance(each, tuple)), b"")
    try:
        return mail.take_bytes(raw, (), now)
    except ValueError:
        logger.warning("A message in the mailbox is no mail, and is ignored")
        return mail.Taken.IGNORED
