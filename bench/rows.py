"""What is measured over HTTP.

To add a row, write one more function here. It gives the requests of a run, ready to be sent; its
decorator says what the row is called, how many requests a run has, of which parts of
`bench.parts` they are the sum, and which of the desks in `bench.__main__` answers.
"""

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

ONLINE = {
    "GenCsrType": "online",
    "Csr": "",
    "CsrEncryptAlgo": "ECC",
    "CsrKeyParameter": "prime256v1",
}
FLOOR = "bare ASGI"
"""The name of what answers the requests of `submit_rsa` without looking at them."""

MOTO = "moto, RequestCertificate"
"""The name of the row of `bench.rival`."""

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
    parts: tuple[str, ...]
    desk: str
    prepare: Prepare


ROWS: list[Row] = []


def row(
    name: str, requests: int, *parts: str, desk: str = "stocked"
) -> Callable[[Prepare], Prepare]:
    """Add the decorated function to the rows."""

    def add(prepare: Prepare) -> Prepare:
        ROWS.append(Row(name, requests, parts, desk, prepare))
        return prepare

    return add


@row("buy", 200)
def purchase(customer: Customer, count: int) -> list[bytes]:
    """CreateCertificate."""
    return customer.purchases(count)


@row("submit, RSA CSR", 200, "signature", "decode", "CSR RSA", "seal", "insert")
def submit_rsa(customer: Customer, count: int) -> list[bytes]:
    """CertificateInfoSubmit with a CSR, each for an order of its own."""
    return submissions(customer, count, Csr=CSRS[KeyKind.RSA_2048])


@row("submit, P-256 CSR", 200, "signature", "decode", "CSR P-256", "seal", "insert")
def submit_p_256(customer: Customer, count: int) -> list[bytes]:
    """The same with the other kind of key."""
    return submissions(customer, count, Csr=CSRS[KeyKind.P_256])


@row("submit, RSA online", 60, "signature", "decode", "key RSA", "seal", "insert")
def submit_online_rsa(customer: Customer, count: int) -> list[bytes]:
    """CertificateInfoSubmit for a key from the stock."""
    rsa = {"CsrEncryptAlgo": "RSA", "CsrKeyParameter": "2048"}
    return submissions(customer, count, **ONLINE | rsa)


@row("submit, P-256 online", 60, "signature", "decode", "key P-256", "seal", "insert")
def submit_online_p_256(customer: Customer, count: int) -> list[bytes]:
    """The same with the other kind of key."""
    return submissions(customer, count, **ONLINE)


@row("submit, RSA online, no stock", 24, desk="empty")
def submit_online_rsa_made(customer: Customer, count: int) -> list[bytes]:
    """The same where no key is ready, and each is made while its request waits."""
    return submit_online_rsa(customer, count)


@row("submit, P-256 online, no stock", 60, desk="empty")
def submit_online_p_256_made(customer: Customer, count: int) -> list[bytes]:
    """The same with the other kind of key."""
    return submit_online_p_256(customer, count)


@row("read back", 500)
def detail(customer: Customer, count: int) -> list[bytes]:
    """DescribeCertificateDetail, with the private key that the desk made."""
    (order,) = customer.buy(1)
    customer.send([customer.signed("CertificateInfoSubmit", material(customer, order, **ONLINE))])
    return [customer.signed("DescribeCertificateDetail", {"CertificateId": order})] * count


@row("list, 1,000 orders", 200, desk="thousand")
def list_of_a_thousand(customer: Customer, count: int) -> list[bytes]:
    """DescribeCertificates, the ten newest orders."""
    return [customer.signed("DescribeCertificates", {})] * count


@row("list, 1,000,000 orders", 200, desk="million")
def list_of_a_million(customer: Customer, count: int) -> list[bytes]:
    """The same."""
    return list_of_a_thousand(customer, count)


@row("search, 1,000 orders", 200, desk="thousand")
def search_in_a_thousand(customer: Customer, count: int) -> list[bytes]:
    """DescribeCertificates, one order by a part of its name."""
    return [customer.signed("DescribeCertificates", {"SearchKey": SOUGHT})] * count


@row("search, 1,000,000 orders", 200, desk="million")
def search_in_a_million(customer: Customer, count: int) -> list[bytes]:
    """The same."""
    return search_in_a_thousand(customer, count)


def material(customer: Customer, order: str, **changes: str) -> dict[str, object]:
    """Give the vendor's example with a CSR, for this order and this account's company."""
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
