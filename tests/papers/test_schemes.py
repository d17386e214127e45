"""A name has a scheme, and a counter a kind, that reading, storing and telling papers apart all know."""

from __future__ import annotations

from digest.models import Scheme, SignalKind
from digest.papers import partition
from digest.sources import identifiers, tidy

KEPT_APART = {identifiers.ARXIV_SCHEME, identifiers.TITLE}  # neither is read, nor joins rows, like the others


def test_every_scheme_is_stored():
    assert set(Scheme.values) == set(identifiers.SCHEMES)


def test_every_scheme_is_read_ranked_and_told_in_a_reason():
    others = set(identifiers.SCHEMES) - KEPT_APART
    assert set(partition.KINDS) == set(identifiers.SCHEMES)
    assert set(partition.LABELS) == others
    assert set(identifiers.READERS) == others


def test_every_counter_that_is_read_is_stored():
    assert set(tidy.SIGNALS) <= set(SignalKind.values)
