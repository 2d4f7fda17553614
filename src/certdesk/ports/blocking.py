"""Blocked keys: who blocked a key, for whom, and which orders that concerns.

A certificate and its CSR are public, so an account that names a key has not shown that it has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.orders.steps import CERTIFIED
from certdesk.domain.pki.records import EVERYBODY, BlockedKey, Certificate
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import COMPROMISED
from certdesk.domain.vetting.review import subject_of_key
from certdesk.ports.reviewing import withdraw_review
from certdesk.ports.unit import Unit


def block_of(unit: Unit, uin: str, spki_sha256: bytes) -> BlockedKey | None:
    """Return the block that keeps an account from using a key, None if there is none.

    An account does not see the blocks of other accounts, except those for everybody.
    """
    found = blocks_of(unit, spki_sha256)
    return next((each for each in found if each.uin in (EVERYBODY, uin)), None)


def blocks_of(unit: Unit, spki_sha256: bytes) -> list[BlockedKey]:
    """Return all blocks of a key, those for everybody first."""
    return unit.blocked_keys.where(spki_sha256=spki_sha256)


def number_blocked(unit: Unit) -> int:
    """Return the number of keys that are blocked for everybody."""
    return unit.blocked_keys.count(uin=EVERYBODY)


def has_shown(unit: Unit, uin: str, spki_sha256: bytes) -> bool:
    """Whether an account has the private key, as far as the desk can know.

    The desk made the key for this account, or this account uploaded it with a certificate.
    """
    made = unit.submissions.where(uin=uin, spki_sha256=spki_sha256)
    uploaded = unit.certificates.where(uin=uin, spki_sha256=spki_sha256)
    sealed = [each.private_key for each in made] + [each.private_key for each in uploaded]
    return any(each is not None for each in sealed)


def block(unit: Unit, key: BlockedKey) -> bool:
    """Store that a key is blocked, or that a blocked key is compromised; return whether it is new.

    A key that is already blocked keeps its reason. The orders with this key become due at the time
    of the block: the next step of each decides what it means for that order. A key that is blocked
    for everybody needs no review any more.
    """
    found = unit.blocked_keys.get(key.spki_sha256, key.uin)
    if found is None:
        unit.blocked_keys.add(key)
    elif key.compromised and not found.compromised:
        unit.blocked_keys.replace(replace(found, compromised=True))
    if key.uin == EVERYBODY and key.compromised:
        withdraw_review(unit, subject_of_key(key.spki_sha256))
    its = {
        each.certificate_id
        for each in unit.submissions.where(spki_sha256=key.spki_sha256)
        if key.uin in (EVERYBODY, each.uin)
    }
    for task in filter(None, map(unit.tasks.get, sorted(its))):
        unit.tasks.replace(task.afresh(key.created_at))
    return found is None


def block_known(unit: Unit, spki_sha256: bytes, now: datetime) -> bool:
    """Block a compromised key for everybody; return whether that is new."""
    key = BlockedKey(spki_sha256=spki_sha256, reason=COMPROMISED, created_at=now, compromised=True)
    return block(unit, key)


def carry_blocks(unit: Unit, order: Order, uin: str) -> None:
    """Block the keys of an order for the account that it moves to, if its own may not use them."""
    for spki_sha256 in {each.spki_sha256 for each in _material_of(unit, order)}:
        said = unit.blocked_keys.get(spki_sha256, order.uin)
        if said is not None and unit.blocked_keys.get(spki_sha256, uin) is None:
            unit.blocked_keys.add(replace(said, uin=uin, version=1))


def _material_of(unit: Unit, order: Order) -> list[Submission]:
    return unit.submissions.where(certificate_id=order.certificate_id)


def orders_with(unit: Unit, spki_sha256: bytes) -> list[Order]:
    """Return the orders whose material in force has a key."""
    its = unit.submissions.where(spki_sha256=spki_sha256)
    found = [(unit.orders.get(each.certificate_id), each.number) for each in its]
    return [order for order, number in found if order is not None and order.submission == number]


def in_force_with(unit: Unit, spki_sha256: bytes) -> list[Order]:
    """Return the orders, of any account, that have a good certificate for a key.

    Uploaded certificates are among them.
    """
    return _good_orders(unit, unit.certificates.where(spki_sha256=spki_sha256))


def in_force_elsewhere(
    unit: Unit, uin: str, spki_sha256: bytes, now: datetime, most: int
) -> list[Order]:
    """Return orders of other accounts that have a good certificate for a key.

    They are among the `most` newest certificates of other accounts with this key.
    """
    its = unit.certificates.due(
        "kept_at", now, most, newest=True, unlike={"uin": [uin]}, spki_sha256=spki_sha256
    )
    return _good_orders(unit, its)


def _good_orders(unit: Unit, certificates: Iterable[Certificate]) -> list[Order]:
    found = [(unit.orders.get(each.certificate_id), each.attempt) for each in certificates]
    return [
        order
        for order, attempt in found
        if order is not None and order.attempt == attempt and _is_good(order)
    ]


def issued_with(unit: Unit, spki_sha256: bytes) -> list[Order]:
    """Return the orders, of any account, that have a good certificate from this desk for a key.

    These are revoked when the key is compromised.
    """
    return [order for order in orders_with(unit, spki_sha256) if _is_good(order)]


def _is_good(order: Order) -> bool:
    """Whether the certificate of an order is good, also on its way to another account."""
    return order.stage in CERTIFIED
