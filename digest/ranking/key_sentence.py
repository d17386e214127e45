"""An abstract in, the one sentence that states its result out: by the words that results are told with in English.

Each sentence gets points for the marks of a result (a verb of finding, a comparison, a measured number) and loses some
for the marks of something else (what others did, where the code is, what may come of it). Where no sentence has a mark,
as in another language, the first one stands for all. `docs/ranking.md` says how often this is right.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from digest.ranking.sentences import sentences

# What is looked at: an abstract is shorter, and whatever is longer costs no more than this.
MAX_CHARACTERS = 12_000
MAX_SENTENCES = 60
MAX_SENTENCE = 1_000
ENOUGH = 1.0  # fewer points than this are no sign of anything


class Mark(NamedTuple):
    points: float
    words: re.Pattern[str]


def _any(points: float, *patterns: str) -> Mark:
    return Mark(points, re.compile("|".join(patterns), re.IGNORECASE))


def _mark(points: float, *words: str) -> Mark:
    """Whole words, but for what they leave open."""
    return _any(points, rf"\b(?:{'|'.join(words)})\b")


_FIND = r"show|shows|showed|demonstrat\w+|reveal\w*|indicat\w+|confirm\w*|found|finds?|proves?|proved|observe\w*"
_OFFER = r"propos\w+|introduc\w+|present\w*|develop\w*|describ\w+|provid\w+|establish\w*|deriv\w+"
_THINGS = "codes?|datasets?|data|models?|implementation|scripts|checkpoints"
_OTHERS = "recent|existing|previous|prior|traditional"
_REACHED = r"show|find|found|demonstrat|outperform|achiev|reduc|improv"

MARKS = (
    # Who says it: "experiments on three benchmarks", "our results".
    _mark(
        1.5,
        r"results?|experiments?|experimental|evaluations?|evaluated|findings|empirical(?:ly)?|simulations|trials|ablation",
    ),
    _mark(1.5, _FIND),
    _mark(1.0, rf"we (?:also |further |first )?(?:{_FIND})"),
    # What was reached.
    _mark(2.0, r"outperform\w*|surpass\w*|exceed\w*|superior\w*|state-of-the-art results|new state"),
    _mark(
        1.5,
        r"achiev\w+|attain\w*|reach(?:es|ed|ing)|yield(?:s|ed)|match(?:es|ed)|reduc(?:es|ed|ing)|improv(?:es|ed|ing)",
        "improvements?|competitive|comparable|gains",
    ),
    _mark(
        0.5,
        r"significant\w*|substantial\w*|consistent\w*|compared (?:to|with)|than|over|better|higher|lower|faster",
        "accuracy|performance|sota|state-of-the-art",
    ),
    # Measured: "12.8%", "3x", "0.62 vs 0.43".
    _any(1.5, r"\d(?:[.,]\d+)?\s?(?:%|percent|×|x\b|times\b|fold\b|points\b|FPS\b|ms\b)", r"\b0\.\d+", r"[+]\d"),
    # What is offered stands for the result where none is told.
    _mark(1.0, rf"(?:we|this (?:paper|work|study|article|thesis)|authors)\b[^.]{{0,40}}\b(?:{_OFFER})"),
    # Where things are to be had.
    _any(
        -4.0,
        r"https?://|\bgithub\b|\bproject page\b|^code\b",
        rf"\b(?:{_THINGS})\b[^.]{{0,50}}\b(?:available|released?|open-sourced?)\b",
        r"\bwe (?:will )?(?:also |publicly |further ){0,3}(?:release|open-source|make)\b",
    ),
    # What was before.
    _any(
        -2.0,
        rf"^(?:however|yet|while|although|though|despite|recently|{_OTHERS}|conventional|current|many|most|such|unlike)\b",
        r"^moreover, (?:these|existing)\b",
    ),
    _any(
        -2.0,
        r"\b(?:has|have) (?:become|been|shown|demonstrated|emerged|achieved|gained|made)\b|\bremains?\b",
        rf"\b(?:{_OTHERS}) (?:work|works|studies|methods|approaches|advances|research)\b(?![^.]*outperform)",
    ),
    # What may come of it.
    _mark(
        -1.5,
        r"highlight\w*|potential|future|hope|believe|anticipate|opens|paves?|promising|opportunit\w+|insights?",
        r"may|could|should|underscor\w+|implications",
    ),
    # How it was done.
    _any(
        -1.5,
        r"^(?:to (?:address|overcome|tackle|this end|bridge|evaluate|achieve|assess|further)|specifically)\b",
        r"^(?:building on|in particular|by |for example|first,|then,)",
    ),
    _any(
        -1.0,
        r"\b(?:we|then) (?:conduct|evaluate|investigate|study|examine|validate|benchmark|compare|analy[sz]e)\b"
        rf"(?![^.]*\b(?:{_REACHED}))",
    ),
)


def key_sentence(text: str) -> str:
    """`text` is readable and on one line. "" for none; linear in the length of the text, and bounded."""
    found = sentences(text[:MAX_CHARACTERS])[:MAX_SENTENCES]
    if not found:
        return ""
    return found[key_place(found)]


def key_place(found: list[str]) -> int:
    """The place of the sentence with most points; of equals, the later one, as a result comes after its method."""
    points = [_points(sentence) + _for_place(place, len(found)) for place, sentence in enumerate(found)]
    best = max(range(len(found)), key=lambda place: (points[place], place))
    return best if _points(found[best]) >= ENOUGH else 0


def _points(sentence: str) -> float:
    looked_at = sentence[:MAX_SENTENCE]
    points = sum(mark.points for mark in MARKS if mark.words.search(looked_at))
    # "Our results yield three findings." announces, and tells nothing.
    return points - 2.0 if len(sentence) < 60 else points


def _for_place(place: int, count: int) -> float:
    """Nothing at the beginning, a point near the end."""
    return place / max(count - 1, 1)
