"""Takes a reader or a request to become one, gives the absolute URLs that travel in their mail."""

from datetime import timedelta

from django.conf import settings
from django.core import signing

from subscriptions import addresses, tokens
from subscriptions.tokens import Purpose

# Not one of `tokens`, as it has to end by itself: it gives away all there is, and a digest never carries it.
DATA_LINK_HOURS = 24
_DATA = "paperboy.subscriptions.data"


def site_url(path: str = "/") -> str:
    """A path of this site as the outside world writes it."""
    return f"{settings.SITE_URL}{path}"


class ReaderLinks:
    """Every reader's links under the settings of the moment it is made: for mails by the thousand.

    They never expire: the mail may be opened years later. A link to unsubscribe fits a List-Unsubscribe header line: 70
    characters on a site address of 40.
    """

    def __init__(self) -> None:
        self._preferences, self._unsubscribe = site_url("/p/"), site_url("/u/")
        self._votes = site_url("/v/")
        self._preferences_token = tokens.signer(Purpose.PREFERENCES).token
        self._unsubscribe_token = tokens.signer(Purpose.UNSUBSCRIBE).token
        self._vote_token = tokens.signer(Purpose.VOTE).token

    def preferences(self, subscriber_id: int) -> str:
        return self._preferences + self._preferences_token(subscriber_id)

    def unsubscribe(self, subscriber_id: int) -> str:
        return self._unsubscribe + self._unsubscribe_token(subscriber_id)

    def votes(self, subscriber_id: int) -> str:
        """What the links of one reader's votes begin with; a paper's id and `more` or `less` follow, by slashes."""
        return self._votes + self._vote_token(subscriber_id)


def confirm_url(request_id: int) -> str:
    """Good for one confirmation, within `CONFIRMATION_DAYS` of its mail."""
    return site_url(f"/c/{tokens.make(Purpose.CONFIRM, request_id)}")


def refuse_url(request_id: int) -> str:
    """For who did not ask, and never wants to be written to."""
    return site_url(f"/n/{tokens.make(Purpose.REFUSE, request_id)}")


def preferences_url(subscriber_id: int) -> str:
    return ReaderLinks().preferences(subscriber_id)


def unsubscribe_url(subscriber_id: int) -> str:
    return ReaderLinks().unsubscribe(subscriber_id)


def votes_url(subscriber_id: int) -> str:
    return ReaderLinks().votes(subscriber_id)


def preferences_path(subscriber_id: int) -> str:
    """The same page for those who are on the site already."""
    return f"/p/{tokens.make(Purpose.PREFERENCES, subscriber_id)}"


def refuse_path(request_id: int) -> str:
    return f"/n/{tokens.make(Purpose.REFUSE, request_id)}"


def unsubscribe_path(subscriber_id: int) -> str:
    return f"/u/{tokens.make(Purpose.UNSUBSCRIBE, subscriber_id)}"


def unsubscribe_address(subscriber_id: int) -> str:
    """Where a mail unsubscribes this reader, as in unsubscribe+TOKEN@example.org; empty without UNSUBSCRIBE_ADDRESS."""
    own = settings.UNSUBSCRIBE_ADDRESS
    return addresses.tagged(own, tokens.make(Purpose.UNSUBSCRIBE, subscriber_id)) if own else ""


def data_url(subscriber_id: int) -> str:
    """Where a reader sees, takes with them or erases all that is known of them; good for DATA_LINK_HOURS."""
    return site_url(f"/d/{signing.dumps(subscriber_id, salt=_DATA)}")


def reader_of_data_link(token: str) -> int | None:
    """None unless it is one of ours, and fresh."""
    try:
        found = signing.loads(token, salt=_DATA, max_age=timedelta(hours=DATA_LINK_HOURS))
    except signing.BadSignature:
        return None
    return found if isinstance(found, int) else None


def reader_of_address(address: str) -> int | None:
    """Whom a mail to this address unsubscribes; None unless it is exactly such an address of ours."""
    token = addresses.tag_of(address, settings.UNSUBSCRIBE_ADDRESS)  # may hold a hyphen or an underscore
    return tokens.read(Purpose.UNSUBSCRIBE, token) if token.isascii() else None
