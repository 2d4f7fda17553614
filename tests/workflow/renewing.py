"""A desk that is left alone on a clock of its own, for tests of what becomes of certificates."""

from __future__ import annotations

import dataclasses
import functools
from datetime import datetime, timedelta
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from certdesk.domain.orders import suspension
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal, Submission, Task
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit, is_suspended
from tests.actions.submitting import PERSONAL
from tests.inside import InsideDesk

NAME = "shop.example.com"
MINUTE = timedelta(minutes=1)
DV = 25
"""A DV product for one name."""


@dataclasses.dataclass
class LeftAlone:
    """A desk on which nobody does anything, and what lies on it."""

    desk: InsideDesk
    caller: Caller

    def buy(
        self, name: str = NAME, *, years: int = 1, product: int = DV, **material: object
    ) -> str:
        """Order a certificate for a name; give its id."""
        bought = self.desk.call(
            self.caller, "CreateCertificate", ProductId=product, DomainNum=1, TimeSpan=years
        )
        certificate_id = str(bought["CertificateIds"][0])
        given = PERSONAL | {"CertCommonName": name} | material
        self.desk.call(
            self.caller,
            "CertificateInfoSubmit",
            CertId=certificate_id,
            **{key: value for key, value in given.items() if value is not None},
        )
        self.desk.call(self.caller, "CertificateOrderSubmit", CertId=certificate_id)
        return certificate_id

    def issue(self, name: str = NAME, **wanted: Any) -> str:  # noqa: ANN401 -- as `buy` has it
        """Order a certificate for a name and have it issued; the record stays in place."""
        self.publish(name)
        certificate_id = self.buy(name, **wanted)
        self.desk.take_on(certificate_id)
        assert self.order(certificate_id).status == 1
        return certificate_id

    def publish(self, name: str = NAME, verdict: Verdict = Verdict.PROVED) -> None:
        """Have the records of a name be found from now on, or not any more."""
        for validator in self.desk.validators.values():
            validator.verdicts[name] = verdict

    def order(self, certificate_id: str) -> Order:
        """Read an order."""
        return self.desk.order(certificate_id)

    def successor(self, certificate_id: str) -> Order | None:
        """Read what replaces or renews an order, if there is one."""
        order = self.order(certificate_id)
        link = order.replaced_by or order.renewed_by
        return None if link is None else self.order(link)

    def chain(self, certificate_id: str) -> list[Order]:
        """Read an order and all that came after it, one after the other."""
        found = [self.order(certificate_id)]
        while (after := self.successor(found[-1].certificate_id)) is not None:
            found.append(after)
        return found

    def all_of(self, name: str = NAME) -> list[Order]:
        """Read all orders of a name, the oldest first."""
        orders = self.desk.store.read(lambda unit: unit.orders.where(uin=self.caller.uin))
        its = [each for each in orders if each.domain == name]
        return sorted(its, key=lambda each: each.number)

    def renewal(self, certificate_id: str) -> Renewal | None:
        """Read when a certificate's successor is seen to next."""
        return self.desk.store.read(lambda unit: unit.renewals.get(certificate_id))

    def proof(self, order: Order) -> Proof:
        """Read the proof of an order for one name."""
        found = self.desk.store.read(
            lambda unit: unit.proofs.where(
                certificate_id=order.certificate_id, attempt=order.attempt
            )
        )
        assert len(found) == 1
        return found[0]

    def submission(self, order: Order) -> Submission:
        """Read the submission of an order that was handed in once."""
        (found,) = self.desk.submissions(order.certificate_id)
        return found

    def done(self, certificate_id: str) -> list[str]:
        """Tell what was done to an order, oldest first."""
        return [entry.action for entry in self.desk.audit(certificate_id)]

    def warnings(self, certificate_id: str) -> list[tuple[int, timedelta]]:
        """Tell of which days a certificate was warned of, and how long before its end."""
        end = self.order(certificate_id).ends_at
        assert end is not None
        return [
            (int(entry.detail.split()[0]), end - entry.at)
            for entry in self.desk.audit(certificate_id)
            if entry.action == "WarnOfEnd"
        ]

    def counted(self, name: str) -> dict[str, int]:
        """Read a counter as it is shown to whoever watches the desk, by its one label.

        Values that nothing was counted of are left out.
        """
        page = self.desk.metrics.page().decode()
        return {
            next(iter(sample.labels.values())): int(sample.value)
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == f"{name}_total" and sample.value
        }

    def now(self) -> datetime:
        """Read the clock."""
        return self.desk.clock.now()

    def put(self, at: datetime) -> None:
        """Put the clock forward."""
        self.desk.clock.move(at - self.now())

    def jump(self, span: timedelta) -> None:
        """Put the clock forward at once, and do what is due then."""
        self.put(self.now() + span)
        self.work()

    def put_when_due(self, certificate_id: str) -> None:
        """Put the clock to where the successor of a certificate is due."""
        renewal = self.renewal(certificate_id)
        assert renewal is not None
        self.put(renewal.due_at)

    def work(self) -> None:
        """Do everything that is due now."""
        self.desk.renewing.round()
        for task in self._due():
            due_at = self.desk.take_on(task.certificate_id)
            self.desk.store.write(functools.partial(_put_off, task, due_at))

    def pass_time(self, span: timedelta) -> None:
        """Let time pass, from one thing that is due to the next."""
        end = self.now() + span
        while True:
            self.work()
            after = self._next()
            if after is None or after > end:
                break
            self.put(max(after, self.now() + timedelta(seconds=1)))
        self.put(end)

    def _due(self) -> list[Task]:
        return self.desk.store.read(lambda unit: unit.tasks.due("due_at", self.now(), 10_000))

    def _next(self) -> datetime | None:
        return self.desk.store.read(_next_due)


def _put_off(task: Task, due_at: datetime | None, unit: Unit) -> None:
    stored, order = unit.tasks.get(task.certificate_id), unit.orders.get(task.certificate_id)
    assert stored is not None
    assert order is not None
    reason = suspension.REASON if is_suspended(unit, order) else ""
    unit.tasks.replace(replace(stored, due_at=due_at, reason=reason))


def _next_due(unit: Unit) -> datetime | None:
    tasks = [task.due_at for task in unit.tasks.where() if task.due_at is not None]
    return min([*tasks, *(each.due_at for each in unit.renewals.where())], default=None)
