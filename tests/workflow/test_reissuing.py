"""Where a reissue stands: at 0 while its owner has something to do, then at 11 until its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.errors import CertificateNotFoundOrCantCancel, CertificateOrderSubmitProcessing
from certdesk.domain.pki.issuance import Declined
from certdesk.domain.validation.challenge import Verdict
from tests.inside import InsideDesk
from tests.workflow.renewing import NAME, LeftAlone

DAY = timedelta(days=1)
REFUSED = "example.com names another CA."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LeftAlone]:
    """A desk where the records of a name stay in place once they are published."""
    with InsideDesk(tmp_path) as inside:
        yield LeftAlone(inside, inside.account())


def reissued(desk: LeftAlone, original: str) -> str:
    """Ask for a reissue; give its id."""
    reply = desk.desk.call(
        desk.caller, "ReplaceCertificate", CertificateId=original, ValidType="DNS"
    )
    return str(reply["CertificateId"])


def held_back(desk: LeftAlone) -> str:
    """Take a reissue to where CAA records alone hold it back; give its id."""
    original = desk.issue()
    desk.desk.caa.refused[NAME] = REFUSED
    fresh = reissued(desk, original)
    desk.desk.take_on(fresh)
    assert stands(desk, fresh) == (11, "WAIT-ISSUE")
    return fresh


def stands(desk: LeftAlone, certificate_id: str) -> tuple[int, str | None]:
    """Give Status and StatusMsg as they are shown."""
    shown = desk.desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=certificate_id)
    return shown["Status"], shown["StatusMsg"]


def permit(desk: LeftAlone) -> None:
    """Let CAA records permit from now on."""
    desk.desk.caa.refused.clear()


def test_a_reissue_is_under_review_until_its_names_are_proved(desk: LeftAlone) -> None:
    """Then nobody but the CA has anything to do, and that has its certificate issued."""
    original = desk.issue()
    desk.publish(verdict=Verdict.TXT_ABSENT)
    desk.desk.caa.refused[NAME] = REFUSED
    fresh = reissued(desk, original)
    desk.desk.take_on(fresh)
    assert stands(desk, fresh) == (0, "PENDING-DCV")

    desk.publish()
    desk.jump(timedelta(minutes=1))
    assert stands(desk, fresh) == (11, "WAIT-ISSUE")

    permit(desk)
    desk.jump(timedelta(minutes=1))
    assert stands(desk, fresh) == (1, None)


def test_an_order_that_replaces_nothing_stays_under_review(desk: LeftAlone) -> None:
    """While CAA records hold it back as well."""
    desk.publish()
    desk.desk.caa.refused[NAME] = REFUSED
    order = desk.buy()
    desk.desk.take_on(order)
    assert stands(desk, order) == (0, "WAIT-ISSUE")


def test_what_is_to_be_published_is_shown_and_checked_as_before(desk: LeftAlone) -> None:
    """Its owner may look what holds it back, and see that nothing is missing."""
    fresh = held_back(desk)
    detail = desk.desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=fresh)
    assert [each["DvAuthDomain"] for each in detail["DvAuthDetail"]["DvAuths"]] == ["example.com"]
    checked = desk.desk.call(desk.caller, "CheckCertificateDomainVerification", CertificateId=fresh)
    (result,) = checked["VerificationResults"]
    assert (result["LocalCheck"], result["CaCheck"], result["Issued"]) == (1, -1, False)
    assert result["LocalCheckFailReason"] == REFUSED
    story = desk.desk.operator("ShowOrder", CertificateId=fresh)
    assert story["Next"] == f"CAA records block it: {REFUSED}"
    listed = desk.desk.call(desk.caller, "DescribeCertificates", IsPendingIssue=1)
    assert [each["CertificateId"] for each in listed["Certificates"]] == [fresh]


def test_what_is_being_reissued_is_submitted_already(desk: LeftAlone) -> None:
    """A second submission is refused as under review."""
    fresh = held_back(desk)
    with pytest.raises(CertificateOrderSubmitProcessing):
        desk.desk.call(desk.caller, "CertificateOrderSubmit", CertId=fresh)


def test_a_reissue_is_cancelled_before_the_ca_has_begun(desk: LeftAlone) -> None:
    """And the original may be replaced again."""
    fresh = held_back(desk)
    desk.desk.call(desk.caller, "CancelAuditCertificate", CertificateId=fresh)
    assert stands(desk, fresh) == (7, None)
    permit(desk)
    original = desk.order(fresh).replaces
    assert original is not None
    again = reissued(desk, original)
    desk.desk.take_on(again)
    assert stands(desk, again) == (1, None)


def test_a_reissue_that_the_ca_has_begun_with_is_not_cancelled(desk: LeftAlone) -> None:
    """As with any order; it stands at 11 then."""
    fresh = reissued(desk, desk.issue())
    while not begun(desk, fresh):
        desk.desk.step(fresh)
    assert stands(desk, fresh) == (11, "WAIT-ISSUE")
    with pytest.raises(CertificateNotFoundOrCantCancel, match="The certificate is being issued"):
        desk.desk.call(desk.caller, "CancelAuditCertificate", CertificateId=fresh)
    desk.desk.take_on(fresh)
    assert stands(desk, fresh) == (1, None)


def begun(desk: LeftAlone, certificate_id: str) -> bool:
    """Whether the CA has begun to issue."""
    found = desk.desk.store.read(lambda unit: unit.issuances.where(certificate_id=certificate_id))
    return bool(found)


def test_a_reissue_that_the_ca_declines_has_failed(desk: LeftAlone) -> None:
    """With the CA's reason."""
    fresh = reissued(desk, desk.issue())
    desk.desk.issuer.will(Declined(reason="the key is weak"))
    desk.desk.take_on(fresh)
    assert stands(desk, fresh) == (2, "the key is weak")


def test_caa_records_that_refuse_to_the_end_close_a_reissue(desk: LeftAlone) -> None:
    """With what they say."""
    fresh = held_back(desk)
    desk.jump(3 * DAY)
    assert stands(desk, fresh) == (2, REFUSED)


def test_what_the_desk_reissues_by_itself_stands_there_too(desk: LeftAlone) -> None:
    """Its records are there from before, so it is there within the first steps."""
    original = desk.issue(years=2)
    desk.desk.caa.refused[NAME] = REFUSED
    desk.put_when_due(original)
    desk.work()
    fresh = desk.successor(original)
    assert fresh is not None
    assert fresh.by_desk
    assert stands(desk, fresh.certificate_id) == (11, "WAIT-ISSUE")


# --- a proof that becomes too old while CAA records hold the reissue back -------------------------


def outdated(desk: LeftAlone) -> str:
    """Have a reissue held back until the proof that it has from before is too old; give its id.

    The first certificate's proof serves its successors for 200 days.
    """
    original = desk.issue(years=2)
    proved_at = desk.proof(desk.order(original)).proved_at
    assert proved_at is not None
    desk.pass_time(150 * DAY)
    last = desk.chain(original)[-1].certificate_id
    desk.desk.caa.refused[NAME] = REFUSED
    desk.put_when_due(last)
    desk.work()
    reissue = desk.chain(original)[-1]
    assert desk.proof(reissue).proved_at == proved_at
    assert stands(desk, reissue.certificate_id) == (11, "WAIT-ISSUE")
    desk.put(proved_at + 200 * DAY + timedelta(seconds=1))
    return reissue.certificate_id


def test_a_name_that_is_not_proved_any_more_is_its_owners_concern_again(desk: LeftAlone) -> None:
    """The reissue goes back to where the name is to be proved, and on when it is."""
    fresh = outdated(desk)
    desk.publish(verdict=Verdict.TXT_ABSENT)
    desk.work()
    assert stands(desk, fresh) == (0, "PENDING-DCV")
    story = desk.desk.operator("ShowOrder", CertificateId=fresh)
    assert story["Next"].startswith("Publish CNAME _")

    desk.publish()
    desk.desk.call(desk.caller, "CheckCertificateDomainVerification", CertificateId=fresh)
    desk.jump(timedelta(minutes=1))
    assert stands(desk, fresh) == (11, "WAIT-ISSUE")
    permit(desk)
    desk.jump(timedelta(minutes=10))
    assert stands(desk, fresh) == (1, None)


def test_a_record_that_is_still_there_proves_the_name_once_more(desk: LeftAlone) -> None:
    """Nobody has anything to do, so the reissue stays where it is."""
    fresh = outdated(desk)
    desk.work()
    assert stands(desk, fresh) == (11, "WAIT-ISSUE")
    assert desk.proof(desk.order(fresh)).proved_at == desk.now()
    permit(desk)
    desk.jump(timedelta(minutes=10))
    assert stands(desk, fresh) == (1, None)
