"""Desks with many orders: written once, through the desk's own store, and kept for later runs."""

from __future__ import annotations

import dataclasses
import functools
import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.progress import track

from bench.inside import perform
from certdesk.bootstrap import open_desk
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order, new_certificate_id, new_deal_id
from certdesk.engine import OPERATOR
from certdesk.ports import Unit
from certdesk.settings import Settings
from tests.running import Keys

AT_ONCE = 10_000
"""Orders in a transaction: the more, the less often is a page of an index written."""

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
STATUSES = (Status.ISSUED, Status.ISSUED, Status.AWAITING_MATERIAL, Status.CANCELLED)


def with_orders(folder: Path, count: int, url: str = "") -> Keys:
    """Fill a desk with an account that has so many orders; return its keys.

    The desk is that of a folder, and of the database at `url` where one is given. What is there
    already stays, be it from a run that was interrupted.
    """
    with open_desk(Settings(data=str(folder), database=url)) as opened:
        desk = opened.desk
        account = folder / "account.json"
        if not account.exists():
            added = perform(desk, OPERATOR, "AddAccount", Name="bench")
            keys = Keys(added["Uin"], added["SecretId"], added["SecretKey"])
            account.write_text(json.dumps(dataclasses.asdict(keys)))
        keys = Keys(**json.loads(account.read_text()))
        there = desk.store.read(lambda unit: unit.orders.count(uin=keys.uin))
        for first in track(range(there, count, AT_ONCE), f"Writing {count:,} orders"):
            numbers = range(first, min(first + AT_ONCE, count))
            desk.store.write(functools.partial(_add, list(_orders(keys.uin, numbers))))
    return keys


def name(number: int) -> str:
    """Give the domain name of an order."""
    return f"host{number:07}.example.com"


def _add(orders: Iterable[Order], unit: Unit) -> None:
    for order in orders:
        unit.orders.add(order)


def _orders(uin: str, numbers: range) -> Iterator[Order]:
    """Make orders as they are bought, one a minute; half of them have come to a certificate."""
    rng = random.Random(numbers.start)  # noqa: S311 - nothing is kept secret by it
    for number in numbers:
        at = BEGINNING + timedelta(minutes=number)
        status = STATUSES[number % len(STATUSES)]
        issued = status is Status.ISSUED
        yield Order(
            certificate_id=new_certificate_id(rng),
            uin=uin,
            product_id=18,
            domain_num=1,
            time_span=1,
            status=status,
            deal_id=new_deal_id(rng, at),
            domain=name(number),
            begins_at=at if issued else None,
            ends_at=at + timedelta(days=199) if issued else None,
            created_at=at,
        )
