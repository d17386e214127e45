"""Takes subscriber ids from the queue, sends the mails people asked for."""

import logging
from smtplib import SMTPResponseException

from anymail.exceptions import AnymailError
from celery import shared_task
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from kombu.exceptions import OperationalError

from subscriptions import mail, queries, services
from subscriptions.models import Subscriber

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 200
FAILURES_IN_A_ROW = 3  # then the provider is unwell, and the next sweep tries again
DAY = 24 * 3600  # seconds


@shared_task
def send_confirmation(subscriber_id: int) -> None:
    """Send the mail that a sign-up led to, if any: the web enqueues for every answer alike, with 0 for nobody."""
    if subscriber_id:
        _send_confirmation(subscriber_id)
        _send_reminder(subscriber_id)


@shared_task
def send_pending_confirmations() -> int:
    """Send what was asked for and never enqueued, or failed; give how many left. Also forgets who never answered."""
    sent = failures = 0
    for subscriber_id in queries.pending_confirmations().values_list("pk", flat=True)[:SWEEP_LIMIT]:
        if _send_confirmation(subscriber_id):
            sent, failures = sent + 1, 0
        else:
            failures += 1
        if failures == FAILURES_IN_A_ROW:
            break
    services.forget_unconfirmed(timezone.now())
    return sent


def enqueue_confirmation(subscriber_id: int | None) -> None:
    """Enqueue, whether or not anyone is to be written to: both take the same time. Without a queue, the sweep sends."""
    try:
        send_confirmation.delay(subscriber_id or 0)
    except OperationalError:
        logger.exception("The queue cannot be reached; the next sweep sends the confirmation")


def _send_confirmation(subscriber_id: int) -> bool:
    subscriber = services.claim_confirmation(subscriber_id, timezone.now())
    if subscriber is None:
        return False
    try:
        return _send(mail.confirmation(subscriber))
    except (OSError, AnymailError) as error:
        logger.warning("The confirmation for subscriber %s did not leave: %s", subscriber_id, error)
        if not _is_final(error):
            services.release_confirmation(subscriber)
        return False


def _send_reminder(subscriber_id: int) -> None:
    """Tell an active reader, at most once a day, that their address was entered again."""
    subscriber = Subscriber.objects.mailable().filter(pk=subscriber_id).first()
    if subscriber and cache.add(f"already-subscribed:{subscriber.address_hash}", True, DAY):
        try:
            _send(mail.already_subscribed(subscriber))
        except (OSError, AnymailError) as error:
            logger.warning("The reminder for subscriber %s did not leave: %s", subscriber_id, error)


def _send(message: EmailMultiAlternatives) -> bool:
    return bool(message.send())


def _is_final(error: Exception) -> bool:
    """Whether trying again is of no use: the server answered with a permanent refusal of this very message."""
    if isinstance(error, SMTPResponseException):
        return error.smtp_code >= 500
    recipients = getattr(error, "recipients", None)  # smtplib.SMTPRecipientsRefused
    if isinstance(recipients, dict):
        return all(code >= 500 for code, _ in recipients.values())
    status = getattr(error, "status_code", None)  # Anymail's API errors
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 429)
