"""Vectors as bytes: small enough for a million readers, and with products that are the same everywhere.

A vector of a paper, or of what a reader asked for, is DIMENSIONS bytes of meaning, then its terms: four bytes each, the
term's place in the upper 20 bits, its weight in the lower 12.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ONE = 127  # the length of a vector of meaning
DIMENSIONS = 128  # of every vector of meaning, also where there are fewer directions: the others are nought
TERM = np.dtype("<u4")
BITS = 12
HEAVIEST = 2**BITS - 1

Terms = NDArray[np.uint32]
Floats = NDArray[np.float64]


def as_bytes(vectors: ArrayLike) -> NDArray[np.int8]:
    """Rows scaled to the length of ONE and rounded; noughts where a row has no length or is no number."""
    rows = np.nan_to_num(np.atleast_2d(np.asarray(vectors, dtype=np.float64)), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    scaled: NDArray[np.int8] = np.rint(unit * ONE).astype(np.int8)
    return scaled


def packed_terms(places: NDArray[np.integer[Any]], weights: ArrayLike) -> Terms:
    """Places in [0, 2**20) with whole weights up to HEAVIEST, in order; what weighs nothing is left out."""
    whole = np.clip(np.rint(weights), 0, HEAVIEST).astype(TERM)
    there = np.flatnonzero(whole)
    return np.sort((places[there].astype(TERM) << BITS) | whole[there])


def terms_of(vector: bytes, dimensions: int = DIMENSIONS) -> Terms:
    return np.frombuffer(vector, dtype=TERM, offset=dimensions) if len(vector) > dimensions else np.zeros(0, TERM)


def meaning_of(vector: bytes) -> NDArray[np.int8]:
    return np.frombuffer(vector, dtype=np.int8, count=DIMENSIONS)


def is_whole(vector: bytes) -> bool:
    """Whether it can be one."""
    return len(vector) >= DIMENSIONS and (len(vector) - DIMENSIONS) % TERM.itemsize == 0
