"""Mail that goes to files: written whole, listed newest first, shown without any power over the page around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.urls import reverse

from digest.delivery import outbox
from digest.delivery.outbox import EmailBackend


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.OUTBOX_DIR = tmp_path / "outbox"
    settings.DEBUG = True
    return settings.OUTBOX_DIR


def send(subject: str = "Ten papers", html: str = "<html><head></head><body>Hello</body></html>") -> None:
    message = EmailMultiAlternatives(subject, "Héllo in text", "digest@example.com", ["reader@example.org"])
    message.attach_alternative(html, "text/html")
    get_connection("digest.delivery.outbox.EmailBackend").send_messages([message])


class TestFiles:
    def test_each_message_is_one_file_with_crlf_and_nothing_else_is_left(self, folder):
        send("One")
        send("Two")
        names = sorted(path.name for path in folder.iterdir())
        assert len(names) == 2
        assert all(outbox.NAME.fullmatch(name) for name in names)
        content = (folder / names[0]).read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n") > 5

    def test_the_newest_comes_first_and_reads_as_it_was_written(self):
        send("Old — über")
        send("New")
        newest, oldest = outbox.messages()
        assert (newest.subject, oldest.subject) == ("New", "Old — über")
        assert (newest.to, newest.text.strip()) == ("reader@example.org", "Héllo in text")
        assert "Hello" in newest.html
        assert newest.size > 100

    def test_half_a_message_is_never_left(self, folder, monkeypatch):
        def full_disk(self, target):
            raise OSError("no space")

        monkeypatch.setattr(Path, "replace", full_disk)
        with pytest.raises(OSError, match="no space"):
            send()
        assert list(folder.iterdir()) == []

    def test_a_message_to_nobody_is_not_sent(self):
        assert EmailBackend().send_messages([EmailMultiAlternatives("x", "y")]) == 0

    def test_no_folder_is_an_empty_outbox(self):
        assert outbox.messages() == []

    @pytest.mark.parametrize(
        "name",
        [
            "../settings.py",
            "..%2f..%2fetc%2fpasswd",
            "/etc/passwd",
            "x.eml",
            f"{'1' * 20}-{'a' * 8}.eml/../x",
            "",
            "\0",
        ],
    )
    def test_no_other_file_can_be_read(self, name, folder):
        folder.mkdir()
        (folder / "x.eml").write_text("To: a\n\nb")
        assert outbox.read(name) is None


@pytest.mark.django_db
class TestPages:
    def test_the_list_names_recipient_and_subject(self, client):
        send("Ten <b>papers</b>")
        page = client.get(reverse("digest:outbox"))
        assert page.status_code == 200
        assert "reader@example.org" in page.text
        assert "Ten &lt;b&gt;papers" in page.text

    def test_it_says_that_nothing_leaves_only_where_nothing_does(self, client, settings):
        settings.EMAIL_BACKEND = "digest.delivery.outbox.EmailBackend"
        assert "Nothing leaves this machine." in client.get(reverse("digest:outbox")).text
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        assert "Nothing leaves" not in client.get(reverse("digest:outbox")).text

    def test_an_empty_outbox_says_so(self, client):
        assert "It is empty" in client.get(reverse("digest:outbox")).text

    def test_a_message_is_shown_at_two_widths_with_text_and_headers(self, client):
        send()
        name = outbox.messages()[0].name
        page = client.get(reverse("digest:outbox-message", args=[name])).text
        assert page.count("<iframe") == page.count('sandbox="allow-popups') == 2
        assert 'width="375"' in page
        assert 'width="800"' in page
        assert "Héllo in text" in page
        assert "multipart/alternative" in page

    def test_a_mails_html_may_run_and_load_nothing(self, client):
        send(html="<html><head></head><body><script>alert(1)</script></body></html>")
        answer = client.get(reverse("digest:outbox-html", args=[outbox.messages()[0].name]))
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "allow-scripts" not in policy
        assert "frame-ancestors 'self'" in policy
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert '<base target="_blank">' in answer.text

    @pytest.mark.parametrize("name", ["x.eml", f"{'1' * 20}-{'a' * 8}.eml", ".."])
    def test_what_is_not_there_is_not_found(self, client, name):
        assert client.get(f"/outbox/{name}").status_code == 404
        assert client.get(f"/outbox/{name}/html").status_code == 404

    def test_nothing_of_it_exists_without_debug(self, client, settings):
        send()
        name = outbox.messages()[0].name
        settings.DEBUG = False
        for path in ("/outbox/", f"/outbox/{name}", f"/outbox/{name}/html"):
            assert client.get(path).status_code == 404
