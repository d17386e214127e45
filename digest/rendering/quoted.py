"""Text in, quoted-printable pieces out, which may be joined in any order.

Three properties make joining safe. Every piece starts at the start of an encoded line; every piece ends with a hard
break, where its text ends with a newline, else with a soft one; and no encoded line starts with a dot or with "From ",
so neither dot-stuffing (RFC 5321, 4.5.2) nor mbox quoting ever changes a byte.
"""

from __future__ import annotations

import quopri
import re

SOFT_BREAK = b"=\r\n"
HARD_BREAK = b"\r\n"
MAX_LINE = 75  # RFC 2045, 6.7: 76 with the soft break's own "="

_PLAIN = re.compile(r"[!-\-/-<>-~][!-<>-~]{0,73}")  # as addresses and links are: no space, no "=", no dot in front
_UNSAFE = re.compile(rb"[^\t\x20-\x3c\x3e-\x7e]")
_ESCAPES = {bytes([byte]): b"=%02X" % byte for byte in range(256)}


def encode(text: str) -> bytes:
    """The UTF-8 quoted-printable form of `text`, lines at most 76 octets and CRLF between them.

    `decode(encode(a) + encode(b)) == a + b` for any two texts without carriage returns.
    """
    if _PLAIN.fullmatch(text):
        return text.encode() + SOFT_BREAK
    *complete, rest = text.encode().split(b"\n")
    encoded = b"".join(_soft_lines(line, HARD_BREAK) for line in complete)
    return encoded + _soft_lines(rest, SOFT_BREAK) if rest else encoded


def decode(encoded: bytes) -> str:
    """What a mail reader sees, with plain newlines."""
    return quopri.decodestring(encoded).decode().replace("\r\n", "\n")


def _soft_lines(line: bytes, ending: bytes) -> bytes:
    """One line of text as encoded lines: soft breaks inside, `ending` at the end."""
    escaped = _UNSAFE.sub(lambda match: _ESCAPES[match.group()], line)
    if escaped[-1:] in (b" ", b"\t"):
        escaped = escaped[:-1] + _ESCAPES[escaped[-1:]]
    lines = []
    while len(escaped := _guarded(escaped)) > MAX_LINE:
        cut = _cut(escaped)
        lines.append(escaped[:cut] + SOFT_BREAK)
        escaped = escaped[cut:]
    return b"".join(lines) + escaped + ending


def _guarded(line: bytes) -> bytes:
    if line.startswith(b"."):
        return b"=2E" + line[1:]
    if line.startswith(b"From "):
        return b"=46rom " + line[5:]
    return line


def _cut(escaped: bytes) -> int:
    """Where to break, never inside an escape of three characters."""
    equals = escaped.rfind(b"=", MAX_LINE - 2, MAX_LINE)
    return equals if equals >= 0 else MAX_LINE
