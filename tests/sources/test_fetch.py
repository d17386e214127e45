"""Fetching stays within its limits, whatever the server does."""

import gzip
import itertools
import socket
import ssl
import threading
import time
import zlib
from contextlib import contextmanager

import httpx
import pytest

from digest.errors import HostError, SourceError
from digest.sources import deadline, guard, resolve
from digest.sources.fetch import Limits, Validators, checked_url, fetch, origin
from tests.delivery.smtp.authority import Authority
from tests.sources.loopback import Answer, running, speaking

HERE = frozenset(["127.0.0.1"])
OPEN = Limits(seconds=5, size=100_000, private_hosts=HERE)


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


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/y", "javascript:1", "http://", "/x", "", "http://[::1", f"http://{'a.' * 200}b/"],
)
def test_only_web_addresses_are_fetched(url):
    with pytest.raises(SourceError) as error:
        get(url)
    assert error.value.permanent


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
    named = Limits(seconds=5, private_hosts=frozenset(["feeds.example"]))
    assert get(f"http://feeds.example:{port}/feed", named).body == b"here"
    assert asked == ["feeds.example"]
    assert loopback.requests[0][1]["host"] == f"feeds.example:{port}"


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data/", "http://localhost:9999/"])
def test_a_redirect_to_a_private_address_is_refused_whoever_redirects(loopback, target):
    url = loopback.serve("/out", Answer(status=302, headers={"Location": target}))
    with pytest.raises(SourceError, match="has a private address") as error:
        get(url)
    assert error.value.permanent
    assert len(loopback.requests) == 1


def test_a_stranger_does_not_lead_to_a_host_of_our_own_though_it_is_named(loopback, monkeypatch):
    monkeypatch.setattr(resolve, "is_public", lambda address: str(address) == "127.0.0.1")
    ours = loopback.url.replace("127.0.0.1", "127.0.0.2")
    named = Limits(seconds=2, private_hosts=frozenset(["127.0.0.2"]))
    with pytest.raises(SourceError, match="has a private address"):
        get(loopback.serve("/out", Answer(status=302, headers={"Location": ours})), named)
    with pytest.raises(SourceError, match="from port 25"):
        get(loopback.serve("/out", Answer(status=302, headers={"Location": "http://127.0.0.2:25/"})), named)
    with pytest.raises(HostError, match="ConnectError"):
        get(ours, named)  # there is nobody, but nothing forbids it


def test_redirects_are_followed_up_to_a_limit_and_never_out_of_the_web(loopback):
    loopback.serve("/a", Answer(status=301, headers={"Location": "/b"}))
    loopback.serve("/b", Answer(status=307, headers={"Location": loopback.url + "/c"}))
    loopback.serve("/c", b"end")
    reply = get(loopback.url + "/a")
    assert (reply.body, reply.url) == (b"end", loopback.url + "/c")
    hops = itertools.count()
    loopback.serve("/on", lambda request: Answer(status=302, headers={"Location": f"/on?{next(hops)}"}))
    with pytest.raises(SourceError, match="more than 5 redirects"):
        get(loopback.url + "/on")
    assert next(hops) == 6
    loopback.serve("/file", Answer(status=302, headers={"Location": "file:///etc/passwd"}))
    with pytest.raises(SourceError, match="only http and https"):
        get(loopback.url + "/file")


@pytest.mark.parametrize("path", ["/loop", "/there"])
def test_a_circle_of_redirects_is_called_one(loopback, path):
    loopback.serve("/loop", Answer(status=302, headers={"Location": "/loop"}))
    loopback.serve("/there", Answer(status=302, headers={"Location": "/back"}))
    loopback.serve("/back", Answer(status=302, headers={"Location": "/there"}))
    with pytest.raises(SourceError, match=f"redirects in a circle, back to .*{path}"):
        get(loopback.url + path)
    assert len(loopback.requests) == (1 if path == "/loop" else 2)


def test_a_site_may_send_back_once_its_cookie_is_set(loopback):
    """Publishers do, to see whether a visitor keeps cookies."""

    def answer(request):
        if "seen=1" in request.headers.get("Cookie", ""):
            return Answer(b"<feed/>")
        return Answer(status=303, headers={"Location": "/feed", "Set-Cookie": "seen=1"})

    assert get(loopback.serve("/feed", answer)).body == b"<feed/>"


def test_every_request_is_made_within_the_gate_and_its_waiting_costs_no_time(loopback):
    loopback.serve("/a", Answer(status=302, headers={"Location": "/b"}))
    loopback.serve("/b", Answer(status=503))
    told = []

    @contextmanager
    def gate(host):
        time.sleep(0.4)
        try:
            yield
        except HostError:
            told.append((host, "failed"))
            raise
        told.append((host, len(loopback.requests)))

    with pytest.raises(HostError, match="HTTP 503"):
        get(loopback.url + "/a", Limits(seconds=0.5, private_hosts=HERE), gate=gate)
    assert told == [("127.0.0.1", 1), ("127.0.0.1", "failed")]


def test_secrets_go_to_their_own_origin_and_not_beyond_nor_back(loopback):
    key = {"Authorization": "Bearer of-nobody"}
    with running() as other:
        other.serve("/away", Answer(status=302, headers={"Location": loopback.url + "/back"}))
        loopback.serve("/start", Answer(status=302, headers={"Location": "/near"}))
        loopback.serve("/near", Answer(status=302, headers={"Location": other.url + "/away"}))
        loopback.serve("/back", b"end")
        assert get(loopback.url + "/start", secrets=key).body == b"end"
        carried = [(path, "authorization" in headers) for path, headers in loopback.requests + other.requests]
    assert carried == [("/start", True), ("/near", True), ("/back", False), ("/away", False)]


@pytest.mark.parametrize(
    ("url", "is_home"),
    [("https://a.example:443/y", True), ("http://a.example/x", False), ("https://b.a.example/x", False)],
)
def test_another_scheme_or_host_is_not_home(url, is_home):
    assert (origin(httpx.URL(url)) == origin(httpx.URL("https://a.example/x"))) is is_home


@pytest.mark.parametrize(("port", "is_free"), [(22, False), (25, False), (80, True), (443, True), (8080, True)])
def test_ports_of_other_services_are_left_alone(port, is_free):
    if is_free:
        assert checked_url(f"http://feeds.example:{port}/")
    else:
        with pytest.raises(SourceError, match=f"from port {port}"):
            get(f"http://feeds.example:{port}/")
    assert checked_url(f"http://feeds.example.:{port}/", ["feeds.example"])


def test_the_environment_s_proxies_are_not_asked(loopback, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(loopback.serve("/feed", b"direct")).body == b"direct"


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
        get(url, Limits(seconds=0.5, private_hosts=HERE))
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_pauses_longer_than_a_look_at_the_clock_is_waited_for(scheme, monkeypatch, tmp_path):
    monkeypatch.setattr(deadline, "STEP", 0.02)
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
        with pytest.raises(HostError):
            get(f"https://127.0.0.1:{server.getsockname()[1]}/", Limits(connect_seconds=0.3, private_hosts=HERE))
        assert time.monotonic() - started < 3


def drip(start: bytes):
    yield start
    for _ in range(200):
        time.sleep(0.03)
        yield b"a"


@pytest.mark.parametrize(
    "words",
    [
        lambda: drip(b"HTTP/1.1 200 OK\r\nX: "),
        lambda: drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"),
        lambda: drip(b""),
        lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nhalf", 4.0],
        lambda: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 4.0],
        lambda: [4.0],
    ],
    ids=[
        "headers that drip",
        "a body that drips",
        "garbage that drips",
        "a body that stalls",
        "chunks that stall",
        "silence",
    ],
)
def test_whatever_is_slow_ends_at_the_deadline(words):
    with speaking(words()) as url:
        started = time.monotonic()
        with pytest.raises(HostError, match=r"within 0\.5 s"):
            get(url, Limits(seconds=0.5001, private_hosts=HERE))
        assert time.monotonic() - started < 2


CONTINUE = b"HTTP/1.1 100 Continue\r\nX: " + b"y" * 10_000 + b"\r\n\r\n"
EXTENDED = b"1;" + b"x" * 10_000 + b"\r\nb\r\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([b"HTTP/1.1 200 OK\r\nX: ", *[b"y" * 65536] * 1000], "RemoteProtocolError"),
        ([b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n" * 9000] * 1000], "RemoteProtocolError"),
        ([CONTINUE] * 5000, "on the wire"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[EXTENDED] * 5000], "on the wire"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"], "RemoteProtocolError"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nshort"], "RemoteProtocolError"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nshort"], "RemoteProtocolError"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n"], "RemoteProtocolError"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "RemoteProtocolError"),
        ([], "RemoteProtocolError"),
    ],
    ids=[
        "an endless header", "endless headers", "endless beginnings", "endless frames", "too short",
        "less than nothing", "two lengths", "no chunk", "no web server", "nothing",
    ],
)  # fmt: skip
def test_odd_servers_cost_little_and_are_told_of(words, said):
    with speaking(words) as url, pytest.raises(SourceError, match=said):
        get(url)


def test_what_comes_after_the_announced_length_is_not_read():
    with speaking([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<a/> and more"]) as url:
        assert get(url).body == b"<a/> "


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
    ("status", "kind", "permanent"),
    [(404, SourceError, True), (410, SourceError, True), (429, HostError, False), (500, HostError, False)],
)
def test_an_error_status_says_whether_to_come_back_and_whose_fault_it_is(loopback, status, kind, permanent):
    url = loopback.serve("/error", Answer(b"<b>Sorry</b>, no.", status=status, headers={"Retry-After": "120"}))
    with pytest.raises(SourceError, match="Sorry, no") as error:
        get(url)
    told = error.value
    assert (type(told), told.status, told.permanent, told.retry_after) == (kind, status, permanent, 120)


def test_what_a_feed_says_of_a_mistake_is_told_without_its_markup(loopback):
    feed = (
        b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Feed error</title><x/>'
        b"<subtitle>No archive 'cx' &amp; no other</subtitle></feed>"
    )
    with pytest.raises(SourceError) as error:
        get(loopback.serve("/error", Answer(feed, status=400)))
    assert str(error.value) == "HTTP 400 Bad Request: Feed error No archive 'cx' & no other"


def test_a_connection_that_breaks_off_is_an_error_not_a_short_feed(loopback):
    url = loopback.serve("/short", Answer([b"half"], headers={"Content-Length": "1000"}))
    with pytest.raises(SourceError):
        get(url)


def test_nobody_at_the_other_end_is_a_passing_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(HostError) as error:
        get(f"http://127.0.0.1:{port}/")
    assert not error.value.permanent
