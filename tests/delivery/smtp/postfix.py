"""A real Postfix in a folder of its own, which delivers to maildirs there. Needs root, as Postfix's master does."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import free_port, missing, stop, wait_for_port

MASTER = Path("/usr/lib/postfix/sbin/master")
PROGRAM = Path("/usr/sbin/postfix")

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
mynetworks = 127.0.0.0/8
message_size_limit = 200000
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/boxes
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_data_restrictions = check_recipient_access texthash:{folder}/refused
smtpd_delay_reject = yes
"""
TLS = """
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {certificate}
"""
SERVICES = """
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{wrapped} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
"""


class Postfix:
    """`boxes` are the addresses that exist; who is in `refused` is refused when the content is announced, by its words.

    `port` is for plain SMTP and STARTTLS, `wrapped_port` for TLS from the first octet (only with a certificate).
    """

    def __init__(self, folder: Path, boxes: list[str], refused: dict[str, str], certificate: Path | None) -> None:
        self.folder, self.port, self.wrapped_port = folder, free_port(), free_port()
        for name in ("etc", "queue", "data", "mail"):
            (folder / name).mkdir()
        owner = pwd.getpwnam("postfix")
        for name in ("data", "mail"):
            os.chown(folder / name, owner.pw_uid, owner.pw_gid)
        (folder / "boxes").write_text("".join(f"{address} {number}/\n" for number, address in enumerate(boxes)))
        (folder / "refused").write_text("".join(f"{address} {words}\n" for address, words in refused.items()))
        main = MAIN.format(folder=folder, user=owner.pw_uid, group=owner.pw_gid)
        main += TLS.format(certificate=certificate) if certificate else ""
        services = SERVICES.format(plain=self.port, wrapped=self.wrapped_port)
        services = services if certificate else services.replace(f"127.0.0.1:{self.wrapped_port}", "#")
        (folder / "etc/main.cf").write_text(main)
        (folder / "etc/master.cf").write_text(services)

    def start(self) -> None:
        subprocess.run([PROGRAM, "-c", self.folder / "etc", "check"], check=True, capture_output=True)
        self.process = subprocess.Popen([MASTER, "-c", self.folder / "etc", "-d"], stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)

    def stop(self) -> None:
        stop(self.process)

    def received(self, box: int) -> list[bytes]:
        return [file.read_bytes() for file in (self.folder / "mail" / str(box) / "new").glob("*")]


@contextmanager
def running(boxes: list[str], refused: dict[str, str], certificate: Path | None = None) -> Iterator[Postfix]:
    if os.geteuid() != 0 or not PROGRAM.exists() or not MASTER.exists():
        missing("Postfix cannot be started: it is not installed, or these tests do not run as root")
    # Not below pytest's own folder, into which Postfix's processes may not look.
    folder = Path(tempfile.mkdtemp(prefix="paperboy-postfix-"))
    folder.chmod(0o755)
    try:
        postfix = Postfix(folder, boxes, refused, certificate)
        postfix.start()
        try:
            yield postfix
        finally:
            postfix.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
