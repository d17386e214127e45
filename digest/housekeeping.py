"""Takes the moment; deletes the records that only tell of the recent past and would otherwise grow for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from axes.models import AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session

from digest import events, interests, learning
from digest.models import Bounce, Host, ProviderEvent, Repository, SourceRun, Throttle
from digest.papers import merging
from subscriptions import erasure


def tidy(now: datetime) -> dict[str, int]:
    """Forget visits to sources and their hosts, repositories, providers' events, counts of what was sent and sign-ins
    after RECORDS_DAYS, expired sessions, models that no edition needs, interests that readers removed, how to
    undo merges that are too old for that, and after CONSENT_IP_DAYS from where people consented; how many each.

    The ledger, consent records, suppressions, papers and their signals are kept: digests are chosen by them.
    """
    before = now - timedelta(days=settings.RECORDS_DAYS)
    old = {
        "source runs": SourceRun.objects.filter(started_at__lt=before),
        "provider events": ProviderEvent.objects.filter(received_at__lt=before).exclude(
            # Whether a mailbox bounces for too long is counted over these.
            bounce=Bounce.SOFT,
            received_at__gte=now - events.memory(),
        ),
        "sign-ins": AccessLog.objects.filter(attempt_time__lt=before),
        "hosts": Host.objects.filter(touched_at__lt=before),
        "throttles": Throttle.objects.filter(window__gt=0, window__lt=before.timestamp()),
        "repositories": Repository.objects.filter(checked_at__lt=before),
        "sessions": Session.objects.filter(expire_date__lt=now),
    }
    return {name: rows.delete()[0] for name, rows in old.items()} | {
        "merges": merging.forget(now),
        "models": learning.forget_old(),
        "interests": interests.forget_removed(now),
        "places": erasure.forget_places(now - timedelta(days=settings.CONSENT_IP_DAYS)),
    }
