"""What is known of an order when its next step is taken, and whether that is still true."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.issuance import Recorded
from certdesk.domain.pki.records import BlockedKey, Certificate, Issuance
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.organisation import Company, Manager
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.vetting.review import is_vetted
from certdesk.ports import Stale, Unit, block_of, is_suspended


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """All that is known of an order whose next step is to be taken.

    `proofs` are the ones that count now; `added` are those of any attempt whose DNS records may
    still exist. `halted` means that the order is not worked on.
    """

    order: Order
    proofs: Sequence[Proof]
    added: Sequence[Proof]
    submission: Submission | None
    issuance: Issuance | None
    certificate: Certificate | None
    blocked: BlockedKey | None
    manager: Manager | None
    company: Company | None
    halted: bool

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


def order_state_of(certificate_id: str, unit: Unit) -> OrderState | None:
    """Return what is known of an order, or None if there is no such order."""
    order = unit.orders.get(certificate_id)
    if order is None:
        return None
    manager = unit.managers.get(order.manager_id) if order.manager_id else None
    submission = unit.submissions.get(certificate_id, order.submission)
    proofs = unit.proofs.where(certificate_id=certificate_id)
    return OrderState(
        order=order,
        manager=manager,
        company=unit.companies.get(manager.company_id) if manager else None,
        proofs=[proof for proof in proofs if proof.attempt == order.proving],
        added=[proof for proof in proofs if proof.added_at is not None],
        submission=submission,
        blocked=block_of(unit, order.uin, submission.spki_sha256) if submission else None,
        issuance=unit.issuances.get(certificate_id, order.attempt),
        certificate=unit.certificates.get(certificate_id, order.attempt),
        halted=is_suspended(unit, order),
    )


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
