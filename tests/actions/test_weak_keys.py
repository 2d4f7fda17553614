"""No certificate is issued for a key that the desk itself calls weak: not even for a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import badkeys
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain import errors
from certdesk.domain.orders.steps import KEY_BLOCKED
from certdesk.domain.values.keys import WeakKey, inspect_further, refuse_weak
from certdesk.domain.values.record import replace
from certdesk.world.nameserver import NameServer
from tests.actions.asking import SECONDS, publish
from tests.actions.submitting import csr_for
from tests.actions.test_compromised_keys import hand_in_request, submit
from tests.actions.vetting import DV, OV, Desk
from tests.running import RunningDesk
from tests.weak_keys import MADE, OF_OTHER_SHAPES, of_a_power, of_one_prime

AT_ONCE = {"fermat", "roca", "smallfactors"}
"""What the quicker checks find, before the answer."""

EACH = pytest.mark.parametrize("name", MADE)


def weakness(key: rsa.RSAPrivateKey) -> str | None:
    """Word the weakness of a key, as the checks before and after the answer find it."""
    try:
        refuse_weak(key.public_key())
    except WeakKey as weak:
        return weak.rule
    return inspect_further(key.public_key())


def have_passed(desk: Desk, order: str) -> None:
    """Note of an order's key that it was looked at, as a desk with fewer checks would have."""
    (submission,) = desk.submissions(order)
    passed = replace(submission, inspected=True)
    desk.store.write(lambda unit: unit.submissions.replace(passed))


def test_there_is_a_weak_key_for_every_check_that_is_installed() -> None:
    """A check that a new release brings needs one as well, or a reason why it does not."""
    assert {name.partition("_")[0] for name in MADE} | set(OF_OTHER_SHAPES) == set(
        badkeys.allchecks
    )
    for name, make in MADE.items():
        numbers = make().public_key().public_numbers()
        check = name.partition("_")[0]
        assert check in badkeys.checkrsa(numbers.n, e=numbers.e, checks=(check,)), name


@EACH
def test_no_certificate_is_issued_for_a_weak_key(tmp_path: Path, name: str) -> None:
    """The background has not looked at it; the order fails, and the key is never taken again."""
    with Desk(tmp_path, private_ca=True) as desk:
        if name in AT_ONCE:
            with pytest.raises(errors.InvalidParam, match="Csr: "):
                submit(desk, desk.caller, MADE[name]())
            return
        order = submit(desk, desk.caller, MADE[name]())
        desk.take_on(order)
        assert desk.stands(order) == (2, KEY_BLOCKED)
        assert desk.store.read(lambda unit: unit.certificates.count() + unit.issuances.count()) == 0
        (entry,) = [each for each in desk.audit(order) if each.action == "BlockKey"]
        assert entry.detail == weakness(MADE[name]())
        with pytest.raises(errors.InvalidParam, match="contains a blocked key"):
            submit(desk, desk.caller, MADE[name]())


@pytest.mark.parametrize(
    ("request_for", "finding"),
    [
        (of_one_prime, "the RSA modulus is a prime"),
        (of_a_power, "the RSA modulus is a power of another number"),
    ],
)
@pytest.mark.parametrize("passed", [False, True])
def test_no_certificate_is_issued_for_a_modulus_that_is_no_product_of_two_primes(
    tmp_path: Path, request_for: Callable[[], str], finding: str, *, passed: bool
) -> None:
    """A prime is found at the gate, a power before that as well; no published check finds them."""
    with Desk(tmp_path, private_ca=True) as desk:
        order = hand_in_request(desk, desk.caller, request_for())
        desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)
        if passed:
            have_passed(desk, order)
        desk.take_on(order)
        at_the_gate = passed or request_for is of_one_prime
        assert desk.stands(order) == (2, finding if at_the_gate else KEY_BLOCKED)
        assert desk.store.read(lambda unit: unit.certificates.count()) == 0
        blocked = [each.detail for each in desk.audit(order) if each.action == "BlockKey"]
        assert blocked == ([] if at_the_gate else [finding])


@pytest.mark.parametrize("product", [DV, OV])
def test_no_ca_is_asked_before_a_key_was_looked_at(tmp_path: Path, product: int) -> None:
    """Whichever CA issues, and whatever people have approved."""
    with Desk(tmp_path) as desk:
        order = submit(desk, desk.caller, MADE["rsapoly"](), product)
        desk.approve_all()
        desk.take_on(order)
        assert desk.stands(order) == (2, KEY_BLOCKED)
        assert desk.issuer.asked == []


@EACH
def test_the_gate_asks_every_check_itself(tmp_path: Path, name: str) -> None:
    """Also of a key of which the desk has it on record that it was looked at."""
    with Desk(tmp_path, private_ca=True) as desk:
        try:
            order = submit(desk, desk.caller, MADE[name]())
        except errors.InvalidParam:
            return
        have_passed(desk, order)
        desk.take_on(order)
        assert desk.stands(order) == (2, weakness(MADE[name]()))
        assert desk.store.read(lambda unit: unit.certificates.count()) == 0


def test_an_order_for_a_weak_key_fails_and_never_has_a_certificate(
    proving: RunningDesk, names: NameServer
) -> None:
    """On a desk that works by itself: several orders of one account, all proved at once."""
    client = proving.client()
    orders = [client.buy(104) for _ in range(3)]
    own = {"GenCsrType": "parse", "CsrEncryptAlgo": None, "CsrKeyParameter": None}
    for order in orders:
        client.submit(order, Csr=csr_for(MADE["rsapoly"]()), **own)
    try:
        for order in orders:
            client.call("CertificateOrderSubmit", CertId=order)
            publish(names, client.detail(order))
    except TencentCloudSDKException as refused:
        # The background was that quick.
        assert refused.get_code() == "FailedOperation.CertificateInvalid"  # noqa: PT017 -- it may be taken as well
    until = time.monotonic() + SECONDS
    while 0 in (standing := {client.detail(order)["Status"] for order in orders}):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert standing <= {2, 5}
    logs = client.call("DescribeCertificateOperateLogs", Limit=1000)["OperateLogs"]
    assert "issued" not in {each["Type"] for each in logs}
