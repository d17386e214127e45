"""Sign-ups are counted by the hour on every cache, the database's too."""

from __future__ import annotations

import pytest
import time_machine
from django.core.cache import caches
from django.core.management import call_command

from subscriptions import visitors

DATABASE = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "counts"}
MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "counts"}


@pytest.mark.django_db
@pytest.mark.parametrize("backend", [DATABASE, MEMORY], ids=["database", "memory"])
def test_a_count_lasts_for_its_hour_and_no_longer(settings, backend):
    settings.CACHES = {"default": backend}
    if backend is DATABASE:
        call_command("createcachetable", verbosity=0)
    caches["default"].clear()
    with time_machine.travel("2026-11-22 10:00:00+00:00", tick=False) as clock:
        assert visitors._count("here") == 1
        clock.move_to("2026-11-22 10:50:00+00:00")
        assert visitors._count("here") == 2
        clock.move_to("2026-11-22 11:00:01+00:00")
        assert visitors._count("here") == 1


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", None),
        ("unix:", None),
    ],
)
def test_a_place_is_an_address_or_what_one_customer_has_of_ipv6(rf, address, place):
    assert visitors.place(rf.get("/", REMOTE_ADDR=address)) == place
