"""Takes subscriber ids from the queue, sends the mails people asked for."""

import logging

from anymail.exceptions import AnymailError
from celery import shared_task
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from kombu.exceptions import OperationalError

from subscriptions import mail, queries, services
from subscriptions.failures import Fault, fault_of
from subscriptions.models import Subscriber

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 200
LOOKED_AT = 5_000  # of those who wait, including who is not to be tried yet
FAILURES_IN_A_ROW = 3  # of the way out: then it is unwell, and the next sweep tries again
PATIENCE = 5 * 60  # seconds until who was put off is tried again
DAY = 24 * 3600  # seconds


@shared_task
def send_confirmation(subscriber_id: int) -> None:
    """Send the mail that a sign-up led to, if any: the web enqueues for every answer alike, with 0 for nobody."""
    if subscriber_id:
        if subscriber := services.claim_confirmation(subscriber_id, timezone.now()):
            _send_confirmation(subscriber)
        _send_reminder(subscriber_id)


@shared_task
def send_pending_confirmations() -> int:
    """Send what was asked for and never enqueued, or failed; give how many left. Also forgets who never answered."""
    sent = failures = 0
    for subscriber_id in _to_be_tried():
        subscriber = services.claim_confirmation(subscriber_id, timezone.now())
        if subscriber is None:
            continue
        fault = _send_confirmation(subscriber)
        sent += fault is None
        failures = failures + 1 if fault is Fault.WAY_OUT else 0
        if failures == FAILURES_IN_A_ROW:
            break
    services.forget_unconfirmed(timezone.now())
    return sent


def _to_be_tried() -> list[int]:
    """The longest waiting first; who was put off a moment ago keeps nobody from their turn."""
    waiting = list(queries.pending_confirmations().values_list("pk", flat=True)[:LOOKED_AT])
    put_off = cache.get_many([_put_off_key(pk) for pk in waiting])
    return [pk for pk in waiting if _put_off_key(pk) not in put_off][:SWEEP_LIMIT]


def enqueue_confirmation(subscriber_id: int | None) -> None:
    """Enqueue, whether or not anyone is to be written to: both take the same time. Without a queue, the sweep sends."""
    try:
        send_confirmation.delay(subscriber_id or 0)
    except OperationalError:
        logger.exception("The queue cannot be reached; the next sweep sends the confirmation")


def _send_confirmation(subscriber: Subscriber) -> Fault | None:
    """None if it left. What is not the fault of this very message leaves it to a later sweep."""
    try:
        _send(mail.confirmation(subscriber))
    except Exception as error:  # whatever it is: a claim that is not given back is a mail that never comes
        fault = fault_of(error)
        _log("confirmation", subscriber, error)
        if fault is Fault.LATER:
            cache.set(_put_off_key(subscriber.pk), True, PATIENCE)
        if fault is not Fault.MESSAGE:
            services.release_confirmation(subscriber)
        return fault
    return None


def _put_off_key(subscriber_id: int) -> str:
    return f"confirmation-put-off:{subscriber_id}"


def _send_reminder(subscriber_id: int) -> None:
    """Tell an active reader, at most once a day, that their address was entered again."""
    subscriber = Subscriber.objects.mailable().filter(pk=subscriber_id).first()
    if subscriber and cache.add(f"already-subscribed:{subscriber.address_hash}", True, DAY):
        try:
            _send(mail.already_subscribed(subscriber))
        except (OSError, AnymailError) as error:
            _log("reminder", subscriber, error)


def _send(message: EmailMultiAlternatives) -> bool:
    return bool(message.send())


def _log(name: str, subscriber: Subscriber, error: Exception) -> None:
    """In the error's own words, but for the address: logs outlive an erasure."""
    words = str(error).replace(subscriber.email, "(the address)") or type(error).__name__
    trace = None if isinstance(error, OSError | AnymailError) else error
    logger.warning("The %s for subscriber %s did not leave: %s", name, subscriber.pk, words, exc_info=trace)
