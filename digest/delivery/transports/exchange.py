"""Watches a backend's calls: whether one left this machine, and what was answered, whatever the backend makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

ENOUGH = 4000  # characters of an answer that are looked at


@dataclass(slots=True)
class Exchange:
    """One call. `has_left` is certain only where the backend is watched; `key` goes out as its Idempotency-Key."""

    has_left: bool = False
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    key: str = ""

    def begin(self, key: str = "") -> None:
        self.has_left, self.status, self.headers, self.text, self.key = False, 0, {}, "", key

    def answered(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status, self.headers, self.text = status, headers, text[:ENOUGH]


class _Door(HTTPAdapter):
    """The way out of a requests session: tried once, noted down, and never followed to another place."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._exchange = exchange

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        if self._exchange.key:
            request.headers["Idempotency-Key"] = self._exchange.key
        self._exchange.has_left = True
        response = super().send(request, *arguments, **options)
        text = response.content[:ENOUGH].decode(errors="replace")
        self._exchange.answered(response.status_code, response.headers, text)
        return response


def is_watchable(backend: Any) -> bool:
    """Whether `watch` can tell that a call left: Anymail's backends, by requests or by botocore."""
    return hasattr(backend, "session") or hasattr(backend, "client_params")


def prepare(backend: Any) -> None:
    """Before opening: botocore would repeat a call that got no answer, and so send a message twice."""
    if hasattr(backend, "client_params"):
        from botocore.config import Config  # half a second, and only Amazon SES needs it

        wait = settings.PROVIDER_TIMEOUT
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=wait, read_timeout=wait)
        given = backend.client_params.get("config")
        backend.client_params["config"] = given.merge(once) if given else once


def watch(backend: Any, exchange: Exchange) -> None:
    """After opening."""
    if isinstance(session := getattr(backend, "session", None), requests.Session):
        _watch_requests(session, getattr(backend, "api_url", ""), exchange)
    elif client := getattr(backend, "client", None):
        _watch_botocore(client, exchange)


def _watch_requests(session: requests.Session, url: str, exchange: Exchange) -> None:
    door = _Door(exchange)
    session.mount("https://", door)
    session.mount("http://", door)
    # A redirected POST becomes a GET, whose 200 would look like acceptance.
    session.max_redirects = 0
    # Proxies and certificates are looked up once, not for every message. A .netrc must not replace the provider's key.
    ours = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify, session.cert = ours["proxies"], ours["verify"], ours["cert"]
    session.trust_env = False


def _watch_botocore(client: Any, exchange: Exchange) -> None:
    def leaving(**_: Any) -> None:
        exchange.has_left = True

    def answered(http_response: Any, parsed: Mapping[str, Any], **_: Any) -> None:
        error = parsed.get("Error", {})
        text = f"{error.get('Code', '')} {error.get('Message', '')}"
        exchange.answered(http_response.status_code, http_response.headers, text)

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-send.{service}", leaving)
    client.meta.events.register(f"after-call.{service}", answered)
