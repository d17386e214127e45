"""Fetching stays within its limits, whatever the server does."""

import gzip
import itertools
import socket
import ssl
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from digest.errors import SourceError
from digest.sources import guard
from digest.sources.fetch import Limits, Validators, fetch
from tests.delivery.smtp.authority import Authority
from tests.sources.loopback import Answer

OPEN = Limits(seconds=5, size=100_000, allow_private=True)


def get(url, limits=OPEN, **options):
    return fetch(url, user_agent="Paperboy (test)", limits=limits, **options)


def test_a_reply_comes_with_its_validators_and_says_who_asks(loopback):
    url = loopback.serve(
        "/feed", Answer(b"<feed/>", headers={"ETag": '"1"', "Last-Modified": "Mon", "Content-Type": "x"})
    )
    reply = get(url)
    assert (reply.status, reply.body, reply.content_type) == (200, b"<feed/>", "x")
    assert reply.validators == Validators('"1"', "Mon")
    assert loopback.requests[0][1]["user-agent"] == "Paperboy (test)"


def test_validators_are_sent_back_and_an_unmodified_reply_has_no_body(loopback):
    url = loopback.serve("/feed", Answer(b"ignored", status=304))
    reply = get(url, validators=Validators('"1"', "Mon"))
    assert reply.is_unmodified
    assert reply.body == b""
    headers = loopback.requests[0][1]
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"1"', "Mon")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "javascript:1", "http://", "/x", "", "http://[::1"])
def test_only_web_addresses_are_fetched(url):
    with pytest.raises(SourceError) as error:
        get(url)
    assert error.value.permanent


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "0.0.0.0", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "[::1]",  # noqa: S104
        "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "2130706433", "0x7f.1",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_in_every_spelling(host):
    with pytest.raises(SourceError, match="private address") as error:
        get(f"http://{host}:9/", Limits(seconds=2))
    assert error.value.permanent


def test_a_name_that_resolves_to_a_private_address_too_is_refused(monkeypatch):
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: entries)
    with pytest.raises(SourceError, match="private address"):
        get("http://rebinding.example/", Limits(seconds=2))


def test_the_connection_goes_to_the_address_that_was_checked(loopback, monkeypatch):
    """The name is resolved once; a second answer, as rebinding would give it, is never asked for."""
    real, asked = socket.getaddrinfo, []

    def resolve(host, port, *args, **kwargs):
        if host != "feeds.example":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        return real("127.0.0.1", port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    port = loopback.url.rpartition(":")[2]
    loopback.serve("/feed", b"here")
    assert get(f"http://feeds.example:{port}/feed").body == b"here"
    assert asked == ["feeds.example"]
    assert loopback.requests[0][1]["host"] == f"feeds.example:{port}"


def test_a_redirect_to_a_private_address_is_refused(loopback, monkeypatch):
    """The first host passes as public; where it redirects to is checked anew."""
    real = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.1" or real(address))
    url = loopback.serve("/out", Answer(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}))
    with pytest.raises(SourceError, match=r"169.254.169.254 is a private address"):
        get(url, Limits(seconds=2))


def test_redirects_are_followed_up_to_a_limit_and_never_out_of_the_web(loopback):
    loopback.serve("/a", Answer(status=301, headers={"Location": "/b"}))
    loopback.serve("/b", Answer(status=307, headers={"Location": loopback.url + "/c"}))
    loopback.serve("/c", b"end")
    reply = get(loopback.url + "/a")
    assert (reply.body, reply.url) == (b"end", loopback.url + "/c")
    loopback.serve("/loop", Answer(status=302, headers={"Location": "/loop"}))
    with pytest.raises(SourceError, match="more than 5 redirects"):
        get(loopback.url + "/loop")
    loopback.serve("/file", Answer(status=302, headers={"Location": "file:///etc/passwd"}))
    with pytest.raises(SourceError, match="only http and https"):
        get(loopback.url + "/file")


def test_every_request_waits_for_its_turn_and_the_wait_costs_no_time(loopback):
    loopback.serve("/a", Answer(status=302, headers={"Location": "/b"}))
    loopback.serve("/b", b"end")
    hosts = []
    get(
        loopback.url + "/a",
        Limits(seconds=0.5, allow_private=True),
        before_request=lambda h: (hosts.append(h), time.sleep(0.4)),
    )
    assert hosts == ["127.0.0.1", "127.0.0.1"]


def test_an_announced_size_above_the_limit_is_not_even_read(loopback):
    url = loopback.serve("/huge", Answer([b"x"], headers={"Content-Length": str(500 * 1024 * 1024)}))
    with pytest.raises(SourceError, match="larger than 100,000 bytes") as error:
        get(url)
    assert error.value.permanent


def test_an_endless_reply_ends_at_the_limit(loopback):
    sent = itertools.count()
    url = loopback.serve("/endless", Answer(b"x" * 10_000 for _ in sent))
    with pytest.raises(SourceError, match="larger than"):
        get(url)
    assert next(sent) < 2000


def test_a_server_that_drips_is_left_at_the_deadline(loopback):
    def drip():
        while True:
            yield b"x"
            time.sleep(0.05)

    url = loopback.serve("/drip", Answer(drip()))
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"within 0\.5 s"):
        get(url, Limits(seconds=0.5, allow_private=True))
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_pauses_longer_than_a_look_at_the_clock_is_waited_for(scheme, monkeypatch, tmp_path):
    monkeypatch.setattr(guard, "STEP", 0.02)
    authority = Authority(tmp_path)
    monkeypatch.setattr(guard, "certificates", lambda: ssl.create_default_context(cafile=authority.path))

    def serve(server):
        connection, _ = server.accept()
        if scheme == "https":
            connection = authority.context("127.0.0.1").wrap_socket(connection, server_side=True)
        with connection:
            connection.recv(10_000)
            for piece in (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 7\r\n\r\nthe ", b"end"):
                connection.sendall(piece)
                time.sleep(0.2)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=[server], daemon=True)
        thread.start()
        assert get(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/").body == b"the end"
        thread.join(timeout=5)


def test_a_server_that_never_greets_costs_the_time_for_connecting():
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        with pytest.raises(SourceError):
            get(f"https://127.0.0.1:{server.getsockname()[1]}/", Limits(connect_seconds=0.3, allow_private=True))
        assert time.monotonic() - started < 3


def test_headers_that_drip_end_at_the_deadline_too():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                for byte in itertools.chain(b"HTTP/1.1 200 OK\r\nX: ", itertools.repeat(0x61)):
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return
                    time.sleep(0.03)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(SourceError, match=r"within 0\.5 s"):
            get(f"http://127.0.0.1:{server.getsockname()[1]}/", Limits(seconds=0.5, allow_private=True))
        thread.join(timeout=5)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate", "two members"])
def test_compressed_replies_are_unpacked(loopback, encoding):
    plain = b"<feed>" + b"x" * 5000 + b"</feed>"
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw deflate": raw.compress(plain) + raw.flush(),
        "two members": gzip.compress(plain[:100]) + gzip.compress(plain[100:]),
    }[encoding]
    name = "deflate" if "deflate" in encoding else "gzip"
    url = loopback.serve("/packed", Answer(packed, headers={"Content-Encoding": name}))
    assert get(url).body == plain


def test_a_compression_bomb_is_not_unpacked_beyond_the_limit(loopback):
    bomb = gzip.compress(bytes(80_000_000))
    assert len(bomb) < OPEN.size
    url = loopback.serve("/bomb", Answer(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="larger than"):
        get(url)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"not packed", "gzip"), (gzip.compress(b"x" * 500, mtime=0)[:-20], "gzip"), (b"x", "gzip, gzip"), (b"x", "br")],
)
def test_broken_and_unknown_compression_are_errors(loopback, body, encoding):
    url = loopback.serve("/odd", Answer(body, headers={"Content-Encoding": encoding}))
    with pytest.raises(SourceError):
        get(url)


@pytest.mark.parametrize(
    ("status", "permanent"), [(404, True), (410, True), (403, True), (429, False), (500, False), (503, False)]
)
def test_an_error_status_says_whether_to_come_back(loopback, status, permanent):
    url = loopback.serve("/error", Answer(b"<b>Sorry</b>, no.", status=status, headers={"Retry-After": "120"}))
    with pytest.raises(SourceError, match="Sorry, no") as error:
        get(url)
    assert (error.value.status, error.value.permanent, error.value.retry_after) == (status, permanent, 120)


def test_retry_after_may_be_a_date(loopback):
    moment = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    url = loopback.serve("/later", Answer(status=503, headers={"Retry-After": moment}))
    with pytest.raises(SourceError) as error:
        get(url)
    assert error.value.retry_after == pytest.approx(600, abs=5)


def test_a_connection_that_breaks_off_is_an_error_not_a_short_feed(loopback):
    url = loopback.serve("/short", Answer([b"half"], headers={"Content-Length": "1000"}))
    with pytest.raises(SourceError):
        get(url)


def test_nobody_at_the_other_end_is_a_passing_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SourceError) as error:
        get(f"http://127.0.0.1:{port}/")
    assert not error.value.permanent
