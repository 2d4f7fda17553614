"""The background work of a desk that shares its database with other processes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import Record
from certdesk.ports import Notices, Work


class SharedWork(Record, gc=True):
    """`ports.Work` of a process that also wakes the others: one of them may have more room."""

    here: Work
    notices: Notices

    def wake(self) -> None:
        """Do what is due now, here or in another process."""
        self.here.wake()
        self.notices.send()

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Check names here; see `ports.Work`."""
        return self.here.prove(order, names)
