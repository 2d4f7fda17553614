"""A mark: a single value that a desk stores for itself."""

from __future__ import annotations

from certdesk.domain.values.free_text import Code
from certdesk.domain.values.record import Record


class Mark(Record, kw_only=True):
    """A named value of the desk itself, such as the check value of its key-encryption key."""

    name: Code
    value: bytes
