"""A desk with two accounts, and certificates of the one that may move to the other."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from certdesk import bootstrap
from certdesk.actions.orders.download import FetchDownloadReply
from certdesk.domain.orders.order import Order
from certdesk.domain.rules import Rules
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.keys import KeyKind, private_key_pem
from certdesk.engine import Caller
from certdesk.ports import Store
from certdesk.wire.decode import decode
from tests import chains
from tests.actions.submitting import PERSONAL, csr_for
from tests.inside import InsideDesk
from tests.workflow.ordering import key

NAME = "example.com"
DV, OV = 104, 14


class Desk(InsideDesk):
    """A desk on which certificates are issued from the private CA, for `old` at first."""

    def __init__(
        self, folder: Path, rules: Rules | None = None, *, store: Store | None = None
    ) -> None:
        """Open both accounts."""
        super().__init__(folder, rules=rules, private_ca=True, store=store)
        self.old: Caller = self.account()
        self.new: Caller = self.account()
        for validator in self.validators.values():
            validator.verdicts[NAME] = Verdict.PROVED

    def submit(self, product: int = DV, caller: Caller | None = None, **changes: object) -> str:
        """Buy an order, hand its material in, and submit it to the CA."""
        owner = caller or self.old
        bought = self.buy(owner, product)
        material = PERSONAL | {"GenCsrType": "parse", "Csr": csr_for(key())} | changes
        given = {name: value for name, value in material.items() if value is not None}
        self.call(owner, "CertificateInfoSubmit", CertId=bought, **given)
        self.call(owner, "CertificateOrderSubmit", CertId=bought)
        return bought

    def issued(self, product: int = DV, **changes: Any) -> str:  # noqa: ANN401 -- as the wire has it
        """Have a certificate issued for the old account."""
        order = self.submit(product, **changes)
        for each in self.operator("ListReviews")["Reviews"]:
            self.operator("ApproveReview", Id=each["Id"])
        self.take_on(order)
        assert self.order(order).status == 1
        return order

    def with_key(self, **changes: Any) -> str:  # noqa: ANN401 -- as above
        """Have a certificate issued whose key the desk makes."""
        return self.issued(GenCsrType="online", Csr=None, **changes)

    def uploaded(self) -> str:
        """Upload a certificate with its key to the old account."""
        own = chains.key_of(KeyKind.P_256)
        text = chains.pem(chains.leaf(own, NAME), chains.intermediate().certificate)
        given = {
            "CertificatePublicKey": text,
            "CertificatePrivateKey": private_key_pem(own).decode(),
        }
        return str(self.call(self.old, "UploadCertificate", **given)["CertificateId"])

    def send(self, certificate_id: str, to: str | None = None, **more: object) -> dict[str, Any]:
        """Ask for a move, to the new account if to no other."""
        target = self.new.uin if to is None else to
        return self.operator("MoveOrder", CertificateId=certificate_id, Uin=target, **more)

    def move(self, certificate_id: str) -> Order:
        """Have a certificate moved to the new account, and give its order."""
        assert self.send(certificate_id)["Status"] == 15
        self.take_on(certificate_id)
        return self.order(certificate_id)

    def fetch(self, certificate_id: str, *, current: bool = False) -> bytes:
        """Follow a link that the old account has asked for."""
        action = bootstrap.actions().find("FetchDownload", internal=True)
        assert action is not None
        asked = {"ServiceType": "nginx", "Filename": f"{NAME}_nginx.zip", "Current": current}
        request = decode({"CertificateId": certificate_id} | asked, action.request)
        reply = self.engine.perform(action, self.old, request, str(uuid.uuid4()))
        assert isinstance(reply, FetchDownloadReply)
        return reply.content
