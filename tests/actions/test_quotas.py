"""What an account may have: what would be more is undone, and what ends things is let through."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certdesk import bootstrap
from certdesk.domain.accounts.quotas import COUNTED, QuotaExceeded, Quotas
from certdesk.domain.errors import InvalidParam, LimitExceeded
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import COLLECTIONS, CollectionSpec
from tests import chains
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.actions.vetting import DV, LETTER_OV, Desk
from tests.papers import PDF
from tests.rules import rules_with
from tests.running import COMPANY as KNOWN_COMPANY
from tests.running import MANAGER
from tests.workflow.ordering import key
from tests.zones import give, serve

LETTER = base64.b64encode(PDF).decode()


class Quota(Desk):
    """A desk whose quotas a test sets, and what adds to each of them."""

    def __init__(self, folder: Path) -> None:
        """Begin with the quotas of a desk whose operator says nothing."""
        super().__init__(folder, rules_with(letter_products=frozenset({LETTER_OV})))
        serve(self)
        self.number = 0

    def allow(self, **most: int) -> None:
        """Set quotas."""
        rules = replace(self.engine.rules, quotas=Quotas(**most))
        self.engine = replace(self.engine, rules=rules)

    def used(self, caller: Caller | None = None) -> dict[str, int]:
        """Tell what an account has."""
        uin = (caller or self.caller).uin
        return dict(self.store.read(lambda unit: unit.usage.of(uin)))

    def next(self) -> str:
        """Give a name that nothing has yet."""
        self.number += 1
        return f"n{self.number}"

    def kept(self) -> dict[str, list[Any]]:
        """Give all that is kept."""
        return self.store.read(
            lambda unit: {spec.name: unit.collection(spec).where() for spec in COLLECTIONS}
        )

    def handed_in(self, product: int = DV, order: str = "") -> str:
        """Hand in the material of an order; give its id."""
        order = order or self.buy(self.caller, product)
        company = {} if product == DV else COMPANY | {"OrgOrganization": f"{self.next()} Ltd"}
        own = {"GenCsrType": "parse", "Csr": csr_for(key())}
        material = {k: v for k, v in (PERSONAL | company | own).items() if v is not None}
        self.call(self.caller, "CertificateInfoSubmit", CertId=order, **material)
        return order

    def send(self, order: str) -> str:
        """Submit an order to the CA."""
        self.call(self.caller, "CertificateOrderSubmit", CertId=order)
        return order

    def upload_letter(self, order: str) -> None:
        """Upload a letter of confirmation."""
        self.call(self.caller, "UploadConfirmLetter", CertificateId=order, ConfirmLetter=LETTER)

    def operated(self, action: str, **parameters: object) -> dict[str, Any]:
        """Do something for the account as the operator."""
        return self.operator(action, Uin=self.caller.uin, **parameters)

    def upload(self) -> None:
        """Upload a certificate that was made elsewhere."""
        authority = chains.pem(chains.intermediate().certificate)
        given = {"CertificatePublicKey": authority, "CertificateType": "CA"}
        self.call(self.caller, "UploadCertificate", **given)


Add = Callable[[], object]


def adding(desk: Quota) -> dict[str, Callable[[], Add]]:
    """Tell for each quota what prepares one more of it, and gives what adds it."""
    user = "AddUser"
    return {
        "orders": lambda: lambda: desk.buy(desk.caller),
        "open_orders": lambda: lambda: desk.buy(desk.caller),
        "open_names": lambda: one_of(desk.handed_in(), desk.send),
        "uploads": lambda: desk.upload,
        "proofs": lambda: one_of(desk.handed_in(), desk.send),
        "letters": lambda: one_of(desk.send(desk.handed_in(LETTER_OV)), desk.upload_letter),
        "stored_bytes": lambda: one_of(
            desk.buy(desk.caller, DV), lambda its: desk.handed_in(DV, its)
        ),
        "companies": lambda: (
            lambda: desk.operated("AddCompany", **KNOWN_COMPANY | {"CompanyName": desk.next()})
        ),
        "managers": lambda: one_of(
            desk.operated("AddCompany", **KNOWN_COMPANY | {"CompanyName": desk.next()}),
            lambda company: desk.operated("AddManager", **MANAGER, **company),
        ),
        "users": lambda: lambda: desk.operated(user, Name=desk.next()),
        "policies": lambda: (
            lambda: desk.operated("AddPolicy", Name=desk.next(), Effect="allow", Actions=["ssl:*"])
        ),
        "projects": lambda: lambda: desk.operated("AddProject", Name=desk.next()),
        "access_keys": lambda: one_of(
            desk.operated(user, Name=desk.next())["UserId"],
            lambda its: desk.operated("AddKey", UserId=its),
        ),
        "zones": lambda: (
            lambda: give(desk, desk.caller, name=f"{desk.next()}.example.com", Unchecked=True)
        ),
        "audit": lambda: lambda: desk.buy(desk.caller),
    }


def one_of(prepare_submission: Any, add: Callable[[Any], object]) -> Add:  # noqa: ANN401 -- whatever is prepared
    """Give what adds something to what was prepared."""
    return lambda: add(prepare_submission)


@pytest.fixture
def desk(tmp_path: Path) -> Quota:
    """A desk with the usual quotas."""
    return Quota(tmp_path)


# --- everything that is kept has a quota, or a reason for having none ----------------------------


@pytest.mark.parametrize("spec", COLLECTIONS, ids=lambda spec: spec.name)
def test_what_is_counted_has_an_account(spec: CollectionSpec[Any]) -> None:
    """Whose sums it goes into."""
    assert spec.measure is None or "uin" in spec.fields


def test_there_is_something_that_adds_to_every_quota(desk: Quota) -> None:
    """So that the tests below know each."""
    assert set(adding(desk)) == set(COUNTED)


@pytest.mark.parametrize("kind", COUNTED)
def test_one_more_than_a_quota_is_refused_and_undone(desk: Quota, kind: str) -> None:
    """By the code of the vendor's for quotas, with what there may be, and its setting."""
    first, more = adding(desk)[kind](), adding(desk)[kind]()
    before = desk.used()[kind]
    first()
    full = desk.used()[kind]
    assert full > before
    desk.allow(**{kind: full})
    kept = desk.kept()
    if kind == "audit":
        # The operator is not bound by it: what adds here are the account's own requests.
        assert desk.operated("AddUser", Name="unbound")
        kept = desk.kept()
    with pytest.raises(LimitExceeded, match=rf"may have at most {full} .* \(quota\.{kind}\)\."):
        more()
    assert desk.kept() == kept
    desk.allow(**{kind: 2 * full + 10})
    more()
    assert desk.used()[kind] > full


# --- what a quota does not stand in the way of ---------------------------------------------------


def test_an_account_whose_log_is_full_ends_what_it_has(desk: Quota) -> None:
    """It revokes, cancels and deletes; the rows of that are written all the same."""
    issued, given_up, stopped = desk.submit(DV), desk.buy(desk.caller), desk.submit(LETTER_OV)
    desk.take_on(issued)
    assert desk.order(issued).status is Status.ISSUED
    desk.allow(**dict.fromkeys(COUNTED, 0))
    rows = desk.used()["audit"]
    desk.call(desk.caller, "RevokeCertificate", CertificateId=issued)
    desk.call(desk.caller, "CancelCertificateOrder", CertificateId=given_up)
    desk.call(desk.caller, "CancelAuditCertificate", CertificateId=stopped)
    desk.call(desk.caller, "DeleteCertificate", CertificateId=given_up)
    assert desk.used()["audit"] > rows + 3


def test_every_action_that_ends_something_says_so() -> None:
    """And no other one does."""
    ending = {action.name for action in bootstrap.actions() if action.ends}
    assert ending == {
        "CancelAuditCertificate",
        "CancelCertificateOrder",
        "DeleteCertificate",
        "DeleteManager",
        "EndPerson",
        "EndSession",
        "ResetSecondStep",
        "RevokeCertificate",
        "RevokeOrder",
        "SignOut",
        "SwitchPerson",
        "UnlinkIdentity",
        "UploadRevokeLetter",
    }


def test_a_full_log_does_not_stop_the_desk_from_issuing(desk: Quota) -> None:
    """What it does by itself is counted, and never refused."""
    order = desk.submit(DV)
    desk.allow(audit=0, proofs=0, stored_bytes=0)
    rows = desk.used()["audit"]
    desk.take_on(order)
    assert desk.order(order).status is Status.ISSUED
    assert desk.used()["audit"] > rows


def test_a_request_that_looks_around_first_is_refused_before(desk: Quota) -> None:
    """CompleteCertificate makes no check whose row could not be written."""
    order = desk.submit(DV)
    desk.allow(audit=0)
    kept = desk.kept()
    with pytest.raises(LimitExceeded):
        desk.call(desk.caller, "CompleteCertificate", CertificateId=order)
    assert desk.kept() == kept
    assert not any(validator.checked for validator in desk.validators.values())


def test_a_key_is_not_shown_that_could_not_be_noted(desk: Quota) -> None:
    """A download is a row of the log."""
    order = desk.submit(DV)
    desk.take_on(order)
    desk.allow(audit=0)
    with pytest.raises(LimitExceeded):
        desk.call(desk.caller, "DownloadCertificate", CertificateId=order)


def test_another_accounts_quota_is_another(desk: Quota) -> None:
    """Each has its own sums."""
    other = desk.account()
    desk.allow(orders=1)
    desk.buy(desk.caller)
    desk.buy(other)
    with pytest.raises(LimitExceeded):
        desk.buy(other)


# --- quotas of one thing alone -------------------------------------------------------------------


def test_material_is_handed_in_so_often(desk: Quota) -> None:
    """What was handed in last stays in force."""
    desk.allow(submissions=2)
    order = desk.handed_in(DV, desk.handed_in())
    with pytest.raises(LimitExceeded, match=r"at most 2 submissions of one order"):
        desk.handed_in(DV, order)
    assert [each.number for each in desk.submissions(order)] == [1, 2]


@pytest.mark.parametrize(
    ("tags", "fault"),
    [
        (51 * [("k", "v")], "Tags: takes 50 at most, not 51."),
        ([("k", "v"), ("k" * 128, "v")], "Tags.1.TagKey: takes 127 characters at most, not 128."),
        ([("k", "é" * 256)], "Tags.0.TagValue: takes 255 characters at most, not 256."),
        (50 * [("k" * 127, "é" * 255)], ""),
    ],
    ids=["many", "a long key", "a long value", "as many as may be"],
)
def test_tags_are_so_many_and_so_long(desk: Quota, tags: list[tuple[str, str]], fault: str) -> None:
    """In every action that takes some; the refusal says which, and by how much."""
    given = [{"TagKey": key, "TagValue": value} for key, value in tags]
    authority = chains.pem(chains.intermediate().certificate)
    company = desk.operated("AddCompany", **KNOWN_COMPANY)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("CreateCertificate", {"ProductId": 104, "DomainNum": 1, "TimeSpan": 1}),
        ("UploadCertificate", {"CertificatePublicKey": authority, "CertificateType": "CA"}),
    ]
    by_operator: list[tuple[str, dict[str, Any]]] = [
        ("AddCompany", KNOWN_COMPANY | {"CompanyName": "other"}),
        ("AddManager", MANAGER | company),
    ]
    calls = [
        *(functools.partial(desk.call, desk.caller, action, **its) for action, its in asked),
        *(functools.partial(desk.operated, action, **its) for action, its in by_operator),
    ]
    for call in calls:
        if fault:
            with pytest.raises(InvalidParam) as refused:
                call(Tags=given)
            assert fault in refused.value.message
        else:
            call(Tags=given)


def test_failed_checks_are_kept_so_often(desk: Quota) -> None:
    """Those beyond are shown by the proof alone, and one that proves is kept anyway."""
    for validator in desk.validators.values():
        validator.verdicts.clear()
    desk.validation_run._stored_checks = 3  # noqa: SLF001 -- it is given once, when a desk is opened
    order = desk.submit(DV)
    for _ in range(5):
        desk.take_on(order)
        desk.clock.move(desk.engine.rules.proof_interval * 60)
    checks = desk.store.read(lambda unit: unit.evidence.where(certificate_id=order))
    (proof,) = desk.store.read(lambda unit: unit.proofs.where(certificate_id=order))
    assert (len(checks), proof.looks) == (3, 5)


def test_a_quota_says_of_what_it_is() -> None:
    """The texts are those of the declaration."""
    assert str(QuotaExceeded("users", 3)) == "The account may have at most 3 users (quota.users)."
