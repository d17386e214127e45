"""Keeps personal links out of the logs: what follows /c/, /p/, /u/ and /v/ opens a reader's page without a password,
and what follows /admin/password/ sets an editor's.
"""

import logging
import logging.config
import re
from typing import Any

# Gunicorn brings its own handlers and does not pass records on, as does runserver: their loggers are told themselves.
LOGGERS_WITH_PATHS = ("django.server", "django.request", "django.security", "gunicorn.access", "gunicorn.error")

_TOKEN = re.compile(r"(/[cpuv]/)[A-Za-z0-9_-]{8,}|(/admin/password/[A-Za-z0-9_-]+/)[A-Za-z0-9-]{8,}")


class MaskTokens(logging.Filter):
    """Replaces the token of every personal link in a record's message."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = mask(message)
        if masked != message:
            record.msg, record.args = masked, None
        return True


def mask(text: str) -> str:
    return _TOKEN.sub(r"\1\2[token]", text)


def configure(settings: dict[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`: the usual configuration, then the filter on every way a path gets into a log."""
    logging.config.dictConfig(settings)
    mask_tokens = MaskTokens()
    for name in LOGGERS_WITH_PATHS:
        logging.getLogger(name).addFilter(mask_tokens)
    for handler in logging.getLogger().handlers:
        handler.addFilter(mask_tokens)
