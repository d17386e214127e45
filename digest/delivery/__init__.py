"""Takes due readers and published editions; gives sent messages, and a ledger that says what became of each."""
