"""`certdesk orders` and `certdesk order`: JSON for programs, tables and stories for people."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator

import pytest

from certdesk.world.nameserver import nameserver
from tests.issued import issue
from tests.running import PROGRAM, Keys, RunningDesk, running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk that asks a name server on loopback, which knows nothing."""
    with nameserver() as names:
        settings = f'dns.resolvers = ["{names.endpoint}"]\ndns.dnssec = "off"\n'
        with running(tmp_path_factory.mktemp("desk"), settings=settings) as started:
            yield started


@pytest.fixture
def certificate(desk: RunningDesk) -> str:
    """An order that was submitted to the CA and is not proved."""
    client = desk.client()
    bought = client.buy(104)
    client.submit(bought, CertCommonName="shop.example.com")
    client.call("CertificateOrderSubmit", CertId=bought)
    return bought


def at_terminal(desk: RunningDesk, *words: str) -> str:
    """Run a command as a person at a terminal does; give what is shown."""
    near, far = pty.openpty()
    command = [str(PROGRAM), *words, "--data", str(desk.folder)]
    with subprocess.Popen(
        command, stdout=far, stdin=far, env={"TERM": "dumb", **os.environ}
    ) as run:
        os.close(far)
        shown = b""
        while run.poll() is None or shown == b"":
            try:
                shown += os.read(near, 65536)
            except OSError:
                break
    os.close(near)
    return shown.decode()


def test_programs_get_the_newest_orders_as_json(desk: RunningDesk, certificate: str) -> None:
    """The newest first, whoever's they are."""
    first, *_ = desk.certdesk("orders")
    assert first["CertificateId"] == certificate
    assert (first["Domain"], first["StatusMsg"]) == ("shop.example.com", "PENDING-DCV")
    assert desk.certdesk("orders", "--search", certificate.lower()) == [first]
    assert desk.certdesk("orders", "--status", "1") == []


def test_people_get_a_table(desk: RunningDesk, certificate: str) -> None:
    """With what each order waits for."""
    (line,) = [x for x in at_terminal(desk, "orders").splitlines() if certificate in x]
    assert "shop.example.com" in line
    assert "PENDING-DCV" in line


def test_the_story_of_an_order_says_what_to_do_next(desk: RunningDesk, certificate: str) -> None:
    """What was done, by whom, and what is to be published."""
    told = at_terminal(desk, "order", "show", certificate)
    detail = desk.certdesk("order", "show", certificate)
    (proof,) = detail["Proofs"]

    assert told.index("CertificateInfoSubmit") < told.index("CertificateOrderSubmit")
    assert f"Publish TXT _dnsauth.shop.example.com = {proof['Value']}." in told
    assert [each["What"] for each in detail["Happenings"]][:3] == [
        "CreateCertificate",
        "CertificateInfoSubmit",
        "CertificateOrderSubmit",
    ]


def test_an_order_is_taken_up_when_the_operator_says(desk: RunningDesk, certificate: str) -> None:
    """And the log says who said so."""
    assert desk.certdesk("order", "resume", certificate) == {"CertificateId": certificate}
    last = desk.certdesk("order", "show", certificate)["Happenings"]
    assert ("operator", "ResumeOrder") in [(each["Who"], each["What"]) for each in last]


def test_the_story_of_a_revocation_says_what_to_do_next(desk: RunningDesk) -> None:
    """To publish another value than the order's own; the operator need not wait for that."""
    keys = desk.account()
    order = desk.client(keys).buy(104)
    desk.client(keys).submit(order, CertCommonName="shop.example.com")
    issue(desk, keys, order)
    desk.client(keys).call("RevokeCertificate", CertificateId=order)
    (proof,) = desk.certdesk("order", "show", order)["Proofs"]
    told = at_terminal(desk, "order", "show", order)
    assert "Revoking: PENDING-DCV" in told
    assert f"Publish TXT _dnsauth.shop.example.com = {proof['Value']}." in told

    kept = desk.certdesk("order", "keep", order, "--reason", "asked by mistake")
    assert kept == {"CertificateId": order, "Status": 1}
    assert desk.certdesk("order", "show", order)["Order"]["StatusMsg"] == "asked by mistake"
    asked = desk.certdesk("order", "revoke", order, "--reason", "superseded")
    assert asked == {"CertificateId": order, "Status": 9, "CertificateIds": []}
    last = desk.certdesk("order", "show", order)["Happenings"]
    assert ("operator", "RevokeOrder") in [(each["Who"], each["What"]) for each in last]


def test_that_no_certificate_is_in_force_is_told_with_the_code_for_a_refusal(
    desk: RunningDesk, certificate: str
) -> None:
    """And not by the id that was asked for: the order came to nothing."""
    buyer = desk.operate("ShowOrder", CertificateId=certificate)["Order"]["Uin"]
    keys = desk.operate("AddKey", Uin=buyer)
    client = desk.client(Keys(buyer, keys["SecretId"], keys["SecretKey"]))
    client.call("CancelAuditCertificate", CertificateId=certificate)
    done = desk.run("order", "current", certificate)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"No certificate is in force in the place of {certificate}" in done.stderr


def test_an_unknown_order_is_named_as_such(desk: RunningDesk) -> None:
    """With the code for a refusal."""
    refused = desk.run("order", "show", "AAAAAAAA")
    assert refused.returncode == 1
    assert "FailedOperation.CertificateNotFound" in refused.stderr


def test_the_certificate_in_force_is_told_by_any_id_that_it_had(
    desk: RunningDesk, certificate: str
) -> None:
    """That of an order without a successor is its own."""
    told = desk.certdesk("order", "current", certificate)
    assert isinstance(told, dict)
    assert told["CertificateId"] == certificate
    assert at_terminal(desk, "order", "current", certificate).split() == [certificate]
    assert '"CertificateId"' in at_terminal(desk, "order", "current", certificate, "--json")
