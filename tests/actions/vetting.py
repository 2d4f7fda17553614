"""A desk where people vet, and letters for it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.order import Order
from certdesk.domain.people.records import PersonLink
from certdesk.domain.people.role import Role
from certdesk.domain.rules import Rules
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.record import replace
from certdesk.engine import OPERATOR, Caller
from tests.actions.submitting import COMPANY, PERSONAL, csr_for
from tests.inside import InsideDesk
from tests.workflow.ordering import key

OV, EV, LETTER_OV, DV, WOTRUS_OV = 14, 16, 9, 104, 28

ROOT = 0
"""The one user of every system, whose name is `root`."""

ANN, BEN, OPS = 4_000_001, 4_000_002, 4_000_003
"""Users of the system without an entry in passwd(5), who are named `uid N`."""


class Desk(InsideDesk):
    """A desk with an account that orders for a company, whose names are proved."""

    def __init__(
        self, folder: Path, rules: Rules | None = None, *, private_ca: bool = False
    ) -> None:
        """Open the account."""
        super().__init__(folder, rules=rules, private_ca=private_ca)
        self.caller: Caller = self.account()
        for validator in self.validators.values():
            validator.verdicts["example.com"] = Verdict.PROVED

    def named(self, name: str) -> Caller:
        """Enter a user of the account; give it as a caller who may do everything."""
        user = self.operator("AddUser", Uin=self.caller.uin, Name=name)["UserId"]
        return replace(self.caller, actor=f"AKID{name}", user_id=user)

    def submit(self, product: int = OV, **further: object) -> str:
        """Buy an order of a company, hand its material in, and submit it to the CA."""
        bought = self.buy(self.caller, product)
        own = {"GenCsrType": "parse", "Csr": csr_for(key())}
        company = {} if product == DV else COMPANY
        material = {k: v for k, v in (PERSONAL | company | own).items() if v is not None}
        self.call(self.caller, "CertificateInfoSubmit", CertId=bought, **material)
        self.call(self.caller, "CertificateOrderSubmit", CertId=bought, **further)
        return bought

    @property
    def waiting(self) -> list[str]:
        """What waits for people, in the order of the list."""
        return [each["Id"] for each in self.operator("ListReviews")["Reviews"]]

    def approve(self, subject: str, uid: int = ANN) -> str | None:
        """Approve something, as a user of the system; give the verdict."""
        decided = self.operator_as(uid, "ApproveReview", Id=subject)
        verdict = decided["Verdict"]
        assert verdict is None or isinstance(verdict, str)
        return verdict

    def person(self, number: int, role: Role = Role.REVIEWER) -> Caller:
        """Return a person of the staff, by the number of the login."""
        return replace(OPERATOR, role=role, person=number, name=f"person-{number}")

    def link(self, person: int, login: str) -> None:
        """Say that two logins are of one human being."""
        link = PersonLink(person_id=person, login=login, created_at=self.clock.now())
        self.store.write(lambda unit: unit.person_links.add(link))

    def approve_all(self) -> None:
        """Approve what waits, in the order of the list; not keys, which have rules of their own."""
        for subject in self.waiting:
            if not subject.startswith("key:"):
                self.approve(subject)

    def stands(self, certificate_id: str) -> tuple[int, str | None]:
        """Give status and StatusMsg."""
        order: Order = self.order(certificate_id)
        return order.status.value, status_msg(order)

    def letter(self, certificate_id: str, content: bytes, kind: str = "Confirm") -> dict[str, Any]:
        """Upload a letter, of confirmation or (`Revoke`) of revocation."""
        text = {f"{kind}Letter": base64.b64encode(content).decode()}
        return self.call(self.caller, f"Upload{kind}Letter", CertificateId=certificate_id, **text)
