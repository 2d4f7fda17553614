"""The requests that are measured, written and signed before they are sent."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from bench.servers import Customer
from certdesk.domain.pki import csr
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.subject import Subject

Prepare: TypeAlias = Callable[[Customer, int], list[bytes]]
"""A function that writes so many requests of a customer."""

ONLINE = {
    "GenCsrType": "online",
    "Csr": "",
    "CsrEncryptAlgo": "ECC",
    "CsrKeyParameter": "prime256v1",
}
SOUGHT = "host0000500"
"""What one of the orders of `bench.orders` has in its name."""

EXAMPLE = (
    Path(__file__).parents[1] / "src" / "certdesk" / "demo" / "examples" / "parse_uploaded_csr.json"
)


@dataclasses.dataclass(frozen=True)
class Row:
    """One kind of request, how many a run sends, and the parts of `bench.parts` that it needs."""

    name: str
    requests: int
    prepare: Prepare
    parts: tuple[str, ...] = ()


def purchase(customer: Customer, count: int) -> list[bytes]:
    """CreateCertificate."""
    return customer.purchases(count)


def submit_rsa(customer: Customer, count: int) -> list[bytes]:
    """CertificateInfoSubmit with a CSR, each for an order of its own."""
    return submissions(customer, count, Csr=CSRS[KeyKind.RSA_2048])


def submit_p_256(customer: Customer, count: int) -> list[bytes]:
    """The same with the other kind of key."""
    return submissions(customer, count, Csr=CSRS[KeyKind.P_256])


def submit_online_rsa(customer: Customer, count: int) -> list[bytes]:
    """CertificateInfoSubmit for a key that the desk makes, or has in stock."""
    rsa = {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "2048"}
    return submissions(customer, count, **ONLINE | rsa)


def submit_online_p_256(customer: Customer, count: int) -> list[bytes]:
    """The same with the other kind of key."""
    return submissions(customer, count, **ONLINE)


def read_back(customer: Customer, count: int) -> list[bytes]:
    """DescribeCertificateDetail, with the private key that the desk made.

    Each has a signature of its own: a read that shows a secret may be repeated for a few seconds.
    """
    (order,) = customer.buy(1)
    customer.send([customer.signed("CertificateInfoSubmit", material(customer, order, **ONLINE))])
    return reads(customer, order, count)


def reads(customer: Customer, order: str, count: int) -> list[bytes]:
    """DescribeCertificateDetail of an order, each with a signature of its own."""
    asked = {"CertificateId": order}
    return [customer.signed("DescribeCertificateDetail", asked, number) for number in range(count)]


def lists(customer: Customer, count: int) -> list[bytes]:
    """DescribeCertificates, the ten newest orders."""
    return [customer.signed("DescribeCertificates", {})] * count


def searches(customer: Customer, count: int) -> list[bytes]:
    """DescribeCertificates, one order by a part of its name."""
    return [customer.signed("DescribeCertificates", {"SearchKey": SOUGHT})] * count


def material(customer: Customer, order: str, **changes: str) -> dict[str, object]:
    """Return the vendor's example with a CSR, for this order and this account's company."""
    given: dict[str, object] = json.loads(EXAMPLE.read_text())
    ids = {"CompanyId": str(customer.company), "ManagerId": str(customer.manager)}
    return given | {"CertId": order} | ids | changes


def submissions(customer: Customer, count: int, **changes: str) -> list[bytes]:
    """Buy orders and write the requests that hand their material in."""
    return [
        customer.signed("CertificateInfoSubmit", material(customer, order, **changes))
        for order in customer.buy(count)
    ]


def _request(kind: KeyKind) -> str:
    return csr.build(keys.generate(kind), DomainName.parse("tencent.com"), (), Subject())


CSRS = {kind: _request(kind) for kind in (KeyKind.RSA_2048, KeyKind.P_256)}
