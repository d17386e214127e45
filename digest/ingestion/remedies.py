"""Why a source could not be fetched or read in, a sentence on what a person can do about it out."""

from __future__ import annotations

from digest.errors import NoTurn, SourceError

NO_FEED = "Look on the site for “RSS”, “Atom” or “Feed”, and paste the address of that link."
BY_STATUS = {
    401: "It wants a password. Paperboy reads only what is open to all; look for a public feed.",
    403: "The site turns programs away. Look for its feed or API, which is made for them.",
    404: "There is nothing at this address any more, or it has a typing error. Open it in a browser.",
    410: "The site says that this is gone for good. Look for where it moved.",
    429: "The site asks for patience. Try again later; a source that is added waits for its turn by itself.",
}
BY_WORDS = (
    ("private address", "Hosts of your own network are read only if FETCH_ALLOW_PRIVATE opens them."),
    ("cannot resolve", "No such host is known. Check the spelling of the address."),
    ("larger than", "Look for a feed with fewer entries, or have FETCH_MAX_BYTES raised."),
    ("HTML page", NO_FEED),
    ("not a feed", NO_FEED),
    ("neither JSON nor a feed", NO_FEED),
    ("redirects", "Open the address in a browser, and paste the one that it ends at."),
    ("CPU time", "Reading it takes far too long: it may be damaged or made to do harm."),
    ("declar", "It declares a document type, which can be made to do harm. Look for a plain feed."),
    ("broken", "What came is damaged, or breaks off. Try again later, and tell the site if it stays so."),
    ("from port", "Sources are read at the usual ports of the web only."),
    ("CERTIFICATE", "The site's certificate is not valid, so nobody knows who answers. Tell the site."),
    ("ConnectError", "The site is out of reach. Check the address, or try again later."),
    ("within", "The site is slow or out of reach. Try again later."),
)
BUSY = "Requests to one host take turns in the whole installation. Try again in a minute."
SERVER = "The site itself has a problem. Try again later."
UNKNOWN = "Open the address in a browser. If it shows a feed there, try again later."


def advice(error: SourceError) -> str:
    """The status says most, then the words of our own that the error begins with."""
    if isinstance(error, NoTurn):
        return BUSY
    if error.status:
        return BY_STATUS.get(error.status, SERVER if error.status >= 500 else UNKNOWN)
    said = str(error)
    return next((sentence for words, sentence in BY_WORDS if words in said), UNKNOWN)
