"""Why an address cannot become a source in, a sentence on what whoever pasted it can do out."""

from __future__ import annotations

from digest.errors import NoTurn, SourceError
from digest.ingestion import faults
from digest.models import Fault

NO_FEED = "Look on the site for “RSS”, “Atom” or “Feed”, and paste the address of that link."
BUSY = "Requests to one host take turns in the whole installation. Try again in a minute."
PAUSED = (
    "The host is left alone until then: it failed, or asks for patience. “Try now” on the front desk ends the pause."
)
UNKNOWN = "Open the address in a browser. If it shows a feed there, try again later."
ADVICE = {
    Fault.DNS: "No such host is known. Check the spelling of the address.",
    Fault.REFUSED: "The site is out of reach. Check the address, or try again later.",
    Fault.CERTIFICATE: "The site's certificate is not valid, so nobody knows who answers. Tell the site.",
    Fault.TIMEOUT: "The site is slow or out of reach. Try again later.",
    Fault.CUT_OFF: "The site broke off in the middle. Try again later.",
    Fault.PASSWORD: "It wants a password. Paperboy reads only what is open to all; look for a public feed.",
    Fault.FORBIDDEN: "The site turns programs away. Look for its feed or API, which is made for them.",
    Fault.NOT_FOUND: "There is nothing at this address any more, or it has a typing error. Open it in a browser.",
    Fault.GONE: "The site says that this is gone for good. Look for where it moved.",
    Fault.TOO_MANY: "The site asks for patience. Try again later; a source that is added waits for its turn by itself.",
    Fault.SERVER: "The site itself has a problem. Try again later.",
    Fault.NO_FEED: NO_FEED,
    Fault.HTML: NO_FEED,
    Fault.NO_PAPER: "Perhaps these are no papers. If they are, choose their format, and try again.",
    Fault.DAMAGED: "What came is damaged, or breaks off. Try again later, and tell the site if it stays so.",
    Fault.UNSAFE: "It declares a document type, which can be made to do harm. Look for a plain feed.",
    Fault.TOO_LARGE: "Look for a feed with fewer entries, or have FETCH_MAX_BYTES raised.",
    Fault.TOO_SLOW: "Reading it takes far too long: it may be damaged or made to do harm.",
    Fault.PRIVATE: "Hosts of your own network are read only if FETCH_ALLOW_PRIVATE opens them.",
    Fault.REDIRECTS: "Open the address in a browser, and paste the one that it ends at.",
    Fault.ADDRESS: "Sources are read by http and https, at the usual ports of the web only.",
}


def on(error: SourceError) -> str:
    if isinstance(error, NoTurn):
        return PAUSED if error.until else BUSY
    return ADVICE.get(faults.of(error), UNKNOWN)
