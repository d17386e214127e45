"""Transports that are closed after the test, and certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from digest.delivery.transports.smtp import SmtpTransport
from tests.delivery.smtp.authority import Authority


@pytest.fixture
def transport_to() -> Iterator[Callable[..., SmtpTransport]]:
    """transport_to(port, connections=2): one connection and two seconds' patience where nothing else is said."""
    made: list[SmtpTransport] = []

    def make(port: int, host: str = "127.0.0.1", **options: Any) -> SmtpTransport:
        made.append(SmtpTransport(host, port, **{"timeout": 2, "connections": 1, **options}))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority, which this process trusts during the test."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    return authority
