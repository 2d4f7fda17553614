"""What becomes of certificates on a desk that is left alone."""

from __future__ import annotations

import concurrent.futures
import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from certdesk.bootstrap import actions
from certdesk.domain.errors import CertificateSubmitHostingCertError, InvalidCertificateStatusCode
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.pki.issuance import Declined
from certdesk.domain.validation.challenge import Verdict
from certdesk.workflow.renewing import Renewing
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.inside import InsideDesk
from tests.storage.stores import KINDS, of_kind
from tests.workflow.ordering import key
from tests.workflow.renewing import NAME, LeftAlone

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
OV = 28
"""An OV product for one name."""
OWN = {
    "GenCsrType": "parse",
    "CsrEncryptAlgo": None,
    "CsrKeyParameter": None,
}


def own_csr(name: str = NAME) -> dict[str, Any]:
    """Make material with a CSR of the customer's own."""
    return OWN | {"Csr": csr_for(key(), name)}


@pytest.fixture
def left(tmp_path: Path) -> Iterator[LeftAlone]:
    """A desk with a private CA."""
    with InsideDesk(tmp_path, private_ca=True) as desk:
        yield LeftAlone(desk, desk.account())


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[LeftAlone]:
    """A desk whose issuer does what the test says, and else issues for 90 days."""
    with InsideDesk(tmp_path) as desk:
        yield LeftAlone(desk, desk.account())


def covered(orders: list[Order]) -> None:
    """Check that each certificate took over in the last third of life of the one before it."""
    for before, after in itertools.pairwise(orders):
        assert before.begins_at is not None
        assert before.ends_at is not None
        assert after.begins_at is not None
        left_over = before.ends_at - after.begins_at
        third = (before.ends_at - before.begins_at) / 3
        assert timedelta(0) < left_over <= third + timedelta(hours=1)


# --- the bought time ------------------------------------------------------------------------------


def test_the_time_that_was_bought_is_covered(left: LeftAlone) -> None:
    """Two years, by as many certificates as it takes, to their last second and no longer."""
    first = left.issue(years=2)
    bought = left.order(first)
    left.pass_time(3 * 366 * DAY)

    chain = left.chain(first)
    covered(chain)
    assert bought.begins_at is not None
    assert chain[-1].ends_at == chain[-1].ends_by == bought.begins_at.replace(year=2028)
    assert {order.certificate_id for order in chain} == {
        order.certificate_id for order in left.all_of()
    }
    assert {order.status for order in chain} == {Status.EXPIRED}
    assert {order.deal_id for order in chain} == {bought.deal_id}
    assert [order.replaces for order in chain[1:]] == [each.certificate_id for each in chain[:-1]]


def test_a_certificate_lasts_as_long_as_was_allowed_when_it_was_issued(left: LeftAlone) -> None:
    """199 days before 2027-03-15, 99 from then on (ballot SC-081)."""
    first = left.issue(years=2)
    left.pass_time(2 * 366 * DAY)
    for order in left.chain(first)[:-1]:
        assert order.begins_at is not None
        assert order.ends_at is not None
        days = 199 if (order.begins_at.year, order.begins_at.month) < (2027, 3) else 99
        assert order.ends_at - order.begins_at == days * DAY - SECOND


def test_each_reissue_is_told_of(left: LeftAlone) -> None:
    """In the operate log, by the vendor's word."""
    first = left.issue(years=1)
    left.put_when_due(first)
    left.work()
    log = left.desk.call(left.caller, "DescribeCertificateOperateLogs")["OperateLogs"]
    told = {(each["CertId"], each["Type"]) for each in log}
    after = left.successor(first)
    assert after is not None
    assert {
        (first, "multiYearsRenew"),
        (after.certificate_id, "apply"),
        (after.certificate_id, "issued"),
    } <= told


def test_nothing_comes_after_the_bought_time_unless_it_is_asked_for(left: LeftAlone) -> None:
    """And nobody is warned, since nothing is missing."""
    first = left.issue(years=1)
    left.pass_time(400 * DAY)
    last = left.chain(first)[-1]
    assert (last.ends_at, last.renewed_by) == (last.ends_by, None)
    assert left.counted("certdesk_warnings") == {}


def test_a_year_is_bought_anew_where_it_is_asked_for(left: LeftAlone) -> None:
    """With a deal of its own, and again at the end of that."""
    first = left.issue(years=1, AutoRenewFlag=1)
    left.pass_time(800 * DAY)
    chain = left.chain(first)
    covered(chain)
    renewals = [order for order in chain if order.renews is not None]
    assert len(renewals) == 2
    assert len({order.deal_id for order in chain}) == 3
    for renewal in renewals:
        before = left.order(renewal.renews or "")
        assert (before.renewed_by, before.replaced_by) == (renewal.certificate_id, None)
        assert before.ends_at == before.ends_by
        assert renewal.begins_at is not None
        assert renewal.ends_by == renewal.begins_at.replace(year=renewal.begins_at.year + 1)
        assert "RenewByDesk" in left.done(before.certificate_id)
    assert chain[-1].status is Status.ISSUED
    reissues = len(chain) - 1 - len(renewals)
    assert left.counted("certdesk_renewals") == {"reissue": reissues, "renewal": 2}


# --- what a successor is made of ------------------------------------------------------------------


def test_a_successor_has_a_new_key_where_the_desk_made_the_old_one(left: LeftAlone) -> None:
    """Of the same kind, with the same pass phrase for its files."""
    first = left.issue(KeyPass="12345678")
    left.put_when_due(first)
    left.work()
    old, new = left.chain(first)
    assert new.status is Status.ISSUED
    assert left.submission(old).spki_sha256 != left.submission(new).spki_sha256
    assert (new.key, new.key_pass) == (old.key, True)


def test_a_csr_that_was_sent_is_used_again(left: LeftAlone) -> None:
    """Its private key was never here."""
    first = left.issue(**own_csr())
    left.put_when_due(first)
    left.work()
    old, new = left.chain(first)
    assert new.status is Status.ISSUED
    assert left.submission(old).csr == left.submission(new).csr
    assert left.submission(new).private_key is None


def test_a_successor_has_what_its_owner_gave_the_certificate(left: LeftAlone) -> None:
    """Alias, project, tags and the refusal of warnings, as they are now."""
    first = left.issue()
    left.desk.call(left.caller, "ModifyCertificateAlias", CertificateId=first, Alias="the shop")
    left.desk.call(
        left.caller,
        "ModifyCertificatesExpiringNotificationSwitch",
        CertificateIds=[first],
        SwitchStatus=1,
    )
    left.put_when_due(first)
    left.work()
    _, new = left.chain(first)
    assert (new.alias, new.muted, new.domain) == ("the shop", True, NAME)


def test_a_key_that_is_blocked_has_no_successor(left: LeftAlone) -> None:
    """It is said why, and tried again."""
    first = left.issue(**own_csr())
    digest = left.submission(left.order(first)).spki_sha256.hex()
    left.desk.operator("BlockKeys", Digests=[digest], Reason="lost")
    left.put_when_due(first)
    left.work()
    renewal = left.renewal(first)
    assert left.all_of() == [left.order(first)]
    assert renewal is not None
    assert "contains a blocked key" in renewal.reason
    assert renewal.due_at == left.now() + timedelta(minutes=1)


def test_a_disabled_account_has_no_successors(left: LeftAlone) -> None:
    """Until it is enabled again."""
    first = left.issue()
    left.desk.operator("SwitchAccount", Uin=left.caller.uin, Enabled=False)
    left.put_when_due(first)
    left.work()
    assert left.successor(first) is None
    left.desk.operator("SwitchAccount", Uin=left.caller.uin, Enabled=True)
    left.pass_time(timedelta(minutes=1))
    assert left.successor(first) is not None


# --- proofs ---------------------------------------------------------------------------------------


def test_a_proof_that_is_still_good_is_carried_over(left: LeftAlone) -> None:
    """Nobody looks for the record, which may be gone; CAA is asked anew."""
    first = left.issue()
    left.publish(verdict=Verdict.TXT_ABSENT)
    checks = sum(len(validator.checked) for validator in left.desk.validators.values())
    asked = len(left.desk.caa.checked)
    left.put_when_due(first)
    left.work()
    old, new = left.chain(first)
    assert new.status is Status.ISSUED
    assert left.proof(new).proved_at == left.proof(old).proved_at
    assert sum(len(validator.checked) for validator in left.desk.validators.values()) == checks
    assert len(left.desk.caa.checked) == asked + 1


def test_a_proof_that_is_too_old_is_looked_for_at_the_same_place(left: LeftAlone) -> None:
    """So that a record that was left in place proves the name again without anybody."""
    first = left.issue(years=2)
    left.pass_time(500 * DAY)
    chain = left.chain(first)
    published = {(left.proof(order).label, left.proof(order).value) for order in chain}
    assert len(published) == 1
    assert len({left.proof(order).proved_at for order in chain}) > 1


def test_a_name_whose_record_is_gone_waits_for_somebody_until_the_end(left: LeftAlone) -> None:
    """It is warned of, and closed when the certificate before it ends."""
    first = left.issue(years=2)
    left.pass_time(300 * DAY)
    left.publish(verdict=Verdict.TXT_ABSENT)
    left.pass_time(200 * DAY)
    *_, last, waiting = left.chain(first)
    assert last.status is Status.EXPIRED
    assert waiting.status is Status.REVIEW_FAILED
    assert waiting.deadline == last.ends_at
    assert left.warnings(last.certificate_id) == [(d, d * DAY) for d in (14, 7, 3, 1)]
    assert left.successor(waiting.certificate_id) is None
    assert left.desk.store.read(lambda unit: unit.renewals.where()) == []


def test_a_record_that_comes_back_in_time_is_found(left: LeftAlone) -> None:
    """A resolver that was away for two weeks needs nobody to say that it is back."""
    first = left.issue(years=2)
    left.pass_time(300 * DAY)
    left.publish(verdict=Verdict.TXT_UNANSWERED)
    while left.chain(first)[-1].status is Status.ISSUED:
        left.pass_time(DAY)
    left.pass_time(14 * DAY)
    last, waiting = left.chain(first)[-2:]
    assert (status_msg(waiting), last.status) == ("PENDING-DCV", Status.ISSUED)
    left.publish()
    left.pass_time(DAY)
    assert left.order(waiting.certificate_id).status is Status.ISSUED
    assert left.warnings(last.certificate_id) == []


# --- vetting --------------------------------------------------------------------------------------


def vetted(left: LeftAlone) -> str:
    """Issue an OV certificate whose company and manager were vetted."""
    left.publish()
    order = left.buy(product=OV, years=2, **dict[str, Any](COMPANY))
    for review in left.desk.operator("ListReviews")["Reviews"]:
        left.desk.operator("ApproveReview", Id=review["Id"])
    left.desk.take_on(order)
    assert left.order(order).status is Status.ISSUED
    return order


def test_nobody_is_asked_while_the_vetting_is_good(left: LeftAlone) -> None:
    """The successor of an OV certificate is issued at once."""
    first = vetted(left)
    left.put_when_due(first)
    left.work()
    after = left.successor(first)
    assert after is not None
    assert (after.status, after.manager_id) == (Status.ISSUED, left.order(first).manager_id)


def test_people_are_asked_when_the_vetting_has_ended(left: LeftAlone) -> None:
    """The successor waits for them, and its certificate is warned of."""
    first = vetted(left)
    left.pass_time(480 * DAY)
    chain = left.chain(first)
    assert (chain[-1].status, status_msg(chain[-1])) == (Status.UNDER_REVIEW, "PRE-REVIEWING")
    waiting = {review["Id"] for review in left.desk.operator("ListReviews")["Reviews"]}
    assert f"order:{chain[-1].certificate_id}" in waiting


# --- what comes to nothing ------------------------------------------------------------------------


def test_a_successor_that_fails_is_made_again_after_growing_pauses(scripted: LeftAlone) -> None:
    """After 1, 10 and 100 minutes, then daily, until one is issued."""
    first = scripted.issue()
    scripted.put_when_due(first)
    due = scripted.now()
    scripted.desk.issuer.will(*(Declined(reason="no") for _ in range(5)))
    scripted.pass_time(4 * DAY)
    orders = scripted.all_of()[1:]
    made = [order.created_at - due for order in orders]
    minutes = list(itertools.accumulate(timedelta(minutes=count) for count in (1, 10, 100)))
    assert made == [timedelta(0), *minutes, minutes[-1] + DAY, minutes[-1] + 2 * DAY]
    statuses = [order.status for order in orders]
    assert sorted(statuses) == [Status.ISSUED, *[Status.REVIEW_FAILED] * 5]
    after = scripted.successor(first)
    assert after is not None
    assert after.status is Status.ISSUED


def test_a_successor_that_its_owner_cancels_is_not_made_again(left: LeftAlone) -> None:
    """Nor is anybody warned of what he does not want."""
    first = left.issue()
    left.publish(verdict=Verdict.TXT_ABSENT)
    left.desk.caa.refused[NAME] = "not today"
    left.put_when_due(first)
    left.work()
    after = left.successor(first)
    assert after is not None
    left.desk.call(left.caller, "CancelAuditCertificate", CertificateId=after.certificate_id)
    for _ in range(70):
        left.jump(DAY)
    assert left.chain(first)[1:] == [left.order(after.certificate_id)]
    assert left.warnings(first) == []


def test_material_for_a_successor_cannot_be_handed_in(left: LeftAlone) -> None:
    """As the vendor has it of what its hosting renews."""
    first = left.issue()
    left.desk.caa.refused[NAME] = "not today"
    left.put_when_due(first)
    left.work()
    after = left.successor(first)
    assert after is not None
    with pytest.raises(CertificateSubmitHostingCertError, match="The desk made"):
        left.desk.call(
            left.caller, "CertificateInfoSubmit", CertId=after.certificate_id, **PERSONAL
        )


def test_a_reissue_by_hand_is_not_doubled(left: LeftAlone) -> None:
    """The desk waits for it, and goes on from there."""
    first = left.issue(years=2)
    reissue = left.desk.call(
        left.caller, "ReplaceCertificate", CertificateId=first, ValidType="DNS"
    )
    left.pass_time(DAY)
    left.pass_time(300 * DAY)
    chain = left.chain(first)
    assert chain[1].certificate_id == reissue["CertificateId"]
    assert len(left.all_of()) == len(chain)
    assert not chain[1].by_desk
    assert all(order.by_desk for order in chain[2:])


# --- many -----------------------------------------------------------------------------------------


def test_so_many_begin_in_a_minute_and_those_first_that_end_first(left: LeftAlone) -> None:
    """Three hundred in five minutes, whatever was due first: after a pause, or a jump."""
    orders = []
    for number in range(300):
        name = f"shop{number}.example.com"
        orders.append(left.issue(name, **own_csr(name)))
        left.desk.clock.move(timedelta(minutes=7))
    left.put(left.now() + 160 * DAY)
    for minute in range(1, 6):
        for _ in range(3):
            left.desk.renewing.round()
        begun = [each for each in orders if left.order(each).replaced_by]
        assert begun == orders[: 60 * minute]
        left.desk.clock.move(timedelta(minutes=1))


def test_a_jump_of_a_year_makes_no_herd(left: LeftAlone) -> None:
    """What was bought has ended meanwhile, and is not bought again where nobody asked for it."""
    orders = [left.issue(f"shop{number}.example.com") for number in range(5)]
    left.put(left.now() + 365 * DAY)
    left.work()
    assert {left.order(each).status for each in orders} == {Status.EXPIRED}
    assert [left.successor(each) for each in orders] == [None] * 5
    assert left.desk.store.read(lambda unit: unit.renewals.where()) == []


@pytest.mark.parametrize("wakes", ["orders first", "renewals first"])
def test_a_certificate_that_ended_while_the_desk_was_off_is_succeeded(
    left: LeftAlone, wakes: str
) -> None:
    """When it is back, whichever of its parts comes first; the bought time goes on."""
    first = left.issue(years=3)
    end = left.order(first).ends_at
    assert end is not None
    left.put(end + 30 * DAY)
    if wakes == "orders first":
        left.desk.take_on(first)
        assert left.order(first).status is Status.EXPIRED
    left.work()
    left.work()
    _, after = left.chain(first)
    assert (after.status, after.replaces, after.ends_by) == (
        Status.ISSUED,
        first,
        left.order(first).ends_by,
    )
    assert left.order(first).status is Status.EXPIRED
    assert not left.order(first).hosted
    assert left.renewal(first) is None


def test_a_successor_that_was_under_way_when_the_desk_went_off_has_a_last_check(
    left: LeftAlone,
) -> None:
    """Its record was published meanwhile, and the old certificate has ended."""
    first = left.issue(years=3)
    left.pass_time(155 * DAY)
    _, second = left.chain(first)
    assert second.ends_at is not None
    left.publish(verdict=Verdict.TXT_ABSENT)
    left.put(second.ends_at - timedelta(hours=1))
    left.work()
    third = left.chain(first)[-1]
    assert (status_msg(third), third.replaces) == ("PENDING-DCV", second.certificate_id)

    left.publish()
    left.put(second.ends_at + 30 * DAY)
    left.work()

    assert left.order(second.certificate_id).status is Status.EXPIRED
    assert left.order(third.certificate_id).status is Status.ISSUED


def test_what_renews_itself_is_renewed_after_the_desk_was_off(left: LeftAlone) -> None:
    """A year is bought again where that was asked for; the old one has ended."""
    first = left.issue(AutoRenewFlag=1)
    left.put(left.now() + 365 * DAY)
    left.work()
    left.work()
    _, after = left.chain(first)
    assert (after.status, after.renews) == (Status.ISSUED, first)


def test_a_successor_that_fails_after_the_end_is_not_made_again(left: LeftAlone) -> None:
    """Its records are gone: whoever ordered it has to see to that."""
    first = left.issue(years=3)
    left.publish(verdict=Verdict.TXT_ABSENT)
    end = left.order(first).ends_at
    assert end is not None
    left.put(end + 30 * DAY)
    for _ in range(10):
        left.jump(DAY)
    _, after = left.chain(first)
    assert after.status is Status.REVIEW_FAILED
    assert left.renewal(first) is None
    with pytest.raises(InvalidCertificateStatusCode) as refused:
        left.desk.operator("CurrentOrder", CertificateId=first)
    assert refused.value.detail == (
        f"No certificate in force follows {first}, which has status 3 (Expired). "
        f"Certificates that came after it: {after.certificate_id} at 2 (Review failed)."
    )


def test_a_clock_that_is_put_back_makes_nothing_twice(left: LeftAlone) -> None:
    """Nor does it hold the bucket shut."""
    first = left.issue("a.example.com")
    second = left.issue("b.example.com", **own_csr("b.example.com"))
    left.pass_time(155 * DAY)
    assert len(left.chain(first)) == 2
    left.desk.clock.move(-100 * DAY)
    left.work()
    left.pass_time(110 * DAY)
    assert (len(left.chain(first)), len(left.chain(second))) == (2, 2)
    assert len(left.all_of("a.example.com")) == len(left.all_of("b.example.com")) == 2


@pytest.mark.parametrize("adapter", KINDS)
def test_of_many_who_see_to_a_certificate_one_makes_a_successor(
    adapter: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As many processes do on one database, however often they look."""
    with (
        of_kind(adapter, tmp_path, request) as store,
        InsideDesk(tmp_path, private_ca=True, store=store) as desk,
    ):
        left = LeftAlone(desk, desk.account())
        names = [f"shop{number}.example.com" for number in range(4)]
        orders = [left.issue(name) for name in names]
        left.put(left.now() + 155 * DAY)
        several = [Renewing(desk.engine, actions(), per_minute=60) for _ in range(6)]
        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            for done in [threads.submit(each.round) for each in several]:
                done.result()
        for each in several:
            each.round()
        assert [len(left.all_of(name)) for name in names] == [2] * 4
        renewals = [left.renewal(order) for order in orders]
        assert [renewal.looks for renewal in renewals if renewal] == [1] * 4


# --- warnings -------------------------------------------------------------------------------------


def test_a_warning_is_logged_counted_and_listed(left: LeftAlone) -> None:
    """With what the successor waits for."""
    first = left.issue(years=1)
    left.desk.caa.refused[NAME] = "not today"
    left.put_when_due(first)
    left.work()
    end = left.order(first).ends_at
    assert end is not None
    left.jump(end - 14 * DAY - left.now() - SECOND)
    assert left.counted("certdesk_warnings") == {}
    with capture_logs() as logs:
        left.jump(SECOND)
    after = left.successor(first)
    assert after is not None
    why = f"{after.certificate_id} has status {status_msg(after)}"
    (told,) = [each for each in logs if "expires without a new one" in each["event"]]
    assert (told["certificate"], told["days"], told["why"]) == (first, 14, why)
    assert left.counted("certdesk_warnings") == {"14": 1}
    log = left.desk.call(left.caller, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert [each["CertId"] for each in log if each["Type"] == "renewalWarning"] == [first]


def test_a_muted_certificate_is_not_warned_of(left: LeftAlone) -> None:
    """Its successor is made all the same."""
    first = left.issue()
    left.desk.call(
        left.caller,
        "ModifyCertificatesExpiringNotificationSwitch",
        CertificateIds=[first],
        SwitchStatus=1,
    )
    left.desk.caa.refused[NAME] = "not today"
    left.put_when_due(first)
    left.work()
    end = left.order(first).ends_at
    assert end is not None
    for days in (14, 7, 3, 1):
        left.jump(end - days * DAY - left.now())
    assert left.successor(first) is not None
    assert left.warnings(first) == []
