"""What readers ask for: added, within limits, matched with papers, muted, removed and had back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest import interests
from digest.errors import InterestError
from digest.interests import limits, profiles
from digest.interests.profiles import VOTED, Made
from digest.models import (
    Interest,
    InterestKind,
    InterestPaper,
    InterestReference,
    Muted,
    MutedKind,
    ReaderProfile,
    Vote,
)
from digest.papers import ingest
from digest.sources import FetchedPaper
from subscriptions.models import Subscriber
from tests.factories import NOW, PaperFactory, SubscriberFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Subscriber:
    return SubscriberFactory()


def profile(reader: Subscriber) -> Made | None:
    return profiles.stored([reader.pk]).get(reader.pk)


def names(reader: Subscriber) -> list[str]:
    row = profile(reader)
    return [name for _, name, _, _ in row.profiles] if row else []


# In words


def test_an_interest_in_words_is_named_by_its_beginning(reader: Subscriber) -> None:
    added = interests.add_text(reader, "  meta reinforcement\nlearning " + "for very many robots " * 9, NOW)
    assert added.interest.name == "meta reinforcement learning for very many robots for very…"
    assert names(reader) == [added.interest.name]


def test_the_same_words_twice_are_one_interest_and_the_same_name_is_told_apart(reader: Subscriber) -> None:
    first = interests.add_text(reader, "graphs", NOW).interest
    assert interests.add_text(reader, " graphs ", NOW).interest == first
    assert interests.add_papers(reader, "2401.00001", NOW, "graphs").interest.name == "graphs (2)"


@pytest.mark.parametrize("typed", ["", "  ", "\0", "…!", "x"])
def test_words_that_say_nothing_are_refused(reader: Subscriber, typed: str) -> None:
    with pytest.raises(InterestError, match="in a few words") as refused:
        interests.add_text(reader, typed, NOW)
    assert refused.value.field == "text"
    assert profile(reader) is None


def test_fifty_thousand_characters_are_taken_and_one_more_is_not(reader: Subscriber) -> None:
    assert interests.add_text(reader, "learning " * 5555, NOW).interest.pk
    with pytest.raises(InterestError, match="50,000"):
        interests.add_text(reader, "x" * 50_001, NOW)


def test_an_interest_in_chinese_has_a_vector(reader: Subscriber) -> None:
    interests.add_text(reader, "强化学习与机器人", NOW)
    row = profile(reader)
    assert row
    assert any(row.profiles[0][3])


def test_there_is_a_most_of_everything(reader: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_INTERESTS", 2)
    monkeypatch.setattr(limits, "MOST_AUTHORS", 1)
    monkeypatch.setattr(limits, "MOST_MUTED", 1)
    monkeypatch.setattr(limits, "MOST_PAPERS", 3)
    interests.add_papers(reader, "2401.00001 2401.00002", NOW)
    with pytest.raises(InterestError, match="more than 3 papers"):
        interests.add_papers(reader, "2401.00003 2401.00004", NOW)
    interests.add_text(reader, "graphs", NOW)
    with pytest.raises(InterestError, match="2 interests"):
        interests.add_text(reader, "robots", NOW)
    interests.follow(reader, "Emmy Noether", NOW)
    with pytest.raises(InterestError, match="1 authors"):
        interests.follow(reader, "Ada Lovelace", NOW)
    interests.mute(reader, MutedKind.WORD, "survey", NOW)
    with pytest.raises(InterestError, match="1 muted"):
        interests.mute(reader, MutedKind.WORD, "benchmark", NOW)


# Papers


def test_an_interest_in_papers_is_named_after_the_first_whose_title_is_known(reader: Subscriber) -> None:
    PaperFactory(arxiv_id="2401.00007", title="Swarms of $n$ Robots")
    assert interests.add_papers(reader, "2401.00006 2401.00007 2401.00008", NOW).interest.name == (
        "Swarms of n Robots and 2 more"
    )
    assert interests.add_papers(reader, "2401.00007", NOW).interest.name == "Swarms of n Robots"
    assert interests.add_papers(reader, "2401.00006", NOW).interest.name == "2401.00006"


def test_papers_that_are_known_count_at_once_and_others_when_they_come(reader: Subscriber) -> None:
    known = PaperFactory(arxiv_id="2401.00001")
    given = "2401.00001\n2401.00002\n10.1000/x\nA title that nobody has brought us yet"
    added = interests.add_papers(reader, given, NOW, "Mine")
    assert (added.interest.name, added.known, added.waiting) == ("Mine", 1, 3)
    assert list(InterestPaper.objects.values_list("paper", flat=True)) == [known.pk]
    before = profile(reader)

    ingest(
        [
            FetchedPaper(title="Some other words here", arxiv_id="2401.00002", abstract="About turtles"),
            FetchedPaper(title="A title that nobody has brought us yet", doi="10.1000/x", authors=("Ann One",)),
        ],
        source=None,
        now=NOW,
    )
    assert interests.match_waiting(NOW) == 3
    assert InterestPaper.objects.filter(interest=added.interest).count() == 3, "a DOI and a title were one paper"
    assert not InterestReference.objects.exists()
    assert profile(reader) != before
    assert interests.match_waiting(NOW) == 0


def test_the_same_papers_twice_are_one_interest(reader: Subscriber) -> None:
    first = interests.add_papers(reader, "2401.00001", NOW)
    again = interests.add_papers(reader, "2401.00001 ", NOW)
    assert again.interest == first.interest
    assert again.waiting == 1
    assert Interest.objects.count() == 1


def test_a_paper_that_was_merged_is_the_paper_it_was_merged_into(reader: Subscriber) -> None:
    winner = PaperFactory()
    PaperFactory(arxiv_id="2401.00007", merged_into=winner)
    interests.add_papers(reader, "2401.00007", NOW)
    assert InterestPaper.objects.get().paper == winner


def test_what_is_no_reference_is_refused_beside_its_field(reader: Subscriber) -> None:
    with pytest.raises(InterestError, match="No paper could be recognised") as refused:
        interests.add_papers(reader, "hello", NOW, field="file")
    assert refused.value.field == "file"


def test_five_thousand_references_are_kept_in_a_few_queries(reader: Subscriber, django_assert_max_num_queries) -> None:
    given = "\n".join(f"2401.{number:05}" for number in range(5000))
    with django_assert_max_num_queries(60):
        assert interests.add_papers(reader, given, NOW).waiting == 5000


# Authors


def test_an_author_is_followed_by_whatever_spelling(reader: Subscriber) -> None:
    first = interests.follow(reader, "Noether, Emmy", NOW).interest
    assert first.name == "Emmy Noether"
    assert interests.follow(reader, "emmy  NOETHER", NOW).interest == first
    assert profile(reader).authors == {"emmy noether": 5000}
    assert profile(reader).asked


@pytest.mark.parametrize("typed", ["", "Noether", "https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097", "\0"])
def test_what_is_no_name_is_refused(reader: Subscriber, typed: str) -> None:
    with pytest.raises(InterestError):
        interests.follow(reader, typed, NOW)


def test_authors_of_given_papers_count_for_a_little(reader: Subscriber) -> None:
    PaperFactory(arxiv_id="2401.00001", authors=["Ada Lovelace"])
    PaperFactory(arxiv_id="2401.00002", authors=["Ada Lovelace", "Emmy Noether"])
    PaperFactory(arxiv_id="2401.00003", authors=[f"Person Number{number}" for number in range(3000)])
    interests.add_papers(reader, "2401.00001 2401.00002 2401.00003", NOW)
    assert profile(reader).authors == {"ada lovelace": 2857, "emmy noether": 1429}


# Muting


def test_muting_twice_is_muting_once_and_it_can_be_taken_back(reader: Subscriber) -> None:
    TopicFactory(slug="test-vision")
    word = interests.mute(reader, MutedKind.WORD, "Surveys", NOW)
    assert interests.mute(reader, MutedKind.WORD, "survey", NOW) == word
    interests.mute(reader, MutedKind.AUTHOR, "Lovelace, Ada", NOW)
    interests.mute(reader, MutedKind.TOPIC, "test-vision", NOW)
    assert profile(reader).muted == {"word": ["survey"], "author": ["ada lovelace"], "topic": ["test-vision"]}
    assert not profile(reader).asked
    for muted in Muted.objects.all():
        interests.act(reader, f"unmute:{muted.pk}", NOW)
    assert profile(reader) is None, "who asks for nothing has no row"


@pytest.mark.parametrize(
    ("kind", "typed"),
    [(MutedKind.WORD, "…"), (MutedKind.WORD, "x" * 101), (MutedKind.TOPIC, "no-such"), (MutedKind.AUTHOR, "")],
)
def test_what_cannot_be_muted_is_refused(reader: Subscriber, kind: MutedKind, typed: str) -> None:
    with pytest.raises(InterestError):
        interests.mute(reader, kind, typed, NOW)


# Buttons


def test_every_button_has_one_that_undoes_it(reader: Subscriber) -> None:
    topic = TopicFactory(slug="test-robots")
    reader.topics.add(topic)
    paper = PaperFactory()
    interest = interests.add_text(reader, "graphs", NOW).interest
    codes = (
        "unfollow-topic:test-robots",
        "mute-topic:test-robots",
        "mute-author:Ada Lovelace",
        f"weaken:{interest.pk}",
        f"remove:{interest.pk}",
        f"more:{paper.pk}",
        f"less:{paper.pk}",
    )
    for code in codes:
        before = state(reader)
        done = interests.act(reader, code, NOW)
        assert interests.act(reader, code, NOW).words == done.words, "pressed twice"
        assert state(reader) != before, code
        again = interests.act(reader, done.undo, NOW)
        assert again.words
        assert state(reader) == before, code


def state(reader: Subscriber) -> list[object]:
    votes = list(Vote.objects.filter(subscriber=reader).values_list("paper", "wants_more"))
    muted = list(Muted.objects.filter(subscriber=reader).values_list("kind", "value"))
    return [set(reader.topics.values_list("slug", flat=True)), votes, muted, profile(reader)]


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x",
        "remove:",
        "remove:-1",
        "remove:1e9",
        "remove:" + "9" * 40,
        "more:٣",
        "unfollow-topic:\0",
        "less:0",
        "weaken:77",
    ],
)
def test_a_button_that_nobody_offered_does_nothing(reader: Subscriber, code: str) -> None:
    with pytest.raises(InterestError):
        interests.act(reader, code, NOW)


def test_nobody_changes_what_is_another_reader_s(reader: Subscriber) -> None:
    other = SubscriberFactory()
    theirs = interests.add_text(other, "graphs", NOW).interest
    muted = interests.mute(other, MutedKind.WORD, "survey", NOW)
    for code in (f"remove:{theirs.pk}", f"weaken:{theirs.pk}"):
        with pytest.raises(InterestError):
            interests.act(reader, code, NOW)
    interests.act(reader, f"unmute:{muted.pk}", NOW)
    assert Muted.objects.filter(subscriber=other).exists()
    assert names(other) == ["graphs"]


def test_what_was_removed_is_deleted_a_day_later(reader: Subscriber) -> None:
    interest = interests.add_text(reader, "graphs", NOW).interest
    interests.act(reader, f"remove:{interest.pk}", NOW)
    assert profile(reader) is None
    assert interests.forget_removed(NOW + timedelta(hours=23)) == 0
    assert interests.forget_removed(NOW + timedelta(hours=25)) == 1
    assert not Interest.objects.exists()


def test_what_is_removed_again_and_again_does_not_pile_up(reader: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(15):
        pk = interests.add_text(reader, f"graphs {number}", NOW).interest.pk
        interests.act(reader, f"remove:{pk}", NOW + timedelta(seconds=number))
    assert Interest.objects.count() == limits.MOST_REMOVED
    monkeypatch.setattr(limits, "MOST_INTERESTS", 1)
    interests.add_text(reader, "robots", NOW)
    with pytest.raises(InterestError, match="1 interests already"):
        interests.act(reader, f"restore:{pk}", NOW)


# Votes


def test_the_last_vote_counts_and_a_vote_twice_is_one(reader: Subscriber) -> None:
    paper = PaperFactory()
    for _ in range(2):
        interests.cast(reader, paper, NOW, wants_more=True)
    assert names(reader) == [VOTED]
    interests.cast(reader, paper, NOW, wants_more=False)
    assert Vote.objects.get().wants_more is False
    assert names(reader) == []
    assert any(profile(reader).away)
    interests.withdraw(reader, paper, NOW)
    assert profile(reader) is None


def test_ten_thousand_votes_leave_a_thousand_and_each_costs_little(
    reader: Subscriber, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries
) -> None:
    monkeypatch.setattr(limits, "MOST_VOTES", 50)
    papers = [PaperFactory() for _ in range(60)]
    for number, paper in enumerate(papers):
        interests.cast(reader, paper, NOW + timedelta(seconds=number), wants_more=number % 3 > 0)
    assert Vote.objects.filter(subscriber=reader).count() == 50
    assert set(Vote.objects.values_list("paper", flat=True)) == {paper.pk for paper in papers[10:]}
    with django_assert_max_num_queries(25):
        interests.cast(reader, papers[0], NOW + timedelta(hours=1), wants_more=True)


def test_votes_are_counted_for_editors() -> None:
    paper, other = PaperFactory(), PaperFactory()
    for wants_more in (True, True, True, False):
        interests.cast(SubscriberFactory(), paper, NOW, wants_more=wants_more)
    assert interests.counted([paper.pk, other.pk]) == {paper.pk: (3, 1)}


# People leave, papers merge


def test_whoever_is_erased_leaves_nothing(reader: Subscriber) -> None:
    interests.add_text(reader, "graphs", NOW)
    interests.add_papers(reader, "2401.00009\n" + PaperFactory().arxiv_id, NOW)
    interests.follow(reader, "Emmy Noether", NOW)
    interests.mute(reader, MutedKind.WORD, "survey", NOW)
    interests.cast(reader, PaperFactory(), NOW, wants_more=True)
    reader.delete()
    for model in (Interest, InterestPaper, InterestReference, Muted, Vote, ReaderProfile):
        assert not model.objects.exists(), model


def test_votes_and_papers_of_interests_follow_a_merge(reader: Subscriber) -> None:
    other = SubscriberFactory()
    ingest(
        [
            FetchedPaper(title="A preprint under its first title", arxiv_id="2606.00001"),
            FetchedPaper(title="What the journal called it in the end", doi="10.1000/x"),
        ],
        source=None,
        now=NOW,
    )
    interests.add_papers(reader, "10.1000/x", NOW)
    journal = InterestPaper.objects.get().paper
    interests.cast(reader, journal, NOW, wants_more=True)
    interests.cast(other, journal, NOW, wants_more=True)
    both = FetchedPaper(title="A preprint under its first title", arxiv_id="2606.00001", doi="10.1000/x")
    preprint = type(journal).objects.get(arxiv_id="2606.00001")
    interests.cast(other, preprint, NOW + timedelta(hours=1), wants_more=False)
    ingest([both], source=None, now=NOW)
    journal.refresh_from_db()
    assert journal.merged_into == preprint
    assert InterestPaper.objects.get().paper == preprint
    assert set(Vote.objects.values_list("subscriber", "paper", "wants_more")) == {
        (reader.pk, preprint.pk, True),
        (other.pk, preprint.pk, False),
    }
    assert Interest.objects.get().kind == InterestKind.PAPERS
