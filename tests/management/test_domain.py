"""What `manage.py doctor` reads in DNS, from a resolver of ours."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.message
import dns.resolver
import dns.rrset
import pytest

from digest.management.diagnosis import Level, domain

GOOD = {
    ("papers.example.org", "TXT"): ["google-site-verification=x", "v=spf1 include:spf.example.net ~all"],
    ("_domainkey.papers.example.org", "TXT"): [],
    ("pm._domainkey.papers.example.org", "TXT"): ["v=DKIM1; k=rsa; p=MIIB"],
    ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@example.org"],
    ("papers.example.org", "MX"): ["10 mx.example.net."],
    ("example.org", "MX"): ["10 mx.example.net."],
    ("mail.example.org", "A"): ["93.184.215.14"],
    ("14.215.184.93.in-addr.arpa", "PTR"): ["mail.example.org."],
}


@pytest.fixture(autouse=True)
def _sender(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Paperboy <digest@papers.example.org>"
    settings.REPLY_TO = "editors@example.org"
    settings.BOUNCE_ADDRESS = settings.UNSUBSCRIBE_ADDRESS = ""
    settings.EMAIL_BACKEND = settings.SMTP_BACKEND
    settings.EMAIL_HOST = "mail.example.org"
    settings.DKIM_SELECTORS = ["pm"]


def found(**changes: Any) -> list[tuple[Level, str]]:
    """What is said of the records above, with some of them changed: `spf=[...]`; None takes a name away."""
    keys = {
        "spf": ("papers.example.org", "TXT"),
        "keys": ("_domainkey.papers.example.org", "TXT"),
        "key": ("pm._domainkey.papers.example.org", "TXT"),
        "dmarc": ("_dmarc.example.org", "TXT"),
        "own_dmarc": ("_dmarc.papers.example.org", "TXT"),
        "mx": ("papers.example.org", "MX"),
        "address": ("papers.example.org", "A"),
        "server": ("mail.example.org", "A"),
        "ptr": ("14.215.184.93.in-addr.arpa", "PTR"),
    }
    records = GOOD | {keys[name]: value for name, value in changes.items()}
    findings = list(domain.of_sender(lambda name, kind: records.get((name, kind))))
    assert all(finding.remedy for finding in findings if finding.level is not Level.FINE)
    return [(finding.level, finding.text) for finding in findings]


def unwell(**changes: Any) -> list[tuple[Level, str]]:
    return [each for each in found(**changes) if each[0] is not Level.FINE]


def test_a_domain_that_has_everything_is_fine():
    assert [level for level, _ in found()] == [Level.FINE] * 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spf": None}, "has no SPF record"),
        ({"spf": ["v=spf10 -all"]}, "has no SPF record"),
        ({"spf": ["v=spf1 a -all", "v=spf1 mx -all"]}, "2 SPF records"),
        ({"spf": ["v=spf1 +all"]}, "lets everybody send"),
        ({"spf": ["V=SPF1 ALL"]}, "lets everybody send"),
        ({"key": None}, "pm._domainkey.papers.example.org has no key"),
        ({"key": ["v=DKIM1; p="]}, "has no key"),  # revoked, RFC 6376, 3.6.1
        ({"dmarc": None}, "has no DMARC record"),
        ({"dmarc": ["v=DMARC1; rua=mailto:d@example.org"]}, "names no policy"),
        ({"own_dmarc": ["v=DMARC1; p=everything"]}, "of papers.example.org names no policy"),
        ({"mx": None}, "takes no mail: answers and bounces are lost"),
        ({"mx": ["0 ."]}, "says that it takes no mail"),
        ({"ptr": None}, "93.184.215.14 has no name"),
        ({"ptr": ["elsewhere.example.net."]}, "has no name (PTR record) that leads back"),
    ],
)
def test_what_is_missing_is_wrong_and_named(changes: dict[str, Any], words: str):
    [(level, text)] = unwell(**changes)
    assert level is Level.WRONG
    assert words in text


def test_without_selectors_only_the_lack_of_any_key_is_certain(settings: Any):
    settings.DKIM_SELECTORS = []
    assert [level for level, _ in unwell()] == [Level.NOTE]
    assert unwell(keys=None) == [(Level.WRONG, "papers.example.org has no DKIM key at all.")]


def test_what_may_be_right_is_a_note():
    assert [level for level, _ in unwell(mx=None, address=["93.184.215.14"])] == [Level.NOTE]
    [(level, text)] = unwell(server=["10.0.0.5"])
    assert (level, "10.0.0.5" in text) == (Level.NOTE, True)


def test_a_mail_server_on_this_machine_has_an_address_that_only_its_owner_knows(settings: Any):
    settings.EMAIL_HOST = "localhost"
    [(level, text)] = unwell()
    assert (level, "127.0.0.1" in text) == (Level.NOTE, True)


def test_a_provider_s_own_servers_are_its_own_affair(settings: Any):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    assert unwell(ptr=None) == []


def test_a_domain_of_this_machine_alone_is_not_looked_up(settings: Any):
    settings.DEFAULT_FROM_EMAIL = "digest@paperboy.localhost"
    assert [level for level, _ in found(spf=None)] == [Level.NOTE]


def test_without_a_name_server_nothing_is_called_wrong():
    def silent(name: str, kind: str) -> list[str]:
        raise dns.exception.Timeout

    [finding] = domain.of_sender(silent)
    assert finding.level is Level.NOTE
    assert "not checked" in finding.text


def test_answers_are_read_as_they_come(monkeypatch: pytest.MonkeyPatch):
    """Strings of a record joined; no such name, and no such record, told apart."""

    def resolve(name: str, kind: str, **_: Any) -> Any:
        if name == "nowhere.example.org":
            raise dns.resolver.NXDOMAIN
        if kind == "MX":
            raise dns.resolver.NoAnswer(response=dns.message.make_query(name, kind))
        records = {"TXT": '"v=spf1 include:a " "-all"', "A": "93.184.215.14"}
        return dns.rrset.from_text(f"{name}.", 60, "IN", kind, records[kind])

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    assert domain.ask("example.org", "TXT") == ["v=spf1 include:a -all"]
    assert domain.ask("example.org", "A") == ["93.184.215.14"]
    assert domain.ask("example.org", "MX") == []
    assert domain.ask("nowhere.example.org", "TXT") is None
