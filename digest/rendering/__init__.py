"""An edition compiled once, and one message per reader joined from it."""

from digest.rendering.assembly import assemble
from digest.rendering.edition import CompiledEdition, compile_edition, compile_facts
from digest.rendering.facts import EditionFacts, PaperFacts, ReaderFacts
from digest.rendering.message import DigestMessage

__all__ = [
    "CompiledEdition",
    "DigestMessage",
    "EditionFacts",
    "PaperFacts",
    "ReaderFacts",
    "assemble",
    "compile_edition",
    "compile_facts",
]
