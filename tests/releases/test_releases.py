"""Filled databases of each release are upgraded by this version, and nothing in them is lost."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.deliveries import members
from tests.releases.making import KEY_FILE, RELEASES
from tests.running import NO_KEYS_AHEAD, Client, Keys, RunningDesk

NO_RESOLVER = 'dns.resolvers = ["127.0.0.1:9"]\ndns.dnssec = "off"\n'
KEPT = [
    pytest.param(place, marks=pytest.mark.needs("postgres") if "postgres" in place.name else ())
    for place in sorted(RELEASES.glob("*/*.xz"))
]


@dataclasses.dataclass(frozen=True)
class Upgraded:
    """A desk that has the database of a release, and what is to be in it."""

    desk: RunningDesk
    contents: dict[str, Any]
    statuses: dict[str, int]
    """Status of each order, as it was before the desk went on with its work."""

    @property
    def client(self) -> Client:
        """The official SDK, with the keys of the account that has nearly all."""
        account = self.contents["Accounts"][0]
        keys = Keys(account["Uin"], account["SecretId"], account["SecretKey"])
        return self.desk.client(keys)

    def listed(self, action: str, member: str) -> int:
        """Count what an operator's list has of both accounts."""
        uins = [account["Uin"] for account in self.contents["Accounts"]]
        return sum(len(self.desk.operate(action, Uin=uin)[member]) for uin in uins)


@pytest.fixture(scope="module", params=KEPT, ids=lambda place: f"{place.parent.name} {place.stem}")
def upgraded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgraded]:
    """Put the database where a desk has it, list its orders, and start the desk at its time."""
    place: Path = request.param
    contents = json.loads(place.with_suffix(".json").read_text("utf-8"))
    folder = tmp_path_factory.mktemp("release") / "desk"
    folder.mkdir(mode=0o700)
    (folder / "kek.json").write_bytes(KEY_FILE.read_bytes())
    (folder / "kek.json").chmod(0o400)
    database = lzma.decompress(place.read_bytes())
    settings = NO_RESOLVER + NO_KEYS_AHEAD
    if place.stem == "sqlite":
        (folder / "certdesk.db").write_bytes(database)
    else:
        postgres = request.getfixturevalue("postgres")
        url = postgres.database()
        with postgres.connect(url) as connection:
            connection.execute(database)
        settings = f'database = "{url}"\n{settings}'
    clock = folder.with_name("clock")
    clock.write_text(f"{contents['At']}\n")
    desk = RunningDesk(folder, settings=settings, clock=clock)
    statuses = {
        each["CertificateId"]: each["Status"]
        for each in desk.certdesk("orders", "--limit", "0", "--json")
    }
    desk.start()
    yield Upgraded(desk, contents, statuses)
    desk.stop()


def test_every_release_has_a_database_of_each_kind() -> None:
    """And says what is in it."""
    for folder in (each for each in RELEASES.iterdir() if (each / "sqlite.xz").exists()):
        kept = {each.name for each in folder.iterdir()}
        assert kept == {"sqlite.xz", "sqlite.json", "postgresql.xz", "postgresql.json"}
    assert (RELEASES / "0.2.0").is_dir()


def test_every_order_has_the_status_that_it_had(upgraded: Upgraded) -> None:
    """There is one of each. The command upgrades the database, and works on no order."""
    left = {order: int(status) for status, order in upgraded.contents["Orders"].items()}
    assert {order: upgraded.statuses[order] for order in left} == left
    assert len(upgraded.statuses) == upgraded.contents["Records"]["orders"]


def test_the_length_of_a_list_is_that_of_its_orders(upgraded: Upgraded) -> None:
    """Counts that were kept beside the orders are kept by the upgrade."""
    listed = upgraded.client.call("DescribeCertificates", Limit=1000)
    assert listed["TotalCount"] == len(listed["Certificates"]) > 0
    companies = upgraded.client.call("DescribeCompanies")["Companies"]
    names = [
        manager["DomainCount"]
        for company in companies
        for manager in upgraded.client.call("DescribeManagers", CompanyId=company["CompanyId"])[
            "Managers"
        ]
    ]
    assert max(names) > 0


def test_every_list_of_the_operator_is_as_long_as_it_was(upgraded: Upgraded) -> None:
    """And so is what waits to be reviewed."""
    desk, records = upgraded.desk, upgraded.contents["Records"]
    found = {
        "accounts": len(desk.operate("ListAccounts")["Accounts"]),
        "users": upgraded.listed("ListUsers", "Users"),
        "policies": upgraded.listed("ListPolicies", "Policies"),
        "projects": upgraded.listed("ListProjects", "Projects"),
        "companies": upgraded.listed("ListCompanies", "Companies"),
        "managers": upgraded.listed("ListManagers", "Managers"),
        "zones": upgraded.listed("ListZones", "Zones"),
        "blocked_keys": desk.operate("CountBlockedKeys")["TotalCount"],
    }
    assert found == {name: records[name] for name in found}
    assert len(desk.operate("ListReviews")["Reviews"]) == upgraded.contents["Waiting"]


def test_a_certificate_still_opens(upgraded: Upgraded) -> None:
    """The SDK downloads it, and it is for the private key that lies beside it."""
    wanted = upgraded.contents["Certificate"]
    reply = upgraded.client.call("DownloadCertificate", CertificateId=wanted["CertificateId"])
    files = members(base64.b64decode(reply["Content"]))
    (bundle,) = (files[name] for name in files if name.endswith("_bundle.crt") and "Nginx" in name)
    (key,) = (files[name] for name in files if name.endswith(".key") and "Nginx" in name)
    leaf = x509.load_pem_x509_certificates(bundle)[0]
    assert hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest() == wanted["Sha256"]
    password = wanted["KeyPass"].encode() if b"ENCRYPTED" in key else None
    assert load_pem_private_key(key, password).public_key() == leaf.public_key()


def test_the_story_of_an_order_has_the_evidence_of_each_check(upgraded: Upgraded) -> None:
    """An issued one, for which nobody looks any more."""
    wanted = upgraded.contents["Certificate"]
    story = upgraded.desk.operate("ShowOrder", CertificateId=wanted["CertificateId"])
    assert len([each for each in story["Happenings"] if each["Steps"]]) == wanted["Looks"] > 0


def test_a_letter_is_read_as_it_was_sent(upgraded: Upgraded, tmp_path: Path) -> None:
    """By who is to approve its order."""
    letter = upgraded.contents["Letter"]
    output = tmp_path / "letter.pdf"
    subject = f"order:{letter['CertificateId']}"
    upgraded.desk.run("review", "letter", subject, "--output", str(output))
    assert hashlib.sha256(output.read_bytes()).hexdigest() == letter["Sha256"]


def test_the_desk_goes_on_with_it(upgraded: Upgraded) -> None:
    """What is ordered now is counted after what was ordered then."""
    order = upgraded.client.buy()
    upgraded.client.submit(order)
    listed = upgraded.client.call("DescribeCertificates", Limit=1)
    assert [each["CertificateId"] for each in listed["Certificates"]] == [order]
    assert listed["TotalCount"] > 1
