"""Accounts and names of orders that are worked on: as many of each as a busy desk has.

The desk limits how often it looks at one domain, and how much one account has under way. What is
measured is the work, so neither limit may be met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.inside import perform
from certdesk.domain.people.role import Role
from certdesk.engine import OPERATOR, Caller
from tests.running import Keys

if TYPE_CHECKING:
    from certdesk.engine import Desk

ACCOUNTS = 100
DOMAINS = 1_000


def name(number: int) -> str:
    """Give the domain name of an order; those in a row are of different domains."""
    return f"host{number:07}.bench{number % DOMAINS:04}.com"


def accounts(desk: Desk, orders: int) -> list[tuple[Caller, Keys]]:
    """Open as many accounts as there are orders at most; return each as a caller, and its keys."""
    return [_account(desk) for _ in range(min(ACCOUNTS, orders))]


def _account(desk: Desk) -> tuple[Caller, Keys]:
    added = perform(desk, OPERATOR, "AddAccount", Name="bench")
    keys = Keys(added["Uin"], added["SecretId"], added["SecretKey"])
    return Caller(uin=keys.uin, actor=keys.secret_id, verified=True, role=Role.USER), keys
