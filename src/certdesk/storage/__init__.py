"""Storage of records; nothing is acknowledged before it is durable.

`schema` declares the tables, and `collections` reads and writes them on a connection. `sqlite` is
the embedded store: one file with one writer. `postgresql` is the store that several processes
share. `migrate` brings a database to the schema of this version.
"""

from __future__ import annotations


class ReadOnly(Exception):
    """A read tried to write."""
