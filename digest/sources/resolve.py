"""A host in, the addresses to connect to out: those of the internet, and of networks of our own only where allowed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue

from digest.errors import HostError, SourceError
from digest.sources.deadline import Deadline

Address = IPv4Address | IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry: not of the internet. Python's own table changes with its
# patch releases.
NOT_PUBLIC = [
    ip_network(written)
    for written in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3",
        "168.63.129.16/32",  # looks public, and is where Azure's machines find their host
    )
]  # fmt: skip
# Of IPv6 one eighth is the internet, apart from what is set aside there: protocols (Teredo is one of them), examples,
# and 6to4. What wraps an IPv4 address in any other way (mapped, compatible, 64:ff9b:1::/48) lies outside.
PUBLIC6 = ip_network("2000::/3")
SET_ASIDE = [ip_network(written) for written in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
# How the IPv4 internet looks from a network that has IPv6 only.
NAT64 = IPv6Network("64:ff9b::/96")
# What a host may be on if FETCH_ALLOW_PRIVATE names it: this machine, and networks that people build.
OWN = [
    ip_network(written)
    for written in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7",
    )
]  # fmt: skip
# Where clouds tell a machine its secrets, on networks of that kind. (Elsewhere they do so on link-local addresses.)
METADATA = {ip_address(written) for written in ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")}


def look_up(host: str, port: int, deadline: Deadline, private_hosts: Collection[str] = ()) -> list[str]:
    """The host's addresses. Raises SourceError if any of them is refused: a mixed answer is an attempt at something."""
    addresses = resolve(host, port, deadline)
    may_be_private = name(host) in private_hosts
    refused = [address for address in addresses if not may_connect(address, may_be_private=may_be_private)]
    if refused:
        hint = "" if may_be_private or not any(map(is_own, refused)) else "; FETCH_ALLOW_PRIVATE does not name it"
        raise SourceError(f"{host[:100]} has a private address{hint}", permanent=True)
    return addresses


def resolve(host: str, port: int, deadline: Deadline) -> list[str]:
    """Looking up a name cannot be interrupted: a thread that hangs there is left to itself."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    while True:
        try:
            answer = answers.get(timeout=deadline.step())
        except Empty:
            continue
        if isinstance(answer, Exception):
            raise HostError(f"cannot resolve {host[:100]}: {answer}") from answer
        return answer


def name(host: str) -> str:
    """As settings and gates know a host: without the full stop that may end it."""
    return host.lower().rstrip(".")


def may_connect(written: str, *, may_be_private: bool = False) -> bool:
    return is_public(parsed(written)) or (may_be_private and is_own(written))


def is_own(written: str) -> bool:
    address = parsed(written)
    return address not in METADATA and any(address in network for network in OWN)


def is_public(address: Address) -> bool:
    """Whether packets to this address leave for the internet."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        return address in PUBLIC6 and not any(address in network for network in SET_ASIDE)
    return not any(address in network for network in NOT_PUBLIC)


def parsed(written: str) -> Address:
    """Without the interface that a link-local address may name."""
    return ip_address(written.partition("%")[0])
