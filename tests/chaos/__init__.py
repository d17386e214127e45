"""Fault injection with real processes: `python -m tests.chaos` (make chaos) runs every scenario and audits each."""
