"""A busy month of the desk's clock, in which its process is killed two hundred times.

Clients order all the while, certificates live ten days and the desk makes their successors, and
hours pass between any two of the kills.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.settings import Settings
from certdesk.world.nameserver import NameServer, nameserver
from tests.running import RunningDesk, running
from tests.slow.lives import UTC8, Life, chain, check_ledger, ledger, life
from tests.slow.test_issuing_kills import Buyer, look, ordering

KILLS = 200
CLIENTS = 2
MONTH = timedelta(days=30)
LONGEST_SECONDS = 0.6
END_SECONDS = 300
PAGE = 1000
UNDER_REVIEW = 0
CHANCE = random.SystemRandom()
SETTINGS = """
dns.resolvers = ["{endpoint}"]
dns.dnssec = "off"
proof.interval = 1
proof.per_domain = 0
ca.validity_days = 10
keys.stock.rsa_2048 = 0
keys.stock.rsa_4096 = 0
"""


class Calendar:
    """The file that moves the desk's clock."""

    def __init__(self, file: Path) -> None:
        """Begin at the machine's time."""
        self.file = file
        self._moved = timedelta(0)
        self.move(timedelta(0))

    def move(self, span: timedelta) -> None:
        """Move the clock forward."""
        self._moved += span
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{self._moved.total_seconds():+.0f}\n")
        draft.replace(self.file)

    @property
    def now(self) -> datetime:
        """The time on the desk's clock."""
        return datetime.now(UTC8) + self._moved


class PatientBuyer(Buyer):
    """A buyer that orders now and then, and publishes later what it could not before."""

    def __init__(self, desk: RunningDesk, names: NameServer, number: int) -> None:
        """Order names of its own."""
        super().__init__(desk, names, number)
        self._published: set[str] = set()

    def order(self) -> None:
        """Order once, or fail on the way."""
        time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
        super().order()

    def publish(self, certificate_id: str) -> None:
        """Publish what proves an order's names."""
        super().publish(certificate_id)
        self._published.add(certificate_id)

    def catch_up(self) -> None:
        """Publish what was not published before the desk was killed."""
        for certificate_id in self.acknowledged - self._published:
            self.publish(certificate_id)

    def lives(self) -> dict[str, Life]:
        """List what has become of its orders; anew where one came in between two pages."""
        while True:
            rows, total = self._listed()
            found = {row["CertificateId"]: life(row) for row in rows}
            if len(found) == total:
                return found

    def _listed(self) -> tuple[list[dict[str, Any]], int]:
        """Read all pages, and how many rows the last one says that there are."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self._client.call("DescribeCertificates", Offset=len(rows), Limit=PAGE)
            rows += page["Certificates"]
            if len(rows) >= page["TotalCount"] or not page["Certificates"]:
                return rows, int(page["TotalCount"])


@pytest.mark.timeout(1800)
def test_two_hundred_kills_in_a_busy_month_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Every order that was acknowledged has a good certificate, and work goes on."""
    calendar = Calendar(tmp_path / "clock")
    with (
        nameserver() as names,
        running(
            tmp_path / "desk",
            settings=SETTINGS.format(endpoint=names.endpoint),
            clock=calendar.file,
        ) as desk,
    ):
        buyers = [PatientBuyer(desk, names, number) for number in range(CLIENTS)]
        for _ in range(KILLS):
            with ordering(buyers):
                time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
                calendar.move(MONTH / KILLS)
                time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
                desk.kill()
            desk.start()
            for buyer in buyers:
                buyer.follow(desk.endpoint)
                buyer.catch_up()
        for buyer in buyers:
            wait_until_fresh(buyer, calendar)
    kept = look(Settings(data=str(desk.folder)), ledger)
    check_ledger(kept)
    acknowledged = set[str]().union(*(buyer.acknowledged for buyer in buyers))
    assert len(acknowledged) > KILLS
    assert len(kept["predecessors"]) > len(acknowledged)


def wait_until_fresh(buyer: PatientBuyer, calendar: Calendar) -> None:
    """Wait until the newest certificate of each acknowledged order is a good one."""
    end = time.monotonic() + END_SECONDS
    while left := behind(buyer, calendar.now):
        assert time.monotonic() < end, left
        time.sleep(1)


def behind(buyer: PatientBuyer, now: datetime) -> list[list[Life]]:
    """List the orders that were acknowledged and have no good certificate, or not their newest."""
    lives = buyer.lives()
    chains = [chain(its, lives) for its in buyer.acknowledged]
    return [found for found in chains if not found[-1].good(now)]
