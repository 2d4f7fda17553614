"""What an operator may set of the rules."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from certdesk.domain.accounts.quotas import Quotas


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a desk that differ from desk to desk.

    `internal_suffixes` are those under which internal names may be ordered; `proof_interval` is
    the time between two looks for one proof, at first; `proof_deadline` how long an order waits
    for its proofs before it is closed. `public_url` is where clients reach the desk, and
    `link_life` how long a link to a download may be used. `free_limit` and `free_per_domain` are
    how many free certificates that have not ended an account may have, in all and for the names
    of one registrable domain. `vetting_automatic` has nobody look at managers and orders,
    `four_eyes` two people at each EV order; `letter_products` are the numbers of the products
    whose orders wait for a letter of confirmation. `looks_per_domain` is how many looks for proofs,
    and how many for CAA records, may begin a minute at the names of one registrable domain; 0 is
    any number. `quotas` are what an account may have of what it can add.
    """

    internal_suffixes: frozenset[str]
    proof_interval: timedelta
    proof_deadline: timedelta
    public_url: str
    link_life: timedelta
    free_limit: int
    free_per_domain: int
    vetting_automatic: bool
    four_eyes: bool
    looks_per_domain: int
    quotas: Quotas
    letter_products: frozenset[int]
