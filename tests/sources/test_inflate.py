"""Compressed bytes come out whole, however they were cut on the way, and never beyond the limit."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest

from digest.errors import SourceError
from digest.sources.inflate import decoded

PLAIN = b"<feed>" + bytes(range(256)) * 4 + b"</feed>"
MEMBERS = gzip.compress(PLAIN[:300], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(PLAIN[300:], mtime=0)


def raw(plain: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(plain) + engine.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", MEMBERS), ("x-gzip", MEMBERS), ("deflate", zlib.compress(PLAIN)), ("deflate", raw(PLAIN)), ("", PLAIN)],
)
def test_wherever_chunks_are_cut_nothing_is_lost(encoding, packed):
    for cut in range(len(packed) + 1):
        assert decoded([packed[:cut], b"", packed[cut:]], encoding, 10_000) == PLAIN, cut
    assert decoded((packed[at : at + 1] for at in range(len(packed))), encoding, 10_000) == PLAIN


@pytest.mark.parametrize("padding", [b"\0" * 512, b"\x1f", b"\x1fx", b"junk"])
def test_what_follows_the_last_member_is_padding(padding):
    assert decoded([MEMBERS, padding], "gzip", 10_000) == PLAIN
    assert decoded([MEMBERS + padding], "gzip", 10_000) == PLAIN


@pytest.mark.parametrize("packed", [MEMBERS, zlib.compress(PLAIN), raw(PLAIN)])
def test_what_ends_early_is_told_of_wherever_it_ends(packed):
    encoding = "gzip" if packed is MEMBERS else "deflate"
    ends = {300: True, len(PLAIN): True}
    for cut in range(1, len(packed)):
        try:
            plain = decoded([packed[:cut]], encoding, 10_000)
        except SourceError:
            continue
        # Only where a member ends can nobody know that more was to come.
        assert packed is MEMBERS
        assert ends[len(plain)]


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072, 1_000_000])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw])
def test_sizes_around_a_step_come_out_whole(size, pack):
    noise = random.Random(size)
    for plain in (bytes(size), b"ab" * (size // 2), noise.randbytes(size)):
        encoding = "gzip" if pack is gzip.compress else "deflate"
        assert decoded([pack(plain)], encoding, 2 * size) == plain


def test_a_bomb_is_left_at_the_limit_also_one_of_many_members():
    unpacked = 0

    def members():
        nonlocal unpacked
        while True:
            unpacked += 1
            yield gzip.compress(bytes(10_000))

    with pytest.raises(SourceError, match="larger than 1,000,000 bytes"):
        decoded(members(), "gzip", 1_000_000)
    assert unpacked == 101
