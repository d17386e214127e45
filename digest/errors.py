"""What can go wrong, as a small tree. Each error carries what its reader needs to act.

PaperboyError
├── SourceError            a source could not be fetched or read
│   ├── HostError          its host is at fault: out of reach, broken, busy
│   └── NoTurn             others have their turn at its host, or the host is paused: nothing was asked
├── EditionError           the edition is not in a state that allows this
│   ├── EditionClosed      it is frozen: the pool and the decisions no longer change
│   └── EditionChanged     somebody else changed it since it was shown: nothing was overwritten
├── DeliveryError          a message could not be composed or handed over
├── MailboxError           a mailbox with mail for us cannot be reached or read
├── InterestError          what a reader asked for cannot be kept: too much, too long, not to be read
├── Interrupted            this worker is to end, and what it was doing is to be done by another
├── BackupError            a backup cannot be made, or not be put back; nothing was changed
├── ModelError             a fitted model is absent, damaged or of another make
└── EvaluationError        a recording to evaluate the ranking on is absent or cannot be read
"""

from datetime import datetime


class PaperboyError(Exception):
    """Base of every error that Paperboy raises on purpose."""


class SourceError(PaperboyError):
    """A source could not be fetched or read.

    `permanent` says that trying again soon will not help (gone, forbidden, not a feed);
    `retry_after` is the number of seconds the server asked us to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        status: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status
        self.retry_after = retry_after


class HostError(SourceError):
    """The source's host is at fault: out of reach, broken or busy, so that its other sources may wait as well."""


class NoTurn(SourceError):
    """Nothing was asked, as others have their turn at the host, or it is paused: nobody's failure.

    `until` is when to ask; None for soon, whenever the others have done.
    """

    def __init__(self, message: str, *, until: datetime | None) -> None:
        super().__init__(message)
        self.until = until


class MailboxError(PaperboyError):
    """A mailbox with mail for us cannot be reached or read."""


class InterestError(PaperboyError):
    """What a reader asked for cannot be kept; the message is for them, beside the `field` they typed it in."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Interrupted(PaperboyError):
    """This worker is to end: what it was doing says nothing yet, and is to be done again."""


class EditionError(PaperboyError):
    """The edition is not in a state that allows this."""


class EditionClosed(EditionError):
    """The edition is frozen: its pool, scores, decisions and blurbs no longer change."""


class EditionChanged(EditionError):
    """Somebody else changed it since it was shown to whoever wants to change it now; `theirs` is what it became."""

    def __init__(self, message: str, theirs: str) -> None:
        super().__init__(message)
        self.theirs = theirs


class DeliveryError(PaperboyError):
    """A message could not be composed or handed over."""


class EvaluationError(PaperboyError):
    """A recording to evaluate the ranking on is absent or cannot be read."""


class BackupError(PaperboyError):
    """A backup cannot be made, or not be put back; nothing was changed."""


class ModelError(PaperboyError):
    """A fitted model is absent, damaged or of another make: the message says which."""
