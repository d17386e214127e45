"""Every sample passes every gate; a message that is broken in one way fails the gate for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest

from tests.inbox import spamassassin
from tests.inbox.account import account
from tests.inbox.gates import GATES
from tests.inbox.judging import failures, judge
from tests.inbox.mail import Mail
from tests.inbox.samples import SITE, SLUGS, sample
from tests.services import PROJECT, missing, process_environment

ADDRESS = SITE["POSTAL_ADDRESS"]
RECEIVED = b"Received: from mail.example.org by mx.example.net; Sun, 22 Nov 2026 06:31:00 +0000\r\n"
SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=%b; h=From:Subject:Date%b; bh=x; b=y\r\n"
ONE_CLICK_FIELDS = b":List-Unsubscribe:List-Unsubscribe-Post"


@pytest.fixture(scope="module")
def good() -> bytes:
    return sample("edited").raw


@pytest.mark.parametrize("slug", SLUGS)
def test_every_sample_passes_every_gate(slug: str) -> None:
    assert failures(sample(slug)) == {}


def test_a_digest_is_known_by_its_headers(good: bytes) -> None:
    assert Mail(good).is_digest
    assert not Mail(sample("confirmation").raw).is_digest


def fields(change: Callable[[EmailMessage], None]) -> Callable[[bytes], bytes]:
    """The message with its header fields changed."""

    def changed(raw: bytes) -> bytes:
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        change(message)
        return message.as_bytes(policy=policy.SMTP.clone(max_line_length=998))

    return changed


def without(name: str) -> Callable[[bytes], bytes]:
    return fields(lambda message: message.__delitem__(name))


def instead(name: str, value: str) -> Callable[[bytes], bytes]:
    def change(message: EmailMessage) -> None:
        del message[name]
        message[name] = value

    return fields(change)


def again(line: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: line + b"\r\n" + raw


def words(part: int, change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """The message with its text (0) or its HTML (1) changed."""

    def change_part(message: EmailMessage) -> None:
        body = list(message.iter_parts())[part]
        assert isinstance(body, EmailMessage)
        kind = ("plain", "html")[part]
        body.set_content(change(body.get_content()), subtype=kind, charset="utf-8", cte="quoted-printable")

    return fields(change_part)


def html(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(page: str) -> str:
        assert old in page
        return page.replace(old, new, 1)

    return words(1, change)


def no_text_part(raw: bytes) -> bytes:
    return fields(lambda message: message.set_payload(cast(Any, list(message.iter_parts())[1:])))(raw)


BROKEN: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("date", without("Date")),
    ("date", lambda raw: raw.replace(b"06:30:00 +0000", b"06:30:00")),
    ("date", lambda raw: RECEIVED.replace(b"06:31", b"09:31") + raw),
    ("one-click address", again(b"List-Unsubscribe: <https://example.org/u/2>")),
    ("one-click address", instead("List-Unsubscribe", "<http://example.org/u/1>")),
    ("one-click post", without("List-Unsubscribe-Post")),
    ("one-click post", instead("List-Unsubscribe-Post", "List-Unsubscribe=one-click")),
    ("one-click address whole", lambda raw: raw.replace(b"-Unsubscribe: <https://", b"-Unsubscribe: <https:\r\n //")),
    ("list id", without("List-ID")),
    ("list id", instead("List-ID", "Paperboy <localhost>")),
    ("list addresses", instead("List-Help", "https://example.org/")),
    ("list addresses", without("List-Post")),
    ("automatic", without("Auto-Submitted")),
    ("feedback id", instead("Feedback-ID", "a:b:a:paperboy")),
    ("feedback id", instead("Feedback-ID", "a:b:c:me")),
    ("message id", without("Message-ID")),
    ("message id", instead("Message-ID", "<1@localhost>")),
    ("sender", instead("From", "Paperboy <digest@localhost>")),
    ("sender", instead("Reply-To", "editor")),
    ("one recipient", instead("To", "ada@example.org, ben@example.org")),
    ("one recipient", again(b"Bcc: ben@example.org")),
    ("subject", without("Subject")),
    ("subject", lambda raw: raw.replace(b"Subject: ", b"Subject: =?utf-8?b?broken?= ")),
    ("two parts", no_text_part),
    ("text complete", no_text_part),
    ("text complete", words(0, lambda text: "Please see the HTML part.")),
    ("text complete", words(0, lambda text: text[: text.index("\n10. ")])),
    ("text written", words(0, lambda text: f"<p>{text}</p>")),
    ("text written", words(0, lambda text: f"[Paper](x) {text}")),
    ("text written", words(0, lambda text: f"{'word ' * 20}\n{text}")),
    ("same places", words(0, lambda text: f"{text}\nhttps://example.org/elsewhere\n")),
    ("same places", html('href="https://', 'href="https://click.example.net/')),
    ("way out shown", words(0, lambda text: text.replace("/u/", "/v/"))),
    ("postal address", words(0, lambda text: text.replace("Test Street", "No Street"))),
    ("utf-8", lambda raw: raw.replace(b'charset="utf-8"', b'charset="latin-1"', 1)),
    ("lines on the wire", lambda raw: raw.replace(b"\r\n\r\n", b"\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n", 1)),
    ("lines on the wire", lambda raw: raw.replace(b"\r\n", b"\n", 5)),
    ("size of the html", html("</body>", f"{'<p>word</p>' * 10_000}</body>")),
    ("well-formed html", html("</h1>", "")),
    ("language, title, headings", html('lang="en"', "")),
    ("language, title, headings", html("<h2", "<h4")),
    ("layout tables", html('role="presentation"', "")),
    ("images", html("</body>", '<img src="https://example.org/open.gif" alt="" width="1" height="1"></body>')),
    ("legible", html("font-size: 17px", "font-size: 11px")),
    ("legible", html(">Unsubscribe<", ">Click here<")),
    ("colour schemes declared", html('content="light dark"', 'content="light"')),
    ("dark rules win", html("background-color: #121110 !important", "background-color: #121110")),
    ("dark rules win", html("prefers-color-scheme", "prefers-contrast")),
    ("nothing runs or loads", html("</body>", "<script>1</script></body>")),
    ("nothing runs or loads", html("</body>", '<p onclick="1">x</p></body>')),
    ("https alone", html('href="https://', 'href="http://')),
    ("contents lead somewhere", html('href="#p1"', 'href="#p0"')),
    ("styles inlined", html("</body>", '<a href="https://example.org/">Example</a></body>')),
    ("charset first", html("<meta", f"{'<!-- -->' * 200}<meta")),
    ("preheader", html("display: none", "display: block")),
    ("signature", lambda raw: RECEIVED + raw),
    ("signature", lambda raw: SIGNED % (b"provider.example.com", ONE_CLICK_FIELDS) + raw),
    ("signature", lambda raw: SIGNED % (b"mail.example.org", b"") + raw),
    ("authentication", again(b"Authentication-Results: mx.example.net; spf=pass; dkim=fail; dmarc=pass")),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "breaking"), BROKEN, ids=[f"{at}-{gate}" for at, (gate, _) in enumerate(BROKEN)])
def test_what_is_broken_fails_its_gate(good: bytes, gate: str, breaking: Callable[[bytes], bytes]) -> None:
    failed = failures(Mail(breaking(good), is_digest=True, postal_address=ADDRESS))
    assert gate in failed
    assert all(failed[gate])


def test_every_gate_has_a_message_that_fails_it() -> None:
    assert set(GATES) - {gate for gate, _ in BROKEN} == {"no pretended unsubscribing"}


def test_a_letter_may_not_pretend_to_be_left(good: bytes) -> None:
    assert "no pretended unsubscribing" in failures(Mail(good, is_digest=False))


def test_a_message_that_arrived_as_it_should_passes(good: bytes) -> None:
    results = b"Authentication-Results: mx.example.net; spf=pass; dkim=pass header.d=mail.example.org; dmarc=pass\r\n"
    arrived = results + RECEIVED + SIGNED % (b"mail.example.org", ONE_CLICK_FIELDS) + good
    judged = judge(Mail(arrived.replace(b"\r\n", b"\n"), postal_address=ADDRESS))
    assert {"signature", "authentication", "date"} <= set(judged)
    assert not [reasons for reasons in judged.values() if reasons]


def test_nonsense_is_judged_too() -> None:
    assert len(failures(Mail(b"", is_digest=True))) > 15
    assert "well-formed html" in failures(Mail(b"\xff\xfe\n\nhello"))


def test_spamassassin_has_nothing_against_a_digest_and_something_against_spam(good: bytes) -> None:
    if not spamassassin.is_installed():
        missing("spamassassin is not installed")
    assert account("good", Mail(good)).failed == {}
    spam = good.replace(b"Subject: ", b"Subject: XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X ")
    found = account("spam", Mail(spam))
    assert found.spam_score is not None
    assert found.spam_score > 900
    assert "GTUBE" in found.failed["spamassassin"][0]


def test_a_spamassassin_that_is_missing_is_a_failure_unless_it_is_not_wanted(
    good: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert account("good", Mail(good)).failed == {"spamassassin": [spamassassin.REMEDY]}
    assert account("good", Mail(good), with_spamassassin=False).failed == {}


def test_the_command_judges_files_and_says_which_gate_failed(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.eml").write_bytes(good)
    (tmp_path / "undated.eml").write_bytes(without("Date")(good))
    finished = judged(tmp_path, "good.eml", "undated.eml")
    assert finished.returncode == 1
    assert "undated.eml: date: 0 Date fields instead of one" in finished.stdout
    written = json.loads((tmp_path / "inbox.json").read_text())
    assert not written["passed"]
    assert [list(message["failed"]) for message in written["messages"]] == [[], ["date"]]
    assert judged(tmp_path, "good.eml").returncode == 0


def judged(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.inbox", "--without-spamassassin", "--json", str(folder / "inbox.json")]
    return subprocess.run(
        [*command, *(str(folder / name) for name in names)],
        cwd=PROJECT,
        env=process_environment(DATA_DIR=str(folder)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
