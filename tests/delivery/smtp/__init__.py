"""The pipelined SMTP transport."""
