"""What a submission is made of, each part alone in this process.

The parts take turns, so that none has the processor's caches for itself, as none has in a server.
"""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench.checks import checks
from bench.inside import OwnDesk, own_desk
from bench.load import CONNECTIONS
from bench.machine import on, serving
from bench.plain import plain_writer
from bench.requests import CSRS, material
from bench.servers import Customer, last_submission
from certdesk.actions.orders.certificate_info_submit import CertificateInfoSubmitRequest
from certdesk.domain.pki import csr
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.subject import Subject
from certdesk.ports import Place
from certdesk.wire import signature
from certdesk.wire.decode import decode
from certdesk.wire.strict_json import parse_object

Part: TypeAlias = Callable[[], object]

NAME = DomainName.parse("tencent.com")
REPEATS, QUICK_REPEATS = 300, 3
RUNS_OF_A_PROGRAM = 10
OPENSSL = shutil.which("openssl")
GENERATING = {
    "openssl, RSA key": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "openssl, P-256 key": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}
"""What a program of others needs for a key, in a process of its own."""

THREADS = CONNECTIONS
"""Threads that wait for a writer, as many as there are clients."""


class Parts:
    """All parts, ready to be run."""

    def __init__(
        self, customer: Customer, folder: Path, held: contextlib.ExitStack, *, quick: bool
    ) -> None:
        """Prepare them, with files in `folder`; `held` closes what has to be closed."""
        self._repeats = QUICK_REPEATS if quick else REPEATS
        # Threads that are started here stay on the core of a server.
        held.enter_context(on(serving()))
        request = customer.signed("CertificateInfoSubmit", material(customer, "AAAAAAAA"))
        self.desk = desk = held.enter_context(own_desk(folder / "own", THREADS))
        row = last_submission(customer.desk)
        self._one_by_one: dict[str, Part] = {
            "signature": checking(customer, request),
            "decode": decoding(request),
            "CSR RSA": parsing(CSRS[KeyKind.RSA_2048]),
            "CSR P-256": parsing(CSRS[KeyKind.P_256]),
            "key RSA": taking(KeyKind.RSA_2048, desk),
            "key P-256": taking(KeyKind.P_256, desk),
            "seal": sealing(desk),
            "prepare": desk.prepare,
            **checks(desk),
        }
        self._together: dict[str, Callable[[int], object]] = {
            "insert": held.enter_context(plain_writer(folder / "plain.db", row, THREADS)),
            "commit": desk.commit,
        }

    def costs(self) -> dict[str, float]:
        """Measure the CPU seconds, of all threads, that each part takes once."""
        spent = dict.fromkeys(self._one_by_one, 0.0)
        for _ in range(self._repeats):
            for name, part in self._one_by_one.items():
                before = time.process_time()
                part()
                spent[name] += time.process_time() - before
        for name, parts in self._together.items():
            before = time.process_time()
            parts(self._repeats)
            spent[name] = time.process_time() - before
        costs = {name: seconds / self._repeats for name, seconds in spent.items()}
        if OPENSSL is not None:
            costs |= {name: _child_cpu([OPENSSL, *words]) for name, words in GENERATING.items()}
        return costs


def _child_cpu(command: list[str]) -> float:
    """Give the CPU seconds of a program, its start included, as the mean of some runs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(RUNS_OF_A_PROGRAM):
        subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent / RUNS_OF_A_PROGRAM


def checking(customer: Customer, request: bytes) -> Part:
    """Check header, time, scope and signature, and hash the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    pairs = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    headers = {name.lower(): value for name, value in pairs}
    given = signature.parse_authorization(headers["authorization"])
    secret_key = Secret(customer.keys.secret_key)
    key = signature.derive_key(secret_key, given.date, given.service)

    def check() -> None:
        authorization = signature.parse_authorization(headers["authorization"])
        timestamp = signature.check_time(headers["x-tc-timestamp"], datetime.now(UTC))
        signature.check_scope(authorization, timestamp, headers["host"])
        signed = signature.SignedRequest(
            method="POST",
            query="",
            headers=headers,
            payload_hash=signature.hash_payload(body),
            timestamp=timestamp,
        )
        signature.verify(authorization, signed, key)

    return check


def decoding(request: bytes) -> Part:
    """Read strict JSON, then the declared type."""
    body = request.partition(b"\r\n\r\n")[2]
    return lambda: decode(parse_object(body), CertificateInfoSubmitRequest)


def parsing(pem: str) -> Part:
    """Read a CSR, check its key and signature, and match its names."""
    return lambda: csr.match(csr.parse(pem), NAME, ())


def taking(kind: KeyKind, desk: OwnDesk) -> Part:
    """Open a key from the stock, sign a CSR with it, and seal it for its order."""
    there = Place(desk.uin, "key_stock", "1", "sealed")
    here = Place(desk.uin, "submissions", "1", "private_key")
    stocked = desk.vault.seal(Secret(keys.private_key_pem(keys.generate(kind))), there)

    def take() -> None:
        pem = desk.vault.open(stocked, there).reveal()
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, keys.PrivateKey)  # noqa: S101 - it was made above
        csr.build(key, NAME, (), Subject())
        keys.spki_sha256(key.public_key())
        desk.vault.seal(Secret(keys.private_key_pem(key)), here)

    return take


def sealing(desk: OwnDesk) -> Part:
    """Seal the personal data of a submission and its pass phrase."""
    place = Place(desk.uin, "submissions", "1", "personal")
    person = {"email": "ssl@tencent.com", "phone": "18162039301"}
    personal = Secret(json.dumps({"contact": person, "manager": person}))
    key_pass = Secret("12345678")

    def seal() -> None:
        desk.vault.seal(personal, place)
        desk.vault.seal(key_pass, place)

    return seal
