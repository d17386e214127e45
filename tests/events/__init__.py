"""Events: what providers and mail servers report, and what follows for the ledger and for people."""
