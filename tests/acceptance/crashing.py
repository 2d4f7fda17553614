"""Clients that write down what they were told, and checks that a desk still knows all of it.

They are for tests that end a desk, or its database, in the middle of its work.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from cryptography import x509
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
from tests.acceptance.material import company, expected, personal, uploaded
from tests.running import Client, Keys, RunningDesk
from tests.web.raw import Wire, request

CLIENTS = 4
PAUSE_SECONDS = 0.02
"""How long a client rests whose answer was lost."""

CHANCE = random.SystemRandom()

Call = Callable[..., dict[str, Any]]
Read = Callable[[str], list[tuple[Any, ...]]]
"""Carries a query out on a desk's database, beside the desk."""


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
    """A client that buys and submits until it is told to end.

    An answer may be lost: where the connection is, and where the desk answers with a code that is
    in `lost`, after which nobody knows what was done.
    """

    def __init__(
        self, call: Call, ledger: Ledger, ended: threading.Event, lost: frozenset[str]
    ) -> None:
        """Send by `call` and write everything into `ledger`."""
        self._call, self._ledger, self._ended = call, ledger, ended
        self._lost = lost | {"ClientNetworkError"}

    def run(self) -> None:
        """Buy an order and submit for it three times, or until an answer is lost; buy the next."""
        while not self._ended.wait(0):
            product, make = CHANCE.choice([(25, personal), (25, uploaded), (28, company)])
            bought = self._try("CreateCertificate", ProductId=product, DomainNum=1, TimeSpan=1)
            if bought is None:
                continue
            (certificate_id,) = bought["CertificateIds"]
            self._ledger.purchases[certificate_id] = bought["RequestId"]
            for _ in range(3):
                material = make(self._ledger.number()) | {"CertId": certificate_id}
                done = self._try("CertificateInfoSubmit", **material)
                request_id = done["RequestId"] if done else ""
                self._ledger.attempts.append(Attempt(certificate_id, material, request_id))
                if done is None:
                    break

    def _try(self, action: str, **parameters: object) -> dict[str, Any] | None:
        try:
            return self._call(action, **parameters)
        except TencentCloudSDKException as error:
            if error.code not in self._lost:
                raise
        except (ConnectionError, TimeoutError, requests.RequestException):
            pass
        self._ended.wait(PAUSE_SECONDS)
        return None


@contextlib.contextmanager
def load(
    desk: RunningDesk, keys: Keys, ledger: Ledger, *, lost: frozenset[str] = frozenset()
) -> Iterator[None]:
    """Let the clients work as long as the context lasts; raise what went wrong for them."""
    ended = threading.Event()
    with contextlib.ExitStack() as held:
        wires = [held.enter_context(Wire(desk.endpoint)) for _ in range(CLIENTS // 2)]
        calls = [on_one_connection(wire, desk, keys) for wire in wires]
        calls += [Client(desk.endpoint, keys).call for _ in range(CLIENTS // 2)]
        threads = held.enter_context(ThreadPoolExecutor(CLIENTS))
        working = [threads.submit(Load(call, ledger, ended, lost).run) for call in calls]
        try:
            yield
        finally:
            ended.set()
        for each in working:
            each.result()


def on_one_connection(wire: Wire, desk: RunningDesk, keys: Keys) -> Call:
    """Give a client that keeps to one connection, beside the SDK's, which make many."""

    def call(action: str, **parameters: object) -> dict[str, Any]:
        wire.send(request(desk.endpoint, keys, action, json.dumps(parameters).encode()))
        response = wire.answer().response
        if error := response.get("Error"):
            raise TencentCloudSDKException(error["Code"], error["Message"])
        return response

    return call


def check_shown(read: Read, client: Client, ledger: Ledger, certificate_id: str) -> None:
    """Read an order back: it shows one of the submissions that it may show, whole."""
    detail = client.detail(certificate_id)
    candidates = ledger.shown(certificate_id)
    submitted = detail["SubmittedData"]
    if submitted is None:
        assert not any(each.request_id for each in candidates)
        return
    shown_csr = submitted.pop("CsrContent")
    material = next(
        each.material
        for each in candidates
        if each.material["CertCommonName"] == submitted["CertificateDomain"]
    )
    assert submitted == expected(material)
    assert shown_csr.split() == material.get("Csr", "").split()
    ((csr,),) = read(
        # The id is one of letters and digits, which the desk drew.
        f"SELECT csr FROM submissions WHERE certificate_id = '{certificate_id}' "  # noqa: S608 -- an id
        "ORDER BY number DESC LIMIT 1"
    )
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


def check_records(read: Read, ledger: Ledger) -> None:
    """Look into the database: everything acknowledged is there, and all of it hangs together."""
    bought = read(
        "SELECT certificate_id, request_id FROM orders JOIN audit ON subject = certificate_id "
        "WHERE action = 'CreateCertificate'"
    )
    assert ledger.purchases.items() <= dict(bought).items()
    submitted = read(
        "SELECT certificate_id, submissions.request_id FROM submissions JOIN audit "
        "ON subject = certificate_id AND audit.request_id = submissions.request_id "
        "AND detail = 'submission ' || number WHERE action = 'CertificateInfoSubmit'"
    )
    acknowledged = {(each.certificate_id, each.request_id) for each in ledger.acknowledged()}
    assert acknowledged <= set(submitted)
    assert len(submitted) == len(set(submitted)) <= len(ledger.attempts)
    for question, wrong in HALVES.items():
        assert read(wrong) == [], question


def check_answers(read: Read, client: Client, ledger: Ledger, since: int) -> None:
    """Read back every order that was submitted for since the attempt of that number."""
    for certificate_id in {each.certificate_id for each in ledger.attempts[since:]}:
        check_shown(read, client, ledger, certificate_id)


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
    "WHERE company_id IS NOT NULL "
    "AND company_id NOT IN (SELECT company_id FROM companies)",
    "a submission whose manager is not there": "SELECT certificate_id FROM submissions "
    "WHERE manager_id IS NOT NULL "
    "AND manager_id NOT IN (SELECT manager_id FROM managers)",
    "a company that no submission made": "SELECT company_id FROM companies "
    "WHERE company_id NOT IN (SELECT company_id FROM submissions WHERE company_id IS NOT NULL)",
    "a count of orders that is not theirs": "SELECT uin, project_id, status, count(*) FROM orders "
    "GROUP BY uin, project_id, status EXCEPT "
    "SELECT uin, project_id, status, sum(orders) FROM order_counts "
    "GROUP BY uin, project_id, status",
    "a key given twice": "SELECT spki_sha256 FROM submissions "
    "GROUP BY spki_sha256 HAVING count(*) > 1",
    "a key both given and in stock": "SELECT spki_sha256 FROM submissions "
    "INTERSECT SELECT spki_sha256 FROM key_stock",
}
"""What would be there by half, and the query that finds it."""


def check_sealed(settings: Settings, ledger: Ledger) -> None:
    """Open every sealed value of every submission, with the key file and no server."""
    pass_phrases = {each.request_id: each.material["KeyPass"] for each in ledger.acknowledged()}
    with bootstrap.open_desk(settings) as inside:
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
