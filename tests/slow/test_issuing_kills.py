"""`kill -9` at any moment while orders are proved and issued: each gets one certificate."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common.exception import TencentCloudSDKException

from certdesk import bootstrap
from certdesk.ports import Unit
from certdesk.settings import Settings
from certdesk.world.nameserver import NameServer, nameserver
from tests.running import Client, RunningDesk, running

KILLS = 60
CLIENTS = 3
LONGEST_SECONDS = 1.5
END_SECONDS = 300
P_256 = {"CsrEncryptAlgo": "ECC", "CsrKeyParameter": "prime256v1"}
CHANCE = random.SystemRandom()


class Buyer:
    """A client that orders certificates and publishes what it is told, whatever the desk does."""

    def __init__(self, desk: RunningDesk, names: NameServer, number: int) -> None:
        """Order names of its own."""
        self._keys = desk.account()
        self._client = desk.client(self._keys)
        self._names = names
        self._number = number
        self._count = 0
        self.acknowledged: set[str] = set()
        """Orders whose submission to the CA was answered."""

    def order(self) -> None:
        """Order once, or fail on the way."""
        self._count += 1
        name = f"n{self._count}.c{self._number}.example.com"
        client = self._client
        bought = client.buy(104)
        client.submit(
            bought, CertCommonName=name, CsrEncryptAlgo="ECC", CsrKeyParameter="prime256v1"
        )
        client.call("CertificateOrderSubmit", CertId=bought, VerifyType="DNS")
        self.acknowledged.add(bought)
        self.publish(bought)

    def publish(self, certificate_id: str) -> None:
        """Publish what proves an order's names."""
        detail = self._client.detail(certificate_id)
        for auth in detail["DvAuthDetail"]["DvAuths"] or ():
            self._names.add(auth["DvAuthKey"], "TXT", auth["DvAuthValue"])

    def follow(self, endpoint: str) -> None:
        """Go on with a desk that has another port now."""
        self._client = Client(endpoint, self._keys)


@contextlib.contextmanager
def ordering(buyers: Sequence[Buyer]) -> Iterator[None]:
    """Let all order as long as the context lasts."""
    ending = threading.Event()

    def go_on(buyer: Buyer) -> None:
        while not ending.is_set():
            with contextlib.suppress(TencentCloudSDKException, OSError):
                buyer.order()

    threads = [threading.Thread(target=go_on, args=(buyer,)) for buyer in buyers]
    for thread in threads:
        thread.start()
    yield
    ending.set()
    for thread in threads:
        thread.join()


@pytest.mark.timeout(1200)
def test_sixty_kills_while_orders_are_issued_cost_none_and_double_none(tmp_path: Path) -> None:
    """Every order that was acknowledged ends with exactly one certificate and one serial."""
    with nameserver() as names:
        settings = (
            f'dns.resolvers = ["{names.endpoint}"]\ndns.dnssec = "off"\nproof.interval = 1\n'
            "proof.per_domain = 0\n"
            "keys.stock.rsa_2048 = 0\nkeys.stock.rsa_4096 = 0\n"
        )
        with running(tmp_path / "desk", settings=settings) as desk:
            buyers = [Buyer(desk, names, number) for number in range(CLIENTS)]
            for _ in range(KILLS):
                with ordering(buyers):
                    time.sleep(CHANCE.uniform(0, LONGEST_SECONDS))
                    desk.kill()
                desk.start()
                for buyer in buyers:
                    buyer.follow(desk.endpoint)
            for buyer in buyers:
                for certificate_id in buyer.acknowledged:
                    buyer.publish(certificate_id)
            acknowledged = set[str]().union(*(buyer.acknowledged for buyer in buyers))
            wait_until_issued(desk, acknowledged)
    kept = look(Settings(data=str(desk.folder)), everything)
    assert len(acknowledged) > KILLS
    assert all(count == 1 for count in kept["certificates"].values())
    assert all(count == 1 for count in kept["issued"].values())
    assert acknowledged <= kept["certificates"].keys()
    assert kept["certificates"].keys() <= kept["issuances"].keys()
    assert len(set(kept["serials"])) == len(kept["serials"])


def wait_until_issued(desk: RunningDesk, acknowledged: set[str]) -> None:
    """Wait until none of the orders is under way any more."""
    end = time.monotonic() + END_SECONDS
    while left := acknowledged & under_way(desk):
        assert time.monotonic() < end, left
        time.sleep(1)


def under_way(desk: RunningDesk) -> set[str]:
    """Give the orders that are neither issued nor given up."""
    orders = desk.certdesk("orders", "--status", "0", "--limit", "1000")
    return {each["CertificateId"] for each in orders}


def look(settings: Settings, at: Callable[[Unit], dict[str, Any]]) -> dict[str, Any]:
    """Look into a desk that does not run."""
    with bootstrap.open_desk(settings) as opened:
        return opened.desk.store.read(at)


def everything(unit: Unit) -> dict[str, Any]:
    """Count what is kept, by order."""
    issuances = unit.issuances.where()
    audit = [entry for entry in unit.audit.where() if entry.action == "Issue"]
    return {
        "certificates": Counter(each.certificate_id for each in unit.certificates.where()),
        "issuances": Counter(each.certificate_id for each in issuances),
        "issued": Counter(entry.subject for entry in audit),
        "serials": [each.serial for each in issuances],
    }
