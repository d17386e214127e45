"""Takes what someone typed into an address field, gives one normalised address and its keyed hash.

And the parts of addresses that are known to be some: domains, our sender's, and what stands after a plus sign.
"""

import hashlib
import hmac
import re
import unicodedata
from email.utils import parseaddr
from functools import lru_cache, reduce

import idna
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

MAX_LENGTH = 254  # RFC 5321 4.5.3.1.3: a path is at most 256 octets, two of them angle brackets
MAX_LOCAL_LENGTH = 64  # RFC 5321 4.5.3.1.1
GMAIL = ("gmail.com", "googlemail.com")
# Bounded, so that a long word costs no more than its length; "=40" is how quoted-printable writes the sign.
_ANY = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,128}(?:@|=40|%40|&#64;)[\w-]+(?:\.[\w-]+)+")
KEY_NAME_LENGTH = 8

_validate = EmailValidator(message="That does not look like an email address.", allowlist=[])


def normalise(typed: str) -> str:
    """The one spelling of a mailbox: trimmed, lower case, the domain in its ASCII (IDNA 2008) form.

    Raises `ValidationError`, in words for the person who typed, for everything no mail could be sent to safely:
    control characters, missing or several @, non-ASCII or quoted local parts, bare IP addresses, excess length.
    """
    local, domain = _split(typed)
    address = f"{local}@{domain}".lower()
    _validate(address)
    return address


def deliverable(typed: str) -> str:
    """The same mailbox as it should be written to: the local part keeps the case it was typed in."""
    address = "@".join(_split(typed))
    normalise(address)
    return address


def folded(address_key: str) -> str:
    """A normalised address without what its provider ignores: the tag after a plus sign, at Gmail dots too.

    For limits alone. Where a provider does tell the two apart, they are strangers who share a limit.
    """
    local, _, domain = address_key.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        return f"{local.replace('.', '')}@{GMAIL[0]}"
    return f"{local}@{domain}"


def address_hash(address_key: str) -> str:
    """The keyed hash of a normalised address, 64 hexadecimal digits: recognises an address without keeping it.

    It is made under SUPPRESSION_KEY of what the keys before it made, oldest first: a stored hash becomes one of a new
    key without its address, which we no longer have.
    """
    return reduce(keyed, suppression_keys(), address_key)


def suppression_keys() -> tuple[str, ...]:
    """The oldest first, the present one last."""
    return (*reversed(settings.SUPPRESSION_KEY_FORMER), settings.SUPPRESSION_KEY)


def keyed(text: str, key: str) -> str:
    """56 digits of HMAC-SHA256, and 8 that tell by which key it was made."""
    return hmac.digest(key.encode(), text.encode(), hashlib.sha256).hex()[:-KEY_NAME_LENGTH] + key_name(key)


@lru_cache(maxsize=32)
def key_name(key: str) -> str:
    """Eight digits that tell keys apart and give nothing of them away."""
    return hashlib.sha256(b"paperboy.subscriptions.addresses:" + key.encode()).hexdigest()[:KEY_NAME_LENGTH]


def masked(address: str) -> str:
    """The address as its owner recognises it and a stranger does not: "a•••@example.org"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def without_addresses(text: str) -> str:
    """What others said, with "(address)" in the place of every address, whoever's: words outlive an erasure."""
    return _ANY.sub("(address)", text)


def domain_of(address: str) -> str:
    """What stands after the last @, in lower case; empty where there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def sender() -> str:
    """The plain address in DEFAULT_FROM_EMAIL."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def sender_domain() -> str:
    """Whose reputation is at stake, and who vouches for our Message-IDs."""
    return domain_of(sender()) or "localhost"


def tagged(address: str, tag: str) -> str:
    """As in bounces+TAG@example.org; mail to it falls into the mailbox of the address without the tag."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{tag}@{domain}"


def tag_of(address: str, base: str) -> str:
    """The tag if the address, as mail came to it, is `base` with one; else nothing. A tag holds no plus sign."""
    local, _, domain = address.strip().strip("<>").rpartition("@")
    name, _, tag = local.rpartition("+")
    return tag if f"{name}@{domain}".lower() == base.lower() else ""


def _split(typed: str) -> tuple[str, str]:
    address = typed.strip(" \t")
    if len(address) > MAX_LENGTH:
        raise ValidationError("That address is too long: 254 characters are the limit.", code="too_long")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in address):
        raise ValidationError("That address contains an invisible character. Please type it again.", code="control")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or domain.startswith("["):
        raise ValidationError("An email address looks like name@example.org.", code="invalid")
    if not local.isascii() or '"' in local or len(local) > MAX_LOCAL_LENGTH:
        raise ValidationError("We cannot send to the part before the @. Please check it.", code="invalid")
    return local, _ascii_domain(domain)


@lru_cache(maxsize=4096)  # readers are many, their domains few
def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        raise ValidationError("The part after the @ is not a domain name. Please check it.", code="invalid") from None
