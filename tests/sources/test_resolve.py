"""What may be connected to: the internet, and networks of our own where a host is named; never what tells secrets."""

from __future__ import annotations

import socket
import time

import pytest

from digest import stopping
from digest.errors import HostError, Interrupted, SourceError
from digest.sources import deadline
from digest.sources.deadline import Deadline
from digest.sources.fetch import Limits, fetch
from digest.sources.resolve import look_up, may_connect

# Whom naming a host in the settings lets in, and whom nothing does.
OWN = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "100.127.255.255", "::1", "fc00::1", "fd12:3456:789a::1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "0.1.2.3",  # noqa: S104
    "169.254.0.1", "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "192.0.0.170",
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "192.88.99.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1", "fe80::1", "fe80::1%lo", "febf::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1",
    "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110", "64:ff9b:1::1",
    "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "2001:0:7f00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2001:db8::1", "2001:2::1", "2001:10::1", "2001:20::1", "3fff::1", "100::1",
    "100:0:0:1::1", "5f00::1", "4000::1", "fd00:ec2::254", "fd20:ce::254", "f000::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.84.21.199",
    "168.63.129.17", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "64:ff9b::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", OWN)
def test_own_networks_are_for_hosts_that_are_named(address):
    assert (may_connect(address), may_connect(address, may_be_private=True)) == (False, True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_refused_whatever_the_settings(address):
    assert (may_connect(address), may_connect(address, may_be_private=True)) == (False, False)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_open(address):
    assert may_connect(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost", "LOCALHOST", "0", "0.0.0.0",  # noqa: S104
        "10.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "[::1]", "[::]",
        "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fec0::1]", "[fd00:ec2::254]",
        "[ff02::1]", "168.63.129.16",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_url_leads_to_none_of_them_in_any_spelling(scheme, host):
    with pytest.raises(SourceError, match="has a private address") as error:
        fetch(f"{scheme}://{host}/", user_agent="Paperboy (test)", limits=Limits(seconds=2))
    assert error.value.permanent
    assert not isinstance(error.value, HostError)


@pytest.mark.parametrize(
    "host", ["0177.0.0.1", "localhost.", "127.0.0.1.", "127.0.0.1%2f", "%31%32%37.0.0.1", "[::1%25lo]"]
)
def test_some_spellings_lead_nowhere(host):
    with pytest.raises(SourceError):
        fetch(f"http://{host}/", user_agent="Paperboy (test)", limits=Limits(seconds=2))


def answering(monkeypatch, *addresses):
    def resolve(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_name_with_a_private_address_among_others_is_refused(monkeypatch):
    answering(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(SourceError, match="FETCH_ALLOW_PRIVATE does not name it"):
        look_up("mixed.example", 80, Deadline.after(2))
    assert look_up("mixed.example", 80, Deadline.after(2), ["mixed.example"]) == ["93.184.215.14", "10.0.0.1"]


def test_a_host_that_is_named_is_not_led_to_secrets_nor_lets_others_in(monkeypatch):
    answering(monkeypatch, "10.0.0.1")
    assert look_up("Feeds.Example.", 80, Deadline.after(2), ["feeds.example"]) == ["10.0.0.1"]
    for other in ("other.example", "a.feeds.example", "feeds.example.net", "10.0.0.1"):
        with pytest.raises(SourceError, match="private address"):
            look_up(other, 80, Deadline.after(2), ["feeds.example"])
    answering(monkeypatch, "10.0.0.1", "169.254.169.254")
    with pytest.raises(SourceError, match=r"private address$"):
        look_up("feeds.example", 80, Deadline.after(2), ["feeds.example"])


def test_a_name_server_that_never_answers_costs_no_more_than_the_deadline(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(5))
    started = time.monotonic()
    with pytest.raises(HostError, match=r"within 0\.3 s"):
        fetch("http://slow.example/", user_agent="Paperboy (test)", limits=Limits(seconds=0.3))
    assert time.monotonic() - started < 1.5


def test_nor_does_it_hold_a_worker_that_is_to_end(monkeypatch):
    monkeypatch.setattr(deadline, "STEP", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: (stopping.ask(), time.sleep(5)))
    try:
        with pytest.raises(Interrupted):
            look_up("slow.example", 80, Deadline.after(10))
    finally:
        stopping.forget()


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_is_not_known_is_the_host_s_fault(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(HostError, match=r"cannot resolve nowhere\.example"):
        look_up("nowhere.example", 80, Deadline.after(2))
