"""What the image holds and starts, without Docker: its files, its user, no place to write but its own, TLS in front."""
