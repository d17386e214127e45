"""Takes what a reader pasted or uploaded; gives the papers it names: identifiers, BibTeX, RIS or CSL JSON.

Plain Python, for text from anyone: everything is bounded, and what cannot be read is said, never guessed at.
"""

from digest.interests.references.entry import MOST_CHARACTERS, MOST_ENTRIES, Entry, Read, UnreadableReferences
from digest.interests.references.reading import decoded, read

__all__ = ["MOST_CHARACTERS", "MOST_ENTRIES", "Entry", "Read", "UnreadableReferences", "decoded", "read"]
