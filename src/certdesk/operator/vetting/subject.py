"""The subject of a review: a manager with its company, an order, its revocation, or a key."""

from __future__ import annotations

from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.submission import NUMBER
from certdesk.domain.values.keys import digest_in
from certdesk.domain.values.organisation import Manager
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import missing_message, redacted, redacted_bare
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import KEY, MANAGER, ORDER, REVOCATION, subject_of_key
from certdesk.ports import Unit

WORDS = "manager:NUMBER, order:CERTIFICATE, revocation:CERTIFICATE or key:SPKI"
"""The forms of a review's id."""


class Subject(Record, kw_only=True):
    """The subject of a review, and the review; `name` is its id, `kind` the first part of that.

    An order comes with its manager, if it names one; a key with the SHA-256 of its SPKI. The review
    is None if nobody asked for one; a key always has a review.
    """

    name: str
    kind: str
    uin: str
    review: Review | None
    order: Order | None = None
    manager: Manager | None = None
    spki_sha256: bytes | None = None


def subject_of(unit: Unit, name: str) -> Subject:
    """Read the subject of a review.

    Raises:
        InvalidParam: the id has none of these forms.
        ReviewNotFound: there is no review with that id.
    """
    kind, _, key = name.partition(":")
    if key and kind in (ORDER, REVOCATION):
        return _of_order(unit, name, kind, key)
    if key and kind == MANAGER:
        return _of_manager(unit, name, key)
    if key and kind == KEY:
        return _of_key(unit, key)
    raise InvalidParam(f"Id: must be {WORDS}, not {redacted(name)}.")


def _of_order(unit: Unit, name: str, kind: str, certificate_id: str) -> Subject:
    order = unit.orders.get(certificate_id)
    if order is None:
        raise ReviewNotFound(missing_message(ORDER, certificate_id))
    manager = unit.managers.get(order.manager_id) if order.manager_id else None
    review = unit.reviews.get(name)
    return Subject(name=name, kind=kind, uin=order.uin, review=review, order=order, manager=manager)


def _of_manager(unit: Unit, name: str, number: str) -> Subject:
    manager = unit.managers.get(int(number)) if NUMBER.fullmatch(number) else None
    if manager is None:
        raise ReviewNotFound(missing_message(MANAGER, number))
    review = unit.reviews.get(name)
    return Subject(name=name, kind=MANAGER, uin=manager.uin, review=review, manager=manager)


def _of_key(unit: Unit, digest: str) -> Subject:
    """Read a key that was reported; its id is in lower case, as listed."""
    spki_sha256 = digest_in(digest)
    if spki_sha256 is None:
        raise InvalidParam(f"Id: {redacted_bare(digest)} is not a SHA-256 digest in hexadecimal.")
    name = subject_of_key(spki_sha256)
    review = unit.reviews.get(name)
    if review is None:
        raise ReviewNotFound(f"{name}: no account reported it as compromised.")
    return Subject(name=name, kind=KEY, uin=review.uin, review=review, spki_sha256=spki_sha256)
