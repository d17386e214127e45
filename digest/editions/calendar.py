"""Takes a kind of edition and a moment; gives the dates and times of its issues, in the site's time zone.

An issue is named by a date: a daily one by its day, a weekly one by the Monday its week begins on.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from digest.models import EditionKind


def issue_date(kind: str, day: date) -> date:
    """The date of the issue that a day belongs to."""
    return day - timedelta(days=day.weekday()) if kind == EditionKind.WEEKLY else day


def today(now: datetime) -> date:
    """The day it is in the site's time zone."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def publish_time(kind: str, issue: date) -> datetime:
    """When an issue goes out. An hour that the clock skips in spring is taken as much later as it skips."""
    if kind == EditionKind.WEEKLY:
        day, hour = issue + timedelta(days=settings.WEEKLY_PUBLISH_WEEKDAY), settings.WEEKLY_PUBLISH_HOUR
    else:
        day, hour = issue, settings.DAILY_PUBLISH_HOUR
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(settings.TIME_ZONE)).astimezone(ZoneInfo("UTC"))


def newest_opened(kind: str, now: datetime) -> date:
    """The newest issue whose time for curation has begun: CURATION_HOURS before it is published."""
    begun = now + timedelta(hours=settings.CURATION_HOURS)
    step = timedelta(days=7 if kind == EditionKind.WEEKLY else 1)
    issue = issue_date(kind, today(begun)) + step
    while publish_time(kind, issue) > begun:
        issue -= step
    return issue
