"""The second check of keys that were handed in."""

from __future__ import annotations

import functools
import math
import time
from pathlib import Path

import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certdesk.domain.orders.records import Submission
from certdesk.domain.values.keys import PrivateKey, spki_sha256
from certdesk.domain.values.record import replace
from certdesk.workflow.key_inspection import BATCH, Inspection
from tests.actions.submitting import csr_for
from tests.inside import NOON, InsideDesk

SECONDS = 30
FINDING = "the RSA modulus can be factored as a polynomial"


@pytest.fixture
def desk(tmp_path: Path) -> InsideDesk:
    """Store and clock of a desk."""
    return InsideDesk(tmp_path)


@functools.cache
def sparse() -> rsa.RSAPrivateKey:
    """Make a key of two primes next to round numbers, which the first checks let pass."""
    p, q = int(gmpy2.next_prime(3 << 1022)), int(gmpy2.next_prime(769 << 1014))
    d = pow(65537, -1, math.lcm(p - 1, q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key()


@functools.cache
def sound() -> ec.EllipticCurvePrivateKey:
    """Make a good key."""
    return ec.generate_private_key(ec.SECP256R1())


def submission(key: PrivateKey, number: int = 1, *, csr: str | None = None) -> Submission:
    """Make a submission of a CSR."""
    return Submission(
        certificate_id="aB3dE5fG",
        number=number,
        uin="100000000001",
        submitted_at=NOON,
        request_id=f"request-{number}",
        facts="{}",
        personal=b"sealed",
        key_pass=None,
        private_key=None,
        csr=csr_for(key) if csr is None else csr,
        key="RSA 2048",
        spki_sha256=spki_sha256(key.public_key()),
        company_id=None,
        manager_id=None,
    )


def inspect(desk: InsideDesk, *submissions: Submission) -> None:
    """Store submissions, and look at what waits once."""
    desk.store.write(lambda unit: [unit.submissions.add(each) for each in submissions])
    Inspection(desk.store, desk.clock).inspect()


def blocked(desk: InsideDesk) -> list[str]:
    """List why keys are blocked."""
    return desk.store.read(lambda unit: [each.reason for each in unit.blocked_keys.where()])


def waiting(desk: InsideDesk) -> int:
    """Count the submissions that wait for their second check."""
    return desk.store.read(lambda unit: unit.submissions.count(inspected=False))


def test_a_sound_key_passes(desk: InsideDesk) -> None:
    """It is looked at once; nothing is on record."""
    inspect(desk, submission(sound()))
    assert (waiting(desk), blocked(desk)) == (0, [])
    assert desk.audit("aB3dE5fG") == []


def test_a_weak_key_is_set_aside_with_an_audit_row(desk: InsideDesk) -> None:
    """Under the RequestId and the account of the submission."""
    inspect(desk, submission(sparse()))
    key = desk.store.read(lambda unit: unit.blocked_keys.get(submission(sparse()).spki_sha256, ""))
    assert key is not None
    assert (key.reason, key.created_at) == (FINDING, NOON)
    (entry,) = desk.audit("aB3dE5fG")
    assert (entry.action, entry.actor, entry.detail) == ("BlockKey", "desk", FINDING)
    assert (entry.uin, entry.request_id, entry.at) == ("100000000001", "request-1", NOON)
    assert waiting(desk) == 0


def test_a_key_in_two_submissions_is_set_aside_once(desk: InsideDesk) -> None:
    """Also when they are looked at on different days."""
    inspect(desk, submission(sparse(), 1), submission(sparse(), 2))
    inspect(desk, submission(sparse(), 3))
    assert blocked(desk) == [FINDING]
    assert len(desk.audit("aB3dE5fG")) == 1
    assert waiting(desk) == 0


def test_a_key_that_the_desk_made_needs_no_second_check(desk: InsideDesk) -> None:
    """Its CSR is not even read."""
    made = submission(sound(), csr="not read")
    inspect(desk, replace(made, private_key=b"sealed"))
    assert (waiting(desk), blocked(desk)) == (0, [])


def test_a_csr_that_is_not_accepted_any_more_holds_nothing_up(desk: InsideDesk) -> None:
    """Rules become stricter; those that come after it are looked at all the same."""
    inspect(desk, submission(sound(), 1, csr="once good"), submission(sparse(), 2))
    assert (waiting(desk), blocked(desk)) == (0, [FINDING])


def test_what_waits_is_looked_at_in_batches(desk: InsideDesk) -> None:
    """So that one check ends, however much has come in."""
    many = [submission(sound(), number, csr="not read") for number in range(1, BATCH + 6)]
    inspect(desk, *many)
    assert waiting(desk) == 5
    Inspection(desk.store, desk.clock).inspect()
    assert waiting(desk) == 0


def test_looking_goes_on_in_the_background(desk: InsideDesk) -> None:
    """From the start, until the stop."""
    inspection = Inspection(desk.store, desk.clock)
    desk.store.write(lambda unit: unit.submissions.add(submission(sparse())))
    inspection.start()
    until = time.monotonic() + SECONDS
    while not blocked(desk) and time.monotonic() < until:
        time.sleep(0.01)
    inspection.stop()
    assert blocked(desk) == [FINDING]
