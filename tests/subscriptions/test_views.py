from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import resolve

from subscriptions import forms, links, services, visitors
from subscriptions.models import (
    ConsentRecord,
    SignupRequest,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from subscriptions.services import Preferences
from tests.factories import NOW, SignupRequestFactory, SubscriberFactory, SuppressionFactory, TopicFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SignUp = Callable[..., Any]


def path_of(url: str) -> str:
    return url.removeprefix(links.site_url(""))


def confirm_path(request: SignupRequest) -> str:
    return path_of(links.confirm_url(request.pk))


def rows() -> list[Any]:
    models = (Subscriber, SignupRequest, ConsentRecord, Suppression)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_signing_up_sends_one_mail_whose_link_confirms(client: Client, sign_up: SignUp) -> None:
    TopicFactory.create(slug="robotics")
    response = sign_up(
        "ada@example.org", topics=["robotics"], frequency="weekdays", delivery_hour="6", time_zone="Asia/Calcutta"
    )
    assert (response.status_code, response.url) == (302, "/subscribe/done")
    assert "Check your inbox" in client.get(response.url).content.decode()
    assert not Subscriber.objects.exists()
    link = confirm_path(SignupRequest.objects.get())
    assert links.site_url(link) in str(mail.outbox[0].body)
    with time_machine.travel(NOW, tick=False):
        assert b"<form" in client.get(link).content
        done = client.post(link)
    assert "You are subscribed" in done.content.decode()
    assert "Your first digest goes to" in done.content.decode()
    reader = Subscriber.objects.get()
    assert Preferences.of(reader) == Preferences(("robotics",), "weekdays", 6, 0, "Asia/Calcutta")
    assert path_of(links.preferences_url(reader.pk)) in done.content.decode()
    assert (reader.status, reader.next_delivery_at) == (SubscriberStatus.ACTIVE, NOW)
    texts = set(ConsentRecord.objects.values_list("action", "text", "text_version"))
    assert texts == {(action, forms.consent_text(), forms.CONSENT_VERSION) for action in ("requested", "confirmed")}


def test_a_stranger_gets_the_same_answer_for_every_address(client: Client, sign_up: SignUp) -> None:
    SubscriberFactory.create(email="active@example.org")
    SignupRequestFactory.create(email="waiting@example.org")
    SignupRequestFactory.create(email="flooding@example.org", mails=9)
    SubscriberFactory.create(email="left@example.org", unsubscribed=True)
    for name, reason in (("bounced", "hard_bounce"), ("complained", "complaint"), ("manual", "manual")):
        reader = SubscriberFactory.create(email=f"{name}@example.org")
        SuppressionFactory.create(address_hash=reader.address_hash, reason=reason)
    names = ["new", "active", "waiting", "flooding", "left", "bounced", "complained", "manual"]
    answers = []
    for name in names:
        response = sign_up(f"{name}@example.org")
        shown = client.get(response.url).content
        answers.append((response.status_code, response.url, dict(response.headers), response.content, shown))
    assert all(answer == answers[0] for answer in answers)


def test_an_active_reader_is_told_once_a_day_and_never_changed(sign_up: SignUp) -> None:
    reader = SubscriberFactory.create(email="ada@example.org")
    before = Subscriber.objects.values().get()
    sign_up("ada@example.org", delivery_hour="23")
    sign_up("ada@example.org", delivery_hour="23")
    assert [message.subject for message in mail.outbox] == ["You are already subscribed to Paperboy"]
    assert links.preferences_url(reader.pk) in str(mail.outbox[0].body)
    assert Subscriber.objects.values().get() == before


def test_double_submission_sends_one_mail(sign_up: SignUp) -> None:
    sign_up("ada@example.org")
    sign_up("Ada@EXAMPLE.org")
    assert len(mail.outbox) == 1
    assert SignupRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Please type your email address"),
        ("ada", "looks like name@example.org"),
        ("ädä@example.org", "the part before the @"),
        ("a" * 300 + "@example.org", "too long"),
        ("a" * 3000 + "@example.org", "too long"),
        ("ada@example.org\r\nBcc: eve@example.org", "invisible character"),
        ("ada\x00@example.org", "ull characters"),
    ],
)
def test_an_invalid_address_is_explained_beside_the_field_and_the_rest_is_kept(
    sign_up: SignUp, typed: str, words: str
) -> None:
    TopicFactory.create(slug="robotics")
    response = sign_up(typed, topics=["robotics"], delivery_hour="9")
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page.split('id="id_email_error"')[1].split("</p>")[0]
    assert 'value="robotics"' in page
    assert page.count("checked") == 1
    assert '<option value="9" selected>' in page
    assert not SignupRequest.objects.exists()
    assert not mail.outbox


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("topics", "alchemy", "do not have this topic"),
        ("topics", "a\x00b", "do not have this topic"),
        ("time_zone", "Mars/Olympus", "do not know this time zone"),
        ("time_zone", "../../etc/passwd", "do not know this time zone"),
        ("delivery_hour", "24", "valid choice"),
        ("delivery_hour", "x", "valid choice"),
        ("frequency", "hourly", "valid choice"),
    ],
)
def test_unknown_choices_are_explained_and_nothing_happens(sign_up: SignUp, field: str, value: str, words: str) -> None:
    response = sign_up("ada@example.org", **{field: value})
    assert response.status_code == 422
    assert words in response.content.decode().split(f'id="id_{field}_error"')[1].split("</p>")[0]
    assert 'value="ada@example.org"' in response.content.decode()
    assert not SignupRequest.objects.exists()


def test_a_machine_that_fills_every_field_learns_nothing(sign_up: SignUp) -> None:
    response = sign_up("ada@example.org", website="https://spam.example")
    assert (response.status_code, response.url) == (302, "/subscribe/done")
    assert not SignupRequest.objects.exists()


@pytest.mark.parametrize("stamp", ["", "forged", "x:y:z"])
def test_a_form_without_its_stamp_is_shown_again_with_a_fresh_one(client: Client, stamp: str) -> None:
    with time_machine.travel(NOW, tick=False):
        response = client.post("/subscribe", {"email": "ada@example.org", "opened": stamp})
    assert response.status_code == 422
    fresh = response.context["form"]["opened"].value()
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        assert client.post("/subscribe", {"email": "ada@example.org", "opened": fresh}).status_code == 302


def test_a_form_sent_within_a_second_asks_for_one_more_press(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        opened = client.get("/subscribe").context["form"]["opened"].value()
    with time_machine.travel(NOW + timedelta(seconds=1), tick=False):
        response = client.post("/subscribe", {"email": "ada@example.org", "opened": opened})
    assert response.status_code == 422
    again = response.context["form"]["opened"].value()
    with time_machine.travel(NOW + timedelta(seconds=3), tick=False):
        assert client.post("/subscribe", {"email": "ada@example.org", "opened": again}).status_code == 302


def test_a_form_left_open_for_days_works_after_one_more_press(client: Client, opened: str) -> None:
    with time_machine.travel(NOW + 2 * DAY, tick=False):
        response = client.post("/subscribe", {"email": "ada@example.org", "opened": opened})
    assert "open for a long time" in response.content.decode()
    again = response.context["form"]["opened"].value()
    with time_machine.travel(NOW + 2 * DAY + timedelta(seconds=5), tick=False):
        assert client.post("/subscribe", {"email": "ada@example.org", "opened": again}).status_code == 302


def test_one_place_cannot_sign_up_the_world(sign_up: SignUp, settings: Any) -> None:
    settings.SIGNUPS_PER_IP_PER_HOUR = 2
    codes = [sign_up(f"reader{number}@example.org").status_code for number in range(4)]
    assert codes == [302, 302, 429, 429]
    assert len(mail.outbox) == 2
    last = sign_up("reader9@example.org")
    assert "try again in an hour" in last.content.decode()
    assert 'value="reader9@example.org"' in last.content.decode()


def test_a_cache_that_does_not_answer_loses_nobody(
    settings: Any, sign_up: SignUp, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert sign_up("ada@example.org").status_code == 302
    assert SignupRequest.objects.get().email == "ada@example.org"
    assert "Sign-ups cannot be counted" in caplog.text


def test_all_places_together_have_a_limit_and_nobody_is_told_that_it_is_where_they_are(
    sign_up: SignUp, settings: Any
) -> None:
    settings.SIGNUPS_PER_HOUR = 1
    settings.SIGNUPS_PER_IP_PER_HOUR = 100
    codes = [sign_up(f"reader{number}@example.org").status_code for number in range(visitors.FLOOD + 1)]
    assert codes == [302] * visitors.FLOOD + [429]
    page = sign_up("reader@example.org").content.decode()
    assert "More people are signing up than we can see to" in page
    assert "where you are" not in page


def test_a_new_link_that_is_refused_says_so(client: Client, settings: Any) -> None:
    settings.SIGNUPS_PER_IP_PER_HOUR = 0
    response = client.post(f"{confirm_path(SignupRequestFactory.create())}/again")
    assert response.status_code == 429
    assert "No mail was sent" in response.content.decode()
    assert "Check your inbox" not in response.content.decode()


def test_behind_our_proxy_only_its_own_word_counts(sign_up: SignUp, client: Client, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    client.defaults["HTTP_X_FORWARDED_FOR"] = "203.0.113.1, 2001:db8::7"
    sign_up("ada@example.org")
    assert SignupRequest.objects.get().ip_address == "2001:db8::7"


def test_a_queue_that_cannot_be_reached_loses_no_sign_up(
    sign_up: SignUp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from kombu.exceptions import OperationalError

    from subscriptions import tasks

    def refuse(**_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.handle_signups, "apply_async", refuse)
    assert sign_up("ada@example.org").status_code == 302
    assert not mail.outbox
    with time_machine.travel(NOW, tick=False):
        assert tasks.handle_signups() == 1
    assert len(mail.outbox) == 1


# Personal pages


def test_opening_or_prefetching_any_link_changes_nothing(client: Client) -> None:
    asked = SignupRequestFactory.create()
    active = SubscriberFactory.create()
    before = rows()
    urls = [
        links.confirm_url(asked.pk),
        links.refuse_url(asked.pk),
        links.preferences_url(active.pk),
        links.unsubscribe_url(active.pk),
    ]
    with time_machine.travel(NOW, tick=False):
        for url in urls:
            for method in (client.get, client.head):
                assert method(path_of(url)).status_code == 200
    assert rows() == before


@pytest.mark.parametrize("kind", ["c", "n", "p", "u"])
@pytest.mark.parametrize("token", ["x", "A" * 27, "A" * 30, "é", "%00", "A" * 5000])
def test_an_unknown_or_forged_link_is_a_helpful_404(client: Client, kind: str, token: str) -> None:
    reader = SubscriberFactory.create()
    before = rows()
    for method in (client.get, client.post):
        response = method(f"/{kind}/{token}")
        assert response.status_code == 404
        assert "We do not know this link" in response.content.decode()
        assert reader.email not in response.content.decode()
    assert rows() == before


def test_links_of_someone_deleted_are_unknown(client: Client) -> None:
    reader = SubscriberFactory.create()
    url = path_of(links.unsubscribe_url(reader.pk))
    reader.delete()
    assert client.post(url).status_code == 404


def test_personal_pages_leak_nothing(client: Client) -> None:
    reader = SubscriberFactory.create()
    for url in (links.preferences_url(reader.pk), links.unsubscribe_url(reader.pk), links.site_url("/u/forged")):
        response = client.get(path_of(url))
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "no-store"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert "//" not in response.content.decode()
        assert not response.cookies
        assert reader.email not in response.content.decode()


def test_confirming_twice_shows_the_same_and_hands_out_no_second_key(client: Client) -> None:
    url = confirm_path(SignupRequestFactory.create())
    with time_machine.travel(NOW, tick=False):
        client.post(url)
        again = client.post(url)
        opened_later = client.get(url)
    for response in (again, opened_later):
        assert "You are subscribed" in response.content.decode()
        assert "first digest" not in response.content.decode()
        assert "/p/" not in response.content.decode()
    assert ConsentRecord.objects.count() == 2


def test_an_expired_confirmation_says_so_and_sends_another_on_request(client: Client) -> None:
    request = SignupRequestFactory.create(
        email="ada@example.org", asked_at=NOW - 8 * DAY, wanted={"delivery_hour": 5, "topics": []}
    )
    url = confirm_path(request)
    with time_machine.travel(NOW, tick=False):
        for response in (client.get(url), client.post(url)):
            assert response.status_code == 410
            assert "no longer works" in response.content.decode()
            assert f'action="{url}/again"' in response.content.decode()
        client.post(f"{url}/again")
        assert len(mail.outbox) == 1
        assert client.post(url).status_code == 200
    reader = Subscriber.objects.get()
    assert (reader.status, reader.delivery_hour) == (SubscriberStatus.ACTIVE, 5)


def test_who_did_not_ask_is_left_alone_after_one_press(client: Client, sign_up: SignUp) -> None:
    sign_up("ada@example.org")
    request = SignupRequest.objects.get()
    url = path_of(links.refuse_url(request.pk))
    assert url in str(mail.outbox[0].body)
    with time_machine.travel(NOW, tick=False):
        assert b"<form" in client.get(url).content
        assert not Suppression.objects.exists()
        assert "You will not hear from us" in client.post(url).content.decode()
        assert "You will not hear from us" in client.get(url).content.decode()
        assert client.post(confirm_path(request)).status_code == 410
    assert not Subscriber.objects.exists()
    sign_up("ada@example.org", at=NOW + 3 * DAY)
    assert len(mail.outbox) == 1


def test_preferences_are_shown_and_saved(client: Client) -> None:
    robotics, agents = TopicFactory.create(slug="robotics"), TopicFactory.create(slug="agents")
    reader = SubscriberFactory.create(topics=[robotics], digest_length=7, next_delivery_at=NOW + DAY)
    url = path_of(links.preferences_url(reader.pk))
    page = client.get(url).content.decode()
    assert page.count("checked") == 1
    assert '<option value="7" selected>7 papers' in page
    fields = {
        "topics": [agents.slug], "frequency": "weekly", "delivery_weekday": "2", "delivery_hour": "0",
        "time_zone": "Europe/Berlin", "digest_length": "5", "abstracts": "full", "surprises": "1",
    }  # fmt: skip
    with time_machine.travel(NOW, tick=False):
        page = client.post(url, fields).content.decode()
    assert "every Wednesday at 0:00 (Europe/Berlin). Your next digest comes on Wednesday, 15 July at 0:00." in page
    reader.refresh_from_db()
    assert Preferences.of(reader) == Preferences(
        ("agents",), "weekly", 0, 2, "Europe/Berlin", 5, abstracts="full", surprises=1
    )


def test_preferences_with_a_mistake_change_nothing_and_keep_what_was_typed(client: Client) -> None:
    TopicFactory.create(slug="robotics")
    reader = SubscriberFactory.create()
    before = rows()
    url = path_of(links.preferences_url(reader.pk))
    response = client.post(url, {"topics": ["robotics", "alchemy"], "digest_length": "5", "time_zone": "Nowhere"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "do not have this topic" in page
    assert "do not know this time zone" in page
    assert page.count("checked") == 1
    assert rows() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"\xff\x00broken", "multipart/form-data"),
        (b"", ""),
    ],
)
def test_one_click_unsubscribes_without_cookie_redirect_or_second_thoughts(body: bytes, content_type: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    reader = SubscriberFactory.create()
    url = path_of(links.unsubscribe_url(reader.pk))
    for _ in range(2):
        response = strict.generic("POST", url, body, content_type=content_type)
        assert response.status_code == 200
        assert not response.cookies
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED
    assert ConsentRecord.objects.count() == 1


def test_an_old_unsubscribe_link_still_works(client: Client) -> None:
    reader = SubscriberFactory.create()
    with time_machine.travel(NOW, tick=False):
        url = path_of(links.unsubscribe_url(reader.pk))
    with time_machine.travel(NOW + 2000 * DAY, tick=False):
        assert client.post(url).status_code == 200
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED


def test_the_way_back_is_a_new_confirmation(client: Client) -> None:
    reader = SubscriberFactory.create()
    url = path_of(links.unsubscribe_url(reader.pk))
    with time_machine.travel(NOW, tick=False):
        goodbye = client.post(url).content.decode()
        assert f'action="{url}/again"' in goodbye
        assert "/p/" not in goodbye, "an unsubscribe link that was forwarded opens nothing else"
        client.post(f"{url}/again")
        request = SignupRequest.objects.get()
        assert links.confirm_url(request.pk) in str(mail.outbox[0].body)
        client.post(confirm_path(request))
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.ACTIVE


def test_whoever_complained_does_not_come_back_by_themselves(client: Client) -> None:
    reader = SubscriberFactory.create()
    services.suppress(reader.address_hash, SuppressionReason.COMPLAINT, "", NOW)
    client.post(path_of(links.unsubscribe_url(reader.pk)) + "/again")
    assert not mail.outbox


def test_links_in_mail_lead_to_these_pages() -> None:
    reader = SubscriberFactory.create()
    names = {
        "confirm": links.confirm_url(7),
        "refuse": links.refuse_url(7),
        "preferences": links.preferences_url(reader.pk),
        "unsubscribe": links.unsubscribe_url(reader.pk),
    }
    for name, url in names.items():
        assert resolve(path_of(url)).view_name == f"subscriptions:{name}"


@pytest.mark.parametrize("path", ["/subscribe/done", "/c/x/again", "/u/x/again"])
def test_pages_with_one_method_refuse_the_other(client: Client, path: str) -> None:
    method = client.post if path == "/subscribe/done" else client.get
    assert method(path).status_code == 405
