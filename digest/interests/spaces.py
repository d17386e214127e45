"""Where interests and papers are compared: vectors by one model, with a name that says which."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from digest import learning
from digest.learning import fitting, vectors
from digest.models import Edition, EditionKind, ModelKind, RankingModel
from digest.ranking import taste


@dataclass(frozen=True, slots=True)
class Space:
    """Vectors and profiles as `ranking.vectors` has them; those of two models are never compared. Without a `model`, as
    before the first paper came, there are none.
    """

    model: RankingModel | None

    @property
    def key(self) -> str:
        return f"meaning-{self.model.pk}" if self.model else "none"

    @property
    def is_young(self) -> bool:
        """Whether it knows words alone."""
        return self.model is None or self.model.papers < fitting.LEAST_PAPERS

    def texts(self, texts: Sequence[str]) -> list[bytes]:
        """Empty where nothing is known of it."""
        return vectors.of_texts(self.model, texts) if self.model and texts else [b""] * len(texts)

    def papers(self, papers: Collection[int]) -> dict[int, bytes]:
        """By id; an unknown one is left out. What is not there yet is made and stored."""
        return vectors.ensured(self.model, papers) if self.model and papers else {}

    def stored(self, papers: Collection[int]) -> dict[int, bytes]:
        """The same as it was when their edition was built: nothing is made anew."""
        return vectors.of(self.model, papers) if self.model else {}

    def of_text(self, text: bytes) -> bytes:
        """The profile of a text, of its vector; empty where nothing of it is known, as are the others."""
        return taste.of_text(text, vectors.usual_in(self.model)) if self.model and text else b""

    def of_papers(self, given: Sequence[bytes]) -> bytes:
        """Of what an interest was given, papers and titles."""
        known = [vector for vector in given if vector]
        return taste.of_papers(known, vectors.usual_in(self.model)) if self.model and known else b""

    def of_votes(self, liked: Sequence[bytes], disliked: Sequence[bytes]) -> bytes:
        return taste.of_votes(liked, vectors.usual_in(self.model), disliked) if self.model and liked else b""

    def away(self, disliked: Sequence[bytes]) -> bytes:
        return taste.away(disliked, vectors.usual_in(self.model)) if self.model and disliked else b""


def of(edition: Edition) -> Space:
    """The space in which an edition's papers meet interests: that of the model it was built with."""
    return Space(edition.meaning)


def in_use() -> Space:
    """That of the newest edition, which readers are sent; before there is one, of the model that the next will have."""
    newest = Edition.objects.published().filter(kind=EditionKind.DAILY).order_by("-date")
    edition = newest.select_related("meaning").first()
    return of(edition) if edition else Space(learning.current(ModelKind.MEANING))
