"""A certificate moves to another account while a desk runs, and goes on to serve its site."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from tencentcloud.common.exception import TencentCloudSDKException

from tests.acceptance import connecting
from tests.acceptance.connecting import SECONDS, World, issued, publish, served, unpacked
from tests.acceptance.test_issuing import SINGLE, Case, submit
from tests.actions.downloading import fetch, link
from tests.actions.submitting import refusal
from tests.running import Client

MISSING = "FailedOperation.CertificateNotFound"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk, and servers on loopback, which it is told to ask."""
    with connecting.world(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def arrived(client: Client, certificate_id: str) -> dict[str, Any]:
    """Wait until an account has a certificate."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return client.detail(certificate_id)
        except TencentCloudSDKException as refused:
            assert refused.get_code() == MISSING  # noqa: PT017 -- all else is an error
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.needs("nginx")
def test_a_certificate_moves_with_its_key_and_serves_its_site(world: World, tmp_path: Path) -> None:
    """The old account knows it no more; the new one downloads, serves and reissues it."""
    keys = world.desk.account()
    old, new = world.desk.client(keys), world.desk.account()
    case = Case(
        product=SINGLE, names=("shop.example.com",), kind="TXT", online=("ECC", "prime256v1")
    )
    order = submit(old, case, rsa.generate_private_key(65537, 2048))
    publish(world, old.detail(order))
    before = issued(old, order)
    url, _ = link(old, order)
    assert fetch(url)[0] == 200

    moved = world.desk.certdesk("order", "move", order, "--to", new.uin, "--reason", "sold")
    assert moved == {"CertificateId": order, "Uin": new.uin, "Status": 15}
    client = world.desk.client(new)
    after = arrived(client, order)
    assert {name for name in after if after[name] != before[name]} == {"OwnerUin", "RequestId"}
    story = world.desk.certdesk("order", "show", order)["Happenings"]
    told = [each["What"] for each in story if each["What"].startswith("Move")]
    assert told == ["MoveOrder", "MoveOrder", "MoveOut", "MoveIn"]
    assert refusal(lambda: old.detail(order))[0] == MISSING
    assert refusal(lambda: old.call("DownloadCertificate", CertificateId=order))[0] == MISSING
    assert fetch(url)[0] == 404

    unpacked(client, order, tmp_path)
    (key,) = tmp_path.glob("Nginx/2_*.key")
    root = after["RootCert"]["Standard"]
    leaf, *_ = x509.load_pem_x509_certificates(after["CertificatePublicKey"].encode())
    shown = served(tmp_path, key, "shop.example.com", root)
    assert x509.load_der_x509_certificate(shown) == leaf

    asked = client.call("ReplaceCertificate", CertificateId=order, ValidType="DNS")
    publish(world, client.detail(asked["CertificateId"]))
    issued(client, asked["CertificateId"])
    assert refusal(lambda: old.detail(asked["CertificateId"]))[0] == MISSING


def test_the_command_says_what_is_wrong(world: World) -> None:
    """Where the order may stand, and what is missing."""
    keys, new = world.desk.account(), world.desk.account()
    order = world.desk.client(keys).buy()
    refused = world.desk.run("order", "move", order, "--to", new.uin)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.endswith(
        "The order has status 5 (Pending submission). You can move an order only while it "
        "has one of these statuses: 1 (Issued), 3 (Expired), 10 (Revoked).\n"
    )
    without = world.desk.run("order", "move", order)
    assert without.returncode == 2
    assert "Missing option '--to'" in without.stderr
