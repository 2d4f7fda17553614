"""What is known of an order while steps are taken for it, and how it is stored.

An order is read once. Each step returns the state with what it has found or done; that is stored
when something outside relies on it, and when the order has to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self, TypeAlias

from certdesk.domain.orders.findings import Found
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.issuance import IssueRequest, Recorded
from certdesk.domain.pki.records import BlockedKey, Certificate, Issuance
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.organisation import Company, Manager
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.values.record import Record, replace
from certdesk.domain.vetting.review import is_vetted
from certdesk.ports import Stale, Unit, block_of, is_suspended

Change: TypeAlias = Callable[[Unit, Order], Order]
"""What is stored with an order in its transaction; it returns the order, changed or not."""


class OrderState(Record, kw_only=True, gc=True):
    """All that is known of an order, with changes that are not stored yet.

    `all_proofs` are those of all attempts. `halted` means that the order is not worked on.
    `request` is what its issuer was asked last. `stored_order` and `stored_proofs` are as they
    were read or stored; `changes` is what is to be stored beside them.
    """

    order: Order
    all_proofs: tuple[Proof, ...]
    submission: Submission | None
    issuance: Issuance | None
    certificate: Certificate | None
    blocked: BlockedKey | None
    manager: Manager | None
    company: Company | None
    halted: bool
    request: IssueRequest | None = None
    stored_order: Order
    stored_proofs: tuple[Proof, ...]
    changes: tuple[Change, ...] = ()

    @property
    def proofs(self) -> Sequence[Proof]:
        """The proofs that count now."""
        return [proof for proof in self.all_proofs if proof.attempt == self.order.proving]

    @property
    def added(self) -> Sequence[Proof]:
        """The proofs, of any attempt, whose DNS records may still exist."""
        return [proof for proof in self.all_proofs if proof.added_at is not None]

    @property
    def level(self) -> Level:
        """The level to which the order was vetted."""
        return PRODUCTS[self.order.product_id].level

    @property
    def block(self) -> BlockedKey | None:
        """The block on its key, if to be acted on; once issuance has begun, the issuer decides."""
        return self.blocked if self.certificate or not self.begun else None

    @property
    def begun(self) -> bool:
        """Whether its issuer has begun to issue."""
        return self.issuance is not None and self.issuance.begun

    @property
    def recorded(self) -> Recorded | None:
        """What its issuer last asked to have stored."""
        kept = self.issuance
        return Recorded(state=kept.state, serial=kept.serial) if kept else None

    @property
    def issuer(self) -> str:
        """The name of its issuer: the one that signed, or the one it was last submitted to."""
        return self.certificate.issuer if self.certificate else self.order.issuer or ""

    def changed(self, order: Order, *changes: Change) -> Self:
        """Return the state with a changed order, and with more to be stored."""
        return replace(self, order=order, changes=(*self.changes, *changes))

    def with_findings(self, findings: Sequence[Found], keep: Callable[[Found], Change]) -> Self:
        """Return the state after checks; `keep` stores what a check leaves beside its proof."""
        order, proofs, stored = self.order, list(self.all_proofs), list(self.stored_proofs)
        for found in findings:
            place = next(at for at, proof in enumerate(proofs) if _same(proof, found.proof))
            if proofs[place] != found.proof:
                # The check itself has stored something: that it is about to add a DNS record.
                stored[place] = found.proof
            proofs[place], order = found.after, found.order_after(order)
        known = replace(self, all_proofs=tuple(proofs), stored_proofs=tuple(stored))
        return known.changed(order, *map(keep, findings))

    def vetted_until(self, now: datetime) -> datetime | None:
        """Return until when the vetting may be relied on; None if it may not be now.

        Baseline Requirements 4.2.1 and EV Guidelines 3.2.2.14 limit how long that is.
        """
        if self.manager is None or not is_vetted(self.manager, now):
            return None
        return self.manager.expires_at

    def ended_vetting(self, now: datetime) -> bool:
        """Whether the vetting may no longer be relied on, before issuance has begun."""
        if self.level is Level.DV or self.begun:
            return False
        return self.manager is None or not is_vetted(self.manager, now)


class Rest(Record, kw_only=True, gc=True):
    """An order has to wait until a time, None for ever; the reason is empty if it is as usual."""

    state: OrderState
    until: datetime | None
    reason: str = ""


Next: TypeAlias = OrderState | Rest | None
"""An order after a step: its state, or how long it waits; None if it is to be read again."""


def order_state_of(certificate_id: str, unit: Unit) -> OrderState | None:
    """Return what is known of an order, or None if there is no such order."""
    order = unit.orders.get(certificate_id)
    if order is None:
        return None
    proofs = tuple(unit.proofs.where(certificate_id=certificate_id))
    manager = unit.managers.get(order.manager_id) if order.manager_id else None
    submission = unit.submissions.get(certificate_id, order.submission)
    return OrderState(
        order=order,
        stored_order=order,
        all_proofs=proofs,
        stored_proofs=proofs,
        manager=manager,
        company=unit.companies.get(manager.company_id) if manager else None,
        submission=submission,
        blocked=block_of(unit, order.uin, submission.spki_sha256) if submission else None,
        issuance=unit.issuances.get(certificate_id, order.attempt),
        certificate=unit.certificates.get(certificate_id, order.attempt),
        halted=is_suspended(unit, order),
    )


def store_state(state: OrderState, unit: Unit) -> OrderState:
    """Store what has changed in a state, and return it as it is stored.

    Raises:
        Stale: the order has changed since it was read, or its account was disabled meanwhile.
    """
    if not state.changes:
        return state
    unchanged(unit, state.stored_order)
    order = state.order
    for change in state.changes:
        order = change(unit, order)
    if order is not state.stored_order:
        order = unit.orders.replace(order)
    both = zip(state.all_proofs, state.stored_proofs, strict=True)
    proofs = tuple(
        proof if proof is before else unit.proofs.replace(proof) for proof, before in both
    )
    return replace(
        state,
        order=order,
        stored_order=order,
        all_proofs=proofs,
        stored_proofs=proofs,
        changes=(),
    )


def require_same_vetting(unit: Unit, state: OrderState) -> None:
    """Require that nothing has changed in what was vetted for an order since it was read.

    Raises:
        Stale: its manager or its company has changed.
    """
    manager, company = state.manager, state.company
    if manager is not None and unit.managers.get(manager.manager_id) != manager:
        raise Stale("managers")
    if company is not None and unit.companies.get(company.company_id) != company:
        raise Stale("companies")


def unchanged(unit: Unit, order: Order) -> Order:
    """Return the order if it has not changed since it was read and is still worked on.

    Raises:
        Stale: it has changed, or its account was disabled meanwhile.
    """
    stored = as_read(unit, order)
    if is_suspended(unit, stored):
        raise Stale("accounts")
    return stored


def as_read(unit: Unit, order: Order) -> Order:
    """Return the order if it has not changed since it was read.

    Raises:
        Stale: it has changed.
    """
    stored = unit.orders.get(order.certificate_id)
    if stored is None or (stored.status, stored.proving) != (order.status, order.proving):
        raise Stale("orders")
    return stored


def _same(one: Proof, other: Proof) -> bool:
    return (one.attempt, one.name) == (other.attempt, other.name)
