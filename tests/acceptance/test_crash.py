"""`kill -9` at any moment: what was acknowledged is there whole, and nothing is there by half.

Fault matrix, row 1; invariants I1, I3, I6 and I8; requirement R-DUR.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from tencentcloud.common.exception import TencentCloudSDKException

from certdesk import bootstrap
from certdesk.ports import Place
from certdesk.settings import Settings
from tests.acceptance.database import rows
from tests.acceptance.processes import NO_RSA_STOCK, begun, certdesk
from tests.running import Client, Keys, RunningDesk
from tests.web.raw import Wire, request

KILLS = 20
CLIENTS = 4
LONGEST_SECONDS = 0.6

CHANCE = random.SystemRandom()

Call = Callable[..., dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One submission as it was sent; `request_id` is empty if no answer came."""

    certificate_id: str
    material: dict[str, Any]
    request_id: str


class Ledger:
    """What was sent and what was acknowledged, kept apart from the desk."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._numbers = itertools.count()
        self.purchases: dict[str, str] = {}
        self.attempts: list[Attempt] = []

    def number(self) -> int:
        """Give a number that no other submission has."""
        return next(self._numbers)

    def acknowledged(self) -> list[Attempt]:
        """Give the submissions that were answered."""
        return [each for each in self.attempts if each.request_id]

    def shown(self, certificate_id: str) -> list[Attempt]:
        """Give the submissions of which one has to be shown now.

        That is the last acknowledged one, or one sent after it whose answer was lost.
        """
        mine = [each for each in self.attempts if each.certificate_id == certificate_id]
        last = max((place for place, each in enumerate(mine) if each.request_id), default=0)
        return mine[last:]


class Load:
    """A client that buys and submits until it is told to stop, or the desk is gone."""

    def __init__(self, call: Call, ledger: Ledger, ended: threading.Event) -> None:
        """Send by `call` and write everything into `ledger`."""
        self._call, self._ledger, self._ended = call, ledger, ended

    def run(self) -> None:
        """Buy an order, submit for it three times, buy the next."""
        while not self._ended.is_set():
            product, make = CHANCE.choice([(25, personal), (25, uploaded), (28, company)])
            bought = self._try("CreateCertificate", ProductId=product, DomainNum=1, TimeSpan=1)
            if bought is None:
                return
            (certificate_id,) = bought["CertificateIds"]
            self._ledger.purchases[certificate_id] = bought["RequestId"]
            for _ in range(3):
                material = make(self._ledger.number()) | {"CertId": certificate_id}
                done = self._try("CertificateInfoSubmit", **material)
                request_id = done["RequestId"] if done else ""
                self._ledger.attempts.append(Attempt(certificate_id, material, request_id))
                if done is None:
                    return

    def _try(self, action: str, **parameters: object) -> dict[str, Any] | None:
        try:
            return self._call(action, **parameters)
        except TencentCloudSDKException as error:
            if error.code != "ClientNetworkError":
                raise
        except (ConnectionError, TimeoutError, requests.RequestException):
            pass
        return None


def on_one_connection(wire: Wire, desk: RunningDesk, keys: Keys) -> Call:
    """Give a client that keeps to one connection, beside the SDK's, which make many."""

    def call(action: str, **parameters: object) -> dict[str, Any]:
        wire.send(request(desk.endpoint, keys, action, json.dumps(parameters).encode()))
        response = wire.answer().response
        assert "Error" not in response, response
        return response

    return call


def personal(number: int) -> dict[str, Any]:
    """Give material of a person who has the desk make the key, with a pass phrase."""
    return {
        "GenCsrType": "online",
        "CertCommonName": f"n{number}.example.com",
        "CompanyType": 1,
        "CompanyId": "0",
        "ContactEmail": f"contact{number}@example.com",
        "CsrEncryptAlgo": "ECC",
        "CsrKeyParameter": "prime256v1",
        "KeyPass": f"pass {number}",
        "VerifyType": "DNS",
    }


def uploaded(number: int) -> dict[str, Any]:
    """Give material of a person who brings a CSR."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"n{number}.example.com")])
    csr = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
    given = {"GenCsrType": "parse", "Csr": csr.public_bytes(Encoding.PEM).decode()}
    left_out = ("CsrEncryptAlgo", "CsrKeyParameter")
    return {
        name: value for name, value in (personal(number) | given).items() if name not in left_out
    }


def company(number: int) -> dict[str, Any]:
    """Give material of a company that the desk does not know yet, nor its people."""
    return personal(number) | {
        "CompanyType": 2,
        "OrgOrganization": f"Company {number}",
        "OrgDivision": f"Division {number}",
        "OrgAddress": f"{number} High Street",
        "OrgCountry": "CN",
        "OrgCity": f"City {number}",
        "OrgRegion": f"Region {number}",
        "OrgPhoneArea": "0755",
        "OrgPhoneNumber": f"86{number:06}11",
        "AdminFirstName": f"Ada{number}",
        "AdminLastName": "Admin",
        "AdminPhone": f"13{number:07}22",
        "AdminEmail": f"admin{number}@example.com",
        "AdminTitle": "Head",
        "TechFirstName": f"Tom{number}",
        "TechLastName": "Tech",
        "TechPhone": f"13{number:07}33",
        "TechEmail": f"tech{number}@example.com",
        "TechTitle": "Hand",
    }


SHOWN_AS = {
    "CsrType": "GenCsrType",
    "CertificateDomain": "CertCommonName",
    "OrganizationName": "OrgOrganization",
    "OrganizationDivision": "OrgDivision",
    "OrganizationAddress": "OrgAddress",
    "OrganizationCountry": "OrgCountry",
    "OrganizationCity": "OrgCity",
    "OrganizationRegion": "OrgRegion",
    "PhoneAreaCode": "OrgPhoneArea",
    "AdminFirstName": "AdminFirstName",
    "AdminLastName": "AdminLastName",
    "AdminEmail": "AdminEmail",
    "AdminPosition": "AdminTitle",
    "ContactFirstName": "TechFirstName",
    "ContactLastName": "TechLastName",
    "ContactPosition": "TechTitle",
    "VerifyType": "VerifyType",
}
MASKED_AS = {
    "PhoneNumber": "OrgPhoneNumber",
    "AdminPhoneNum": "AdminPhone",
    "ContactNumber": "TechPhone",
}


def expected(material: dict[str, Any]) -> dict[str, Any]:
    """Say how material is shown back, the CSR aside (SubmittedData, design part 7)."""
    plain = {shown: material.get(given) for shown, given in SHOWN_AS.items()}
    phones = {shown: material.get(given) for shown, given in MASKED_AS.items()}
    return {
        **plain,
        **{
            shown: phone and phone[:2] + "*" * (len(phone) - 4) + phone[-2:]
            for shown, phone in phones.items()
        },
        "ContactEmail": material.get("TechEmail", material["ContactEmail"]),
        "DomainList": [],
        "PostalCode": None,
        "KeyPassword": None,
    }


def check_shown(client: Client, ledger: Ledger, certificate_id: str) -> None:
    """Read an order back: it shows one of the submissions that it may show, whole."""
    detail = client.detail(certificate_id)
    candidates = ledger.shown(certificate_id)
    submitted = detail["SubmittedData"]
    if submitted is None:
        assert not any(each.request_id for each in candidates)
        return
    csr = submitted.pop("CsrContent")
    material = next(
        each.material
        for each in candidates
        if each.material["CertCommonName"] == submitted["CertificateDomain"]
    )
    assert submitted == expected(material)
    assert csr.split() == material.get("Csr", csr).split()
    check_key(csr, detail["CertificatePrivateKey"], material)


def check_key(csr: str, private_key: str | None, material: dict[str, Any]) -> None:
    """A key that the desk made is there and belongs to the CSR; of another's there is none."""
    request = x509.load_pem_x509_csr(csr.encode())
    (name,) = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == material["CertCommonName"]
    assert request.is_signature_valid
    if material["GenCsrType"] == "parse":
        assert private_key is None
        return
    assert private_key is not None
    made = load_pem_private_key(private_key.encode(), None).public_key()
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert made.public_bytes(*form) == request.public_key().public_bytes(*form)


def check_file(folder: Path, ledger: Ledger) -> None:
    """Look into the database: everything acknowledged is there, and all of it hangs together."""
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    bought = rows(
        folder,
        "SELECT certificate_id, request_id FROM orders JOIN audit ON subject = certificate_id "
        "WHERE action = 'CreateCertificate'",
    )
    assert ledger.purchases.items() <= dict(bought).items()
    submitted = rows(
        folder,
        "SELECT certificate_id, submissions.request_id FROM submissions JOIN audit "
        "ON subject = certificate_id AND audit.request_id = submissions.request_id "
        "AND detail = 'submission ' || number WHERE action = 'CertificateInfoSubmit'",
    )
    acknowledged = {(each.certificate_id, each.request_id) for each in ledger.acknowledged()}
    assert acknowledged <= set(submitted)
    assert len(submitted) == len(set(submitted)) <= len(ledger.attempts)
    for question, wrong in HALVES.items():
        assert rows(folder, wrong) == [], question


HALVES = {
    "an order that points nowhere": "SELECT certificate_id FROM orders WHERE submission != "
    "(SELECT count(*) FROM submissions WHERE certificate_id = orders.certificate_id) OR "
    "submission != (SELECT coalesce(max(number), 0) FROM submissions "
    "WHERE certificate_id = orders.certificate_id)",
    "a submission without its order": "SELECT certificate_id FROM submissions "
    "WHERE certificate_id NOT IN (SELECT certificate_id FROM orders)",
    "a submission without its audit row": "SELECT certificate_id FROM submissions "
    "WHERE request_id NOT IN (SELECT request_id FROM audit)",
    "an audit row without its submission": "SELECT subject FROM audit "
    "WHERE action = 'CertificateInfoSubmit' "
    "AND request_id NOT IN (SELECT request_id FROM submissions)",
    "an order without its audit row": "SELECT certificate_id FROM orders "
    "WHERE certificate_id NOT IN (SELECT subject FROM audit WHERE action = 'CreateCertificate')",
    "a submission whose company is not there": "SELECT certificate_id FROM submissions "
    "WHERE company_id IS NOT NULL AND company_id NOT IN (SELECT company_id FROM companies)",
    "a submission whose manager is not there": "SELECT certificate_id FROM submissions "
    "WHERE manager_id IS NOT NULL AND manager_id NOT IN (SELECT manager_id FROM managers)",
    "a company that no submission made": "SELECT company_id FROM companies "
    "WHERE company_id NOT IN (SELECT company_id FROM submissions WHERE company_id IS NOT NULL)",
    "a key given twice": "SELECT spki_sha256 FROM submissions "
    "GROUP BY spki_sha256 HAVING count(*) > 1",
    "a key both given and in stock": "SELECT spki_sha256 FROM submissions "
    "INTERSECT SELECT spki_sha256 FROM key_stock",
}
"""What would be there by half, and the query that finds it."""


def check_sealed(folder: Path, ledger: Ledger) -> None:
    """Open every sealed value of every submission, with the key file and no server."""
    pass_phrases = {each.request_id: each.material["KeyPass"] for each in ledger.acknowledged()}
    with bootstrap.open_desk(Settings(data=str(folder))) as inside:
        stored = inside.desk.store.read(lambda unit: unit.submissions.where())
        for each in stored:
            place = Place(each.uin, "submissions", each.request_id, "personal")
            inside.desk.vault.open(each.personal, place)
            assert each.key_pass is not None
            place = Place(each.uin, "submissions", each.request_id, "key_pass")
            phrase = inside.desk.vault.open(each.key_pass, place).text()
            assert pass_phrases.get(each.request_id, phrase) == phrase
            if each.private_key is not None:
                place = Place(each.uin, "submissions", each.request_id, "private_key")
                load_pem_private_key(inside.desk.vault.open(each.private_key, place).reveal(), None)


def work_until_killed(desk: RunningDesk, keys: Keys, ledger: Ledger, seconds: float) -> None:
    """Let the clients work for so long and kill the desk under them."""
    ended = threading.Event()
    with contextlib.ExitStack() as held:
        wires = [held.enter_context(Wire(desk.endpoint)) for _ in range(CLIENTS // 2)]
        calls = [on_one_connection(wire, desk, keys) for wire in wires]
        calls += [Client(desk.endpoint, keys).call for _ in range(CLIENTS // 2)]
        threads = held.enter_context(ThreadPoolExecutor(CLIENTS))
        working = [threads.submit(Load(call, ledger, ended).run) for call in calls]
        time.sleep(seconds)
        desk.kill()
        ended.set()
        for each in working:
            each.result()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk that a test starts and kills as it likes."""
    desk = RunningDesk(tmp_path / "data", settings=NO_RSA_STOCK)
    yield desk
    desk.stop()


# Half a minute on two free cores; twenty starts take their time where others want them too.
@pytest.mark.timeout(300)
def test_twenty_kills_under_load_lose_nothing_and_leave_nothing_by_half(desk: RunningDesk) -> None:
    """After each: every acknowledged purchase and submission is there whole, and work goes on."""
    ledger = Ledger()
    desk.start()
    keys = desk.account()
    for _ in range(KILLS):
        before = len(ledger.attempts)
        work_until_killed(desk, keys, ledger, CHANCE.uniform(0, LONGEST_SECONDS))
        desk.start()
        check_file(desk.folder, ledger)
        client = Client(desk.endpoint, keys)
        for certificate_id in {each.certificate_id for each in ledger.attempts[before:]}:
            check_shown(client, ledger, certificate_id)
    assert len(ledger.acknowledged()) > KILLS
    desk.stop()
    check_sealed(desk.folder, ledger)


def test_kills_while_the_desk_makes_its_first_files_cost_nothing(tmp_path: Path) -> None:
    """However early the end comes, the next start goes on from there (key file, schema, marks)."""
    folder = tmp_path / "data"
    words = ("serve", "--data", str(folder), "--listen", "127.0.0.1:0")
    for _ in range(6):
        with begun(subprocess.DEVNULL, *words) as process:
            time.sleep(CHANCE.uniform(0.4, 1.2))
            process.kill()
    added = certdesk("account", "add", "a", "--data", str(folder))
    assert added.returncode == 0, added.stderr
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
