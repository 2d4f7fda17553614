"""What a submission leaves behind in the desk, where no client looks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.errors import (
    FailedOperation,
    InvalidCertificateStatusCode,
    InvalidParam,
    ServiceError,
)
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.records import Submission
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.secret import Secret
from certdesk.engine import OPERATOR, Caller
from certdesk.ports import KeysBusy, Place, ReadyKey, VaultError
from tests.actions.submitting import COMPANY, IDENTITY, PERSONAL
from tests.inside import NOON, InsideDesk

SECRETS = [
    *(IDENTITY[name] for name in ("AdminIdNumber", "TechIdNumber")),
    *(str(COMPANY[name]) for name in ("OrgPhoneNumber", "AdminPhone", "TechPhone", "AdminEmail")),
    "pass phrase",
    "webmaster@example.com",
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk in memory."""
    with InsideDesk(tmp_path) as desk:
        yield desk


@pytest.fixture
def caller(desk: InsideDesk) -> Caller:
    """An account on it."""
    return desk.account()


def submit(desk: InsideDesk, caller: Caller, order: str, **changes: object) -> None:
    """Hand in good material of a person, with changes."""
    given = PERSONAL | {"CertId": order} | changes
    present = {name: value for name, value in given.items() if value is not None}
    desk.call(caller, "CertificateInfoSubmit", **present)


def facts(submission: Submission) -> dict[str, Any]:
    """Read what lies in the clear of a submission."""
    read = json.loads(submission.facts)
    assert isinstance(read, dict)
    return read


# --- what is kept -------------------------------------------------------------------------------


def test_every_submission_is_kept_and_the_order_names_the_last(
    desk: InsideDesk, caller: Caller
) -> None:
    """Numbered from 1, with its time and its key."""
    order = desk.buy(caller)
    assert desk.order(order).submission == 0
    for name in ("a.example.com", "b.example.com", "c.example.com"):
        desk.clock.move(timedelta(hours=1))
        submit(desk, caller, order, CertCommonName=name)
    kept = desk.submissions(order)
    assert desk.order(order).submission == 3
    assert [each.number for each in kept] == [1, 2, 3]
    assert [facts(each)["common_name"][0] for each in kept] == ["a", "b", "c"]
    assert [each.submitted_at - NOON for each in kept] == [timedelta(hours=h) for h in (1, 2, 3)]
    assert len({each.spki_sha256 for each in kept}) == 3


def test_each_submission_has_its_audit_row(desk: InsideDesk, caller: Caller) -> None:
    """Who, what, when and under which RequestId."""
    order = desk.buy(caller)
    submit(desk, caller, order)
    submit(desk, caller, order)
    bought, *handed_in = desk.audit(order)
    assert (bought.action, bought.detail) == ("CreateCertificate", "product 25")
    assert [each.detail for each in handed_in] == ["submission 1", "submission 2"]
    assert {each.action for each in handed_in} == {"CertificateInfoSubmit"}
    assert {(each.uin, each.actor) for each in handed_in} == {(caller.uin, caller.actor)}
    kept = desk.submissions(order)
    assert [each.request_id for each in handed_in] == [each.request_id for each in kept]


def test_what_is_checked_for_issuing_is_kept_with_the_submission(
    desk: InsideDesk, caller: Caller
) -> None:
    """CaType, SignAlgo, UseCrossSignRoot and Type wait for an issuer."""
    order = desk.buy(caller, product=48)
    own = {"CaType": "digicert", "SignAlgo": "SHA384", "UseCrossSignRoot": True, "Type": 48}
    submit(desk, caller, order, **own, VerifyType="FILE")
    kept = facts(desk.submissions(order)[0])
    assert (kept["ca_type"], kept["sign_algorithm"]) == ("digicert", "SHA384")
    assert (kept["cross_sign"], kept["product_number"], kept["verify_type"]) == (True, 48, "FILE")


@pytest.mark.parametrize(("given", "kept"), [(1, True), (0, False), (None, False)])
def test_the_order_knows_whether_it_renews_itself(
    desk: InsideDesk,
    caller: Caller,
    given: int | None,
    kept: bool,  # noqa: FBT001 -- an expected value
) -> None:
    """The last submission counts; the default is 0."""
    order = desk.buy(caller)
    submit(desk, caller, order, AutoRenewFlag=1)
    submit(desk, caller, order, AutoRenewFlag=given)
    assert desk.order(order).auto_renew is kept


def remarks(desk: InsideDesk, order: str) -> list[str]:
    """Return what a reviewer reads about the numbers in the material of an order."""
    shown = desk.call(OPERATOR, "ShowReview", Id=f"order:{order}")
    found: list[str] = shown["Order"]["Remarks"]
    return found


def test_a_reviewer_reads_doubts_about_numbers_without_the_numbers(
    desk: InsideDesk, caller: Caller
) -> None:
    """By the names of the parameters."""
    order = desk.buy(caller, product=98)
    odd = {"OrgIdType": "TYDMZ", "AdminIdType": "SFZ", "OrgPhoneNumber": "1", "TechPhone": "2"}
    submit(desk, caller, order, **COMPANY | IDENTITY | odd)
    assert remarks(desk, order) == [
        "OrgIdNumber: the check digit of the unified social credit code is wrong",
        "OrgPhoneNumber: no valid telephone number in CN",
        "AdminIdNumber: the check digit of the identity card is wrong",
        "TechPhone: no valid telephone number in CN",
    ]


def test_sound_numbers_leave_no_doubt(desk: InsideDesk, caller: Caller) -> None:
    """Dialled from the company's country."""
    order = desk.buy(caller, product=28)
    submit(desk, caller, order, **COMPANY)
    assert remarks(desk, order) == []
    german = {"OrgCountry": "DE", "OrgPhoneArea": "030", "OrgPhoneNumber": "2270"}
    people = {"AdminPhone": "015123456789", "TechPhone": "+8613112341234"}
    submit(desk, caller, order, **COMPANY | german | people)
    assert remarks(desk, order) == []


# --- what is sealed -----------------------------------------------------------------------------


def test_nothing_secret_or_personal_lies_in_the_clear(desk: InsideDesk, caller: Caller) -> None:
    """Neither in the submission nor in the company or the manager."""
    order = desk.buy(caller, product=98)
    own = {"KeyPass": "pass phrase", "ContactEmail": "webmaster@example.com"}
    submit(desk, caller, order, **COMPANY | IDENTITY | own)
    records = desk.store.read(
        lambda unit: [
            *unit.submissions.where(),
            *unit.companies.where(),
            *unit.managers.where(),
            *unit.audit.where(),
        ]
    )
    assert not any(secret in repr(record) for secret in SECRETS for record in records)


def test_a_pass_phrase_and_a_private_key_open_at_their_own_place_alone(
    desk: InsideDesk, caller: Caller
) -> None:
    """Swapped between two submissions of one order, neither opens."""
    order = desk.buy(caller)
    submit(desk, caller, order, KeyPass="first")
    submit(desk, caller, order, KeyPass="second")
    first, second = desk.submissions(order)
    assert first.key_pass is not None
    assert second.private_key is not None

    def place(submission: Submission, column: str) -> Place:
        return Place(caller.uin, "submissions", submission.request_id, column)

    assert desk.vault.open(first.key_pass, place(first, "key_pass")) == Secret("first")
    opened = desk.vault.open(second.private_key, place(second, "private_key"))
    assert opened.text().startswith("-----BEGIN PRIVATE KEY-----")
    for sealed, wrong in (
        (first.key_pass, place(second, "key_pass")),
        (first.key_pass, place(first, "private_key")),
    ):
        with pytest.raises(VaultError):
            desk.vault.open(sealed, wrong)


def test_a_key_that_was_not_made_here_is_not_kept(desk: InsideDesk, caller: Caller) -> None:
    """A CSR has none, and without KeyPass there is no pass phrase."""
    order = desk.buy(caller)
    uploaded = (Path(__file__).parents[1] / "data" / "uploaded_csr.pem").read_text()
    own = {"GenCsrType": "parse", "Csr": uploaded, "CertCommonName": "tencent.com"}
    submit(desk, caller, order, **own)
    (kept,) = desk.submissions(order)
    assert (kept.private_key, kept.key_pass) == (None, None)
    assert (kept.csr, kept.key) == (uploaded, "RSA 2048")


# --- keys and races -----------------------------------------------------------------------------


class Scripted:
    """`ports.Keys` that lends the keys of a stock and lets something happen meanwhile."""

    def __init__(self, folder: Path) -> None:
        """Make a desk that asks here for keys, and an account on it."""
        self.desk = InsideDesk(folder, self)
        self.caller = self.desk.account()
        self.busy = False
        self.cancelled = ""

    @contextlib.contextmanager
    def lend(self, kind: KeyKind) -> Iterator[ReadyKey]:
        """Lend a key and, while it is out, cancel the order that is to be cancelled."""
        if self.busy:
            raise KeysBusy
        with self.desk.stock.lend(kind) as ready:
            if self.cancelled:
                order = self.cancelled
                self.desk.call(self.caller, "CancelCertificateOrder", CertificateId=order)
            yield ready

    def refused(self, order: str) -> ServiceError:
        """Hand in material that is to be refused."""
        with pytest.raises(ServiceError) as error:
            submit(self.desk, self.caller, order)
        assert self.desk.submissions(order) == []
        return error.value

    def stocked(self) -> list[bytes]:
        """List the digests of the keys in stock."""
        return self.desk.store.read(
            lambda unit: [each.spki_sha256 for each in unit.key_stock.where()]
        )


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Scripted]:
    """A desk whose keys are scripted."""
    keys = Scripted(tmp_path)
    with keys.desk:
        yield keys


def test_an_order_that_was_cancelled_meanwhile_takes_no_material(scripted: Scripted) -> None:
    """The status is looked at again in the transaction that writes."""
    order = scripted.cancelled = scripted.desk.buy(scripted.caller)
    error = scripted.refused(order)
    assert isinstance(error, InvalidCertificateStatusCode)
    assert error.message == (
        "The certificate status is incorrect. The order changed while the desk checked the "
        "material. The order has status 7 (Cancelled)."
    )
    assert scripted.desk.order(order).status is Status.CANCELLED


def test_too_many_keys_at_once_are_a_failed_operation(scripted: Scripted) -> None:
    """The client may come again, or bring a CSR of its own."""
    scripted.busy = True
    error = scripted.refused(scripted.desk.buy(scripted.caller))
    assert error.code == FailedOperation.code
    assert error.detail.startswith("The desk is making too many keys")


def test_a_key_leaves_the_stock_in_the_transaction_that_keeps_it(scripted: Scripted) -> None:
    """Still there after a refused submission, and then taken by the next."""
    scripted.cancelled = scripted.desk.buy(scripted.caller)
    scripted.refused(scripted.cancelled)
    (digest,) = scripted.stocked()
    scripted.cancelled = ""
    order = scripted.desk.buy(scripted.caller)
    submit(scripted.desk, scripted.caller, order)
    assert scripted.stocked() == []
    assert scripted.desk.submissions(order)[0].spki_sha256 == digest


def test_a_made_key_that_is_blocked_is_refused_too(scripted: Scripted) -> None:
    """However unlikely: the list of blocked keys knows no exception."""
    scripted.cancelled = scripted.desk.buy(scripted.caller)
    scripted.refused(scripted.cancelled)
    (digest,) = scripted.stocked()
    scripted.cancelled = ""
    scripted.desk.operator("BlockKeys", Digests=[digest.hex()], Reason="lost")
    assert isinstance(scripted.refused(scripted.desk.buy(scripted.caller)), InvalidParam)
