"""CheckCertificateDomainVerification and CompleteCertificate: looking for proofs now."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.message
import pytest

from certdesk.domain.errors import (
    CertificateNotFound,
    CertificateStatusNotAllowVerify,
    FailedOperation,
    InvalidParam,
    ServiceError,
)
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.pki.issuance import Declined
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.record import replace
from certdesk.ports import Unit
from certdesk.world.nameserver import NameServer
from tests.actions.asking import becomes, publish
from tests.actions.submitting import COMPANY, PERSONAL
from tests.inside import InsideDesk
from tests.running import Client, RunningDesk
from tests.workflow.ordering import Ordered, ordered

NAME = "shop.example.com"
CHECK, COMPLETE = "CheckCertificateDomainVerification", "CompleteCertificate"
TRUSTASIA, TRUSTASIA_MULTI, TRUSTASIA_MULTI_WILDCARD, TRUSTASIA_OV = 104, 11, 42, 14
SECOND = timedelta(seconds=1)
INTERVAL = timedelta(seconds=10)
each_action = pytest.mark.parametrize("action", [CHECK, COMPLETE])


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Ordered]:
    """An order for one name that nothing proves yet."""
    with ordered(tmp_path, NAME) as submitted:
        yield submitted


def ask(order: Ordered, action: str = CHECK) -> dict[str, Any]:
    """Look for the proofs of an order now."""
    return order.desk.call(order.caller, action, CertificateId=order.certificate_id)


def results(order: Ordered) -> list[dict[str, Any]]:
    """Look, and give what is shown of each name."""
    found: list[dict[str, Any]] = ask(order)["VerificationResults"]
    return found


def checks(order: Ordered) -> int:
    """Count the checks for proofs that were made."""
    return sum(len(validator.checked) for validator in order.desk.validators.values())


# --- what is shown -------------------------------------------------------------------------------


def test_a_proof_that_is_not_there_is_told_with_what_was_found(order: Ordered) -> None:
    """The vendor's number for it, the reason in words, and the values that were seen."""
    assert results(order) == [
        {
            "Domain": NAME,
            "VerifyType": "DNS",
            "LocalCheck": -1,
            "CaCheck": -1,
            "LocalCheckFailReason": "txt absent, as was scripted",
            "CheckValue": [],
            "Frequently": False,
            "Issued": False,
        }
    ]


def test_a_proof_that_is_there_is_told(order: Ordered) -> None:
    """The CA may go by it only when CAA has been asked, which the desk does next by itself."""
    order.prove(NAME)
    (result,) = results(order)
    assert (result["LocalCheck"], result["CaCheck"], result["Issued"]) == (1, -1, False)
    assert result["CheckValue"] == [order.proofs[NAME].value]
    order.desk.take_on(order.certificate_id)
    (result,) = results(order)
    assert (result["LocalCheck"], result["CaCheck"], result["Issued"]) == (1, 2, True)
    assert result["LocalCheckFailReason"] == ""


def test_a_name_that_caa_refuses_tells_why(order: Ordered) -> None:
    """It is proved, and the CA does not go by it."""
    order.prove(NAME)
    order.desk.caa.refused[NAME] = "only other-ca.example may issue"
    order.desk.take_on(order.certificate_id)
    (result,) = results(order)
    assert (result["LocalCheck"], result["CaCheck"]) == (1, -1)
    assert result["LocalCheckFailReason"] == "only other-ca.example may issue"


def test_every_name_is_shown_as_ordered_and_a_wildcard_with_its_name(tmp_path: Path) -> None:
    """The two have one proof, which is looked for once."""
    names = ["example.com", "*.example.com", "www.example.org"]
    with InsideDesk(tmp_path) as desk:
        caller = desk.account()
        bought = desk.buy(caller, TRUSTASIA_MULTI_WILDCARD, 3)
        material = PERSONAL | {"CertCommonName": names[0], "DnsNames": names[1:]}
        desk.call(caller, "CertificateInfoSubmit", CertId=bought, **material)
        desk.call(caller, "CertificateOrderSubmit", CertId=bought)
        order = Ordered(desk, caller, bought)
    order.prove("example.com")
    shown = [(result["Domain"], result["LocalCheck"]) for result in results(order)]
    assert shown == [("example.com", 1), ("*.example.com", 1), ("www.example.org", -1)]
    assert checks(order) == 2


def test_a_file_is_told_as_one(tmp_path: Path) -> None:
    """VerifyType is the order's."""
    with ordered(tmp_path, NAME, VerifyType="FILE") as order:
        order.desk.validators["FILE"].verdicts[NAME] = Verdict.FILE_DIFFERS  # type: ignore[index]  # the validators of a test desk are a dict
        (result,) = results(order)
    assert (result["VerifyType"], result["LocalCheck"]) == ("FILE", -5)


# --- when it looks -------------------------------------------------------------------------------


def test_a_name_is_looked_for_again_after_the_interval_only(order: Ordered) -> None:
    """Until then the kept result is shown and called so; a new check is not."""
    assert [each["Frequently"] for each in results(order)] == [False]
    order.desk.clock.move(SECOND)
    assert [each["Frequently"] for each in results(order)] == [True]
    order.desk.clock.move(INTERVAL - 2 * SECOND)
    assert [each["Frequently"] for each in results(order)] == [True]
    assert checks(order) == 1
    order.desk.clock.move(SECOND)
    order.prove(NAME)
    assert [(each["Frequently"], each["LocalCheck"]) for each in results(order)] == [(False, 1)]
    assert checks(order) == 2


def test_a_check_of_the_desks_own_is_as_good(order: Ordered) -> None:
    """The engine has just looked: that is shown."""
    order.desk.take_on(order.certificate_id)
    order.desk.clock.move(SECOND)
    assert [each["Frequently"] for each in results(order)] == [True]
    assert checks(order) == 1


def test_a_proved_name_is_not_looked_for_again(order: Ordered) -> None:
    """Whatever became of the record; and it is not called a kept result."""
    order.prove(NAME)
    results(order)
    order.desk.clock.move(timedelta(hours=1))
    assert [(each["Frequently"], each["LocalCheck"]) for each in results(order)] == [(False, 1)]
    assert checks(order) == 1


@each_action
def test_an_order_that_people_look_at_can_be_proved_meanwhile(tmp_path: Path, action: str) -> None:
    """Its names do not wait for its organisation."""
    with InsideDesk(tmp_path) as desk:
        caller = desk.account()
        bought = desk.buy(caller, TRUSTASIA_OV)
        material = PERSONAL | {"CertCommonName": NAME} | COMPANY
        given = {name: value for name, value in material.items() if value is not None}
        desk.call(caller, "CertificateInfoSubmit", CertId=bought, **given)
        desk.call(caller, "CertificateOrderSubmit", CertId=bought)
        order = Ordered(desk, caller, bought)
        order.prove(NAME)
        ask(order, action)
        assert order.proofs[NAME].proved_at is not None
        desk.take_on(bought)
    assert order.status == (0, "PRE-REVIEWING")


def test_completing_has_the_certificate_issued(order: Ordered) -> None:
    """The answer names the order; the certificate follows."""
    order.prove(NAME)
    assert ask(order, COMPLETE) == {"CertificateId": order.certificate_id}
    assert order.status[0] == 0
    assert order.task.due_at == order.desk.clock.now()
    order.desk.take_on(order.certificate_id)
    assert order.status == (1, None)
    assert "CompleteCertificate" in order.done


def test_completing_what_is_issued_does_nothing_more(order: Ordered) -> None:
    """Clients ask until they see the certificate."""
    order.prove(NAME)
    order.desk.take_on(order.certificate_id)
    due_at, before = order.task.due_at, checks(order)
    ask(order, COMPLETE)
    assert (order.task.due_at, checks(order)) == (due_at, before)


# --- while a certificate is to be revoked --------------------------------------------------------


@pytest.fixture
def revoking(order: Ordered) -> Ordered:
    """An order whose certificate its owner wants revoked; nothing proves its name any more."""
    order.prove(NAME)
    order.desk.take_on(order.certificate_id)
    assert order.status == (1, None)
    for validator in order.desk.validators.values():
        validator.verdicts.clear()
        validator.checked.clear()
    order.desk.call(order.caller, "RevokeCertificate", CertificateId=order.certificate_id)
    return order


def test_the_proofs_of_a_revocation_are_looked_for(revoking: Ordered) -> None:
    """Those of the order are not; the certificate is issued meanwhile, and CAA is not asked."""
    (result,) = results(revoking)
    assert result == {
        "Domain": NAME,
        "VerifyType": "DNS",
        "LocalCheck": -1,
        "CaCheck": -1,
        "LocalCheckFailReason": "txt absent, as was scripted",
        "CheckValue": [],
        "Frequently": False,
        "Issued": True,
    }
    revoking.desk.clock.move(SECOND)
    assert [each["Frequently"] for each in results(revoking)] == [True]
    assert checks(revoking) == 1


def test_what_was_found_then_revokes_the_certificate(revoking: Ordered) -> None:
    """As the next step of the desk's work; afterwards there is nothing to look for."""
    revoking.prove(NAME)
    (result,) = results(revoking)
    assert (result["LocalCheck"], result["CaCheck"], result["Frequently"]) == (1, 2, False)
    revoking.desk.take_on(revoking.certificate_id)
    assert revoking.status == (10, None)
    with pytest.raises(CertificateStatusNotAllowVerify, match=r"status 10\."):
        ask(revoking)


def test_a_certificate_that_is_to_be_revoked_is_not_completed(revoking: Ordered) -> None:
    """It was issued before."""
    with pytest.raises(FailedOperation, match="status 9: its certificate will be revoked"):
        ask(revoking, COMPLETE)
    assert checks(revoking) == 0


def test_nothing_is_to_be_proved_where_the_operator_revokes(revoking: Ordered) -> None:
    """Whatever its owner had asked for before."""
    its = revoking.certificate_id
    revoking.desk.operator("RevokeOrder", CertificateId=its, Reason="superseded")
    with pytest.raises(CertificateStatusNotAllowVerify, match=r"status 9\."):
        ask(revoking)


# --- what is refused -----------------------------------------------------------------------------


REFUSED = {CHECK: CertificateStatusNotAllowVerify, COMPLETE: FailedOperation}


@each_action
@pytest.mark.parametrize("status", list(Status))
def test_names_are_proved_from_the_submission_to_the_issue(
    order: Ordered, action: str, status: Status
) -> None:
    """At 0, 4 and 11; what came of it is shown at 1."""

    def change(unit: Unit) -> None:
        stored = unit.orders.get(order.certificate_id)
        assert stored is not None
        unit.orders.replace(replace(stored, status=status))

    order.desk.store.write(change)
    if status in (0, 1, 4, 11):
        assert ask(order, action)
        return
    with pytest.raises(REFUSED[action], match=rf"status {status.value}\."):
        ask(order, action)
    assert checks(order) == 0


@each_action
def test_an_order_that_was_not_submitted_has_nothing_to_prove(order: Ordered, action: str) -> None:
    """Nor has one that was cancelled, or whose review failed."""
    bought = Ordered(order.desk, order.caller, order.desk.buy(order.caller))
    with pytest.raises(REFUSED[action]):
        ask(bought, action)
    order.prove(NAME)
    order.desk.issuer.will(Declined(reason="Not today."))
    order.desk.take_on(order.certificate_id)
    with pytest.raises(REFUSED[action]):
        ask(order, action)


@pytest.mark.parametrize(
    ("action", "error"), [(CHECK, CertificateNotFound), (COMPLETE, InvalidParam)]
)
def test_anothers_order_is_as_good_as_none(
    order: Ordered, action: str, error: type[ServiceError]
) -> None:
    """Word for word."""
    told = set()
    for its in (order.certificate_id, "nobodys1"):
        with pytest.raises(error) as refused:
            ask(Ordered(order.desk, order.desk.account(), its), action)
        told.add(refused.value.message)
    assert len(told) == 1
    assert checks(order) == 0


# --- a real desk, which has one thread for requests ----------------------------------------------


def submitted(client: Client, *names: str) -> str:
    """Submit an order for names to the CA."""
    bought = client.buy(TRUSTASIA_MULTI if len(names) > 1 else TRUSTASIA, len(names))
    others = list(names[1:]) or None
    client.submit(bought, CertCommonName=names[0], DnsNames=others)
    client.call("CertificateOrderSubmit", CertId=bought)
    return bought


def test_a_published_record_is_found_at_once(orderer: Client, names: NameServer) -> None:
    """And another value is told as what it is."""
    bought = submitted(orderer, "found.example.com")
    names.add("_dnsauth.found.example.com", "TXT", "something else")
    becomes((Verdict.TXT_DIFFERS, ["something else"]), lambda: shown(orderer, bought))
    publish(names, orderer.detail(bought))
    becomes(Verdict.PROVED, lambda: shown(orderer, bought)[0])


def shown(client: Client, certificate_id: str) -> tuple[int, list[str]]:
    """Look for the proof of an order's only name."""
    (result,) = client.call(CHECK, CertificateId=certificate_id)["VerificationResults"]
    return result["LocalCheck"], result["CheckValue"]


@contextlib.contextmanager
def silent(names: NameServer, asked_for: Iterable[str]) -> Iterator[threading.Event]:
    """Let the name server hold answers back; the event is set once it was asked."""
    asked, ended = threading.Event(), threading.Event()

    def hold(query: dns.message.Message, tcp: bool) -> Iterable[bytes]:  # noqa: FBT001 -- a `Script`
        del tcp
        asked.set()
        ended.wait(60)
        yield dns.message.make_response(query).to_wire()

    for name in asked_for:
        names.script(name, hold)
    try:
        yield asked
    finally:
        ended.set()


def test_a_check_holds_up_no_other_request(
    proving: RunningDesk, orderer: Client, names: NameServer
) -> None:
    """Twenty wait for the checks for sixty names, and the one thread answers everybody else."""
    keys = proving.account()
    client = proving.client(keys)
    slow = [f"slow{number}.example.com" for number in range(60)]
    with ThreadPoolExecutor(20) as threads:
        with silent(names, [f"_dnsauth.{name}" for name in slow]) as asked:
            bought = submitted(client, *slow)
            waiting = [
                threads.submit(proving.client(keys).call, action, CertificateId=bought)
                for action in (CHECK, COMPLETE)
                for _ in range(10)
            ]
            assert asked.wait(30)
            for _ in range(3):
                assert orderer.call("DescribeCompanies")["TotalCount"] == 0
                assert client.detail(bought)["Status"] == 0
            assert not any(each.done() for each in waiting)
        answers = [each.result() for each in waiting]
    for answer in answers[:10]:
        assert [result["Domain"] for result in answer["VerificationResults"]] == slow
        assert all(result["LocalCheckFailReason"] for result in answer["VerificationResults"])
    assert [answer["CertificateId"] for answer in answers[10:]] == [bought] * 10
