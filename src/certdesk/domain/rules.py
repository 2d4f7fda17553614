"""The rules of the domain that an operator can set."""

from __future__ import annotations

from datetime import timedelta

from certdesk.domain.accounts.quotas import Quotas
from certdesk.domain.values.record import Record


class Rules(Record, kw_only=True):
    """The rules of a desk that differ from desk to desk.

    `internal_suffixes` are the suffixes under which internal names may be ordered. `proof_interval`
    is the first pause between two checks for one proof. `proof_deadline` is how long an order waits
    for its proofs before it is closed. `public_url` is where clients reach the desk, and
    `link_life` how long a download link works. `free_limit` and `free_per_domain` limit the free
    certificates of an account that have not ended, in all and for the names of one registrable
    domain. With `vetting_automatic`, nobody reviews managers and orders; with `four_eyes`, two
    people approve each EV order. `letter_products` are the numbers of the products whose orders
    wait for a letter of confirmation. `checks_per_domain` is how many checks for proofs, and how
    many for CAA records, may begin a minute for the names of one registrable domain; 0 is no limit.
    `quotas` are the quotas of each account.
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
    checks_per_domain: int
    quotas: Quotas
    letter_products: frozenset[int]
