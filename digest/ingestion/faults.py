"""Why a source could not be fetched or read in, its kind out; and for each kind what a person can do about it."""

from __future__ import annotations

from digest.errors import HostError, Interrupted, NoTurn, SourceError
from digest.models.source import Fault

BY_STATUS = {
    401: Fault.PASSWORD,
    403: Fault.FORBIDDEN,
    404: Fault.NOT_FOUND,
    410: Fault.GONE,
    429: Fault.TOO_MANY,
}
# Words of our own messages, and of the network libraries'; the first that is found counts.
BY_WORDS = (
    (Fault.PRIVATE, ("private address",)),
    (Fault.REDIRECTS, ("redirects",)),
    (Fault.DNS, ("cannot resolve",)),
    (Fault.CERTIFICATE, ("CERTIFICATE",)),
    (Fault.REFUSED, ("ConnectError", "Connection refused")),
    (Fault.TOO_SLOW, ("CPU time", " MB", "parser")),
    (Fault.TOO_LARGE, ("larger than", "attributes", "more than")),
    (Fault.TIMEOUT, ("no complete reply within", "no answer within", "time limit")),
    (Fault.HTML, ("HTML page", "web page")),
    (Fault.NO_PAPER, ("is a paper",)),
    (Fault.UNSAFE, ("declar",)),
    (Fault.CUT_OFF, ("NetworkError", "ProtocolError", "ReadError", "WriteError")),
    (Fault.DAMAGED, ("broken", "ends early", "unreadable")),
    (Fault.ADDRESS, ("only http", "from port", "no adapter", "not an address")),
    (Fault.NO_FEED, ("not a", "neither JSON", "empty reply", "Feed error", "refused the query", "answered:")),
)
OUT_OF_REACH = frozenset({Fault.DNS, Fault.REFUSED, Fault.TIMEOUT, Fault.CUT_OFF, Fault.SERVER, Fault.TOO_MANY})
OF_HOST = OUT_OF_REACH | {Fault.CERTIFICATE}  # kinds of HostError: whatever else is there has them too
# For whoever looks at the desk; our own words follow below. A source is visited again by itself, ever more rarely.
REMEDIES = {
    Fault.DNS: "No host of this name is known. Check the spelling of the address, or this machine's DNS.",
    Fault.REFUSED: "Nothing answers there. The site may be down, or a firewall stands between it and this machine.",
    Fault.CERTIFICATE: "The site's certificate is not valid, so nobody knows who answers. Write to the site.",
    Fault.TIMEOUT: "The site took too long. It is tried again by itself; FETCH_TIMEOUT_SECONDS gives it more time.",
    Fault.CUT_OFF: "The site broke off in the middle. It is tried again by itself.",
    Fault.PASSWORD: "It wants a password, and Paperboy reads only what is open to all. Look for a public feed.",
    Fault.FORBIDDEN: "The site turns programs away. Set FETCH_CONTACT, so that it knows who asks, or look for its API.",
    Fault.NOT_FOUND: "There is nothing at this address. Open it in a browser, and correct it or disable the source.",
    Fault.GONE: "The site says that this is gone for good. Look for where it moved, or disable the source.",
    Fault.TOO_MANY: "The site asks for fewer visits. It is left alone for as long as it asks; a longer interval helps.",
    Fault.SERVER: "The site itself has a problem. It is tried again by itself; if it lasts, write to the site.",
    Fault.REFUSES: "The site refused the request. Open the address in a browser to see what it says.",
    Fault.NO_FEED: "What came is no feed of this kind. Open the address in a browser; the format may have changed.",
    Fault.DAMAGED: "What came is damaged, or breaks off. It is tried again by itself; if it lasts, write to the site.",
    Fault.UNSAFE: "The reply has parts that can be made to do harm, so it is not read. Look for a plain feed.",
    Fault.HTML: "A web page came instead of a feed, perhaps to sign in. Look for its feed, and change the address.",
    Fault.TOO_LARGE: "The reply is larger than FETCH_MAX_BYTES. Look for a feed with fewer entries, or raise it.",
    Fault.TOO_SLOW: "Reading it took far too long, so it was ended. It may be damaged, or made to do harm.",
    Fault.NO_PAPER: "Every entry was refused, for the reasons below. Perhaps another kind of source can read it.",
    Fault.PRIVATE: "The host is in a private network. If that is meant, name it in FETCH_ALLOW_PRIVATE.",
    Fault.REDIRECTS: "The site sends us round in circles. Open it in a browser, and use the address it ends at.",
    Fault.ADDRESS: "This address or kind cannot be read. Correct it on the source's page.",
    Fault.ENDED: "The worker had to end during the visit. It is made again by itself; nothing needs to be done.",
    Fault.OURS: "This is a mistake of Paperboy's own. The log has its traceback; please report it.",
    Fault.OTHER: "Open the address in a browser. If it shows a feed there, wait for the next visit.",
}


def of(error: Exception) -> Fault:
    """The HTTP status says most, then the words of the message."""
    if isinstance(error, Interrupted | NoTurn):
        return Fault.ENDED
    if not isinstance(error, SourceError):
        return Fault.OURS
    if error.status == 403 and isinstance(error, HostError):
        return Fault.TOO_MANY  # GitHub's way to say it
    if error.status:
        return BY_STATUS.get(error.status, Fault.SERVER if error.status >= 500 else Fault.REFUSES)
    said = str(error)
    return next((fault for fault, words in BY_WORDS if any(word in said for word in words)), Fault.OTHER)


def remedy(fault: str) -> str:
    """What a person can do; nothing for a run that did not fail."""
    return REMEDIES.get(Fault(fault), "") if fault else ""
