"""What readers ask for beyond topics: interests in words, papers and authors; muting; votes. Rows in, profiles out.

`adding` and `changing` are what a reader does on their page, `voting` what they press in a mail, `acts` the codes of
all buttons; `why` tells what a paper was chosen for. `references` reads what they paste, `matching` finds the papers
it means. `profiles` makes of it all what `selection` matches with a pool.
"""

from digest.interests.acts import Done, act, from_when
from digest.interests.adding import Added, add_papers, add_text, follow, take_first
from digest.interests.changing import forget_removed, mute
from digest.interests.matching import match_waiting
from digest.interests.profiles import renew_old
from digest.interests.queries import Asked, asked_by, interests_of, lowered_by, namesakes, waits
from digest.interests.voting import cast, counted, vote_of, withdraw
from digest.interests.why import allowed, parts_in_digest, reasons

__all__ = [
    "Added",
    "Asked",
    "Done",
    "act",
    "add_papers",
    "add_text",
    "allowed",
    "asked_by",
    "cast",
    "counted",
    "follow",
    "forget_removed",
    "from_when",
    "interests_of",
    "lowered_by",
    "match_waiting",
    "mute",
    "namesakes",
    "parts_in_digest",
    "reasons",
    "renew_old",
    "take_first",
    "vote_of",
    "waits",
    "withdraw",
]
