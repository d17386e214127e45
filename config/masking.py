"""Keeps personal links and addresses out of the logs.

What follows /c/, /n/, /p/, /u/ and /v/ opens a reader's page without a password, what follows /admin/password/ sets an
editor's, and a log outlives an erasure.
"""

import logging
import logging.config
import re
from typing import Any

from subscriptions import addresses

# Gunicorn brings its own handlers and does not pass records on, as does runserver: their loggers are told themselves.
LOGGERS_WITH_PATHS = ("django.server", "django.request", "django.security", "gunicorn.access", "gunicorn.error")

_TOKEN = re.compile(r"(/[cdnpuv]/)[A-Za-z0-9_:-]{8,}|(/admin/password/[A-Za-z0-9_-]+/)[A-Za-z0-9-]{8,}")
_FORMATTER = logging.Formatter()


class Mask(logging.Filter):
    """Replaces the token of every personal link, and every address, in a record's message and in its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = mask(message)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info:
            # Whoever formats the record takes what is there already.
            record.exc_text = mask(record.exc_text or _FORMATTER.formatException(record.exc_info))
        return True


def mask(text: str) -> str:
    return addresses.without_addresses(_TOKEN.sub(r"\1\2[token]", text))


def configure(settings: dict[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`: the usual configuration, then the filter on every way a path gets into a log."""
    logging.config.dictConfig(settings)
    hidden = Mask()
    for name in LOGGERS_WITH_PATHS:
        logging.getLogger(name).addFilter(hidden)
    for handler in logging.getLogger().handlers:
        handler.addFilter(hidden)
