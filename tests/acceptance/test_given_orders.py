"""An order that the operator gave comes to a TLS connection; one that came to nothing is refunded.

The operator's commands run beside the server; whoever has the order uses the official SDK.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from tests.acceptance import connecting
from tests.acceptance.connecting import World, issued, publish
from tests.actions.submitting import refusal

FREE = "83"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Servers on loopback, which the desk is told to ask."""
    with connecting.world(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def test_a_free_order_that_was_given_comes_to_a_certificate(world: World) -> None:
    """From status 13, by handing in, submitting and proving, to one that a verifier accepts."""
    host = "given.example.com"
    keys = world.desk.account()
    client = world.desk.client(keys)
    granted = world.desk.certdesk("order", "grant", FREE, "--uin", keys.uin)
    (order,) = granted["CertificateIds"]
    assert client.detail(order)["Status"] == 13
    (listed,) = world.desk.certdesk("orders", "--uin", keys.uin, "--status", "13")
    assert listed["CertificateId"] == order

    client.submit(order, CertCommonName=host)
    assert client.detail(order)["Status"] == 13
    assert client.call("CertificateOrderSubmit", CertId=order)["Status"] == 0
    publish(world, client.detail(order))
    client.call("CheckCertificateDomainVerification", CertificateId=order)
    shown = issued(client, order)

    leaf, *chain = x509.load_pem_x509_certificates(shown["CertificatePublicKey"].encode())
    root = x509.load_pem_x509_certificate(shown["RootCert"]["Standard"].encode())
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(host))
    assert verifier.verify(leaf, chain)[0] == leaf
    lasts = leaf.not_valid_after_utc - leaf.not_valid_before_utc + timedelta(seconds=1)
    assert lasts == timedelta(days=90)


def test_an_order_that_was_bought_is_paid_back_after_it_came_to_nothing(world: World) -> None:
    """Beside the running server; its owner sees why, and can do nothing but delete it."""
    client = world.desk.client(world.desk.account())
    order = client.buy()
    client.call("CancelCertificateOrder", CertificateId=order)

    refunded = world.desk.certdesk("order", "refund", order, "--reason", "ordered twice")

    assert refunded == {"CertificateId": order, "Status": 14}
    shown = client.detail(order)
    assert (shown["Status"], shown["StatusMsg"]) == (14, "ordered twice")
    code, message = refusal(lambda: client.call("ModifyCertificateResubmit", CertificateId=order))
    assert code == "FailedOperation.CertificateStatusNotAllowResubmit"
    assert "status 14 (Refunded)" in message
    assert client.call("DeleteCertificate", CertificateId=order)["DeleteResult"] is True


def test_an_order_that_was_given_is_not_paid_back(world: World) -> None:
    """Nobody paid for it: the command says so, and the order stays as it is."""
    keys = world.desk.account()
    client = world.desk.client(keys)
    granted = world.desk.certdesk("order", "grant", "11", "--uin", keys.uin, "--domains", "3")
    (order,) = granted["CertificateIds"]
    assert client.detail(order)["CertificateExtra"]["DomainNumber"] == "3"
    client.call("CancelCertificateOrder", CertificateId=order)

    done = world.desk.run("order", "refund", order)

    assert (done.returncode, done.stdout) == (1, "")
    assert "was granted free of charge (certdesk order grant)" in done.stderr
    assert client.detail(order)["Status"] == 7
