"""A mark: a single value that a desk stores for itself."""

from __future__ import annotations

import dataclasses

from certdesk.domain.values.free_text import Code


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A named value of the desk itself, such as the check value of its key-encryption key."""

    name: Code
    value: bytes
