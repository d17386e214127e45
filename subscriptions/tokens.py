"""Takes a purpose and whose it is, gives a short signed token, and back again.

A token is an id (4 bytes) and 16 bytes of keyed BLAKE2b (RFC 7693) under a key of the purpose's own, in base64url: 27
characters. A link on a site address of 40 characters is thus 70 long, which is what a mail header carries unbroken.
Confirming and refusing are for a `SignupRequest`, everything else for a `Subscriber`.
"""

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import b2a_base64
from enum import StrEnum
from functools import lru_cache

from django.conf import settings

_SIGNATURE_BYTES = 16  # 128 bits: beyond guessing
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Purpose(StrEnum):
    CONFIRM = "confirm"
    REFUSE = "refuse"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    VOTE = "vote"


_LAYOUT = struct.Struct(">I")


class Signer:
    """Makes the tokens of one purpose under one secret. A hash that holds the key is copied for each of them."""

    def __init__(self, purpose: Purpose, secret: str) -> None:
        key = hashlib.sha256(f"paperboy.subscriptions.tokens:{purpose}:{secret}".encode()).digest()
        self._keyed = hashlib.blake2b(digest_size=_SIGNATURE_BYTES, key=key, person=purpose.encode())

    def token(self, number: int) -> str:
        """The id, signed."""
        payload = _LAYOUT.pack(number)
        return b2a_base64(payload + self.signature(payload), newline=False).translate(_URL_SAFE, b"=").decode("ascii")

    def signature(self, payload: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(payload)
        return keyed.digest()


def signer(purpose: Purpose) -> Signer:
    return _signer(purpose, settings.SECRET_KEY)


_signer = lru_cache(maxsize=32)(Signer)


def make(purpose: Purpose, number: int) -> str:
    """A token of 27 URL-safe characters."""
    return signer(purpose).token(number)


def read(purpose: Purpose, token: str) -> int | None:
    """The id in a token, or None unless it is exactly one we made for this purpose."""
    raw = _decode(token)
    if raw is None or len(raw) != _LAYOUT.size + _SIGNATURE_BYTES:
        return None
    payload, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
    return int(_LAYOUT.unpack(payload)[0]) if _is_ours(purpose, payload, signature) else None


def _is_ours(purpose: Purpose, payload: bytes, signature: bytes) -> bool:
    matches = [
        hmac.compare_digest(_signer(purpose, secret).signature(payload), signature)
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return any(matches)


def _decode(token: str) -> bytes | None:
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError:
        return None
    # Base64 forgives stray characters and spare bits; a token has one spelling only.
    return raw if urlsafe_b64encode(raw).rstrip(b"=") == token.encode("ascii") else None
