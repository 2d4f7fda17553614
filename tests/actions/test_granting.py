"""`certdesk order grant`: the operator gives an account an order, and it comes to a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certdesk.domain.errors import (
    AccountNotFound,
    CannotBeDeletedWithinHour,
    CertificateInfoSubmitStatusInvalid,
    CertificateStatusNotAllowResubmit,
    ExceedsFreeLimit,
    InvalidParam,
    NoProjectPermission,
    RenewAlgorithmInvalid,
)
from certdesk.domain.validation.challenge import Verdict
from tests.actions.submitting import PERSONAL, csr_for
from tests.actions.vetting import Desk
from tests.rules import rules_with

FREE, DV, MULTI, WILDCARD = 83, 104, 11, 12
NAME = "www.example.com"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk that lets an account have three free certificates, two of them for one domain."""
    with Desk(tmp_path, rules_with(free_limit=3, free_per_domain=2)) as opened:
        for validator in opened.validators.values():
            validator.verdicts[NAME] = Verdict.PROVED
        yield opened


def grant(desk: Desk, product: int = FREE, **parameters: object) -> str:
    """Give the account an order; give its id."""
    given = {"Uin": desk.caller.uin, "ProductId": product} | parameters
    (certificate_id,) = desk.operator("GrantOrder", **given)["CertificateIds"]
    return str(certificate_id)


def hand_in(desk: Desk, order: str, **changes: object) -> dict[str, Any]:
    """Hand in material for a name."""
    material = PERSONAL | {"CertCommonName": NAME} | changes
    given = {name: value for name, value in material.items() if value is not None}
    return desk.call(desk.caller, "CertificateInfoSubmit", CertId=order, **given)


def submit(desk: Desk, order: str, **changes: object) -> None:
    """Hand in material, and submit the order to the CA."""
    hand_in(desk, order, **changes)
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)


def detail(desk: Desk, order: str) -> dict[str, Any]:
    """Read an order back."""
    return desk.call(desk.caller, "DescribeCertificateDetail", CertificateId=order)


def issued(desk: Desk, order: str, **changes: object) -> dict[str, Any]:
    """Take an order to its certificate; give its detail."""
    submit(desk, order, **changes)
    desk.take_on(order)
    shown = detail(desk, order)
    assert shown["Status"] == 1
    return shown


def apply(desk: Desk, **parameters: object) -> str:
    """Apply for a free certificate; give its id."""
    key = {"CsrEncryptAlgo": "ECC", "CsrKeyParameter": "prime256v1"}
    wanted = {"DvAuthMethod": "DNS", "DomainName": NAME} | key | parameters
    return str(desk.call(desk.caller, "ApplyCertificate", **wanted)["CertificateId"])


# --- what is given --------------------------------------------------------------------------------


def test_what_is_given_waits_for_its_material_like_what_is_bought(desk: Desk) -> None:
    """With a deal of its own; for one year and one name unless it is said."""
    plain, wide = grant(desk, DV), grant(desk, MULTI, TimeSpan=3, DomainNum=5)
    bought = desk.order(desk.buy(desk.caller, DV))
    one, more = desk.order(plain), desk.order(wide)
    assert (one.status, one.time_span, one.domain_num, one.project_id) == (5, 1, 1, 0)
    assert (more.status, more.time_span, more.domain_num) == (5, 3, 5)
    assert len({one.deal_id, more.deal_id, bought.deal_id}) == 3
    submit(desk, plain, CertCommonName="example.com")
    desk.take_on(plain)
    assert desk.stands(plain) == (1, None)


def test_a_free_one_stands_at_13(desk: Desk) -> None:
    """And its owner finds in the log that it was given, the operator's log who did it."""
    order = grant(desk)
    shown = detail(desk, order)
    assert (shown["Status"], shown["StatusName"]) == (13, "Pending submission")
    assert (shown["ValidityPeriod"], shown["PackageType"], shown["IsVip"]) == ("3", "83", False)
    (entry,) = desk.audit(order)
    assert (entry.actor, entry.action, entry.detail) == ("operator", "GrantOrder", "product 83")
    (log,) = desk.call(desk.caller, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert (log["Type"], log["CertId"]) == ("apply", order)


def test_it_lies_in_a_project_of_the_account(desk: Desk) -> None:
    """Another account's project is refused, and so is an account that is not there."""
    project = desk.operator("AddProject", Uin=desk.caller.uin, Name="shop")["ProjectId"]
    assert detail(desk, grant(desk, ProjectId=project))["ProjectId"] == str(project)
    other = desk.account()
    with pytest.raises(NoProjectPermission):
        grant(desk, Uin=other.uin, ProjectId=project)
    with pytest.raises(AccountNotFound):
        grant(desk, Uin="100000000999")


@pytest.mark.parametrize(
    ("product", "parameters", "why"),
    [
        (FREE, {"TimeSpan": 1}, "TimeSpan: a free certificate is for 3 months, no years"),
        (FREE, {"DomainNum": 2}, "DomainNum: must be 1 for a free certificate, not 2"),
        (DV, {"DomainNum": 2}, "DomainNum: must be 1 for .+, not 2"),
        (DV, {"TimeSpan": 11}, "TimeSpan: must be 1 to 10 years for .+, not 11"),
        (MULTI, {}, "DomainNum: must be 2 to 100 for .+, not 1"),
        (2, {}, "ProductId: product 2 is not sold"),
        (33, {}, "SM2"),
    ],
)
def test_only_what_can_be_had_is_given(
    desk: Desk, product: int, parameters: dict[str, object], why: str
) -> None:
    """The rules are those of CreateCertificate."""
    with pytest.raises(InvalidParam, match=why):
        grant(desk, product, **parameters)


# --- a free one comes to a certificate ------------------------------------------------------------


def test_a_free_one_comes_to_a_certificate_of_ninety_days(desk: Desk) -> None:
    """Not longer than one that was applied for, and the desk sees to no successor."""
    shown = issued(desk, grant(desk), AutoRenewFlag=1)
    order = desk.order(shown["CertificateId"])
    (request, _), *_ = desk.issuer.asked
    assert (request.most_days, order.registrable) == (90, "example.com")
    assert order.ends_at == order.ends_by
    assert not order.hosted
    assert desk.store.read(lambda unit: unit.renewals.get(order.certificate_id)) is None


def test_the_older_form_takes_its_material_too(desk: Desk) -> None:
    """SubmitCertificateInformation and CommitCertificateInformation."""
    order = grant(desk)
    own = csr_for(ec.generate_private_key(ec.SECP256R1()), NAME)
    desk.call(
        desk.caller,
        "SubmitCertificateInformation",
        CertificateId=order,
        CsrType="parse",
        CsrContent=own,
        CertificateDomain=NAME,
        IsDV=True,
        ContactEmail="webmaster@example.com",
    )
    desk.call(desk.caller, "CommitCertificateInformation", CertificateId=order)
    desk.take_on(order)
    assert desk.stands(order) == (1, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "4096"},
        {"CsrEncryptAlgo": "ECC", "CsrKeyParameter": "secp384r1"},
    ],
)
def test_no_other_key_is_made_for_a_free_one(desk: Desk, changes: dict[str, object]) -> None:
    """RSA 2048 and P-256, as when one applies for it."""
    order = grant(desk)
    with pytest.raises(RenewAlgorithmInvalid, match="RSA takes 2048, ECC takes prime256v1"):
        hand_in(desk, order, **changes)


def test_no_other_key_is_taken_for_a_free_one(desk: Desk) -> None:
    """In a CSR of one's own as well."""
    order = grant(desk)
    own = csr_for(rsa.generate_private_key(65537, 3072), NAME)
    with pytest.raises(InvalidParam, match=r"RSA 3072; a free certificate needs RSA 2048 or"):
        hand_in(desk, order, GenCsrType="parse", Csr=own)
    own = csr_for(rsa.generate_private_key(65537, 2048), NAME)
    hand_in(desk, order, GenCsrType="parse", Csr=own)
    assert desk.order(order).key == "RSA 2048"


@pytest.mark.parametrize(
    "changes", [{"CertCommonName": "*.example.com"}, {"DnsNames": ["example.com"]}]
)
def test_a_free_one_is_for_one_name_that_is_no_wildcard(
    desk: Desk, changes: dict[str, object]
) -> None:
    """As any product for one name."""
    order = grant(desk)
    with pytest.raises(InvalidParam):
        hand_in(desk, order, **changes)


# --- how many -------------------------------------------------------------------------------------


def test_what_is_given_counts_and_is_not_refused(desk: Desk) -> None:
    """The operator may give more than one may apply for; then nothing is to be had but by gift."""
    for _ in range(4):
        grant(desk)
    with pytest.raises(ExceedsFreeLimit, match="An account may have 3"):
        apply(desk, DomainName="shop.example.net")


def test_a_domain_has_no_more_than_it_may_have(desk: Desk) -> None:
    """One too many is refused; what is handed in once more is the same one."""
    first, second, third = grant(desk), grant(desk), grant(desk)
    for order in (first, second, first):
        hand_in(desk, order)
    with pytest.raises(ExceedsFreeLimit, match=r"2 at a time for names of example\.com"):
        hand_in(desk, third)
    with pytest.raises(ExceedsFreeLimit):
        desk.call(
            desk.caller,
            "SubmitCertificateInformation",
            CertificateId=third,
            CsrType="parse",
            CsrContent=csr_for(ec.generate_private_key(ec.SECP256R1()), NAME),
            CertificateDomain=NAME,
            IsDV=True,
            ContactEmail="webmaster@example.com",
        )
    assert (desk.order(third).submission, desk.order(third).domain) == (0, None)
    hand_in(desk, second, CertCommonName="www.example.net")
    hand_in(desk, third)
    assert desk.order(third).registrable == "example.com"


# --- its end --------------------------------------------------------------------------------------


def test_what_nobody_needs_is_given_up(desk: Desk) -> None:
    """It is not opened again, is deleted an hour after it was given, and counts no more."""
    order = grant(desk)
    desk.call(desk.caller, "CancelCertificateOrder", CertificateId=order)
    assert desk.stands(order) == (7, None)
    with pytest.raises(CertificateStatusNotAllowResubmit):
        desk.call(desk.caller, "ModifyCertificateResubmit", CertificateId=order)
    with pytest.raises(CertificateInfoSubmitStatusInvalid):
        hand_in(desk, order)
    with pytest.raises(CannotBeDeletedWithinHour):
        desk.call(desk.caller, "DeleteCertificate", CertificateId=order)
    desk.clock.move(timedelta(hours=1))
    desk.call(desk.caller, "DeleteCertificate", CertificateId=order)
    for _ in range(2):
        apply(desk)


def test_a_free_one_is_renewed_by_applying_for_another(desk: Desk) -> None:
    """In its last thirty days, like any free certificate; the two know of each other."""
    order = grant(desk)
    issued(desk, order)
    desk.clock.move(timedelta(days=70))
    renewal = apply(desk, OldCertificateId=order)
    extras = [detail(desk, its)["CertificateExtra"] for its in (order, renewal)]
    assert (extras[0]["RenewOrder"], extras[1]["OriginCertificateId"]) == (renewal, order)


def test_a_free_one_is_reissued_once(desk: Desk) -> None:
    """For a key of RSA 2048, as any free certificate; its end stays."""
    order = grant(desk)
    own = csr_for(rsa.generate_private_key(65537, 2048), NAME)
    first = issued(desk, order, GenCsrType="parse", Csr=own)
    reply = desk.call(desk.caller, "ReplaceCertificate", CertificateId=order, ValidType="DNS")
    fresh = str(reply["CertificateId"])
    desk.take_on(fresh)
    again = desk.order(fresh)
    assert (again.status, again.registrable) == (1, "example.com")
    assert detail(desk, fresh)["CertEndTime"] <= first["CertEndTime"]
