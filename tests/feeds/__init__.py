"""Hostile feeds through the real visit path: fetched over HTTP, parsed, stored in PostgreSQL, and audited there.

`collection` holds other projects' test files and the headers they ask for, `variants` damages each, `family` makes
feeds that would take long at growing sizes; `visiting` visits one, `audit` looks at what was stored, `report` tells.
"""
