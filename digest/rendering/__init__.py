"""An edition compiled once, and one message per reader joined from it."""

from digest.rendering.assembly import assemble
from digest.rendering.edition import CompiledEdition, compile_facts
from digest.rendering.facts import EditionFacts, FollowUp, PaperFacts, ReaderFacts
from digest.rendering.message import DigestEmail, DigestMessage
from digest.rendering.recent import compiled_edition
from digest.rendering.rows import compile_edition

__all__ = [
    "CompiledEdition",
    "DigestEmail",
    "DigestMessage",
    "EditionFacts",
    "FollowUp",
    "PaperFacts",
    "ReaderFacts",
    "assemble",
    "compile_edition",
    "compile_facts",
    "compiled_edition",
]
