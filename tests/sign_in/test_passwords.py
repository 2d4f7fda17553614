"""Hashes of passwords: right and wrong ones, and no more at a time than memory bears."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from certdesk.domain.values.secret import Secret
from certdesk.ports import HashesBusy
from certdesk.sign_in import passwords
from certdesk.sign_in.passwords import Argon2, Cost
from tests.inside import SMALLEST

WAIT_SECONDS = 30
PASSWORD = Secret("correct horse battery staple")


def test_a_hash_fits_its_password_alone() -> None:
    """Also after the cost was raised; each hash has a salt of its own."""
    hasher = Argon2(SMALLEST)
    hashed = hasher.hash(PASSWORD)

    assert hashed.text().startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert hasher.hash(PASSWORD) != hashed
    assert Argon2(Cost(memory=16, passes=1)).fits(PASSWORD, hashed)
    assert not hasher.fits(Secret("Correct horse battery staple"), hashed)
    assert not hasher.fits(Secret("the password of nobody"), None)


def test_a_desk_hashes_at_a_cost_that_slows_guessing() -> None:
    """At least what RFC 9106 and OWASP name for machines with little memory."""
    cost = Cost()
    assert (cost.memory >= 19 * 1024, cost.passes >= 2) == (True, True)


def test_two_are_hashed_at_a_time_and_sixteen_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is told to come back, and nobody is after those are done."""
    hasher, go_on, at_work = Argon2(SMALLEST), threading.Event(), threading.Semaphore(0)
    most: list[int] = []

    class Slow:
        def hash(self, password: bytes) -> str:
            del password
            most.append(1)
            at_work.release()
            assert go_on.wait(WAIT_SECONDS)
            return "hash"

    monkeypatch.setattr(hasher, "_library", Slow())
    allowed = passwords.AT_A_TIME + passwords.WAITING
    with ThreadPoolExecutor(allowed) as threads:
        done = [threads.submit(hasher.hash, PASSWORD) for _ in range(allowed)]
        for _ in range(passwords.AT_A_TIME):
            assert at_work.acquire(timeout=WAIT_SECONDS)
        while hasher._places._value:  # noqa: SLF001 -- all have come
            threads.submit(int).result()
        with pytest.raises(HashesBusy):
            hasher.hash(PASSWORD)
        assert len(most) == passwords.AT_A_TIME
        go_on.set()
        assert [each.result(WAIT_SECONDS) for each in done] == [Secret("hash")] * allowed
    assert hasher.hash(PASSWORD) == Secret("hash")
