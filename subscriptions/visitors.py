"""Takes a web request, says where it comes from and whether that place, or that reader, has done enough for now."""

import ipaddress
import logging
import time
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

logger = logging.getLogger(__name__)

HOUR = 3600  # seconds
FLOOD = 20  # times SIGNUPS_PER_HOUR
PASSWORDS_PER_HOUR = 5
DATA_LINKS_PER_HOUR = 3
CHANGES_PER_HOUR = 600  # of one reader: each costs some 20 ms


def ip_address(request: HttpRequest) -> str | None:
    """The visitor's address. Behind our own proxy it is the last one forwarded: earlier ones are anyone's claim."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    try:
        known = ipaddress.ip_address(address.partition("%")[0])  # a link-local one may name its interface
    except ValueError:
        return None
    # A socket that listens for IPv6 sees IPv4 visitors as ::ffff:192.0.2.1.
    return str(getattr(known, "ipv4_mapped", None) or known)


def place(request: HttpRequest) -> str | None:
    """What limits count by: one address, or for IPv6 the first of the /64 that one customer is usually given."""
    address = ip_address(request)
    if address is None or ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def refusal(request: HttpRequest) -> str:
    """Count one sign-up; give the words for who is beyond a limit, which is about where they are, never about whom
    they asked for.

    Empty while the cache does not answer: a lost count must not lose a reader, and each mailbox keeps its own limits in
    the database.
    """
    try:
        if _count(f"signups:{place(request) or 'unknown'}") > settings.SIGNUPS_PER_IP_PER_HOUR:
            return "Many sign-ups are coming in from where you are. Please try again in an hour."
        # Only what mails lead to is limited closely, where they are sent; this is so that nobody fills the database.
        if _count("signups:all") > settings.SIGNUPS_PER_HOUR * FLOOD:
            return "More people are signing up than we can see to. Please try again in an hour."
    except Exception:  # each cache backend has its own errors
        logger.exception("Sign-ups cannot be counted")
    return ""


def may_change(reader_id: int) -> bool:
    """Count one change that a reader makes by their links; False beyond `CHANGES_PER_HOUR`: no hand is that quick."""
    try:
        return _count(f"changes:{reader_id}") <= CHANGES_PER_HOUR
    except Exception:  # each cache backend has its own errors
        logger.exception("Changes cannot be counted")
        return True


def may_ask_for_data(reader_id: int) -> bool:
    """Count one request for the link to all that is known of a reader; False beyond a few in an hour."""
    try:
        return _count(f"data:{reader_id}") <= DATA_LINKS_PER_HOUR
    except Exception:  # each cache backend has its own errors
        logger.exception("Requests for readers' data cannot be counted")
        return True


def may_ask_for_password(request: HttpRequest, address: str) -> bool:
    """Count one request for a new password; False beyond a few in an hour, from one place or for one address."""
    try:
        from_here = _count(f"passwords:{place(request) or 'unknown'}")
        named = sha256(address.casefold().encode()).hexdigest()  # a cache's keys hold no addresses
        return max(from_here, _count(f"passwords-for:{named}")) <= PASSWORDS_PER_HOUR
    except Exception:  # each cache backend has its own errors
        logger.exception("Requests for passwords cannot be counted")
        return True


def _count(key: str) -> int:
    """How often this came up within the present hour of the clock, this time included."""
    # The hour is part of the key: in the database cache `incr` also makes the row expire five minutes later, so that
    # it would be forgotten too soon, or on a busy site never.
    key = f"{key}:{int(time.time() // HOUR)}"
    cache.add(key, 0, HOUR)
    try:
        count = cache.incr(key)
    except ValueError:  # evicted between the two calls
        count = 1
        cache.set(key, count, HOUR)
    cache.touch(key, HOUR)
    return count
