"""A subject and words in, whether a mail to the operators left out."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

logger = logging.getLogger(__name__)


def reach(subject: str, text: str) -> bool:
    """Whether the mail server took it. By a way of its own if there is one: the usual one may be what is paused."""
    try:
        message = EmailMessage(
            subject=" ".join(f"[{settings.SITE_NAME}] {subject}".split()),
            body=text,
            from_email=settings.SERVER_EMAIL,
            to=settings.ALERT_ADDRESSES,
            headers={"Auto-Submitted": "auto-generated"},
            connection=get_connection(settings.ALERT_EMAIL_BACKEND or None),
        )
        return bool(message.send())
    except Exception:
        logger.exception("The operators could not be told by mail; the next tick tries again")
        return False
