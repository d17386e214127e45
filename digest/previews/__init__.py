"""Named samples of every mail, composed by the code that composes the real ones; their links lead to nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from digest.editions.calendar import issue_date
from digest.models import EditionKind
from digest.previews.papers import PAPERS
from digest.rendering import DigestMessage, EditionFacts, FollowUp, PaperFacts, ReaderFacts, assemble, compile_facts
from subscriptions import mail
from subscriptions.models import Abstracts, Frequency, SignupRequest, Subscriber

NOBODY = 0  # no subscriber has this id
EMAIL = "ada@example.org"
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TOPICS = {
    "robotics": "Robotics",
    "language-models": "Language models",
    "computer-vision": "Computer vision",
    "privacy-and-security": "Privacy & security",
}
NOTE = (
    "Good morning. Three of today’s papers have something to say about asking before acting, and I put the one with "
    "the simplest idea first.\n\nThe rain map from dashboard cameras is here because I live between two hills."
)
MISSING = "arXiv cs.LG could not be reached since Monday; its papers will follow."
BLURBS = {
    1: "Listen to the recordings on their page before you read the numbers. You will hear the glass slip.",
    4: "A cheap sensor, an honest comparison, and a use for it next week.",
}
FOLLOW_UPS = (
    FollowUp(11, "Kites That Measure Wind Over Cities", "https://example.org/papers/11", "Its code is out."),
    FollowUp(12, "How Long Is a Sentence?", "https://example.org/papers/12", "Accepted at a conference on reading."),
)
_CLAIM = "We give a bound, a method that meets it, and an experiment that neither of them explains. "


class Pick(NamedTuple):
    """A choice as selection makes it."""

    paper_id: int
    score: float
    parts: tuple[tuple[str, float], ...]
    similar: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """One sample mail: `about` says what to look for."""

    slug: str
    name: str
    about: str
    compose: Callable[[], DigestMessage | EmailMultiAlternatives]

    def email(self) -> EmailMultiAlternatives:
        """As Django builds it."""
        message = self.compose()
        return message.as_email() if isinstance(message, DigestMessage) else message

    def as_bytes(self) -> bytes:
        """As a mail server is given it."""
        message = self.compose()
        if isinstance(message, DigestMessage):
            return message.as_bytes()
        content: Any = message.message()  # Django's own kind, which takes a line ending
        return bytes(content.as_bytes(linesep="\r\n"))


def all_previews() -> list[Preview]:
    return list(_REGISTRY.values())


def get(slug: str) -> Preview | None:
    return _REGISTRY.get(slug)


def digest(
    papers: Sequence[PaperFacts],
    *,
    note: str = "",
    missing: str = "",
    topics: tuple[str, ...] = ("Robotics", "Language models"),
    kind: str = EditionKind.DAILY,
    abstracts: str = Abstracts.SHORT,
    follow_ups: Sequence[FollowUp] = (),
    thin: bool = False,
) -> DigestMessage:
    """A digest of exactly these papers, with made-up scores."""
    day = issue_date(kind, DAY)
    compiled = compile_facts(EditionFacts(kind, day, note, missing), papers, TOPICS)
    frequency = Frequency.WEEKLY if kind == EditionKind.WEEKLY else Frequency.DAILY
    reader = ReaderFacts(NOBODY, EMAIL, UUID(int=1), DAY, NOW, topics, frequency, abstracts)
    slugs = [slug for slug, name in TOPICS.items() if not topics or name in topics]
    picks = [_pick(place, paper, slugs, thin=thin) for place, paper in enumerate(papers)]
    return assemble(compiled, reader, picks, follow_ups)


def _pick(place: int, paper: PaperFacts, slugs: Sequence[str], *, thin: bool) -> Pick:
    slug = slugs[place % len(slugs)]
    parts = [(f"topic:{slug}", round(0.58 - place * 0.015, 4)), ("trend", round(0.29 - place * 0.009, 4))]
    if paper.blurb:
        parts.insert(0, ("editor", 1.0))
    if thin:
        parts.append(("week", 0.01))
    similar = tuple(range(20, 20 + place)) if thin else ()
    return Pick(paper.id, sum(value for _, value in parts), tuple(parts), similar)


def _first(**changes: object) -> list[PaperFacts]:
    """Four papers, the first one changed."""
    return [replace(PAPERS[0], **changes), *PAPERS[1:4]]  # type: ignore[arg-type]


def _thirty() -> list[PaperFacts]:
    """Thirty papers whose texts are as long as texts get."""
    many = []
    for number in range(30):
        paper = PAPERS[number % len(PAPERS)]
        long = f"{paper.abstract} {_CLAIM * 14}"
        many.append(replace(paper, id=number + 1, abstract=long, url=f"https://example.org/papers/{number + 1}"))
    return many


def _subscriber() -> Subscriber:
    return Subscriber(pk=NOBODY, email=EMAIL, address_key=EMAIL)


def _request() -> SignupRequest:
    return SignupRequest(pk=NOBODY, email=EMAIL, address_key=EMAIL)


def _registry() -> dict[str, Preview]:
    authors = tuple(f"{PAPERS[place % 10].authors[0]} {'I' * (1 + place // 10)}" for place in range(40))
    tex = r"Beating the $\mathcal{O}(n^{2})$ Barrier: $\epsilon$-Greedy is $\alpha$-Optimal for Schr\"odinger Bandits"
    script = "<script>alert('mail')</script> & \"quotes\" {{ braces }} =?utf-8?q?words?="
    hebrew = "\u05dc\u05de\u05d9\u05d3\u05d4 \u05de\u05d7\u05d5\u05d3\u05e9\u05ea: Learning Anew"
    endless = "On the Unreasonable Length of Titles, " * 40
    crowd = tuple(f"Author {number:,}" for number in range(1, 3304))
    curated = [replace(paper, blurb=BLURBS.get(paper.id, "")) for paper in PAPERS]
    bare = [replace(PAPERS[0], url="", code_url="", authors=(), label="", published_on=None, upvotes=0), PAPERS[1]]
    samples = (
        Preview("ordinary-day", "Ordinary day", "Ten papers, no editor.", lambda: digest(PAPERS)),
        Preview("full", "Whole abstracts", "For who wants them.", lambda: digest(PAPERS, abstracts=Abstracts.FULL)),
        Preview("since-then", "Follow-ups", "News at the end.", lambda: digest(PAPERS, follow_ups=FOLLOW_UPS)),
        Preview("thin-day", "A thin day", "The week's best, and similar ones.", lambda: digest(PAPERS[:3], thin=True)),
        Preview("right-to-left", "Right to left", "In its own direction.", lambda: digest(_first(title=hebrew))),
        Preview("edited", "Editor’s note and blurbs", "A curated day.", lambda: digest(curated, note=NOTE)),
        Preview("missing", "A source was missing", "Said in the footer.", lambda: digest(PAPERS, missing=MISSING)),
        Preview("weekly", "Weekly", "One mail a week.", lambda: digest(PAPERS, kind=EditionKind.WEEKLY)),
        Preview("all-topics", "No topics chosen", "For who chose none.", lambda: digest(PAPERS, topics=())),
        Preview("one-paper", "One paper", "Singular everywhere.", lambda: digest(PAPERS[:1])),
        Preview("thirty-papers", "30 papers", "Stays under 80 KB of HTML.", lambda: digest(_thirty())),
        Preview("forty-authors", "40 authors", "Three and the rest.", lambda: digest(_first(authors=authors))),
        Preview("crowd", "3,303 authors", "A real paper had as many.", lambda: digest(_first(authors=crowd))),
        Preview("tex", "TeX in title", "Readable, also in the subject.", lambda: digest(_first(title=tex))),
        Preview("script", "Script in title", "Shown, never run.", lambda: digest(_first(title=script))),
        Preview("long-title", "Very long title", "Cut after a word.", lambda: digest(_first(title=endless))),
        Preview("unbroken", "No spaces", "Nothing overflows.", lambda: digest(_first(title="Pneumono" * 30))),
        Preview("bare", "Little known", "No link, no authors, no date.", lambda: digest(bare)),
        Preview("confirmation", "Confirmation", "Double opt-in.", lambda: mail.confirmation(_request())),
        Preview(
            "confirmation-reminder",
            "Confirmation, reminder",
            "Once, a day later.",
            lambda: mail.confirmation(_request(), is_reminder=True),
        ),
        Preview(
            "already-subscribed",
            "Subscribed already",
            "For a known address that signs up again.",
            lambda: mail.already_subscribed(_subscriber()),
        ),
    )
    return {preview.slug: preview for preview in samples}


_REGISTRY = _registry()
