"""What readers and their mailboxes do while a digest waits for them."""

from __future__ import annotations

from tests.chaos.audit import Expected
from tests.chaos.site import Site

LEAVING = 40
SCRIPT = """
from django.utils import timezone
from subscriptions import services
from subscriptions.models import Subscriber
now, origin = timezone.now(), services.Origin("one_click")
for pk in {unsubscribing}: services.unsubscribe(pk, origin, now)

for reader in Subscriber.objects.filter(pk__in={bouncing}):
    services.suppress(reader.address_hash, "hard_bounce", "", now)
"""


def leave(site: Site) -> Expected:
    """Readers unsubscribe, and addresses bounce, while their digests are queued, some in a sender's hands."""
    site.sink.behaviour.latency = 3.0
    site.start()
    site.make_due()
    site.wait("the sender has messages on the wire", lambda: site.count("state = 'claimed'"))
    found = site.rows(
        """SELECT s.id, s.email FROM digest_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
        WHERE d.state = 'queued' ORDER BY d.id DESC LIMIT %s""",
        LEAVING,
    )
    ids = [pk for pk, _ in found]
    script = SCRIPT.format(unsubscribing=ids[::2], bouncing=ids[1::2])
    site.stack.manage("shell", "--no-imports", "--command", script)
    site.behave()
    site.finish()
    return Expected(left=frozenset(email for _, email in found))
