"""What DNS says of the domain that mail comes from: SPF, DKIM, DMARC, MX, and the name of the mail server's address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address

import dns.exception
import dns.name
import dns.resolver
import dns.reversename
from django.conf import settings

from digest.management.diagnosis.findings import PATIENCE_SECONDS, Finding, fine, first_line, note, wrong
from subscriptions import addresses

# A name and a type of record; gives the records as text, or None where not even the name exists.
Lookup = Callable[[str, str], list[str] | None]
DNS = "See docs/operations.md, DNS for the sending domain."


def names(now: datetime) -> Iterator[Finding]:
    yield from of_sender(ask)


def ask(name: str, kind: str) -> list[str] | None:
    """Raises `dns.exception.DNSException` where no name server answers."""
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=PATIENCE_SECONDS, search=False)
    except dns.resolver.NXDOMAIN:
        return None
    except dns.resolver.NoAnswer:
        return []
    if kind == "TXT":  # a record is strings to be put together, RFC 7208, 3.3
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
    return [record.to_text() for record in answer]


def of_sender(lookup: Lookup) -> Iterator[Finding]:
    domain = addresses.sender_domain()
    if domain == "localhost" or domain.endswith(".localhost"):
        yield note(f"{domain} is this machine's own name: no mailbox would take mail from it.", DNS)
        return
    try:
        for step in (spf, dkim, dmarc, mailboxes, pointer):
            yield from step(domain, lookup)
    except (dns.exception.DNSException, OSError) as error:
        text = f"No name server answers ({first_line(error)}): SPF, DKIM, DMARC, MX and PTR are not checked."
        yield note(text, "Run this where names can be looked up.")


def spf(domain: str, lookup: Lookup) -> Iterator[Finding]:
    found = [text for text in lookup(domain, "TXT") or [] if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        yield wrong(f"{domain} has no SPF record.", f"Publish the one that your provider gives you. {DNS}")
    elif len(found) > 1:  # RFC 7208, 4.5
        yield wrong(f"{domain} has {len(found)} SPF records, which is as good as none.", "Make one of them.")
    elif {"+all", "all"} & set(found[0].lower().split()):
        yield wrong(f"{domain} lets everybody send for it: {found[0]}", "End the SPF record with ~all or -all.")
    else:
        yield fine(f"{domain} has an SPF record: {found[0]}")


def dkim(domain: str, lookup: Lookup) -> Iterator[Finding]:
    """Keys stand under names that only who signs knows; that there is none at all can be told (RFC 8020)."""
    for selector in settings.DKIM_SELECTORS:
        name = f"{selector}._domainkey.{domain}"
        if any(_tags(text).get("p") for text in lookup(name, "TXT") or []):
            yield fine(f"{name} has a key.")
        else:
            yield wrong(f"{name} has no key: signatures by it are not valid.", f"Publish it, or correct it. {DNS}")
    if settings.DKIM_SELECTORS:
        return
    if lookup(f"_domainkey.{domain}", "TXT") is None:
        yield wrong(f"{domain} has no DKIM key at all.", f"Publish the one that your provider gives you. {DNS}")
    else:
        yield note(f"{domain} has DKIM keys; whether the one in use is among them is not known.", "Set DKIM_SELECTORS.")


def dmarc(domain: str, lookup: Lookup) -> Iterator[Finding]:
    """The domain's own policy, or that of the one it belongs to."""
    for owner in _upwards(domain):
        for text in lookup(f"_dmarc.{owner}", "TXT") or []:
            tags = _tags(text)
            if tags.get("v") == "DMARC1":
                if tags.get("p") in ("none", "quarantine", "reject"):
                    yield fine(f"{owner} has a DMARC policy: {tags['p']}.")
                else:
                    yield wrong(f"The DMARC record of {owner} names no policy: {text}", f"Give it a p=. {DNS}")
                return
    yield wrong(f"{domain} has no DMARC record.", f'Publish _dmarc.{domain} TXT "v=DMARC1; p=none". {DNS}')


def mailboxes(domain: str, lookup: Lookup) -> Iterator[Finding]:
    """Whether answers and bounces arrive anywhere."""
    replies = (settings.REPLY_TO, settings.BOUNCE_ADDRESS, settings.UNSUBSCRIBE_ADDRESS)
    for name in dict.fromkeys([domain, *filter(None, map(addresses.domain_of, replies))]):
        servers = lookup(name, "MX") or []
        if servers and servers[0].split()[-1] == ".":  # RFC 7505
            yield wrong(f"{name} says that it takes no mail.", "Give it an MX record, or use another domain.")
        elif servers:
            yield fine(f"{name} takes mail: {servers[0].split()[-1].rstrip('.')}.")
        elif lookup(name, "A") or lookup(name, "AAAA"):  # RFC 5321, 5.1
            yield note(f"{name} has no MX record, so mail goes to its own address.", "Give it one.")
        else:
            yield wrong(f"{name} takes no mail: answers and bounces are lost.", "Give it an MX record.")


def pointer(domain: str, lookup: Lookup) -> Iterator[Finding]:
    """A mail server's address has a name that leads back to it; a provider sees to its own."""
    if settings.EMAIL_BACKEND != settings.SMTP_BACKEND:
        return
    for address in _addresses(settings.EMAIL_HOST, lookup):
        if not ip_address(address).is_global:
            remedy = "Look up the PTR record of the address by which it reaches the world."
            yield note(f"The mail server has a private address, {address}.", remedy)
            continue
        given = lookup(dns.reversename.from_address(address).to_text(omit_final_dot=True), "PTR") or []
        if any(address in _addresses(name.rstrip("."), lookup) for name in given):
            yield fine(f"{address} is called {given[0].rstrip('.')}, which leads back to it.")
        else:
            text = f"{address} has no name (PTR record) that leads back to it."
            yield wrong(text, "Have whoever gave you the address set it to the name that the mail server greets with.")


def _addresses(host: str, lookup: Lookup) -> list[str]:
    if host == "localhost":
        return ["127.0.0.1"]
    try:
        return [str(ip_address(host))]
    except ValueError:
        return [*(lookup(host, "A") or []), *(lookup(host, "AAAA") or [])]


def _upwards(domain: str) -> Iterator[str]:
    """papers.example.org, example.org: never a name of one label."""
    labels = domain.split(".")
    return (".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))


def _tags(text: str) -> dict[str, str]:
    """As in "v=DMARC1; p=none"."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
