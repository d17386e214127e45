"""Vectors as bytes: small enough for a million readers, and with products that are the same everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ONE = 127  # the length of a vector


def as_bytes(vectors: ArrayLike) -> NDArray[np.int8]:
    """Rows scaled to the length of ONE and rounded; noughts where a row has no length or is no number."""
    rows = np.nan_to_num(np.atleast_2d(np.asarray(vectors, dtype=np.float64)), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    scaled: NDArray[np.int8] = np.rint(unit * ONE).astype(np.int8)
    return scaled
