"""`/anymail/`: takes what mail providers report, gives it to Anymail's own views; strangers and junk get a 4xx."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from anymail import urls
from anymail.exceptions import AnymailConfigurationError, AnymailError
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt

logger = logging.getLogger(__name__)

# What a view that reads a provider's fields raises when they are not there, or not what the provider sends.
UNREADABLE = (AnymailError, LookupError, TypeError, ValueError, AttributeError)

View = Callable[..., HttpResponse]


def guarded(view: View) -> View:
    """The view, closed until ANYMAIL_WEBHOOK_SECRET is set: whoever could forge a bounce could silence any reader.

    404 for a provider that is not set up, 400 for what cannot be read. What fails in our own hands stays a 500: the
    provider then sends its report again.
    """

    @csrf_exempt
    @wraps(view)
    def webhook(request: HttpRequest, **captured: str) -> HttpResponse:
        if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
            raise Http404
        try:
            return view(request, **captured)
        except AnymailConfigurationError as error:
            logger.warning("A report came to %s, which is not set up: %s", request.path, error)
            raise Http404 from error
        except UNREADABLE as error:
            logger.warning("A report to %s cannot be read: %s: %s", request.path, type(error).__name__, error)
            raise BadRequest("This report cannot be read.") from error

    return webhook


# Mail that people send is not received here: Anymail's inbound paths are left out.
app_name = "anymail"
urlpatterns = [
    URLPattern(pattern.pattern, guarded(pattern.callback), name=pattern.name)
    for pattern in urls.urlpatterns
    if "inbound" not in str(pattern.name)
]
