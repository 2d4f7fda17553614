"""What an operator may set of the rules."""

from __future__ import annotations

import dataclasses
from datetime import timedelta


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a desk that differ from desk to desk.

    `internal_suffixes` are those under which internal names may be ordered; `proof_interval` is
    the time between two looks for one proof, at first; `proof_deadline` how long an order waits
    for its proofs before it is closed. `public_url` is where clients reach the desk, and
    `link_life` how long a link to a download may be used.
    """

    internal_suffixes: frozenset[str] = frozenset()
    proof_interval: timedelta = timedelta(seconds=10)
    proof_deadline: timedelta = timedelta(days=3)
    public_url: str = ""
    link_life: timedelta = timedelta(minutes=10)
