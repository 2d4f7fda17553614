"""Work on a revocation that ends anywhere is taken up again, and nothing is revoked by half."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.records import Task
from certdesk.domain.pki.records import EVERYBODY, Certificate
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import KEY_KNOWN
from certdesk.ports import Unit
from tests.actions.shown_keys import show_key
from tests.workflow.ordering import Ordered, key, ordered, submit

NAME = "shop.example.com"
Result = TypeVar("Result")


class Ended(Exception):
    """The process has ended there."""


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Ordered]:
    """An order whose certificate, from the desk's own CA, is to be revoked for a known key."""
    with ordered(tmp_path, NAME, private_ca=True) as order:
        order.prove(NAME)
        order.desk.take_on(order.certificate_id)
        call = functools.partial(order.desk.call, order.caller)
        show_key(call, key())
        call("RevokeCertificate", CertificateId=order.certificate_id, Reason="keyCompromise")
        yield order


def listed(order: Ordered, certificate: Certificate) -> x509.RevokedCertificate | None:
    """Give what the CA's list of revoked certificates has of a certificate."""
    crl = order.desk.ca.pki.crl("ecc-issuing")
    assert crl is not None
    loaded = x509.load_der_x509_crl(crl)
    return loaded.get_revoked_certificate_by_serial_number(int(certificate.serial, 16))


@pytest.mark.parametrize("durable", [False, True], ids=["before a write", "after a write"])
def test_a_revocation_is_found_again_wherever_the_work_on_it_ended(
    order: Ordered, monkeypatch: pytest.MonkeyPatch, *, durable: bool
) -> None:
    """Each write is the last one in turn. What is told as revoked is on the list, once."""
    (certificate,) = order.certificates
    began = order.desk.clock.now()
    ends = 0
    for number in itertools.count(1):
        with monkeypatch.context() as failing:
            failing.setattr(order.desk.store, "write", ending(order, number, durable=durable))
            try:
                order.desk.take_on(order.certificate_id)
            except Ended:
                ends += 1
            else:
                break
        if order.desk.order(order.certificate_id).status is Status.REVOKED:
            assert listed(order, certificate) is not None
        order.desk.clock.move(timedelta(minutes=1))

    assert ends >= 2
    assert order.status == (10, None)
    entry = listed(order, certificate)
    assert entry is not None
    assert began <= entry.revocation_date_utc <= order.desk.clock.now()
    spki_sha256 = certificate.spki_sha256
    blocked = order.desk.store.read(lambda unit: unit.blocked_keys.get(spki_sha256, EVERYBODY))
    assert blocked is not None
    assert order.done.count("Revoke") == 1


def test_other_certificates_for_a_known_key_are_found_again_wherever_the_work_ended(
    order: Ordered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due is all that is left of a process. Each is revoked, and once."""
    other = submit(order.desk, order.desk.account(), "other.example.com")
    other.prove("other.example.com")
    order.desk.take_on(other.certificate_id)
    assert other.status == (1, None)
    ends = 0
    for number in itertools.count(1):
        with monkeypatch.context() as failing:
            failing.setattr(order.desk.store, "write", ending(order, number, durable=True))
            try:
                take_on_what_is_due(order)
            except Ended:
                ends += 1
            else:
                break
        order.desk.clock.move(timedelta(minutes=1))

    assert ends >= 4
    for each, why in ((order, None), (other, KEY_KNOWN)):
        (certificate,) = each.certificates
        assert each.status == (10, why)
        assert listed(each, certificate) is not None
        assert each.done.count("Revoke") == 1
    assert other.done.count("CondemnKey") == 1


def take_on_what_is_due(order: Ordered) -> None:
    """Do as a process does that has just begun."""
    desk = order.desk
    while due := desk.store.read(lambda unit: unit.tasks.due("due_at", desk.clock.now(), 10)):
        for task in due:
            its = Ordered(desk, order.caller, task.certificate_id)
            order.desk.take_on(its.certificate_id)
            if its.task == task:
                later = replace(task, due_at=None)
                desk.store.write(functools.partial(replaced, later))


def replaced(task: Task, unit: Unit) -> None:
    """Keep when an order is due next."""
    unit.tasks.replace(task)


def ending(order: Ordered, number: int, *, durable: bool) -> Callable[..., object]:
    """Give a `write` that ends the process at the write of that number."""
    write = order.desk.store.write
    left = itertools.count(number, -1)

    def ending_write(commit: Callable[[Unit], Result]) -> Result:
        last = next(left) == 1
        if last and not durable:
            raise Ended
        result = write(commit)
        if last:
            raise Ended
        return result

    return ending_write
