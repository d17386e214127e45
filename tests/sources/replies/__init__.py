"""A small reply of every format, invented, as bytes: `reply("biorxiv")`."""

from pathlib import Path

FOLDER = Path(__file__).parent


def reply(kind: str) -> bytes:
    (path,) = FOLDER.glob(f"{kind}.*")
    return path.read_bytes()
