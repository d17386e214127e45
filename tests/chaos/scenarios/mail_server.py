"""Faults of the mail server: away, busy, hostile, rude, slow, and with another password."""

from __future__ import annotations

from tests.chaos.audit import Expected
from tests.chaos.site import PASSWORD, Site


def restarted(site: Site) -> Expected:
    """It goes away in the middle with every connection, and comes back."""
    _begin(site)
    site.sink.stop()
    site.wait("sending is paused", site.is_paused)
    site.sink.start()
    site.finish()
    return Expected(on_wire=site.on_wire())


def random_answers(site: Site) -> Expected:
    """Of a hundred messages ten are put off, five refused for good, and five answered with 421 and a closed door."""
    behaviour = site.sink.behaviour
    behaviour.busy_rate, behaviour.unwanted_rate, behaviour.closing_rate = 0.1, 0.05, 0.05
    site.start()
    site.make_due()
    site.finish()
    assert site.record.refused, "nobody was refused"
    return Expected()


def blocked(site: Site) -> Expected:
    """For a while everyone is refused because of who we are: no reader loses mail or subscription by it."""
    _begin(site)
    site.sink.behaviour.blocks = True
    site.wait("sending is paused", site.is_paused)
    site.sink.behaviour.blocks = False
    site.finish()
    assert not site.rows("SELECT 1 FROM subscriptions_suppression"), "somebody was suppressed"
    return Expected()


def hangs_up_before(site: Site) -> Expected:
    """Every 20th message that is announced makes it hang up instead of asking for the content."""
    site.sink.behaviour.hang_up_before = 20
    site.start()
    site.make_due()
    site.finish()
    assert site.record.hung_up > 1
    return Expected()


def hangs_up_after(site: Site) -> Expected:
    """It takes every 20th message, and hangs up instead of saying so."""
    site.sink.behaviour.hang_up_after = 20
    site.start()
    site.make_due()
    site.finish()
    assert site.record.hung_up > 1
    return Expected(on_wire=site.record.hung_up)


def slow(site: Site) -> Expected:
    """It takes half a second over each message."""
    site.sink.behaviour.latency = 0.5
    site.start()
    site.make_due()
    site.wait_for_mail(20)
    site.sink.behaviour.latency = 0.1
    site.finish()
    return Expected()


def freezes(site: Site) -> Expected:
    """It takes messages and answers none for longer than we wait; later it is well again."""
    site.stop("sender")
    site.start_worker("sender", EMAIL_TIMEOUT="3")
    _begin(site)
    site.sink.behaviour.hold_from = 0
    site.wait("sending is paused", lambda: site.is_paused() and not site.sink.held)
    site.release()
    site.finish()
    site.stop("sender")
    return Expected(on_wire=site.on_wire())


def password_changed(site: Site) -> Expected:
    """The password is changed on the server, and after a while changed back; an operator presses "resume"."""
    _begin(site)
    site.sink.behaviour.password = "another"
    site.wait("sending is paused", lambda: site.is_paused("credentials"))
    site.sink.behaviour.password = PASSWORD
    site.change("UPDATE digest_breaker SET until = now(), state = 'open' WHERE state <> 'closed'")
    site.finish()
    return Expected()


def _begin(site: Site) -> None:
    site.sink.behaviour.latency = 0.04
    site.start()
    site.make_due()
    site.wait_for_mail(30)
    assert not site.is_over(), "everything was sent too early"
