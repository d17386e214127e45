"""Takes a message; gives the commands that announce it to a server. No address breaks out of its command."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import idna

from digest.delivery.transports.base import Message

MAX_ADDRESS = 320  # 64 for the local part, 255 for the domain; a longer command line might be cut

_PLAIN = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+", re.ASCII)
_ASCII_DOMAIN = re.compile(r"[\w.-]+|\[[\w.:]+\]", re.ASCII)
_QUOTED = re.compile(r'"([^"\\]|\\.)*"')


class UnfitAddress(ValueError):
    """No server can be told this recipient."""


class UnfitSender(Exception):
    """No server can be told this sender, which is a setting of ours and no message's fault."""


class Extensions(NamedTuple):
    """What the server said it can do, in answer to EHLO."""

    pipelining: bool = False
    size: bool = False
    smtputf8: bool = False


class Envelope(NamedTuple):
    mail: bytes
    rcpt: bytes
    content: bytes


def envelope_of(message: Message, extensions: Extensions) -> Envelope:
    """Raises UnfitAddress, UnfitSender, and whatever composing the message raises."""
    recipient, content = path(message.recipient), message.as_bytes()
    sender = _sender_path(message.sender)
    parameters = b" SIZE=%d" % len(content) if extensions.size else b""
    if not (recipient.isascii() and sender.isascii()):
        parameters += _utf8_parameter(recipient, extensions)
    return Envelope(b"MAIL FROM:<%b>%b\r\n" % (sender, parameters), b"RCPT TO:<%b>\r\n" % recipient, content)


def path(address: str) -> bytes:
    """The address as it stands between < and >: the domain in ASCII, the local part in UTF-8. Raises UnfitAddress."""
    if _PLAIN.fullmatch(address) and len(address) <= MAX_ADDRESS:
        return address.encode("ascii")
    local, at, domain = address.rpartition("@")
    if not (at and local and domain) or len(address) > MAX_ADDRESS:
        raise UnfitAddress("The address is not of the form name@domain")
    _check(local)
    return local.encode() + b"@" + _ascii(domain)


def _check(local: str) -> None:
    """A quoted local part may hold spaces and @; none may hold what ends a command or the path in it."""
    is_quoted = _QUOTED.fullmatch(local) is not None
    for character in local:
        category = unicodedata.category(character)
        if category[0] == "C" or category in ("Zl", "Zp") or character in "<>":
            raise UnfitAddress(f"The address holds a character that no mail server may be told: {character!r}")
        if not is_quoted and (character in '@",;:()[]\\' or character.isspace()):
            raise UnfitAddress(f"The address holds {character!r} without quotes around it")


def _ascii(domain: str) -> bytes:
    if _ASCII_DOMAIN.fullmatch(domain):
        return domain.encode("ascii")
    try:
        return idna.encode(domain, uts46=True)
    except idna.IDNAError as error:
        raise UnfitAddress(f"The part after the @ is not a domain name: {error}") from None


@lru_cache(maxsize=8)
def _sender_path(sender: str) -> bytes:
    try:
        return path(sender) if sender else b""  # "<>" is the null reverse-path
    except UnfitAddress as error:
        raise UnfitSender(f"The sender's address {sender!r} cannot be used: {error}") from None


def _utf8_parameter(recipient: bytes, extensions: Extensions) -> bytes:
    if extensions.smtputf8:
        return b" SMTPUTF8"
    if recipient.isascii():
        raise UnfitSender("The sender's address is not ASCII, and the mail server does not offer SMTPUTF8")
    raise UnfitAddress("The part before the @ is not ASCII, and the mail server does not offer SMTPUTF8")
