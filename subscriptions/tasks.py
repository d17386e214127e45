"""Takes requests to become a reader from the queue, decides about them and sends the mails they lead to."""

import logging
import time
from datetime import datetime

from anymail.exceptions import AnymailError
from celery import shared_task
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone

from subscriptions import addresses, mail, signups
from subscriptions.failures import Fault, fault_of
from subscriptions.models import Subscriber, Suppression

logger = logging.getLogger(__name__)

SECONDS = 20  # then another task goes on, so that a worker can end
FAILURES_IN_A_ROW = 3  # of the way out: then it is unwell, and the next tick tries again
EXPIRES = 55  # seconds: the next tick enqueues another
# In the cache: that a task is on its way which will see every request stored until it starts.
ENQUEUED = "paperboy:signups-enqueued"


@shared_task
def handle_signups() -> int:
    """Decide about all that was asked, send what is due, forget what is old; give how many mails left."""
    # First of all: whatever is stored from now on asks for another task.
    cache.delete(ENQUEUED)
    until = time.monotonic() + SECONDS
    now = timezone.now()
    while signups.decide(now) == signups.AT_ONCE and time.monotonic() < until:
        pass
    sent = _send_due(now, until)
    signups.forget(now)
    if time.monotonic() >= until:
        handle_signups.apply_async(expires=EXPIRES)
    return sent


def enqueue_signups() -> None:
    """Have what was asked looked at within seconds; without queue or cache the next tick does.

    However many ask at once, one task is enqueued: it looks only after it has taken the mark away.
    """
    try:
        if cache.add(ENQUEUED, True, EXPIRES):
            handle_signups.apply_async(expires=EXPIRES)
    except Exception:  # each cache, and each broker, has its own errors
        logger.exception("The queue cannot be reached; the next tick looks at the sign-ups")


def _send_due(now: datetime, until: float) -> int:
    sent = failures = 0
    for request_id in signups.due(now):
        letter = signups.claim(request_id, now)
        fault = _send(letter, now) if letter else None
        sent += bool(letter) and fault is None
        failures = failures + 1 if fault is Fault.WAY_OUT else 0
        if failures == FAILURES_IN_A_ROW or time.monotonic() >= until:
            break
    return sent


def _send(letter: signups.Letter, now: datetime) -> Fault | None:
    """None if it left. What certainly did not leave, and not through this mail's own fault, is tried again later."""
    request, was_open = letter.request, False
    try:
        message = _message(letter)
        message.connection = get_connection()
        message.connection.open()
        was_open = True
        try:
            message.send()
        finally:
            message.connection.close()
    except Exception as error:  # whatever it is: a claim that is not given back is a mail that never comes
        fault = fault_of(error, was_open=was_open)
        _log(letter, error)
        if fault is Fault.MESSAGE:
            signups.give_up(request.pk)
        elif fault is not Fault.DOUBT:
            signups.release(request, now)
        return fault
    signups.left(request.pk)
    return None


def _message(letter: signups.Letter) -> EmailMultiAlternatives:
    if letter.reader:
        return mail.already_subscribed(letter.reader)
    return mail.confirmation(letter.request, is_reminder=letter.is_reminder)


def _log(letter: signups.Letter, error: Exception) -> None:
    """In the error's own words, but for addresses: logs outlive an erasure."""
    words = addresses.without_addresses(str(error)) or type(error).__name__
    trace = None if isinstance(error, OSError | AnymailError) else error
    logger.warning("The mail for sign-up %s did not leave: %s", letter.request.pk, words, exc_info=trace)


@shared_task(ignore_result=True)
def mail_data_link(subscriber_id: int) -> None:
    """To a reader who may be written to; suppressed addresses get nothing, whoever asks."""
    reader = Subscriber.objects.filter(pk=subscriber_id).first()
    if reader and not Suppression.objects.filter(address_hash=reader.address_hash).exists():
        mail.data_link(reader).send()
