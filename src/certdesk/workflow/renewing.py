"""Renewal: makes successors of certificates in time, and warns where it makes none.

Those that end first come first, a fixed number a minute, so that a pause or a jump of the clock
does not bring all of them at once. `workflow/order_scheduler.py` takes the steps of each order.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import uuid
from collections import deque
from datetime import datetime, timedelta

import msgspec
import structlog

from certdesk.catalog import Action, Catalog
from certdesk.domain.accounts.records import BY_DESK
from certdesk.domain.errors import ServiceError
from certdesk.domain.operation.figures import Counted
from certdesk.domain.orders import suspension
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal
from certdesk.domain.orders.renewal import (
    Forget,
    Make,
    Succession,
    attempted,
    next_succession,
    warning,
)
from certdesk.domain.people.role import Role
from certdesk.domain.values.record import Record, replace
from certdesk.engine import Caller, Desk
from certdesk.ports import Counts, Stale, Unit, is_suspended, note, successors_of
from certdesk.workflow.counting import Uncounted
from certdesk.workflow.repeating import Repeating

ROUND_SECONDS = 1
LISTED = 200
"""The most certificates read in one round."""

MINUTE = timedelta(minutes=1)
ASIDE = timedelta(days=365)
"""How long a certificate of a disabled account is off the list, unless the account is enabled."""

log = structlog.get_logger()


class Bucket:
    """Lets a fixed number begin each minute, by the desk's clock (a token bucket)."""

    def __init__(self, per_minute: int) -> None:
        """Start with a full bucket."""
        self._per_minute = per_minute
        self._begun: deque[datetime] = deque()

    def has(self, now: datetime) -> bool:
        """Whether one may begin now."""
        # A time in the future, from before the clock was set back, does not count.
        self._begun = deque(at for at in self._begun if now - MINUTE < at <= now)
        return len(self._begun) < self._per_minute

    def take(self, now: datetime) -> None:
        """Count one that begins now."""
        self._begun.append(now)


class DueCertificate(Record, kw_only=True):
    """A certificate whose successor is due, with any successor there is.

    `caller` is its account, or None if the account is disabled.
    """

    order: Order | None
    successors: list[Order]
    caller: Caller | None

    def succession(self, now: datetime) -> Succession:
        """Return what to do about its successor."""
        return next_succession(self.order, self.successors, now)


class Renewing(Repeating):
    """Goes through the certificates whose successors are due."""

    def __init__(
        self, desk: Desk, catalog: Catalog, *, per_minute: int, counts: Counts | None = None
    ) -> None:
        """Prepare; nothing is done before `start`."""
        succeed = catalog.find("SucceedCertificate", internal=True)
        assert succeed is not None  # noqa: S101 -- it is declared in `actions/lifecycle/successor.py`
        self._succeed: Action = succeed
        self._desk = desk
        self._counts = counts or Uncounted()
        self._bucket = Bucket(per_minute)
        self._ending = threading.Event()
        super().__init__("renewals", self.round, ROUND_SECONDS)

    def stop(self) -> None:
        """Finish what is in progress, and start no more."""
        self._ending.set()
        super().stop()

    def round(self) -> None:
        """Handle the certificates that are due, up to the limit of the minute."""
        now = self._desk.clock.now()
        if not self._bucket.has(now):
            return
        for renewal in self._desk.store.read(
            lambda unit: unit.renewals.due("due_at", now, LISTED, first="ends_at")
        ):
            self.go_on()
            if self._ending.is_set() or not self._see_to(renewal, now):
                return

    def _see_to(self, renewal: Renewal, now: datetime) -> bool:
        """Handle one certificate; return whether there may be another one."""
        its = renewal.certificate_id
        due = self._desk.store.read(functools.partial(_due_certificate, its))
        order, move = due.order, due.succession(now)
        if order is not None and due.caller is None:
            with contextlib.suppress(Stale):
                self._desk.store.write(functools.partial(_put_aside, order, renewal, now))
            return True
        if order is None or isinstance(move, Forget):
            self._desk.store.write(functools.partial(_forget, its))
            return True
        assert due.caller is not None  # noqa: S101 -- otherwise it was put aside
        # If several processes handle it at once, only the first one succeeds.
        with contextlib.suppress(Stale):
            days = warning(order, renewal, now)
            if days is not None:
                renewal = self._warn(order, due, renewal, days)
            if not isinstance(move, Make):
                self._keep(attempted(renewal, order, now))
                return True
            if not self._bucket.has(now):
                return False
            self._bucket.take(now)
            self._make(order, due.caller, renewal)
        return True

    def _make(self, order: Order, caller: Caller, renewal: Renewal) -> None:
        """Make a successor, and store the reason if that fails.

        Raises:
            Stale: another process was first, or the account was disabled.
        """
        try:
            self._ask(order, caller)
        except Stale:
            raise
        except ServiceError as refused:
            reason = f"{refused.code}: {refused.detail or refused.message}"
        except Exception as error:
            log.exception("the desk failed to make a successor", certificate=order.certificate_id)
            reason = f"{type(error).__module__}.{type(error).__qualname__}"
        else:
            return
        log.warning(
            "the desk could not make a successor", certificate=order.certificate_id, reason=reason
        )
        self._keep(attempted(renewal, order, self._desk.clock.now(), reason))

    def _ask(self, order: Order, caller: Caller) -> None:
        """Ask for a successor, as an action; its refusal is raised."""
        request = self._succeed.decode({"CertificateId": order.certificate_id})
        reply = self._desk.perform(self._succeed, caller, request, str(uuid.uuid4()))
        made = msgspec.structs.asdict(reply)
        made["successor"] = made.pop("certificate_id")
        self._counts.count(Counted.RENEWALS, kind=made["kind"])
        log.info("the desk made a successor", certificate=order.certificate_id, **made)

    def _warn(self, order: Order, due: DueCertificate, renewal: Renewal, days: int) -> Renewal:
        """Warn that a certificate ends soon and has no successor.

        Raises:
            Stale: another process has warned, or the account was disabled.
        """
        why = "; ".join(_waiting(each) for each in due.successors) or renewal.reason
        now, detail = self._desk.clock.now(), f"{days} days; {why}" if why else f"{days} days"

        def commit(unit: Unit) -> Renewal:
            if is_suspended(unit, order):
                raise Stale("accounts")
            note(unit, now, renewal, "WarnOfEnd", detail)
            return unit.renewals.replace(replace(renewal, warned=days))

        warned = self._desk.store.write(commit)
        self._counts.count(Counted.WARNINGS, days=str(days))
        log.warning(
            "a certificate expires without a new one",
            certificate=renewal.certificate_id,
            account=renewal.uin,
            days=days,
            ends_at=renewal.ends_at.isoformat(),
            why=why,
        )
        return warned

    def _keep(self, renewal: Renewal) -> None:
        self._desk.store.write(lambda unit: unit.renewals.replace(renewal))


def _due_certificate(certificate_id: str, unit: Unit) -> DueCertificate:
    order = unit.orders.get(certificate_id)
    if order is None:
        return DueCertificate(order=None, successors=[], caller=None)
    account = unit.accounts.get(order.uin)
    caller = None
    if account is not None and account.enabled:
        caller = Caller(uin=account.uin, actor=BY_DESK, verified=account.verified, role=Role.DESK)
    return DueCertificate(order=order, successors=successors_of(unit, order), caller=caller)


def _put_aside(order: Order, renewal: Renewal, now: datetime, unit: Unit) -> None:
    """Take a certificate off the list until its account is enabled.

    Raises:
        Stale: the account has just been enabled.
    """
    account = unit.accounts.get(order.uin)
    if account is not None and account.enabled:
        raise Stale("accounts")
    aside = replace(renewal, due_at=now + ASIDE, reason=suspension.REASON)
    unit.renewals.replace(aside)


def _forget(certificate_id: str, unit: Unit) -> None:
    unit.renewals.remove(certificate_id)


def _waiting(order: Order) -> str:
    return f"{order.certificate_id} has status {status_msg(order) or order.status.name}"
