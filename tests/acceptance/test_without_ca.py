"""A desk without a CA of its own, whose certificates come from one of its own challenges."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.acceptance import without_ca
from tests.acceptance.connecting import SECONDS, World, issued, publish, world
from tests.running import Client

SETTINGS = 'issuer.names = ["elsewhere"]\n'


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The desk, and the servers that it asks."""
    folder = tmp_path_factory.mktemp("without")
    with world(folder / "desk", SETTINGS, under=[sys.executable, without_ca.__file__]) as around:
        yield around


def submitted(client: Client, name: str) -> str:
    """Submit an order for a name; give its certificate id."""
    bought = client.buy(104)
    client.submit(bought, CertCommonName=name)
    client.call("CertificateOrderSubmit", CertId=bought)
    return bought


def told(client: Client, certificate_id: str) -> dict[str, Any]:
    """Wait until the CA has said what to publish; give the detail."""
    end = time.monotonic() + SECONDS
    while (detail := client.detail(certificate_id))["DvAuthDetail"] is None:
        assert (detail["Status"], detail["StatusMsg"]) == (0, "PENDING-DCV")
        assert time.monotonic() < end
        time.sleep(0.05)
    return detail


def test_an_order_is_issued_on_the_challenges_of_its_ca(elsewhere: World) -> None:
    """What is to be published outlasts a process that is killed once it was shown."""
    keys = elsewhere.desk.account()
    client = elsewhere.desk.client(keys)
    order = submitted(client, "www.example.com")
    before = told(client, order)["DvAuthDetail"]
    assert before["DvAuthKey"] == "_acme-challenge.www.example.com"

    elsewhere.desk.kill()
    elsewhere.desk.start()
    client = elsewhere.desk.client(keys)
    detail = told(client, order)
    assert detail["DvAuthDetail"] == before

    assert publish(elsewhere, detail) == ["TXT"]
    issued(client, order)


@pytest.mark.parametrize("path", ["ecc-root.crt", "ecc-issuing.crl", "ocsp", "ocsp/MAA="])
def test_nothing_is_shown_below_pki(elsewhere: World, path: str) -> None:
    """As no issuer of the desk has anything to show."""
    url = f"http://{elsewhere.desk.endpoint}/pki/{path}"
    assert requests.get(url, timeout=SECONDS).status_code == 404
    assert requests.post(url, data=b"0", timeout=SECONDS).status_code in {404, 405}


def test_the_desk_is_well_without_authorities(elsewhere: World) -> None:
    """Nobody waits for CRLs that nobody makes, and the operator is told that there are none."""
    desk = elsewhere.desk
    assert requests.get(f"http://{desk.endpoint}/healthz", timeout=SECONDS).status_code == 200
    found = desk.run("doctor", "--json")
    assert '"ca"' not in found.stdout
    shown = desk.run("ca", "show")
    assert shown.returncode != 0
    assert "This desk has no CA of its own (setting issuer.names)." in shown.stderr
