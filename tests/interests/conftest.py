"""A model that knows words alone, as a young installation has one: every edition names it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest import learning
from digest.learning import keeping, vectors
from digest.models import Edition, EditionPaper, ModelKind, RankingModel
from digest.ranking import PaperText, meaning
from tests.factories import NOW, EditionFactory, EditionPaperFactory

# What papers usually speak of: words that tell little.
USUAL = [PaperText("We study learning in networks"), PaperText("We study models"), PaperText("Learning of models")]


@pytest.fixture(autouse=True)
def words_alone(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RankingModel]:
    keeping._opened.cache_clear()
    row = RankingModel(kind=ModelKind.MEANING, format=meaning.FORMAT, papers=len(USUAL), fitted_at=NOW)
    model = keeping.keep(row, meaning.Meaning.of_words(USUAL).as_bytes())
    new_edition, new_entry = EditionFactory._create, EditionPaperFactory._create

    def edition(model_class: type[Edition], **fields: object) -> Edition:
        return new_edition(model_class, **{"meaning": learning.current(ModelKind.MEANING)} | fields)

    def entry(model_class: type[EditionPaper], **fields: object) -> EditionPaper:
        made = new_entry(model_class, **fields)
        if made.edition.meaning:
            vectors.ensured(made.edition.meaning, [made.paper_id])
        return made

    monkeypatch.setattr(EditionFactory, "_create", edition)
    monkeypatch.setattr(EditionPaperFactory, "_create", entry)
    yield model
    keeping._opened.cache_clear()
