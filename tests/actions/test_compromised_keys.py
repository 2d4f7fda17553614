"""Keys that others know: nobody gets a certificate for one, and nobody keeps one."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certdesk.domain import errors
from certdesk.domain.orders.records import Task
from certdesk.domain.orders.steps import KEY_BLOCKED
from certdesk.domain.values.keys import PrivateKey, spki_sha256
from certdesk.domain.values.record import replace
from certdesk.domain.values.revocation_reason import Reason
from certdesk.engine import Caller
from certdesk.ports import Stale, Unit
from certdesk.workflow.key_inspection import Inspection
from certdesk.world.nameserver import NameServer
from tests.actions.asking import becomes, publish
from tests.actions.shown_keys import show_key
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.actions.vetting import DV, LETTER_OV, OV, Desk
from tests.papers import PDF
from tests.rules import rules_with
from tests.running import Client, RunningDesk
from tests.workflow.test_inspection import sound, sparse

REVOKED = (10, None)
CONDEMNED = (10, "Its private key is compromised, so the certificate is revoked.")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet, and one product takes a letter."""
    with Desk(tmp_path, rules_with(letter_products=frozenset({LETTER_OV}))) as opened:
        yield opened


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    """A key that others come to know."""
    return ec.generate_private_key(ec.SECP256R1())


def hand_in(desk: Desk, caller: Caller, key: PrivateKey, product: int = DV) -> str:
    """Buy an order and hand in a CSR for a key."""
    return hand_in_request(desk, caller, csr_for(key), product)


def hand_in_request(desk: Desk, caller: Caller, csr: str, product: int = DV) -> str:
    """Buy an order and hand in a CSR."""
    order = desk.buy(caller, product)
    own = {"GenCsrType": "parse", "Csr": csr, "CsrEncryptAlgo": None}
    company = {} if product == DV else COMPANY
    material = PERSONAL | company | own | {"CsrKeyParameter": None, "CertId": order}
    given = {name: value for name, value in material.items() if value is not None}
    desk.call(caller, "CertificateInfoSubmit", **given)
    return order


def submit(desk: Desk, caller: Caller, key: PrivateKey, product: int = DV) -> str:
    """Have an order with the CA."""
    order = hand_in(desk, caller, key, product)
    desk.call(caller, "CertificateOrderSubmit", CertId=order)
    return order


def issue(desk: Desk, caller: Caller, key: PrivateKey, product: int = DV) -> str:
    """Take an order to its certificate."""
    order = submit(desk, caller, key, product)
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order) == (1, None)
    return order


def leak(desk: Desk, caller: Caller, order: str, key: PrivateKey) -> None:
    """Have a certificate revoked by an account that has shown the key, which others know."""
    show_key(functools.partial(desk.call, caller), key)
    revoke(desk, caller, order, "keyCompromise")


def revoke(desk: Desk, caller: Caller, order: str, reason: str) -> None:
    """Have a certificate revoked, whose names are proved."""
    desk.call(caller, "RevokeCertificate", CertificateId=order, Reason=reason)
    desk.take_on(order)


def work(desk: Desk) -> None:
    """Take on what is due, which is what the desk does by itself; look at nothing else."""
    while due := desk.store.read(lambda unit: unit.tasks.due("due_at", desk.clock.now(), 100)):
        for task in due:
            after = replace(task, due_at=desk.take_on(task.certificate_id))
            with contextlib.suppress(Stale):  # it is due once more
                desk.store.write(functools.partial(_replace, after))


def _replace(task: Task, unit: Unit) -> Task:
    return unit.tasks.replace(task)


# --- certificates --------------------------------------------------------------------------------


def test_all_certificates_for_a_key_that_others_know_are_revoked(
    proving: RunningDesk, names: NameServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """Those of another account too, which is told of its own and of nothing else."""
    mine, other = proving.client(), proving.client()
    orders = [(client, issued(client, names, key)) for client in (mine, other, other)]
    client, order = orders[0]
    show_key(mine.call, key)
    reply = client.call("RevokeCertificate", CertificateId=order, Reason="keyCompromise")
    (auth,) = reply["RevokeDomainValidateAuths"]
    names.add(auth["DomainValidateAuthKey"], "TXT", auth["DomainValidateAuthValue"])
    for client, order in orders:
        becomes(10, lambda client=client, order=order: client.detail(order)["Status"])  # type: ignore[misc]  # bound now
    told = [
        client.call("DescribeCertificate", CertificateId=order)["StatusMsg"]
        for client, order in orders
    ]
    assert told == [None, CONDEMNED[1], CONDEMNED[1]]

    logs = other.call("DescribeCertificateOperateLogs", Limit=1000)["OperateLogs"]
    done = {(one["CertId"], one["Type"]) for one in logs}
    assert {(order, "revoke") for _, order in orders[1:]} <= done
    assert orders[0][1] not in str(logs)


def issued(client: Client, names: NameServer, key: ec.EllipticCurvePrivateKey) -> str:
    """Take a DV order to its certificate on a running desk."""
    order = client.buy(104)
    client.submit(
        order, GenCsrType="parse", Csr=csr_for(key), CsrEncryptAlgo=None, CsrKeyParameter=None
    )
    client.call("CertificateOrderSubmit", CertId=order)
    publish(names, client.detail(order))
    becomes(1, lambda: client.detail(order)["Status"])
    return order


def test_what_an_owner_asked_for_is_not_waited_for(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """Neither proofs nor a letter nor people; the reason is the desk's."""
    stranger = desk.account()
    proof, letter, people = (
        issue(desk, caller, key, product)
        for caller, product in ((stranger, DV), (desk.caller, OV), (desk.caller, OV))
    )
    leaked = issue(desk, stranger, key)
    for validator in desk.validators.values():
        validator.verdicts.clear()
    for caller, order in ((stranger, proof), (desk.caller, letter), (desk.caller, people)):
        revoke(desk, caller, order, "superseded")
    desk.letter(people, PDF, "Revoke")
    assert [desk.stands(order)[0] for order in (proof, letter, people)] == [9, 12, 9]
    assert desk.waiting == [f"revocation:{people}"]

    desk.operator("RevokeOrder", CertificateId=leaked, Reason="keyCompromise")
    work(desk)
    assert {desk.stands(order) for order in (proof, letter, people)} == {CONDEMNED}
    assert desk.stands(leaked) == REVOKED
    assert set(desk.issuer.revoked.values()) == {Reason.KEY_COMPROMISE}
    assert desk.waiting == []


def test_a_certificate_that_the_ca_is_about_to_revoke_keeps_its_reason(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """The CA may have been asked already, and the first reason stays."""
    leaked, granted = (issue(desk, desk.caller, key) for _ in range(2))
    desk.operator("RevokeOrder", CertificateId=granted, Reason="privilegeWithdrawn")
    leak(desk, desk.caller, leaked, key)
    work(desk)
    assert desk.stands(granted) == REVOKED
    assert sorted(desk.issuer.revoked.values()) == [
        Reason.KEY_COMPROMISE,
        Reason.PRIVILEGE_WITHDRAWN,
    ]


def test_the_log_of_each_account_tells_of_its_own_certificate_alone(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """That its key is known, and not who said so."""
    stranger = desk.account()
    leaked, foreign = issue(desk, desk.caller, key), issue(desk, stranger, key)
    leak(desk, desk.caller, leaked, key)
    work(desk)
    condemned, done = desk.audit(foreign)[-2:]
    assert (condemned.action, condemned.actor, condemned.uin, condemned.detail) == (
        "CondemnKey",
        "desk",
        stranger.uin,
        "keyCompromise",
    )
    assert (done.action, done.uin) == ("Revoke", stranger.uin)
    logs = desk.call(stranger, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert leaked not in str(logs)
    assert [one["Type"] for one in logs][:2] == ["revoked", "revoke"]


def test_a_certificate_is_revoked_whose_key_turns_out_weak(desk: Desk) -> None:
    """Anybody can reckon its private key; it was issued before a check could find that."""
    weak = issue(desk, desk.caller, sound())
    desk.store.write(functools.partial(_swap_key, weak))
    Inspection(desk.store, desk.clock).inspect()
    work(desk)
    assert desk.stands(weak) == CONDEMNED
    assert list(desk.issuer.revoked.values()) == [Reason.KEY_COMPROMISE]


def _swap_key(certificate_id: str, unit: Unit) -> None:
    """Have an issued certificate be for a key that is weak, and that nobody has looked at."""
    (submission,) = unit.submissions.where(certificate_id=certificate_id)
    weak = replace(
        submission, csr=csr_for(sparse()), spki_sha256=spki_sha256(sparse().public_key())
    )
    unit.submissions.replace(replace(weak, inspected=False))


def test_what_has_ended_is_not_revoked(desk: Desk, key: ec.EllipticCurvePrivateKey) -> None:
    """Nobody trusts it any more."""
    ended = issue(desk, desk.caller, key)
    desk.clock.move(timedelta(days=91))
    leaked = issue(desk, desk.caller, key)
    leak(desk, desk.caller, leaked, key)
    work(desk)
    assert [desk.stands(order)[0] for order in (ended, leaked)] == [3, 10]


def test_a_certificate_with_another_key_stays_good(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """Also where material with the known key was handed in before."""
    other = hand_in(desk, desk.caller, key)
    fresh = csr_for(ec.generate_private_key(ec.SECP256R1()))
    material = PERSONAL | {"GenCsrType": "parse", "Csr": fresh, "CertId": other}
    for name in ("CsrEncryptAlgo", "CsrKeyParameter"):
        material.pop(name)
    given: dict[str, Any] = {name: value for name, value in material.items() if value is not None}
    desk.call(desk.caller, "CertificateInfoSubmit", **given)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=other)
    desk.take_on(other)
    leak(desk, desk.caller, issue(desk, desk.caller, key), key)
    work(desk)
    assert desk.stands(other) == (1, None)


# --- orders --------------------------------------------------------------------------------------


def test_a_key_that_others_know_is_refused_to_everybody(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """With the words of any blocked key: nothing tells whose it was, or that it was revoked."""
    stranger = desk.account()
    before, foreign = hand_in(desk, desk.caller, key), hand_in(desk, stranger, key)
    leak(desk, desk.caller, issue(desk, desk.caller, key), key)

    answers = {
        refused_with(errors.InvalidParam, lambda caller=caller: hand_in(desk, caller, key))  # type: ignore[misc]  # bound now
        for caller in (desk.caller, stranger)
    }
    assert answers == {
        f"{errors.InvalidParam.text} Csr: contains a blocked key. Make a new key and a new CSR."
    }
    for caller, order in ((desk.caller, before), (stranger, foreign)):
        with pytest.raises(errors.CertificateInvalid, match="The key is blocked"):
            desk.call(caller, "CertificateOrderSubmit", CertId=order)


def refused_with(error: type[errors.ServiceError], call: Callable[[], object]) -> str:
    """Make a call that is to be refused; give the message."""
    with pytest.raises(error) as refused:
        call()
    return refused.value.message


def test_orders_under_way_with_such_a_key_fail(desk: Desk, key: ec.EllipticCurvePrivateKey) -> None:
    """Whatever they wait for, whoever's they are; with a new key they go on."""
    stranger = desk.account()
    leaked = issue(desk, desk.caller, key)
    for validator in desk.validators.values():
        validator.verdicts.clear()
    under_way = [
        submit(desk, caller, key, product)
        for caller, product in ((stranger, DV), (desk.caller, OV), (desk.caller, LETTER_OV))
    ]
    assert [desk.stands(order)[0] for order in under_way] == [0, 0, 8]
    desk.operator("RevokeOrder", CertificateId=leaked, Reason="keyCompromise")
    work(desk)
    assert [desk.stands(order) for order in under_way] == [(2, KEY_BLOCKED)] * 3
    assert desk.audit(under_way[0])[-1].detail == KEY_BLOCKED

    desk.call(stranger, "ModifyCertificateResubmit", CertificateId=under_way[0])
    with pytest.raises(errors.CertificateInvalid, match="The key is blocked"):
        desk.call(stranger, "CertificateOrderSubmit", CertId=under_way[0])


def test_what_the_ca_has_begun_is_not_signed(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    """The gate before the CA's key asks again."""
    with Desk(tmp_path, private_ca=True) as desk:
        order = submit(desk, desk.caller, key)
        while not desk.store.read(lambda unit: unit.issuances.where(certificate_id=order)):
            desk.step(order)
        desk.operator("BlockKeys", Digests=[digest(key)], Reason="seen in a pastebin")
        work(desk)
        assert desk.stands(order) == (2, "its key is blocked")
        assert desk.store.read(lambda unit: unit.certificates.where(certificate_id=order)) == []


def test_a_reissue_needs_a_new_key(desk: Desk, key: ec.EllipticCurvePrivateKey) -> None:
    """As long as the desk has not got to the certificate; then there is nothing to reissue."""
    leaked, other = (issue(desk, desk.caller, key) for _ in range(2))
    leak(desk, desk.caller, leaked, key)
    assert desk.stands(other) == (1, None)

    def reissue(**csr: str) -> str:
        asked = desk.call(
            desk.caller, "ReplaceCertificate", CertificateId=other, ValidType="DNS", **csr
        )
        return str(asked["CertificateId"])

    with pytest.raises(errors.OrderReplaceFailed, match="The key is blocked"):
        reissue()
    with pytest.raises(errors.InvalidParam, match="CsrContent: contains a blocked key"):
        reissue(CsrType="Upload", CsrContent=csr_for(key))
    fresh = csr_for(ec.generate_private_key(ec.SECP256R1()))
    successor = reissue(CsrType="Upload", CsrContent=fresh)
    work(desk)
    assert [desk.stands(order)[0] for order in (other, successor)] == [10, 1]


def test_the_desk_makes_no_successor_with_such_a_key(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """A renewal under way ends with the certificate."""
    leaked, hosted = issue(desk, desk.caller, key), issue(desk, desk.caller, key)
    desk.clock.move(timedelta(days=70))
    desk.renewing.round()
    (successor,) = {
        order.certificate_id
        for order in desk.store.read(lambda unit: unit.orders.where(uin=desk.caller.uin))
        if order.replaces == hosted
    }
    leak(desk, desk.caller, leaked, key)
    work(desk)
    assert [desk.stands(order)[0] for order in (hosted, successor)] == [10, 2]
    assert desk.store.read(lambda unit: unit.renewals.get(hosted)) is None


def test_a_key_whose_certificate_was_revoked_for_another_reason_is_as_good_as_before(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """Everybody may use it."""
    order, other = (issue(desk, desk.caller, key) for _ in range(2))
    revoke(desk, desk.caller, order, "superseded")
    work(desk)
    assert [desk.stands(order) for order in (order, other)] == [REVOKED, (1, None)]
    assert desk.stands(hand_in(desk, desk.account(), key)) == (5, None)


# --- what the operator blocks --------------------------------------------------------------------


def digest(key: ec.EllipticCurvePrivateKey) -> str:
    """Give the digest of a key as lists have it."""
    return spki_sha256(key.public_key()).hex()


def test_the_operator_is_told_of_certificates_for_a_blocked_key(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """They stay, unless they are to be revoked; that may be said later on as well."""
    good = issue(desk, desk.caller, key)
    fresh = submit(desk, desk.caller, key)
    told = desk.operator("BlockKeys", Digests=[digest(key)], Reason="on a list")
    assert told == {"Blocked": 1, "CertificateIds": [good]}
    work(desk)
    assert [desk.stands(order)[0] for order in (good, fresh)] == [1, 2]
    found = desk.operator("CountBlockedKeys", Digest=digest(key))
    assert (found["Compromised"], found["CertificateIds"]) == (False, [good])

    told = desk.operator("BlockKeys", Digests=[digest(key)], Reason="published", Revoke=True)
    assert told == {"Blocked": 0, "CertificateIds": [good]}
    assert desk.audit("blocklist")[-1].detail == "0 keys, 1 certificates to be revoked: published"
    work(desk)
    assert desk.stands(good) == CONDEMNED
    found = desk.operator("CountBlockedKeys", Digest=digest(key))
    assert found == {
        "TotalCount": 1,
        "Reason": "on a list",
        "Compromised": True,
        "CertificateIds": [],
        "Uins": [],
    }


def test_a_list_of_known_keys_has_certificates_revoked(
    proving: RunningDesk,
    names: NameServer,
    key: ec.EllipticCurvePrivateKey,
    tmp_path: Path,
) -> None:
    """From the command line; without the option they stay."""
    client = proving.client()
    order = issued(client, names, key)
    listed = tmp_path / "known.pem"
    listed.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    command = ("blocklist", "import", str(listed), "--reason", "published")
    assert proving.certdesk(*command) == {"Blocked": 1, "CertificateIds": [order]}
    assert client.detail(order)["Status"] == 1
    assert proving.certdesk(*command, "--revoke")["CertificateIds"] == [order]
    becomes(10, lambda: client.detail(order)["Status"])
    status = proving.certdesk("blocklist", "status", digest(key))
    assert (status["Compromised"], status["CertificateIds"]) == (True, [])
