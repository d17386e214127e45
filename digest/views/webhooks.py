"""`/anymail/`: takes what mail providers report, has Anymail's own views judge and read it, answers after one insert.

What follows from a report is a task's work. Strangers and junk get a 4xx. Only while the database is away is a report
answered with 503: the provider then sends it again.
"""

from __future__ import annotations

import logging

from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, UnreadablePostError
from django.urls import ResolverMatch, resolve
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from digest import events, tasks

logger = logging.getLogger(__name__)

# The longest batches that providers send are about 3 MB; mails with attachments may be longer, and are not for us.
MAX_BYTES = 10 * 1024 * 1024
RETRY_AFTER = "60"  # seconds


@csrf_exempt
def webhook(request: HttpRequest, report: str) -> HttpResponse:
    """Whatever Anymail has a view for, as in `postmark/tracking/`; they bring all providers' own packages with them, a
    second's work, which is done when the first report comes.

    Closed until ANYMAIL_WEBHOOK_SECRET is set: whoever could forge a bounce could silence any reader. Mail that people
    send is received only where an address of ours is set for it. 404 for a provider that is not set up, 413 for what is
    too long, 400 for what cannot be read.
    """
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    found = resolve(f"/{report}", urlconf="anymail.urls")
    if "inbound" in str(found.url_name) and not events.receives_mail():
        raise Http404
    if not _has_body_within_limit(request):
        return HttpResponse("This report is too long.", status=413, content_type="text/plain")
    with events.collected() as intake:
        response = _read(found, request)
    return _kept(intake) or response


def _read(found: ResolverMatch, request: HttpRequest) -> HttpResponse:
    try:
        response: HttpResponse = found.func(request, **found.kwargs)
    except AnymailConfigurationError as error:
        logger.warning("A report came to %s, which is not set up: %s", request.path, error)
        raise Http404 from error
    except Exception as error:
        # Whatever a view makes of fields that are not there, or not what the provider sends.
        logger.warning("A report to %s cannot be read: %s: %s", request.path, type(error).__name__, str(error)[:300])
        return HttpResponseBadRequest("This report cannot be read.", content_type="text/plain")
    return response


def _kept(intake: events.Intake) -> HttpResponse | None:
    """None once everything is stored, and someone is asked to work it off."""
    try:
        anything = intake.keep(timezone.now())
    except DatabaseError:
        logger.exception("A report cannot be stored; its sender is asked to come again")
        return HttpResponse("Please come again.", status=503, headers={"Retry-After": RETRY_AFTER})
    if anything:
        tasks.enqueue_events()
    return None


def _has_body_within_limit(request: HttpRequest) -> bool:
    """Also reads the body: left to itself Django refuses more than 2.5 MB, which a busy provider may send."""
    announced = str(request.META.get("CONTENT_LENGTH", ""))
    if announced.isdecimal() and int(announced) > MAX_BYTES:
        return False
    try:
        request._body = request.read(MAX_BYTES + 1)
    except UnreadablePostError as error:
        raise BadRequest("The sender went away.") from error
    return len(request._body) <= MAX_BYTES
