"""An address in, its parts out, for adapters that know their provider's; and the same address with another query."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

PLAIN = "/:,*[]()"  # characters of queries that are easier to read as they are, and mean nothing else there


@dataclass(frozen=True, slots=True)
class Address:
    """`host` in lower case without `www.`, `steps` of the path, and the first value of each name in the query."""

    host: str = ""
    steps: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)


def parts(url: str) -> Address:
    """What cannot be taken apart has no host, and so is nobody's."""
    try:
        split = urlsplit(url.strip())
        host = (split.hostname or "").removeprefix("www.")
    except ValueError:
        return Address()
    if split.scheme not in ("http", "https"):
        return Address()
    query = dict(reversed(parse_qsl(split.query)))
    return Address(host, tuple(step for step in split.path.split("/") if step), query)


def with_query(url: str, **values: str | int | None) -> str:
    """The address with these values in its query, in place of what it had under their names; None takes one out."""
    split = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(split.query, keep_blank_values=True) if name not in values]
    query = kept + [(name, str(value)) for name, value in values.items() if value is not None]
    return urlunsplit(split._replace(query=urlencode(query, safe=PLAIN, quote_via=quote), fragment=""))


def secure(url: str) -> str:
    """The address by https, for providers that have it everywhere."""
    return urlunsplit(urlsplit(url.strip())._replace(scheme="https"))


def joined(base: str, link: str) -> str:
    """The link as seen from the page at `base`; nothing where it cannot be read."""
    try:
        return urljoin(base, link) if base and link else link
    except ValueError:
        return ""


def number(value: str, default: int, largest: int) -> int:
    """A count as addresses write it, from 0 to `largest`."""
    return min(int(value), largest) if value.isascii() and value.isdigit() and len(value) < 10 else default
