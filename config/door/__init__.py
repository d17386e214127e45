"""The way in to the editors' desk: who is kept out, the second factor, and a new password by mail."""
