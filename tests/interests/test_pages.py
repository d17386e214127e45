"""The pages of a reader's interests and votes: GET changes nothing, POST does, errors stand beside their field."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from digest import interests
from digest.models import DeliveryState, Edition, Interest, Muted, MutedKind, Paper, ReaderProfile, Vote
from subscriptions import links, tokens, visitors
from subscriptions.models import Subscriber
from subscriptions.tokens import Purpose
from tests.factories import (
    NOW,
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    PaperFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def reader() -> Subscriber:
    return SubscriberFactory(email="ada.lovelace@example.org", topics=[TopicFactory(slug="test-robots", name="Robots")])


@pytest.fixture
def edition() -> Edition:
    return EditionFactory(published=True)


def page_of(reader: Subscriber) -> str:
    return f"/p/{tokens.make(Purpose.PREFERENCES, reader.pk)}/interests"


def vote_of(reader: Subscriber, paper: Paper, which: str = "more") -> str:
    return f"/v/{tokens.make(Purpose.VOTE, reader.pk)}/{paper.pk}/{which}"


def rows() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (Interest, Muted, Vote)]


# Interests


def test_an_interest_is_added_shown_with_what_it_catches_removed_and_had_back(
    client: Client, reader: Subscriber, edition: Edition
) -> None:
    paper = PaperFactory(title="Meta reinforcement learning for robots", abstract="Robots learn to learn.")
    EditionPaperFactory(edition=edition, paper=paper, trend=0.0)
    EditionPaperFactory(edition=edition, paper=PaperFactory(title="Soil chemistry", abstract="Of peat."), trend=0.0)
    path = page_of(reader)
    page = client.post(path, {"add": "text", "text": "meta reinforcement learning"})
    assert page.status_code == 200
    assert "Added: meta reinforcement learning." in page.text
    assert "1 of today’s papers" in page.text
    assert paper.title in page.text
    assert "Soil chemistry" not in page.text
    interest = Interest.objects.get()
    page = client.post(path, {"do": f"remove:{interest.pk}"})
    assert f'value="restore:{interest.pk}"' in page.text
    assert "What you follow" not in page.text
    assert "What you follow" in client.post(path, {"do": f"restore:{interest.pk}"}).text


def test_a_file_as_zotero_exports_it_is_taken(client: Client, reader: Subscriber) -> None:
    paper = PaperFactory(arxiv_id="2401.00001")
    body = b"@article{a, eprint={2401.00001}}\n@article{b, title={A paper nobody knows yet}}\n@article{c, year=2020}"
    file = SimpleUploadedFile("my.bib", body, "application/octet-stream")
    page = client.post(page_of(reader), {"add": "papers", "file": file, "name": "My thesis", "papers": ""})
    assert "Added: My thesis. 1 of its papers is here, 1 is waited for and counts by its title until" in page.text
    assert "Not understood, and left out: “@article{c" in page.text
    assert list(Interest.objects.get().papers.values_list("paper", flat=True)) == [paper.pk]


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"add": "text", "text": " "}, "id_text", "Please say in a few words"),
        ({"add": "papers", "papers": "what?"}, "id_papers", "No paper could be recognised"),
        ({"add": "author", "author": "0000-0002-1825-0097"}, "id_author", "We cannot look up ORCIDs"),
        ({"add": "word", "word": "?"}, "id_word", "Please type a word"),
        ({"add": "muted_author", "muted_author": "!"}, "id_muted_author", "Please type a word"),
        ({"add": "muted_topic", "muted_topic": "none"}, "id_muted_topic", "We do not have this topic"),
    ],
)
def test_an_error_stands_beside_its_field_with_what_was_typed(
    client: Client, reader: Subscriber, data: dict[str, str], field: str, words: str
) -> None:
    page = client.post(page_of(reader), data)
    assert page.status_code == 422
    beside = page.text.split(f'id="{field}_error"')[1][:200]
    assert words in beside
    assert 'aria-invalid="true"' in page.text
    assert "Please check" in page.text
    assert rows() == [[], [], []]


def test_too_much_to_paste_or_upload_is_said(client: Client, reader: Subscriber) -> None:
    page = client.post(page_of(reader), {"add": "papers", "papers": "x" * 3_000_000})
    assert page.status_code == 422
    assert "Please upload it as a file" in page.text
    file = SimpleUploadedFile("my.bib", b"x" * 8_500_000)
    assert "larger than 8 MB" in client.post(page_of(reader), {"add": "papers", "file": file}).text
    assert Interest.objects.count() == 0


def test_what_was_typed_is_escaped(client: Client, reader: Subscriber) -> None:
    page = client.post(page_of(reader), {"add": "text", "text": "</textarea><script>alert(1)</script>"})
    assert "<script>alert" not in page.text
    page = client.post(page_of(reader), {"add": "papers", "papers": "</textarea><script>alert(1)</script>"})
    assert "<script>alert" not in page.text


def test_following_an_author_tells_how_many_papers_there_are_and_who_has_a_like_name(
    client: Client, reader: Subscriber
) -> None:
    from digest import search

    PaperFactory(authors=["Emmy Noether"])
    PaperFactory(authors=["Emmy A. Noether"])
    for paper in Paper.objects.all():
        paper.unindexed.create()
    search.catch_up()
    page = client.post(page_of(reader), {"add": "author", "author": "Emmy Noether"})
    assert "You follow Emmy Noether. We have 1 paper by this name. Papers also have: Emmy A. Noether." in page.text


def test_whoever_mutes_all_of_today_is_told(client: Client, reader: Subscriber, edition: Edition) -> None:
    EditionPaperFactory(edition=edition, paper=PaperFactory(title="A survey of surveys"), topics={"test-robots": 0.9})
    page = client.post(page_of(reader), {"add": "word", "word": "Survey"})
    assert "word or phrase, 1 of today’s papers" in page.text
    assert "keeps all of today’s papers away" in page.text


def test_the_page_of_preferences_shows_interests_and_leads_to_their_page(client: Client, reader: Subscriber) -> None:
    interests.add_text(reader, "graph neural networks", NOW)
    page = client.get(f"/p/{tokens.make(Purpose.PREFERENCES, reader.pk)}")
    assert "<b>graph neural networks</b>" in page.text
    assert f'href="{page_of(reader)}"' in page.text


@pytest.mark.parametrize("method", ["get", "head"])
def test_to_look_changes_nothing_and_sets_no_cookie(client: Client, reader: Subscriber, method: str) -> None:
    paper = PaperFactory()
    for path in (page_of(reader), vote_of(reader, paper), vote_of(reader, paper, "less")):
        page = getattr(client, method)(f"{path}?do=more:{paper.pk}&add=text&text=graphs")
        assert page.status_code == 200
        assert not page.cookies
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "no-referrer"
    assert rows() == [[], [], []]


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VOTE])
def test_a_token_of_another_purpose_or_a_forged_one_opens_nothing(
    client: Client, reader: Subscriber, purpose: Purpose
) -> None:
    token, paper = tokens.make(purpose, reader.pk), PaperFactory()
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    paths = [f"/p/{forged}/interests", f"/v/{forged}/{paper.pk}/more"]
    paths += [f"/p/{token}/interests"] if purpose != Purpose.PREFERENCES else []
    paths += [f"/v/{token}/{paper.pk}/more"] if purpose != Purpose.VOTE else []
    for path in paths:
        assert client.post(path, {"do": f"more:{paper.pk}"}).status_code == 404
        assert client.get(path).status_code == 404
    assert rows() == [[], [], []]


# Votes


def sent(reader: Subscriber, edition: Edition, paper: Paper, parts: list[list[object]]) -> None:
    EditionPaperFactory(edition=edition, paper=paper)
    selection = [{"paper": paper.pk, "score": 1.0, "parts": parts}]
    DeliveryFactory(edition=edition, subscriber=reader, state=DeliveryState.DELIVERED, selection=selection)


def test_a_vote_is_cast_by_a_press_pressed_twice_and_taken_back(client: Client, reader: Subscriber) -> None:
    paper = PaperFactory()
    path = vote_of(reader, paper)
    assert "Nothing has changed yet" in client.get(path).text
    for _ in range(2):
        page = client.post(path, {"do": f"more:{paper.pk}"})
        assert "Noted: more like this" in page.text
    assert Vote.objects.get().wants_more
    assert f'value="withdraw:{paper.pk}"' in page.text
    assert "Your vote is taken back" in client.post(path, {"do": f"withdraw:{paper.pk}"}).text
    assert not Vote.objects.exists()
    assert "no vote of yours" in client.post(path, {"do": f"withdraw:{paper.pk}"}).text


def test_the_page_tells_nobody_whose_mail_it_was(client: Client, reader: Subscriber, edition: Edition) -> None:
    paper, other = PaperFactory(), PaperFactory(title="Another paper they voted on")
    interests.add_text(reader, "my secret subject", NOW)
    interests.mute(reader, MutedKind.WORD, "mutedword", NOW)
    interests.cast(reader, other, NOW, wants_more=True)
    sent(reader, edition, paper, [["topic:test-robots", 0.4]])
    for which in ("more", "less"):
        page = client.get(vote_of(reader, paper, which)).text.lower()
        for secret in ("lovelace@", "a…", "secret", "mutedword", "another paper they voted on", "example.org"):
            assert secret not in page.replace("ada lovelace", "")


def test_less_offers_to_lower_each_reason(client: Client, reader: Subscriber, edition: Edition) -> None:
    interest = interests.add_text(reader, "graphs", NOW).interest
    author = interests.follow(reader, "Ada Lovelace", NOW).interest
    paper = PaperFactory()
    sent(
        reader,
        edition,
        paper,
        [["topic:test-robots", 0.4], ["interest:graphs", 0.3], ["author:Ada Lovelace", 0.5],
         ["author:Emmy Noether", 0.1], ["trend", 0.2], ["editor", 0.1], ["less:papers you voted down", -0.1]],
    )  # fmt: skip
    path = vote_of(reader, paper, "less")
    page = client.get(path).text
    for code in (
        "unfollow-topic:test-robots",
        f"weaken:{interest.pk}",
        f"remove:{interest.pk}",
        f"remove:{author.pk}",
        "mute-author:Emmy Noether",
        "lower:trend",
        "lower:editor",
    ):
        assert f'value="{code}"' in page
    for words in (
        "Much discussed today",
        "Picked by our editors",
        "Near “graphs”, your interest",
        "By Ada Lovelace, whom you follow",
        "Because you follow Robots",
    ):
        assert words in page
    assert "voted down" not in page
    page = client.post(path, {"do": "unfollow-topic:test-robots"}).text
    assert "You follow no topic now: you get your own interests and what trends." in page
    assert 'value="follow-topic:test-robots"' in page
    assert not reader.topics.exists()
    Interest.objects.all().delete()
    interests.act(reader, "follow-topic:test-robots", NOW)
    assert "you get what trends in all of them" in interests.act(reader, "unfollow-topic:test-robots", NOW).words


def test_what_counts_for_less_is_shown_where_it_was_asked_and_on_the_readers_pages(
    client: Client, reader: Subscriber, edition: Edition
) -> None:
    paper = PaperFactory()
    sent(reader, edition, paper, [["trend", 0.2], ["prediction", 0.05]])
    path = vote_of(reader, paper, "less")
    page = client.post(path, {"do": "lower:trend"}).text
    assert "From now on what is much discussed counts for less." in page
    lowered = Muted.objects.get()
    assert (lowered.kind, lowered.value) == (MutedKind.PART, "trend")
    assert "Let it count fully again" in page
    for path_of in (links.preferences_path(reader.pk), f"{links.preferences_path(reader.pk)}/interests"):
        page = client.get(path_of).text
        assert "Less of this" in page
        assert "What is much discussed" in page
        assert f'value="unmute:{lowered.pk}"' in page
    page = client.post(path, {"do": f"unmute:{lowered.pk}"}).text
    assert "Counts fully again: what is much discussed." in page
    assert 'value="lower:trend"' in page
    assert not ReaderProfile.objects.exists()
    for code in ("lower:editor", "lower:topic:test-robots", "lower:week", "lower:"):
        assert client.post(path, {"do": code}).status_code == 422
    assert "Less of this" not in client.get(links.preferences_path(reader.pk)).text


def test_a_vote_on_a_page_that_was_open_while_its_paper_was_merged_counts(client: Client, reader: Subscriber) -> None:
    old, winner = PaperFactory(), PaperFactory()
    Paper.objects.filter(pk=old.pk).update(merged_into=winner)
    path = vote_of(reader, old)
    assert client.get(path).status_code == 302
    assert "Noted: more like this" in client.post(path, {"do": f"more:{old.pk}"}).text
    assert Vote.objects.get().paper == winner


def test_a_vote_of_someone_who_left_is_kept_and_promises_no_digest(client: Client) -> None:
    gone, paper = SubscriberFactory(unsubscribed=True), PaperFactory()
    page = client.get(vote_of(gone, paper)).text
    assert "next digest" not in page
    page = client.post(vote_of(gone, paper), {"do": f"more:{paper.pk}"}).text
    assert "It counts if you subscribe again" in page
    assert "next digest" not in page


def test_whoever_mutes_an_author_they_follow_is_told(client: Client, reader: Subscriber) -> None:
    interests.follow(reader, "Ada Lovelace", NOW)
    path = f"{links.preferences_path(reader.pk)}/interests"
    assert "You follow them, too" in client.post(path, {"add": "muted_author", "muted_author": "ada lovelace"}).text
    assert "You follow them, too" not in client.post(path, {"add": "muted_author", "muted_author": "Bo Li"}).text


@pytest.mark.parametrize(
    ("state", "detail", "words"),
    [
        (DeliveryState.QUEUED, "", "is on its way to you"),
        (DeliveryState.DELIVERED, "", "was sent to you"),
        (DeliveryState.SKIPPED, "No papers", "was not sent: nothing in it"),
        (DeliveryState.SKIPPED, "A newer edition came first", "did not reach you."),
        (DeliveryState.BOUNCED, "550 no such user", "Your mail server sent it back."),
        (DeliveryState.UNKNOWN, "", "the mail server did not say"),
    ],
)
def test_the_preference_page_tells_what_became_of_the_newest_digest(
    client: Client, reader: Subscriber, edition: Edition, state: str, detail: str, words: str
) -> None:
    path = links.preferences_path(reader.pk)
    assert "digest of" not in client.get(path).text
    DeliveryFactory(edition=edition, subscriber=reader, state=state, detail=detail)
    page = client.get(path).text
    assert f"The daily digest of {edition.date:%-d %B}" in page
    assert words in page


def test_a_surprise_is_labelled_and_can_be_done_without(client: Client, reader: Subscriber, edition: Edition) -> None:
    paper = PaperFactory()
    Subscriber.objects.filter(pk=reader.pk).update(surprises=1)
    sent(reader, edition, paper, [["trend", 0.08], ["topic:test-robots", 0.12], ["surprise", 0.01]])
    path = vote_of(reader, paper, "less")
    page = client.get(path).text
    assert "A surprise, near what you asked for" in page
    assert "About Robots" in page
    page = client.post(path, {"do": "surprises:0"}).text
    assert "No more surprises." in page
    assert 'value="surprises:1"' in page
    reader.refresh_from_db()
    assert reader.surprises == 0
    assert client.post(path, {"do": "surprises:7"}).status_code == 422


def test_a_reason_says_that_they_liked_papers_and_not_which(
    client: Client, reader: Subscriber, edition: Edition
) -> None:
    interests.cast(reader, PaperFactory(title="Sea turtles and their way home"), NOW, wants_more=True)
    paper = PaperFactory()
    sent(reader, edition, paper, [["interest:papers you liked", 0.4], ["prediction", 0.1]])
    page = client.get(vote_of(reader, paper)).text
    assert "Near papers you liked" in page
    assert "Likely to be discussed (a prediction)" in page
    assert "turtles" not in page


def test_a_forwarded_mail_opens_nothing_but_what_it_shows(client: Client, reader: Subscriber, edition: Edition) -> None:
    secret = interests.add_text(reader, "secret subject", NOW).interest
    muted = interests.mute(reader, MutedKind.WORD, "secretword", NOW)
    paper, other = PaperFactory(), PaperFactory()
    interests.cast(reader, other, NOW, wants_more=True)
    sent(reader, edition, paper, [["author:Ada Lovelace", 0.1], ["topic:test-robots", 0.4]])
    before = rows()
    path = vote_of(reader, paper, "less")
    for code in (f"remove:{secret.pk}", f"weaken:{secret.pk}", f"unmute:{muted.pk}", f"withdraw:{other.pk}",
                 "mute-word:x", "follow-topic:test-vision", f"less:{other.pk}"):  # fmt: skip
        page = client.post(path, {"do": code})
        assert page.status_code == 422, code
        assert "secret" not in page.text
    assert rows() == before
    undo = {"mute-author:Ada Lovelace": "unmute:", "unfollow-topic:test-robots": "follow-topic:"}
    for code, back in undo.items():
        page = client.post(path, {"do": code})
        found = page.text.split(f'value="{back}')[1].split('"')[0]
        assert client.post(path, {"do": f"{back}{found}"}).status_code == 200
    assert rows() == before


def test_an_interest_removed_from_the_vote_s_page_is_had_back_there(
    client: Client, reader: Subscriber, edition: Edition
) -> None:
    interest = interests.add_text(reader, "graphs", NOW).interest
    paper = PaperFactory()
    sent(reader, edition, paper, [["interest:graphs", 0.3]])
    path = vote_of(reader, paper, "less")
    assert "Removed: graphs." in client.post(path, {"do": f"remove:{interest.pk}"}).text
    assert "Back again: graphs." in client.post(path, {"do": f"restore:{interest.pk}"}).text
    assert Interest.objects.kept().get() == interest


def test_a_paper_that_was_merged_leads_to_the_one_that_stands_for_it(client: Client, reader: Subscriber) -> None:
    winner = PaperFactory()
    loser = PaperFactory(merged_into=winner)
    page = client.get(vote_of(reader, loser, "less"))
    assert page.status_code == 302
    assert page["Location"] == vote_of(reader, winner, "less")


@pytest.mark.parametrize("path", ["0/more", "99999999999999999999/more", "1/most", "1/", "x/more"])
def test_an_address_that_nobody_made_is_not_found(client: Client, reader: Subscriber, path: str) -> None:
    assert client.get(f"/v/{tokens.make(Purpose.VOTE, reader.pk)}/{path}").status_code == 404


def test_a_paper_that_was_hidden_since_says_so(client: Client, reader: Subscriber) -> None:
    page = client.get(vote_of(reader, PaperFactory(is_hidden=True)))
    assert page.status_code == 404
    assert "not here any more" in page.text


def test_ten_thousand_votes_in_a_minute_end_at_a_limit_that_the_hour_lifts(
    client: Client, reader: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "CHANGES_PER_HOUR", 5)
    papers = [PaperFactory() for _ in range(8)]
    statuses = [client.post(vote_of(reader, each), {"do": f"more:{each.pk}"}).status_code for each in papers]
    assert statuses == [200] * 5 + [429] * 3
    assert Vote.objects.count() == 5
    page = client.post(page_of(reader), {"add": "text", "text": "graphs"})
    assert page.status_code == 429
    assert "a great deal within this hour" in page.text
    assert not Interest.objects.exists()
    assert client.post(vote_of(SubscriberFactory(), papers[7]), {"do": f"more:{papers[7].pk}"}).status_code == 200


def test_a_button_that_nobody_offered_is_answered_in_words(client: Client, reader: Subscriber) -> None:
    page = client.post(vote_of(reader, PaperFactory()), {"do": "remove:1"})
    assert page.status_code == 422
    assert "not known here" in page.text
