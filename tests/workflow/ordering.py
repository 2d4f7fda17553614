"""Orders that are with the CA, for tests of what becomes of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.records import Task
from certdesk.domain.pki.records import Certificate, Issuance
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.validation.records import Evidence, Proof
from certdesk.engine import Caller
from tests.actions.submitting import PERSONAL, csr_for
from tests.inside import InsideDesk

MULTI_DOMAIN = 11
"""A DV product for several names."""


@functools.cache
def key() -> ec.EllipticCurvePrivateKey:
    """Make the key of every order here."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclasses.dataclass
class Ordered:
    """An order that was submitted to the CA, at a desk whose world a test scripts."""

    desk: InsideDesk
    caller: Caller
    certificate_id: str

    def prove(self, *names: str) -> None:
        """Let the proofs of names be found from now on."""
        for validator in self.desk.validators.values():
            validator.verdicts.update(dict.fromkeys(names, Verdict.PROVED))

    @property
    def status(self) -> tuple[int, str | None]:
        """Status and StatusMsg."""
        order = self.desk.order(self.certificate_id)
        return order.status.value, status_msg(order)

    @property
    def proofs(self) -> dict[str, Proof]:
        """The proofs of the attempt in force, by name."""
        attempt = self.desk.order(self.certificate_id).attempt
        found = self.desk.store.read(
            lambda unit: unit.proofs.where(certificate_id=self.certificate_id, attempt=attempt)
        )
        return {proof.name: proof for proof in found}

    @property
    def evidence(self) -> list[Evidence]:
        """Every look, in order."""
        return self.desk.store.read(
            lambda unit: unit.evidence.where(certificate_id=self.certificate_id)
        )

    @property
    def issuances(self) -> list[Issuance]:
        """What issuers asked to be kept."""
        return self.desk.store.read(
            lambda unit: unit.issuances.where(certificate_id=self.certificate_id)
        )

    @property
    def certificates(self) -> list[Certificate]:
        """What was issued."""
        return self.desk.store.read(
            lambda unit: unit.certificates.where(certificate_id=self.certificate_id)
        )

    @property
    def task(self) -> Task:
        """When the order is due, and how work on it went."""
        task = self.desk.store.read(lambda unit: unit.tasks.get(self.certificate_id))
        assert task is not None
        return task

    @property
    def done(self) -> list[str]:
        """What was done to the order, oldest first."""
        return [entry.action for entry in self.desk.audit(self.certificate_id)]


@contextmanager
def ordered(
    folder: Path, *names: str, private_ca: bool = False, **parameters: object
) -> Iterator[Ordered]:
    """Submit an order for names, the first of them the main one."""
    names = names or ("shop.example.com",)
    with InsideDesk(folder, private_ca=private_ca) as desk:
        yield submit(desk, desk.account(), *names, **parameters)


def submit(desk: InsideDesk, caller: Caller, *names: str, **parameters: object) -> Ordered:
    """Buy an order, hand in its material with an own CSR, and submit it to the CA."""
    product, count = (MULTI_DOMAIN, len(names)) if len(names) > 1 else (104, 1)
    if names[0].startswith("*."):
        product = 12
    bought = desk.buy(caller, product, count)
    material = PERSONAL | {
        "GenCsrType": "parse",
        "Csr": csr_for(key(), names[0]),
        "CertCommonName": names[0],
        "CsrEncryptAlgo": None,
        "CsrKeyParameter": None,
    }
    if len(names) > 1:
        material["DnsNames"] = list(names[1:])
    given = {name: value for name, value in material.items() if value is not None}
    desk.call(caller, "CertificateInfoSubmit", CertId=bought, **given)
    desk.call(caller, "CertificateOrderSubmit", CertId=bought, **parameters)
    return Ordered(desk, caller, bought)
