"""Content for trying Paperboy out: today's real papers where the network answers, else invented ones; sample readers.

Everything goes through the services that real content goes through, once; a second call adds nothing.
"""

from digest.sample.content import prepare

__all__ = ["prepare"]
