"""What became of certificates: as a client reads it, and as it is kept."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

from certdesk.ports import Unit

ISSUED = 1
UTC8 = timezone(timedelta(hours=8))


@dataclasses.dataclass(frozen=True)
class Life:
    """A certificate, as DescribeCertificates shows it."""

    certificate_id: str
    status: int
    ordered: datetime
    begins: datetime | None
    ends: datetime | None
    successor: str | None

    def good(self, now: datetime) -> bool:
        """Whether it may be used now."""
        if self.status != ISSUED or self.begins is None or self.ends is None:
            return False
        return self.begins <= now <= self.ends


def life(row: dict[str, Any]) -> Life:
    """Read a row of the list."""
    extra, ordered = row["CertificateExtra"], time_of(row["InsertTime"])
    assert ordered is not None
    return Life(
        row["CertificateId"],
        row["Status"],
        ordered,
        time_of(row["CertBeginTime"]),
        time_of(row["CertEndTime"]),
        extra["ReplacedFor"] or extra["RenewOrder"],
    )


def time_of(text: str | None) -> datetime | None:
    """Read a time of the API."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC8) if text else None


def chain(certificate_id: str, lives: dict[str, Life]) -> list[Life]:
    """Give an order and all that came after it, the oldest first."""
    found = [lives[certificate_id]]
    while found[-1].successor is not None:
        found.append(lives[found[-1].successor])
    return found


def check_ledger(kept: dict[str, Any]) -> None:
    """Nothing was issued twice for one step, nothing was succeeded twice, no work was given up."""
    assert set(Counter(kept["serials"]).values()) == {1}
    assert set(Counter(kept["steps"]).values()) == {1}
    assert kept["certified"] == kept["begun"]
    assert set(Counter(kept["predecessors"]).values()) <= {1}
    assert kept["set aside"] == []


def ledger(unit: Unit) -> dict[str, Any]:
    """Read what was issued, and what came after what."""
    certificates, issuances = unit.certificates.where(), unit.issuances.where()
    return {
        "serials": [each.serial for each in issuances],
        "steps": [(each.certificate_id, each.attempt) for each in issuances],
        "begun": {(each.certificate_id, each.serial) for each in issuances},
        "certified": {(each.certificate_id, each.serial) for each in certificates},
        "predecessors": [
            before
            for order in unit.orders.where()
            for before in (order.replaces, order.renews)
            if before is not None
        ],
        "set aside": [each for each in unit.tasks.where() if each.set_aside],
    }
