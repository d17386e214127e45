"""What went wrong is told with what a person can do, by the status first, then by our own words."""

import pytest

from digest.errors import HostError, NoTurn, SourceError
from digest.ingestion.advice import ADVICE, BUSY, NO_FEED, PAUSED, UNKNOWN, on
from digest.models import Fault
from tests.factories import NOW


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SourceError("HTTP 404 Not Found", status=404), ADVICE[Fault.NOT_FOUND]),
        (SourceError("HTTP 400 Bad Request", status=400), UNKNOWN),
        (HostError("HTTP 502 Bad Gateway", status=502), ADVICE[Fault.SERVER]),
        (HostError("HTTP 429: broken within", status=429), ADVICE[Fault.TOO_MANY]),
        (NoTurn("others are asking arxiv.org, this waits for its turn", until=None), BUSY),
        (NoTurn("arxiv.org is paused until 2026-07-14 07:00:00 UTC: HTTP 429", until=NOW), PAUSED),
        (SourceError("an HTML page instead of a feed"), NO_FEED),
        (SourceError("feeds.example has a private address"), "Hosts of your own network"),
        (SourceError("cannot resolve feeds.example: unknown"), "No such host"),
        (SourceError("broken XML: no element found"), "What came is damaged"),
        (SourceError("a feed with a document type declaration is not accepted"), "It declares a document type"),
        (HostError("no complete reply within 20 s"), "The site is slow"),
        (HostError("ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED]"), "The site's certificate"),
        (HostError("ConnectError: refused"), "The site is out of reach"),
        (SourceError("something else"), UNKNOWN),
    ],
)
def test_each_mistake_has_its_sentence(error, sentence):
    assert on(error).startswith(sentence)
