"""Delivery: the ledger, the transports, the sending loop, and what happens when things break."""
