"""Caddy with the configuration that docs/operations.md shows, and a certificate by an authority of its own."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import httpx

from tests.services import PROJECT, free_port, missing, stop

HOST = "papers.example.org"
OPTIONS = """{{
    admin off
    local_certs
    skip_install_trust
    default_bind 127.0.0.1
    http_port {http}
    https_port {https}
}}
"""


class Proxy:
    """`with Proxy(folder, port) as proxy:` then `proxy.client()`, a browser that knows the name and the authority."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.program = shutil.which("caddy") or missing("caddy is not installed")
        self.folder, self.port = folder / "caddy", free_port()
        self.folder.mkdir()
        shown = re.search(
            rf"^ +({re.escape(HOST)} {{.*?^ +}})$", (PROJECT / "docs/operations.md").read_text(), re.M | re.S
        )
        assert shown
        site = shown[1].replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
        (self.folder / "Caddyfile").write_text(OPTIONS.format(http=free_port(), https=self.port) + site)

    def __enter__(self) -> Proxy:
        environment = {"XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "HOME": str(self.folder)}
        command = [self.program, "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]
        with (self.folder / "caddy.log").open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.root = self.folder / "caddy/pki/authorities/local/root.crt"
        deadline = time.monotonic() + 20
        while not self.root.exists():
            assert time.monotonic() < deadline, (self.folder / "caddy.log").read_text()[-2000:]
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        stop(self.process)

    def client(self) -> httpx.Client:
        trusted = ssl.create_default_context(cafile=str(self.root))
        transport = Named(verify=trusted)
        site = f"https://{HOST}"
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", transport=transport, follow_redirects=True, timeout=30,
            headers={"Host": HOST, "Referer": f"{site}/"},
        )  # fmt: skip


class Named(httpx.HTTPTransport):
    """Asks for the certificate of the site's name, whatever address it is reached at."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = HOST
        return super().handle_request(request)
