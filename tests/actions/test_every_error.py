"""Every error that an action of vetting, reissue and revocation declares, by its natural cause.

The table is whole: a code that one of these actions comes to declare without a cause here fails.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from certdesk import bootstrap
from certdesk.domain import errors
from certdesk.domain.accounts.policy import ALLOW, EVERYTHING, Grants, Policy
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import KeysBusy, Pending
from tests import chains
from tests.actions.vetting import DV, LETTER_OV, OV, WOTRUS_OV, Desk
from tests.inside import NOON
from tests.papers import GIF, PDF, PNG
from tests.rules import rules_with

NOBODYS = "AAAAAAAA"
SHORT, LONG = b"%PDF-" + bytes(900), b"%PDF-" + bytes(1_400 * 1024)

Action: TypeAlias = Callable[..., object]
"""One action, of an order or manager and with further parameters; `by` is who asks."""

Cause: TypeAlias = Callable[[Desk, Action], object]
"""Brings the desk into a state, and asks for what is refused there."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk where people vet; two products of OV take a letter. It makes no keys."""
    return Desk(tmp_path, rules_with(letter_products=frozenset({LETTER_OV, WOTRUS_OV})))


def issued(desk: Desk, product: int = OV) -> str:
    """Take an order to its certificate."""
    order = desk.submit(product)
    desk.approve_all()
    desk.take_on(order)
    assert desk.stands(order) == (1, None)
    return order


def to_be_revoked(desk: Desk) -> str:
    """Have an order wait for its letter of revocation."""
    order = issued(desk)
    desk.call(desk.caller, "RevokeCertificate", CertificateId=order)
    assert desk.stands(order)[0] == 12
    return order


def uploaded(desk: Desk) -> str:
    """Upload a certificate that was made elsewhere."""
    authority = chains.pem(chains.intermediate().certificate)
    given = {"CertificatePublicKey": authority, "CertificateType": "CA"}
    return str(desk.call(desk.caller, "UploadCertificate", **given)["CertificateId"])


def too_busy(desk: Desk, order: str) -> str:
    """Have more to be parsed than the desk takes."""
    desk.parsers.busy = True
    return order


def vetted(desk: Desk) -> int:
    """Have a manager that is vetted, and the order that named it."""
    issued(desk)
    return 1


def bound(
    desk: Desk, certificates: tuple[str, ...] = EVERYTHING, projects: tuple[str, ...] = EVERYTHING
) -> Caller:
    """Give a user of the account who may do everything, but only to some things."""
    policy = Policy(
        uin=desk.caller.uin,
        name="some",
        effect=ALLOW,
        certificates=certificates,
        projects=projects,
        created_at=NOON,
    )
    return replace(desk.caller, user_id=1, grants=Grants((policy,)))


def elsewhere(desk: Desk) -> Caller:
    """Give a user who may act in another project."""
    return bound(desk, projects=("7",))


def single(desk: Desk) -> Caller:
    """Give a user who may act on another certificate."""
    return bound(desk, certificates=(NOBODYS,))


def stranger(desk: Desk) -> Caller:
    """Give another account."""
    return desk.account()


def unverified(desk: Desk) -> Caller:
    """Give the account as one whose identity is not verified."""
    return replace(desk.caller, verified=False)


def replaced(desk: Desk, act: Action) -> object:
    """Replace a certificate for the second time."""
    order = issued(desk)
    act(order)
    return act(order)


def blocked_before(desk: Desk, act: Action) -> object:
    """Lend a key that the operator has blocked since."""
    order = issued(desk)
    block(desk, order)
    return act(order)


def block(desk: Desk, order: str) -> None:
    """Block the key of an order, as who hears that it is known to others."""
    (submission,) = desk.submissions(order)
    desk.operator("BlockKeys", Digests=[submission.spki_sha256.hex()], Reason="leaked")


def busy(desk: Desk, act: Action) -> object:
    """Want a key while as many are wanted as may be."""
    order = issued(desk)
    with contextlib.suppress(KeysBusy):
        while True:
            with pytest.raises(Pending), desk.stock.lend(KeyKind.P_256):
                pass
    return act(order, CsrType="Online", CertCSREncryptAlgo="ECC")


def ended(desk: Desk, act: Action) -> object:
    """Revoke what nobody trusts any more."""
    order = issued(desk)
    desk.clock.move(timedelta(days=400))
    return act(order)


CAUSES: dict[str, dict[type[errors.ServiceError], Cause]] = {
    "UploadConfirmLetter": {
        errors.CertificateNotFound: lambda desk, act: act(
            desk.submit(LETTER_OV), by=stranger(desk)
        ),
        errors.UnauthorizedOperation: lambda desk, act: act(desk.submit(OV), by=elsewhere(desk)),
        errors.InvalidCertificateSource: lambda desk, act: act(uploaded(desk)),
        errors.UploadConfirmCertificateNotSupportDV: lambda desk, act: act(desk.submit(DV)),
        errors.InvalidCertificateStatusCode: lambda desk, act: act(desk.submit(OV)),
        errors.FailedOperation: lambda desk, act: act(too_busy(desk, desk.submit(LETTER_OV))),
        errors.ConfirmLetterTooSmall: lambda desk, act: act(desk.submit(LETTER_OV), letter=SHORT),
        errors.ConfirmLetterTooLarge: lambda desk, act: act(desk.submit(LETTER_OV), letter=LONG),
        errors.InvalidConfirmLetterFormat: lambda desk, act: act(
            desk.submit(LETTER_OV), letter=GIF
        ),
        errors.InvalidConfirmLetterFormatWosign: lambda desk, act: act(
            desk.submit(WOTRUS_OV), letter=PNG
        ),
    },
    "UploadRevokeLetter": {
        errors.CertificateNotFound: lambda desk, act: act(to_be_revoked(desk), by=stranger(desk)),
        errors.AuthError: lambda desk, act: act(to_be_revoked(desk), by=single(desk)),
        errors.NoProjectPermission: lambda desk, act: act(to_be_revoked(desk), by=elsewhere(desk)),
        errors.InvalidCertificateStatusCode: lambda desk, act: act(issued(desk)),
        errors.FailedOperation: lambda desk, act: act(too_busy(desk, to_be_revoked(desk))),
        errors.ConfirmLetterTooSmall: lambda desk, act: act(to_be_revoked(desk), letter=SHORT),
        errors.ConfirmLetterTooLarge: lambda desk, act: act(to_be_revoked(desk), letter=LONG),
        errors.InvalidFileType: lambda desk, act: act(to_be_revoked(desk), letter=GIF),
    },
    "RevokeCertificate": {
        errors.CertificateNotFound: lambda desk, act: act(issued(desk), by=stranger(desk)),
        errors.AuthError: lambda desk, act: act(issued(desk), by=single(desk)),
        errors.InvalidCertificateSource: lambda desk, act: act(uploaded(desk)),
        errors.InvalidCertificateStatusCode: lambda desk, act: act(desk.submit()),
        errors.InvalidParam: lambda desk, act: act(issued(desk), Reason="removeFromCRL"),
        errors.RevokeFailed: ended,
    },
    "ReplaceCertificate": {
        errors.CertificateNotFound: lambda desk, act: act(issued(desk), by=stranger(desk)),
        errors.AuthError: lambda desk, act: act(issued(desk), by=single(desk)),
        errors.NoProjectPermission: lambda desk, act: act(issued(desk), by=elsewhere(desk)),
        errors.NoRealNameAuth: lambda desk, act: act(issued(desk), by=unverified(desk)),
        errors.InvalidCertificateSource: lambda desk, act: act(uploaded(desk)),
        errors.InvalidCertificateStatusCode: lambda desk, act: act(desk.submit()),
        errors.InvalidParam: lambda desk, act: act(issued(desk), CsrType="Mine"),
        errors.RenewAlgorithmInvalid: lambda desk, act: act(
            issued(desk), CsrType="Online", CertCSREncryptAlgo="SM2"
        ),
        errors.OrderAlreadyReplaced: replaced,
        errors.OrderReplaceFailed: blocked_before,
        errors.FailedOperation: busy,
    },
    "DescribeManagerDetail": {
        errors.ManagerNotFound: lambda desk, act: act(vetted(desk), by=stranger(desk)),
        errors.InvalidParam: lambda desk, act: act(vetted(desk), Limit=-1),
    },
    "SubmitAuditManager": {
        errors.ManagerNotFound: lambda desk, act: act(vetted(desk), by=stranger(desk)),
        errors.IllegalManagerStatus: lambda desk, act: act(vetted(desk)),
    },
    "VerifyManager": {
        errors.ManagerNotFound: lambda desk, act: act(vetted(desk), by=stranger(desk)),
        errors.IllegalManagerStatus: lambda desk, act: (act(vetted(desk)), act(1)),
    },
    "DeleteManager": {
        errors.ManagerNotFound: lambda desk, act: act(vetted(desk), by=stranger(desk)),
        errors.ManagerCanNotDeleteCa: lambda desk, act: (desk.submit(), act(1)),
        errors.ManagerCanNotDeleteCert: lambda desk, act: act(vetted(desk)),
    },
}


def action_of(desk: Desk, name: str) -> Action:
    """Give an action as the causes ask for it."""
    letter_of = {"UploadConfirmLetter": "ConfirmLetter", "UploadRevokeLetter": "RevokeLetter"}

    def act(
        subject: str | int, by: Caller | None = None, letter: bytes = PDF, **others: object
    ) -> object:
        given = {"ManagerId" if isinstance(subject, int) else "CertificateId": subject} | others
        if name in letter_of:
            given[letter_of[name]] = base64.b64encode(letter).decode()
        if name == "ReplaceCertificate":
            given["ValidType"] = "DNS"
        return desk.call(by or desk.caller, name, **given)

    return act


@pytest.mark.parametrize(
    ("name", "error"),
    [(name, error) for name, causes in CAUSES.items() for error in causes],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_an_error_has_its_natural_cause(
    desk: Desk, name: str, error: type[errors.ServiceError]
) -> None:
    """It is that error and no kin of it."""
    with pytest.raises(error) as refused:
        CAUSES[name][error](desk, action_of(desk, name))
    assert refused.value.code == error.code


@pytest.mark.parametrize("name", CAUSES)
def test_the_table_has_every_error_that_is_declared(name: str) -> None:
    """And no other."""
    declared = bootstrap.actions().find(name)
    assert declared is not None
    assert set(declared.errors) == set(CAUSES[name])
