import logging
import logging.config
from typing import Any

import pytest
from django.test import Client

from config import masking

TOKEN = "AAAAARUn0szVFNl-IR_zVFdwAYw"


@pytest.mark.parametrize("kind", ["c", "p", "u", "v"])
def test_the_token_of_a_personal_link_is_masked(kind: str) -> None:
    line = f'"POST /{kind}/{TOKEN}/again HTTP/1.1" 200 "https://papers.example/{kind}/{TOKEN}"'
    assert masking.mask(line) == (f'"POST /{kind}/[token]/again HTTP/1.1" 200 "https://papers.example/{kind}/[token]"')


def test_other_paths_stay_readable() -> None:
    line = '"GET /editions/daily/2026-07-14 HTTP/1.1" 200 /static/site.0123456789ab.css /p/short'
    assert masking.mask(line) == line


@pytest.mark.parametrize("name", masking.LOGGERS_WITH_PATHS)
def test_whoever_logs_a_path_logs_it_masked(name: str) -> None:
    logger, handler = logging.getLogger(name), _Kept()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        logger.info('"%(method)s %(path)s"', {"method": "GET", "path": f"/u/{TOKEN}"})
        logger.info('"%s" %s', f"GET /p/{TOKEN}", 200)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert handler.lines == ['"GET /u/[token]"', '"GET /p/[token]" 200']


@pytest.mark.django_db
def test_a_forged_link_is_not_repeated_in_the_log(client: Client, caplog: Any) -> None:
    client.get(f"/u/{TOKEN}")
    assert "/u/[token]" in caplog.text
    assert TOKEN not in caplog.text


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
