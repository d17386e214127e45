"""Takes stored papers; gives searches as people type them, by kind: made of titles, names and slips of the finger."""

from __future__ import annotations

import random
import re

from digest.models import Paper

SAMPLE = 2000  # papers that they are made of


def asked(number: int) -> dict[str, list[str]]:
    """As many of each kind, the same for the same papers."""
    rng = random.Random(1)  # noqa: S311  # repeatable, not secret
    columns = Paper.objects.filter(pk__in=sampled_ids(SAMPLE)).order_by("pk")
    papers = list(columns.values_list("title", "authors", "categories"))
    return {name: [make(*rng.choice(papers), rng) for _ in range(number // len(KINDS))] for name, make in KINDS.items()}


def sampled_ids(number: int) -> list[int]:
    ids = list(Paper.objects.order_by("pk").values_list("pk", flat=True))
    return ids[:: max(1, len(ids) // max(1, number))][:number]


def title_words(title: str) -> list[str]:
    return re.findall(r"[A-Za-z]{3,}", title) or ["learning"]


def a_few(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    words = title_words(title)
    return " ".join(rng.sample(words, min(len(words), rng.randint(1, 3))))


def whole_title(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    return title


def phrase(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    words = title.split()
    start = rng.randrange(max(1, len(words) - 1))
    return f'"{" ".join(words[start : start + 2])}"'


def author(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    return f'author:"{rng.choice(authors or ["Chen"])}"'


def author_and_words(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    return f"author:{rng.choice(authors or ['Chen']).split()[-1]} {a_few(title, authors, categories, rng)}"


def filtered(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    return f"{a_few(title, authors, categories, rng)} category:{next(iter(categories), 'cs.LG')} year:2025-2026 -survey"


def slip(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    words = title_words(title)
    place = rng.randrange(len(words))
    letter = rng.randrange(1, len(words[place]))
    words[place] = words[place][:letter] + words[place][letter + 1 :]
    return " ".join(words[max(0, place - 1) : place + 2])


def common(title: str, authors: list[str], categories: list[str], rng: random.Random) -> str:
    """What more papers have than any search should look at."""
    return " ".join(rng.sample(["learning", "model", "data", "we", "propose", "large", "language", "deep", "the"], 2))


KINDS = {
    "words": a_few, "title": whole_title, "phrase": phrase, "author": author, "author+words": author_and_words,
    "filters": filtered, "slip": slip, "common": common,
}  # fmt: skip
