"""Takes a model's arrays and facts; gives bytes that are safe to read back, whoever wrote them, and the reverse.

A ZIP of plain arrays (NumPy's .npz, without pickled objects): reading never runs code, and reads no more than LARGEST.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.errors import ModelError

LARGEST = 256 * 1024 * 1024  # bytes, unpacked
FACTS = "facts"
# What zipfile, zlib, numpy and json raise for bytes that are cut off, changed, encrypted or packed in an unknown way.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    KeyError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)

Arrays = dict[str, NDArray[Any]]


def packed(arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> bytes:
    """`facts` are what JSON holds."""
    file = BytesIO()
    text = np.frombuffer(json.dumps(facts, allow_nan=False).encode(), dtype=np.uint8)
    np.savez_compressed(file, allow_pickle=False, **{**arrays, FACTS: text})
    return file.getvalue()


def unpacked(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    """`ModelError` where the bytes are damaged, or of another make."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > LARGEST:
            raise ModelError(f"it would take {size} bytes")
        with np.load(BytesIO(data), allow_pickle=False) as members:
            arrays = {name: members[name] for name in members.files}
        facts = json.loads(arrays.pop(FACTS).tobytes())
    except UNREADABLE as error:
        raise ModelError(f"it cannot be read: {error}") from error
    if not isinstance(facts, dict):
        raise ModelError("it says nothing of itself")
    return arrays, facts


def checked(arrays: Mapping[str, NDArray[Any]], name: str, kind: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """The array of that name, of that kind of number ("f", "i", "u") and shape, None for any length; all finite."""
    array = arrays.get(name)
    if array is None or array.dtype.kind != kind or array.ndim != len(shape):
        raise ModelError(f"{name} is not what it should be")
    if any(wanted not in (None, length) for wanted, length in zip(shape, array.shape, strict=True)):
        raise ModelError(f"{name} has the shape {array.shape}")
    if kind == "f" and not np.isfinite(array).all():
        raise ModelError(f"{name} holds what is no number")
    return array
