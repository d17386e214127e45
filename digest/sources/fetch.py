"""A URL in, a bounded reply out: size, time, redirects, scheme and address are limited. Errors are SourceErrors."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from urllib.parse import urljoin

import httpcore
import httpx

from digest.errors import HostError, SourceError
from digest.sources import resolve, text
from digest.sources.deadline import Deadline
from digest.sources.guard import GuardedBackend, GuardedTransport
from digest.sources.reply import Reply, Validators, read, refuse

REDIRECTS = (301, 302, 303, 307, 308)
ACCEPT = "application/atom+xml, application/rss+xml, application/json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
# Below this one, ports belong to mail, sign-in and the like, apart from the web's own two.
FREE_PORTS = 1024
WEB_PORTS = (80, 443)
LONGEST_NAME = 253  # of a host (RFC 1035, 2.3.4, as it is written)

# Called with the host; a request is made within, and its errors pass through.
Gate = Callable[[str], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` is the deadline for everything together; `size` counts bytes, both as sent and as unpacked.

    `private_hosts` are named as `resolve.name` gives them; they may be on networks of our own, and on any port, unless
    a host that is not among them leads there.
    """

    seconds: float = 30.0
    connect_seconds: float = 5.0
    size: int = 20 * 1024 * 1024
    redirects: int = 5
    private_hosts: frozenset[str] = frozenset()

    @property
    def wire(self) -> int:
        """Bytes of one connection: bodies with what frames them, and headers."""
        return 2 * self.size + 1024 * 1024


def fetch(
    url: str,
    *,
    user_agent: str,
    limits: Limits | None = None,
    validators: Validators | None = None,
    secrets: Mapping[str, str] | None = None,
    gate: Gate = nullcontext,
) -> Reply:
    """GET the URL. Every request, redirected ones too, is made within `gate`, whose waiting costs no time.

    `secrets` are headers for the URL's own scheme, host and port: a redirect that leaves them drops these for good.
    Raises SourceError: `permanent` for what repeating will not mend (a refused address, 404, too large); HostError
    where the host is at fault, with `retry_after` in seconds if it asked for a pause. Raises Interrupted in a worker
    that is to end, and what the gate raises.
    """
    limits = limits or Limits()
    address = checked_url(url, limits.private_hosts)
    home, secrets = origin(address), dict(secrets or {})
    guard, seen = guarded(limits), set[tuple[str, str]]()
    with opened(guard, limits, request_headers(user_agent, validators or Validators())) as client:
        while len(seen) <= limits.redirects:
            seen.add(question(client, address))
            if host_of(address) not in guard.private_hosts:
                guard.private_hosts = frozenset()
            asked = time.monotonic()
            with gate(host_of(address)):
                guard.deadline.at += time.monotonic() - asked
                answer = exchange(client, address, secrets, limits)
            if isinstance(answer, Reply):
                return answer
            address = checked_url(answer, guard.private_hosts)
            if question(client, address) in seen:
                raise SourceError(f"redirects in a circle, back to {text.line(answer, 200)}", permanent=True)
            secrets = secrets if origin(address) == home else {}
    raise SourceError(f"more than {limits.redirects} redirects", permanent=True)


def guarded(limits: Limits) -> GuardedBackend:
    return GuardedBackend(
        Deadline.after(limits.seconds),
        connect_seconds=limits.connect_seconds,
        most_bytes=limits.wire,
        private_hosts=limits.private_hosts,
    )


def opened(guard: GuardedBackend, limits: Limits, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(transport=GuardedTransport(guard), trust_env=False, timeout=limits.seconds, headers=headers)


def request_headers(user_agent: str, validators: Validators) -> dict[str, str]:
    headers = {"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def checked_url(url: str, private_hosts: Collection[str] = ()) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise SourceError(f"not an address: {text.line(url, 200)}", permanent=True) from error
    if len(address.raw_host) > LONGEST_NAME:
        raise SourceError(f"not an address: {text.line(url, 200)}", permanent=True)
    if address.scheme not in ("http", "https") or not address.host:
        raise SourceError(f"only http and https are fetched, not {text.line(url, 200)}", permanent=True)
    if not is_web_port(address.port) and host_of(address) not in private_hosts:
        raise SourceError(f"nothing is fetched from port {address.port}", permanent=True)
    return address


def is_web_port(port: int | None) -> bool:
    return port is None or port in WEB_PORTS or port >= FREE_PORTS


def host_of(address: httpx.URL) -> str:
    return resolve.name(address.raw_host.decode("ascii"))


def origin(address: httpx.URL) -> tuple[str, str, int | None]:
    """httpx leaves a port out where it is the scheme's own."""
    return address.scheme, address.host, address.port


def question(client: httpx.Client, address: httpx.URL) -> tuple[str, str]:
    """What asking again would repeat: some sites send back to the same address, once a cookie is set."""
    return str(address), str(client.cookies)


def exchange(client: httpx.Client, address: httpx.URL, secrets: Mapping[str, str], limits: Limits) -> Reply | str:
    """One request: the reply, or the address it redirects to."""
    try:
        with client.stream("GET", address, headers=secrets) as response:
            if response.status_code in REDIRECTS and "location" in response.headers:
                return urljoin(str(address), response.headers["location"])
            if not response.is_success and response.status_code != 304:
                refuse(response)
            return read(response, limits.size)
    except httpcore.TimeoutException as error:
        raise HostError(f"no complete reply within {round(limits.seconds, 1):g} s") from error
    except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
        raise HostError(text.line(f"{type(error).__name__}: {error}", 300)) from error
    except (httpcore.LocalProtocolError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
        raise SourceError(text.line(f"{type(error).__name__}: {error}", 300)) from error


__all__ = ["Gate", "Limits", "Reply", "Validators", "fetch"]
