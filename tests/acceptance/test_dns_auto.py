"""Names that the desk proves by itself: orders with DNS_AUTO, the SDK, and a real name server."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.connecting import waited
from tests.knot import Knot, knot
from tests.running import Client, Keys, RunningDesk, running

pytestmark = pytest.mark.needs("knotd")

ZONE = "example.com"
SINGLE = 104


@dataclasses.dataclass(frozen=True)
class Parts:
    """A name server, a desk that looks names up there, and an account with its client."""

    server: Knot
    desk: RunningDesk
    keys: Keys
    client: Client

    def give_zone(self, key_file: Path, *options: str) -> None:
        """Type `certdesk zone add` for the account."""
        words = ("--uin", self.keys.uin, "--server", self.server.endpoint)
        self.desk.certdesk("zone", "add", ZONE, *words, "--key-file", str(key_file), *options)

    def order(self, name: str) -> str:
        """Buy an order and hand in its material."""
        bought = self.client.buy(SINGLE)
        self.client.submit(bought, CertCommonName=name)
        return bought

    def submit(self, order: str, **further: object) -> int:
        """Submit an order to the CA with DNS_AUTO; give its status."""
        done = self.client.call(
            "CertificateOrderSubmit", CertId=order, VerifyType="DNS_AUTO", **further
        )
        return int(done["Status"])


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """Run them; CAA records are not asked for, since the server knows no other zone."""
    with knot(tmp_path / "knot", ZONE) as server:
        settings = f"""
            dns.resolvers = ["{server.endpoint}"]
            dns.dnssec = "off"
            caa.check = false
            proof.interval = 1
            keys.stock.rsa_2048 = 0
            keys.stock.rsa_4096 = 0
        """
        with running(tmp_path / "desk", settings=settings) as desk:
            keys = desk.account()
            yield Parts(server, desk, keys, desk.client(keys))


def test_an_order_is_proved_and_issued_and_nobody_touches_the_dns(parts: Parts) -> None:
    """It stands at 4 meanwhile; its record is removed afterwards, where that is asked for."""
    parts.give_zone(parts.server.key_file)
    order = parts.order(f"www.{ZONE}")
    assert parts.submit(order, DeleteDnsAutoRecord=1) == 4
    waited(parts.client, order, Status=1)
    assert parts.client.detail(order)["VerifyType"] == "DNS_AUTO"
    _wait_for_no_record(parts, f"_dnsauth.www.{ZONE}")


def test_a_key_that_the_server_refuses_is_told_and_a_right_one_mends_it(parts: Parts) -> None:
    """What the server said is in the reason that is shown for the name."""
    wrong = parts.server.folder / "wrong.conf"
    wrong.write_text(parts.server.wrong_key)
    parts.give_zone(wrong, "--unchecked")
    order = parts.order(f"shop.{ZONE}")
    assert parts.submit(order) == 4
    checked = parts.client.call("CheckCertificateDomainVerification", CertificateId=order)
    (result,) = checked["VerificationResults"]
    assert result["LocalCheck"] == -1
    assert f"could not add the TXT record of _dnsauth.shop.{ZONE}" in result["LocalCheckFailReason"]
    parts.give_zone(parts.server.key_file)
    waited(parts.client, order, Status=1)
    assert parts.server.values(f"_dnsauth.shop.{ZONE}")


def test_an_order_is_cancelled_when_its_record_is_removed(parts: Parts) -> None:
    """It stands at 6 as long as the server does not take that, as the list of zones tells."""
    wrong = parts.server.folder / "wrong.conf"
    wrong.write_text(parts.server.wrong_key)
    parts.give_zone(wrong, "--unchecked")
    order = parts.order(f"www.{ZONE}")
    parts.submit(order)
    parts.client.call("CheckCertificateDomainVerification", CertificateId=order)
    parts.client.call("CancelAuditCertificate", CertificateId=order)
    parts.client.call("ModifyCertificateResubmit", CertificateId=order)
    parts.client.call("CancelCertificateOrder", CertificateId=order)
    assert parts.client.detail(order)["Status"] == 6
    count, failure = _wait_for_failure(parts)
    assert count == 1
    assert ZONE in failure
    assert parts.server.endpoint in failure
    parts.give_zone(parts.server.key_file)
    waited(parts.client, order, Status=7)
    (zone,) = parts.desk.certdesk("zone", "list")
    assert (zone["RecordsWaiting"], zone["LastFailure"]) == (0, None)
    assert not parts.server.values(f"_dnsauth.www.{ZONE}")


def test_the_zone_of_another_account_proves_nothing(parts: Parts) -> None:
    """The refusal names the parameter and the name, and the order stands as before."""
    parts.give_zone(parts.server.key_file)
    client = parts.desk.client(parts.desk.account())
    bought = client.buy(SINGLE)
    client.submit(bought, CertCommonName=f"www.{ZONE}")
    with pytest.raises(
        Exception, match=rf"VerifyType: DNS_AUTO .*no such zone contains www\.{ZONE}"
    ):
        client.call("CertificateOrderSubmit", CertId=bought, VerifyType="DNS_AUTO")
    assert client.detail(bought)["Status"] == 5


def _wait_for_failure(parts: Parts) -> tuple[int, str]:
    """Wait until the zone tells of a record that could not be removed; give how many, and why."""
    end = time.monotonic() + 60
    while True:
        (zone,) = parts.desk.operate("ListZones")["Zones"]
        if zone["RecordsWaiting"]:
            return zone["RecordsWaiting"], zone["LastFailure"]
        assert time.monotonic() < end, parts.desk.log
        time.sleep(0.1)


def _wait_for_no_record(parts: Parts, name: str) -> None:
    """Wait until the server has no record of a name any more, which had one."""
    end = time.monotonic() + 60
    while parts.server.values(name):
        assert time.monotonic() < end, parts.desk.log
        time.sleep(0.1)
