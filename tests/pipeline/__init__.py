"""What the whole-story test stands on: a feed server, a mail server, and the real processes."""
