"""A desk with something of everything, for later releases to open.

It stands at a fixed time, in a world that does as it is told: names are proved when `prove` says
so. All of it is done by the actions that people and their programs use.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from certdesk.domain.people.role import Role
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values import keys as keypairs
from certdesk.domain.values.keys import KeyKind
from certdesk.engine import Caller
from certdesk.ports import COLLECTIONS, Store, Unit
from certdesk.testing.clock import ManualClock
from tests import chains
from tests.actions.submitting import COMPANY, IDENTITY, PERSONAL
from tests.inside import InsideDesk
from tests.papers import pdf
from tests.running import COMPANY as ENTERED
from tests.running import MANAGER
from tests.zones import by_rfc2136, give

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When the desk was left as it is."""

LONG_AGO = timedelta(days=400)
"""Before that, so a certificate has ended."""

KEY_PASS = "12345678"
DV, OV, WITH_LETTER, FREE = 104, 14, 9, 83
NOBODY = "127.0.0.1:9"
"""A server of zones that refuses every connection, wherever the database is opened."""

EMPTY = {"seen_signatures", "key_stock"}
"""What has no records: requests come by no HTTP, and keys are made when they are asked for."""


class FilledDesk(InsideDesk):
    """A desk with two accounts."""

    def __init__(self, folder: Path, store: Store) -> None:
        """Open the accounts."""
        super().__init__(folder, store=store, private_ca=True, clock=ManualClock(AT - LONG_AGO))
        self.keys = [self.operator("AddAccount", Name=name) for name in ("Web team", "Shop")]
        self.caller, self.other = (
            Caller(uin=each["Uin"], actor=each["SecretId"], verified=True, role=Role.USER)
            for each in self.keys
        )

    def ask(self, action: str, certificate_id: str, **further: object) -> dict[str, Any]:
        """Carry out an action on an order, as its owner."""
        return self.call(self.caller, action, CertificateId=certificate_id, **further)

    def submit(self, name: str, product: int = DV, **material: object) -> str:
        """Buy an order for a name, hand its material in, and submit it to the CA."""
        bought = self.buy(self.caller, product)
        given = PERSONAL | {"CertCommonName": name} | material
        used = {key: value for key, value in given.items() if value is not None}
        kind = {"VerifyType": used.pop("VerifyType", "DNS")}
        self.call(self.caller, "CertificateInfoSubmit", CertId=bought, **used)
        self.call(self.caller, "CertificateOrderSubmit", CertId=bought, **kind)
        return bought

    def prove(self, name: str) -> None:
        """Let what proves a name be found from now on."""
        for validator in self.validators.values():
            validator.verdicts[name] = Verdict.PROVED

    def issued(self, name: str, product: int = DV, **material: object) -> str:
        """Order a certificate, have people approve what they are asked, and have it issued."""
        self.prove(name)
        order = self.submit(name, product, **material)
        for waiting in self.operator("ListReviews")["Reviews"]:
            self.operator_as(1000, "ApproveReview", Id=waiting["Id"])
        self.take_on(order)
        assert self.order(order).status == 1
        return order


def fill(desk: FilledDesk) -> dict[str, Any]:
    """Fill it; return what is in it, as a reader is to find it."""
    orders = {"3": desk.issued("expired.example.com")}
    desk.clock.move(LONG_AGO)
    desk.take_on(orders["3"])
    _people(desk)
    good = desk.issued("good.example.com", KeyPass=KEY_PASS)
    orders |= {"1": good} | _taken_back(desk) | _waiting(desk) | _given_up(desk) | _moved(desk)
    letter = pdf()
    sent = {"ConfirmLetter": base64.b64encode(letter).decode()}
    read_by = desk.submit("letter.example.com", WITH_LETTER, **COMPANY)
    desk.ask("UploadConfirmLetter", read_by, **sent)
    _uploaded(desk)
    for status, order in orders.items():
        assert desk.order(order).status == int(status), (order, status)
    stored = desk.store.read(_counts)
    empty = {name for name, count in stored.items() if not count}
    assert empty == EMPTY, empty ^ EMPTY
    return {
        "At": AT.isoformat(),
        "Accounts": [
            {name: each[name] for name in ("Uin", "SecretId", "SecretKey")} for each in desk.keys
        ],
        "Orders": {status: orders[status] for status in sorted(orders, key=int)},
        "Letter": {"CertificateId": read_by, "Sha256": hashlib.sha256(letter).hexdigest()},
        "Certificate": {
            "CertificateId": good,
            "KeyPass": KEY_PASS,
            "Looks": desk.store.read(lambda unit: len(unit.evidence.where(certificate_id=good))),
            "Sha256": desk.store.read(_fingerprint(good)),
        },
        "Waiting": len(desk.operator("ListReviews")["Reviews"]),
        "Records": stored,
    }


def _people(desk: FilledDesk) -> None:
    """Enter users with policies, a project, companies with managers, and limits."""
    uin = desk.caller.uin
    user = desk.operator("AddUser", Uin=uin, Name="reader")["UserId"]
    desk.operator("AddKey", Uin=uin, UserId=user)
    policy = desk.operator(
        "AddPolicy", Uin=uin, Name="read", Effect="allow", Actions=["ssl:Describe*"]
    )
    desk.operator("AttachPolicy", UserId=user, PolicyId=policy["PolicyId"])
    desk.operator("AddToken", UserId=user, Minutes=60)
    desk.operator("AddProject", Uin=uin, Name="Shop")
    desk.operator("SetRateLimit", Uin=uin, Action="CreateCertificate", PerSecond=5)
    desk.operator("BlockKeys", Digests=["ab" * 32], Reason="on a list of weak keys")
    company = desk.operator("AddCompany", Uin=uin, **ENTERED)["CompanyId"]
    for number, status in enumerate(("ok", None)):
        person = MANAGER | {"ManagerMail": f"manager{number}@example.com", "Status": status}
        desk.operator("AddManager", Uin=uin, CompanyId=company, **person)


def _taken_back(desk: FilledDesk) -> dict[str, str]:
    """Have certificates that are revoked, or are to be."""
    revoked = desk.issued("revoked.example.com")
    desk.operator("RevokeOrder", CertificateId=revoked, Reason="keyCompromise")
    desk.take_on(revoked)
    revoking = desk.issued("revoking.example.com")
    desk.ask("RevokeCertificate", revoking)
    to_send = desk.issued("to-send.example.com", OV, **COMPANY | IDENTITY)
    desk.ask("RevokeCertificate", to_send)
    return {"9": revoking, "10": revoked, "12": to_send}


def _waiting(desk: FilledDesk) -> dict[str, str]:
    """Have orders that wait: for a proof, a person, a letter, material, a zone, or the CA."""
    searched = desk.submit("searched.example.com", VerifyType="FILE")
    desk.take_on(searched)
    original = desk.issued("again.example.com")
    desk.caa.refused["again.example.com"] = "CAA records refuse."
    again = desk.ask("ReplaceCertificate", original, ValidType="DNS")["CertificateId"]
    desk.take_on(again)
    desk.records.zones["example.net"] = by_rfc2136(server=NOBODY)
    give(desk, desk.caller, "example.net", server=NOBODY)
    person = desk.submit("person.example.com", OV, **COMPANY)
    desk.operator_as(1000, "ShowReview", Id=f"order:{person}")
    given = desk.operator("GrantOrder", Uin=desk.caller.uin, ProductId=FREE)
    return {
        "0": searched,
        "4": desk.submit("added.example.net", VerifyType="DNS_AUTO"),
        "5": desk.buy(desk.caller),
        "8": desk.submit("unsent.example.com", WITH_LETTER, **COMPANY),
        "11": again,
        "13": given["CertificateIds"][0],
    }


def _given_up(desk: FilledDesk) -> dict[str, str]:
    """Have orders that came to nothing."""
    rejected = desk.submit("rejected.example.com", OV, **COMPANY)
    for waiting in desk.operator("ListReviews")["Reviews"]:
        if waiting.get("CertificateId") == rejected or waiting["Id"] == f"order:{rejected}":
            desk.operator_as(1000, "RejectReview", Id=waiting["Id"], Reason="not ours")
    cancelled, refunded = (desk.buy(desk.caller) for _ in range(2))
    for each in (cancelled, refunded):
        desk.ask("CancelCertificateOrder", each)
    desk.operator("RefundOrder", CertificateId=refunded, Reason="bought twice")
    desk.prove("cancelling.example.net")
    desk.caa.refused["cancelling.example.net"] = "CAA records refuse."
    cancelling = desk.submit("cancelling.example.net", VerifyType="DNS_AUTO")
    desk.take_on(cancelling)
    desk.records.down = True
    desk.ask("CancelCertificateOrder", cancelling)
    desk.take_on(cancelling)
    return {"2": rejected, "6": cancelling, "7": cancelled, "14": refunded}


def _moved(desk: FilledDesk) -> dict[str, str]:
    """Have a certificate on its way to the other account."""
    moving = desk.issued("moving.example.com")
    desk.operator("MoveOrder", CertificateId=moving, Uin=desk.other.uin)
    return {"15": moving}


def _uploaded(desk: FilledDesk) -> None:
    """Upload certificates that were made elsewhere; of one that is denied the key is remembered."""
    for name in ("elsewhere.example.com", "denied.example.com"):
        key = keypairs.generate(KeyKind.P_256)
        leaf = chains.leaf(key, name)
        uploaded = desk.call(
            desk.caller,
            "UploadCertificate",
            CertificatePublicKey=chains.pem(leaf, chains.intermediate().certificate),
            CertificatePrivateKey=keypairs.private_key_pem(key).decode(),
        )["CertificateId"]
    denied = {"Effect": "deny", "Actions": ["*"], "CertificateIds": [uploaded]}
    desk.operator("AddPolicy", Uin=desk.caller.uin, Name="deny", **denied)
    desk.ask("DeleteCertificate", uploaded)


def _fingerprint(certificate_id: str) -> Callable[[Unit], str]:
    def read(unit: Unit) -> str:
        (certificate,) = unit.certificates.where(certificate_id=certificate_id)
        return certificate.sha256

    return read


def _counts(unit: Unit) -> dict[str, int]:
    return {spec.name: len(unit.collection(spec).where()) for spec in COLLECTIONS}
