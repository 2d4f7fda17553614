"""Counts what waits in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from certdesk.domain.operation.census import BY_STATUS, Census, DueWork, Ending, WaitsFor, wait_of
from certdesk.domain.orders import suspension
from certdesk.domain.orders.lifecycle import VALIDATING, StatusMessage
from certdesk.ports import Pki, Store, Unit

FAR = datetime.max.replace(tzinfo=UTC)
Ends = Callable[[], datetime | None]


class CensusTaker:
    """Counts what waits in a desk's database, each time it is asked."""

    def __init__(
        self, store: Store, pki: Pki | None, now: Callable[[], datetime], tls_end: Ends
    ) -> None:
        """Count in `store`; `tls_end` returns when the server's own certificate ends."""
        self._store = store
        self._pki = pki
        self._now = now
        self._tls_end = tls_end

    def take(self) -> Census:
        """Count.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        now = self._now()
        waiting, due, certificate = self._store.read(lambda unit: _counted(unit, now))
        ends = {
            Ending.CERTIFICATE: certificate,
            Ending.CRL: self._pki.first_list_end() if self._pki else None,
            Ending.AUTHORITY: self._pki.first_end() if self._pki else None,
            Ending.TLS: self._tls_end(),
        }
        return Census(now=now, waiting=waiting, due=due, ends=ends)


def _counted(
    unit: Unit, now: datetime
) -> tuple[Mapping[WaitsFor, int], Mapping[DueWork, datetime | None], datetime | None]:
    """Read all counts that come from the database, in one transaction."""
    tasks = unit.tasks.due("due_at", now, 1)
    renewals = unit.renewals.due("due_at", now, 1)
    due = {
        DueWork.ORDERS: tasks[0].due_at if tasks else None,
        DueWork.RENEWALS: renewals[0].due_at if renewals else None,
    }
    return _waiting(unit), due, _first_without_successor(unit)


def _waiting(unit: Unit) -> Mapping[WaitsFor, int]:
    found = Counter(dict.fromkeys(WaitsFor, 0))
    for status in VALIDATING | BY_STATUS.keys():
        for waits_for in (None, *StatusMessage):
            wait = wait_of(status, waits_for)
            if wait is not None:
                found[wait] += unit.orders.count(status=status, waits_for=waits_for)
    found[WaitsFor.ACCOUNT] = unit.tasks.count(reason=suspension.REASON)
    found[WaitsFor.OPERATOR] = unit.tasks.count(set_aside=True)
    return found


def _first_without_successor(unit: Unit) -> datetime | None:
    """Return the first end of a certificate that should have a successor and has none.

    Certificates of disabled accounts are left out: they get no successor for now.
    """
    resting = {"reason": [suspension.REASON]}
    first = unit.renewals.due("ends_at", FAR, 1, unlike=resting)
    return first[0].ends_at if first else None
