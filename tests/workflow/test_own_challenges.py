"""Orders at a CA that makes its own challenges: asked for by the work, and kept."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from certdesk.domain.errors import CertificateStatusNotAllowVerify, InvalidParam
from certdesk.domain.orders.steps import NOT_OFFERED, TIMED_OUT
from certdesk.domain.pki.issuance import ChallengesWanted, Offered, Offering, Recorded, busy
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.revocation_reason import Reason
from certdesk.ports import Issuers, Unit
from certdesk.testing.clock import ManualClock
from certdesk.testing.external_ca import AWAY, ExternalCa, ExternalIssuer
from certdesk.testing.issuer import ScriptedIssuer
from certdesk.workflow.issuer_threads import AT_ONCE, MOST_TAKEN
from certdesk.workflow.order_engine import WHILE_BUSY
from tests.inside import NOON, InsideDesk
from tests.workflow.ordering import Ordered, submit
from tests.working import PATIENCE_SECONDS, until

NAME, OTHER = "shop.example.com", "example.com"
WILD = 12
"""The product of a wildcard."""

Result = TypeVar("Result")


class Ended(Exception):
    """The process has ended there."""


class DeskElsewhere:
    """A desk whose products come from a CA that makes its own challenges."""

    def __init__(self, folder: Path) -> None:
        """Open it, with an account and an order that was just submitted."""
        self.folder = folder
        self.desk = InsideDesk(folder)
        self.ca = ExternalCa(self.desk.clock)
        self.begin()
        self.caller = self.desk.account()
        self.its = submit(self.desk, self.caller, NAME, OTHER)

    def begin(self) -> None:
        """Begin anew on what is kept, as a process does that has just started."""
        before: InsideDesk = self.desk
        self.issuer = ExternalIssuer(before.clock, self.ca)
        issuers = Issuers([self.issuer])
        self.desk = InsideDesk(self.folder, store=before.store, issuers=issuers, clock=before.clock)

    def publish(self) -> None:
        """Have the records of all names be found."""
        for validator in self.desk.validators.values():
            validator.verdicts.update(dict.fromkeys((NAME, OTHER), Verdict.PROVED))

    @property
    def order(self) -> Ordered:
        """The order, as the desk has it now."""
        return Ordered(self.desk, self.caller, self.its.certificate_id)

    def take_on(self) -> None:
        """Take the order as far as it goes now."""
        self.desk.take_on(self.its.certificate_id)

    def shown(self) -> dict[str, Any]:
        """What the owner is shown of the order."""
        return self.desk.call(
            self.caller, "DescribeCertificateDetail", CertificateId=self.its.certificate_id
        )

    def call(self, action: str) -> dict[str, Any]:
        """Call an action about the order."""
        return self.desk.call(self.caller, action, CertificateId=self.its.certificate_id)


@pytest.fixture
def at(tmp_path: Path) -> DeskElsewhere:
    """A desk with an order that was just submitted to such a CA."""
    return DeskElsewhere(tmp_path)


def test_what_the_desk_draws_itself_is_there_with_the_answer(tmp_path: Path) -> None:
    """At the desk's own CA: whoever submits may publish at once, before any work is done."""
    desk = InsideDesk(tmp_path, private_ca=True)
    order = submit(desk, desk.account(), NAME)
    shown = desk.call(order.caller, "DescribeCertificateDetail", CertificateId=order.certificate_id)
    assert shown["DvAuthDetail"]["DvAuthKey"] == f"_dnsauth.{NAME}"
    assert order.done[-1] == "CertificateOrderSubmit"


def test_until_the_ca_has_said_what_to_publish_nothing_is_shown(at: DeskElsewhere) -> None:
    """DvAuthDetail is null, and StatusMsg says that the proof of its names is awaited."""
    shown = at.shown()
    assert (shown["DvAuthDetail"], shown["StatusMsg"]) == (None, "PENDING-DCV")
    told = at.desk.operator("ShowOrder", CertificateId=at.its.certificate_id)["Next"]
    assert told == "The desk is asking the CA what to publish. You have nothing to do."
    with pytest.raises(CertificateStatusNotAllowVerify, match="has not said yet what to publish"):
        at.call("CheckCertificateDomainVerification")


def test_what_the_ca_says_is_shown_and_looked_for(at: DeskElsewhere) -> None:
    """One record for each name, whose value is computed of the CA's token and the account's key."""
    at.take_on()
    detail = at.shown()["DvAuthDetail"]
    keys = [each["DvAuthKey"] for each in detail["DvAuths"]]
    assert keys == ["_acme-challenge.shop.example.com", "_acme-challenge.example.com"]
    assert {len(each["DvAuthValue"]) for each in detail["DvAuths"]} == {43}
    checked = {
        each.value for validator in at.desk.validators.values() for each in validator.checked
    }
    assert checked == {each["DvAuthValue"] for each in detail["DvAuths"]}


def test_the_certificate_is_that_of_the_order_whose_challenges_were_met(at: DeskElsewhere) -> None:
    """One order at the CA, from the first step to the last; every record says whose it is."""
    at.publish()
    at.take_on()
    assert at.order.status == (1, None)
    assert list(at.ca.orders) == [f"{at.its.certificate_id}/1"]
    said = [each.issuer for each in at.order.issuances]
    said += [each.issuer for each in at.order.certificates]
    said += [each.issuer for each in at.order.proofs.values()]
    assert set(said) == {"elsewhere"}


def test_it_is_taken_back_by_that_ca(at: DeskElsewhere) -> None:
    """The proofs for that are the desk's own: no CA asks for them."""
    at.publish()
    at.take_on()
    at.desk.operator("RevokeOrder", CertificateId=at.its.certificate_id, Reason="superseded")
    at.take_on()
    (certificate,) = at.order.certificates
    assert at.issuer.revoked == {certificate.serial: Reason.SUPERSEDED}


def test_a_ca_that_does_not_answer_is_asked_again_and_the_order_says_why(
    at: DeskElsewhere,
) -> None:
    """It is set aside by no silence, and closed at its deadline with the right reason."""
    at.ca.away = True
    for _ in range(10):
        at.desk.work()
        task = at.order.task
        assert (task.due_at, task.failures) == (at.desk.clock.now() + timedelta(seconds=30), 0)
        told = at.desk.operator("ShowOrder", CertificateId=at.its.certificate_id)["Next"]
        assert told == f"Work on the order is waiting and continues by itself: {AWAY}"
        at.desk.clock.move(timedelta(seconds=30))
        at.begin()

    at.ca.away = False
    at.desk.work()
    assert len(at.order.proofs) == 2
    assert at.order.task.reason == ""


def test_a_slow_ca_holds_up_nobody_else(tmp_path: Path) -> None:
    """However many orders wait for it, those of another one are issued meanwhile."""
    slow = SlowIssuer(ManualClock(NOON))
    quick = ScriptedIssuer(slow.clock)
    desk = InsideDesk(tmp_path, issuers=Issuers([slow, quick], {WILD: quick.name}))
    for validator in desk.validators.values():
        validator.verdicts[OTHER] = Verdict.PROVED
    caller = desk.account()
    held = [submit(desk, caller, f"host{number}.example.net") for number in range(20)]
    desk.orders.start()
    until(lambda: slow.asked_at_once == AT_ONCE)

    order = submit(desk, caller, f"*.{OTHER}")
    desk.orders.wake()
    until(lambda: order.status == (1, None))
    assert [each.status for each in held] == [(0, "PENDING-DCV")] * len(held)

    def put_back() -> list[Ordered]:
        return [each for each in held if each.task.reason == busy(slow.name)]

    until(lambda: len(put_back()) == len(held) - MOST_TAKEN)
    waiting = put_back()

    slow.may_go_on.set()
    until(lambda: [each for each in held if not each.proofs] == waiting)
    while left := [each for each in waiting if not each.proofs]:
        desk.clock.move(WHILE_BUSY)
        desk.orders.wake()
        until(lambda left=left: any(each.proofs for each in left))  # type: ignore[misc]  # bound now
    desk.orders.stop()


class SlowIssuer(ExternalIssuer):
    """One whose CA takes its time to say what to publish."""

    def __init__(self, clock: ManualClock) -> None:
        """Answer nobody until it may."""
        super().__init__(clock)
        self.clock = clock
        self.asked_at_once = 0
        self.may_go_on = threading.Event()

    def offer(self, wanted: ChallengesWanted, recorded: Recorded | None) -> Offering:
        """Wait, and answer."""
        self.asked_at_once += 1
        assert self.may_go_on.wait(PATIENCE_SECONDS)
        return super().offer(wanted, recorded)


def test_an_order_is_closed_if_its_ca_never_says_what_to_publish(at: DeskElsewhere) -> None:
    """That is not its owner's fault, and it is told so."""
    at.ca.away = True
    at.take_on()
    at.desk.clock.move(timedelta(days=4))
    at.take_on()
    assert at.order.status == (2, NOT_OFFERED)
    assert NOT_OFFERED != TIMED_OUT


def test_a_ca_that_refuses_names_fails_the_order(at: DeskElsewhere) -> None:
    """With its reason."""
    at.ca.refused = "It does not issue for example.com."
    at.take_on()
    assert at.order.status == (2, "It does not issue for example.com.")


def test_challenges_that_were_not_asked_for_are_shown_to_nobody(at: DeskElsewhere) -> None:
    """The step fails, as the CA does what it must not."""
    others = Offered(challenges=())
    at.issuer.offer = lambda *_: others  # type: ignore[method-assign]  # a bad CA
    with pytest.raises(ValueError, match="exactly one challenge"):
        at.take_on()
    assert at.shown()["DvAuthDetail"] is None


def test_an_order_can_be_given_up_before_the_ca_has_begun_to_issue(at: DeskElsewhere) -> None:
    """Also after it has said what to publish; the next attempt has other values."""
    at.take_on()
    before = {each.value for each in at.order.proofs.values()}
    at.call("CancelCertificateOrder")
    assert at.order.status == (7, None)

    at.call("ModifyCertificateResubmit")
    at.desk.call(at.caller, "CertificateOrderSubmit", CertId=at.its.certificate_id)
    assert at.shown()["DvAuthDetail"] is None
    at.take_on()
    assert before.isdisjoint(each.value for each in at.order.proofs.values())


def test_a_method_that_the_ca_has_no_challenges_for_is_refused(at: DeskElsewhere) -> None:
    """When the order is submitted, so that nobody waits for what never comes."""
    at.call("CancelCertificateOrder")
    at.call("ModifyCertificateResubmit")
    with pytest.raises(InvalidParam, match="not FILE: the CA of this product"):
        at.desk.call(
            at.caller, "CertificateOrderSubmit", CertId=at.its.certificate_id, VerifyType="FILE"
        )


def test_an_answer_that_comes_twice_is_kept_once(at: DeskElsewhere) -> None:
    """Another process takes the same step meanwhile; the first answer stands."""
    offer, its = at.issuer.offer, at.its.certificate_id

    def overtaken(*asked: Any) -> object:  # noqa: ANN401 -- as `offer` has it
        answer = offer(*asked)
        at.issuer.offer = offer  # type: ignore[method-assign]  # once
        at.desk.take_on(its)
        return answer

    at.issuer.offer = overtaken  # type: ignore[method-assign,assignment]  # the other process
    with pytest.raises(Exception, match=r"issuances|proofs"):
        at.take_on()
    assert len(at.order.proofs) == 2
    assert len(at.order.issuances) == 1


@pytest.mark.parametrize("durable", [False, True], ids=["before a write", "after a write"])
def test_an_order_is_issued_once_wherever_the_work_on_it_ended(
    at: DeskElsewhere, monkeypatch: pytest.MonkeyPatch, *, durable: bool
) -> None:
    """At every write, from the first question to the certificate, in a process begun anew."""
    values: set[str] = set()
    ends = 0
    for number in itertools.count(1):
        at.publish()
        with monkeypatch.context() as failing:
            failing.setattr(at.desk.store, "write", ending(at.desk.store.write, number, durable))
            try:
                at.take_on()
            except Ended:
                ends += 1
            else:
                break
        values |= {each.value for each in at.order.proofs.values()}
        at.desk.clock.move(timedelta(minutes=1))
        at.begin()

    assert ends >= 3
    assert at.order.status == (1, None)
    assert list(at.ca.orders) == [f"{at.its.certificate_id}/1"]
    assert len(at.order.certificates) == 1
    assert {each.value for each in at.order.proofs.values()} >= values


def ending(
    write: Callable[..., Any],
    number: int,
    durable: bool,  # noqa: FBT001 -- as the test has it
) -> Callable[..., object]:
    """Return a `write` that ends the process at the write of that number."""
    left = itertools.count(number, -1)

    def ending_write(commit: Callable[[Unit], Result]) -> Result:
        last = next(left) == 1
        if last and not durable:
            raise Ended
        result: Result = write(commit)
        if last:
            raise Ended
        return result

    return ending_write
