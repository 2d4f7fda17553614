"""Names that somebody else owns are ordered by the hundred: what reaches the owner's servers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from certdesk.domain.values.keys import KeyKind, generate
from certdesk.world.nameserver import NameServer, nameserver
from certdesk.world.webserver import WebServer, webserver
from tests.actions.asking import becomes
from tests.actions.submitting import csr_for
from tests.running import Client, RunningDesk, running

MULTI = 11
NAMES, ORDERS = 40, 8
A_MINUTE = 12
MOST = 60
"""What is let through of 320 names: 12 looks at once, and one each 5 seconds after that.

The rest is for a machine that takes minutes for this test.
"""

CHECK, COMPLETE = "CheckCertificateDomainVerification", "CompleteCertificate"


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    """A name server of our own, which counts."""
    with nameserver() as server:
        yield server


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    """A web server of our own, which counts."""
    with webserver() as server:
        yield server


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, names: NameServer, web: WebServer
) -> Iterator[RunningDesk]:
    """A desk that looks at a domain twelve times a minute."""
    settings = f"""
[keys.stock]
rsa_2048 = 0
rsa_4096 = 0
p_256 = 0
[rate]
limit = 0
[dns]
resolvers = ["{names.endpoint}"]
dnssec = "off"
[proof]
interval = 1
per_domain = {A_MINUTE}
http_port = {web.port}
allow_networks = ["{web.address}/32"]
"""
    with running(tmp_path_factory.mktemp("bombarding") / "data", settings=settings) as desk:
        yield desk


@pytest.fixture(scope="module")
def csr() -> str:
    """A CSR that does for every order."""
    return csr_for(generate(KeyKind.P_256), None)


def order(client: Client, csr: str, by: str, *names: str) -> str:
    """Order names, to be proved by DNS or FILE; give the certificate id."""
    bought = client.buy(MULTI if len(names) > 1 else 104, len(names))
    own = {"GenCsrType": "parse", "Csr": csr, "CsrEncryptAlgo": None, "CsrKeyParameter": None}
    others = list(names[1:]) or None
    client.submit(bought, CertCommonName=names[0], DnsNames=others, VerifyType=by, **own)
    client.call("CertificateOrderSubmit", CertId=bought)
    return bought


def bombard(desk: RunningDesk, csr: str, by: str, domain: str) -> list[dict[str, Any]]:
    """Order hundreds of names of one domain by two accounts, and have all looked at at once."""
    clients = [desk.client(), desk.client()]
    orders = [
        (
            clients[turn % 2],
            order(clients[turn % 2], csr, by, *(f"n{turn}x{one}.{domain}" for one in range(NAMES))),
        )
        for turn in range(ORDERS)
    ]
    with ThreadPoolExecutor(2 * ORDERS) as threads:
        checked = [
            threads.submit(client.call, action, CertificateId=its)
            for action in (CHECK, COMPLETE)
            for client, its in orders
        ]
    return [each.result() for each in checked[:ORDERS]]


def test_hundreds_of_names_of_a_domain_are_fetched_from_a_few_times(
    desk: RunningDesk, names: NameServer, web: WebServer, csr: str
) -> None:
    """Whatever orders and accounts ask for them, and by whichever action."""
    for turn in range(ORDERS):
        for one in range(NAMES):
            names.add(f"n{turn}x{one}.victim-files.com", "A", web.address)
    answers = bombard(desk, csr, "FILE", "victim-files.com")
    reached = [each for each in web.requests if each.host.endswith("victim-files.com")]
    asked = [each for each in names.asked("A") if each.endswith("victim-files.com")]
    assert 0 < len(reached) <= MOST
    assert 0 < len(asked) <= MOST
    told = [each for answer in answers for each in answer["VerificationResults"]]
    assert sum(each["Frequently"] for each in told) >= len(told) - MOST
    assert all(each["LocalCheckFailReason"] for each in told)


def test_hundreds_of_names_of_a_zone_are_asked_for_a_few_times(
    desk: RunningDesk, names: NameServer, csr: str
) -> None:
    """And the owner of the zone proves a name of it meanwhile.

    A check has a second question at most, for a record at the wrong place.
    """
    bombard(desk, csr, "DNS", "victim-zone.com")
    asked = [each for each, _ in names.questions if "victim-zone.com" in each]
    assert 0 < len(asked) <= 2 * MOST
    owner = desk.client()
    its = order(owner, csr, "DNS", "shop.victim-zone.com")
    (auth,) = owner.detail(its)["DvAuthDetail"]["DvAuths"]
    names.add(f"{auth['DvAuthSubDomain']}.{auth['DvAuthDomain']}", "TXT", auth["DvAuthValue"])
    becomes(1, lambda: owner.detail(its)["Status"])
