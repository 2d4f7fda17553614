"""The rules of signing in: delays, sessions, names, passwords and recovery codes."""

from __future__ import annotations

import random
import unicodedata
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.people.codes import CODES, digest_of, may_be_one, new_code
from certdesk.domain.people.delays import (
    ANYWHERE,
    FORGOTTEN_AFTER,
    LOGIN,
    LONGEST_DELAY,
    counted,
    delay_after,
    wait_until,
)
from certdesk.domain.people.names import folded, login_of, parted, staff_name_fault
from certdesk.domain.people.passwords import LEAST, MOST, fault_of, normal
from certdesk.domain.people.records import Session, SignInFailure
from certdesk.domain.people.sessions import IDLE, LONGEST, is_over, is_proved, is_to_be_touched

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPANS = st.timedeltas(timedelta(days=-2), timedelta(days=2))


def session(seen: datetime, created: datetime = NOON) -> Session:
    """Return a session."""
    return Session(
        digest=b"",
        person_id=1,
        created_at=created,
        seen_at=seen,
        ends_at=created + LONGEST,
        proved_at=created,
        complete=True,
    )


@given(st.integers(0, 10**6))
def test_delays_never_shrink_and_end_at_a_quarter_of_an_hour(count: int) -> None:
    """The first failures are free."""
    assert delay_after(count, LOGIN) <= delay_after(count + 1, LOGIN) <= LONGEST_DELAY
    assert (delay_after(count, LOGIN) == timedelta(0)) == (count < LOGIN)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(minutes=20)), max_size=30))
def test_who_waits_as_told_may_try_again(pauses: list[timedelta]) -> None:
    """After any failures, an attempt is free at the time that was told, and not before."""
    failure: SignInFailure | None = None
    now = NOON
    for pause in pauses:
        now += pause
        until = wait_until(failure, LOGIN, now)
        if until is not None:
            assert until - now <= LONGEST_DELAY
            assert wait_until(failure, LOGIN, until - timedelta(microseconds=1)) == until
            now = until
        assert wait_until(failure, LOGIN, now) is None
        failure = counted(failure, "login:1", now)


def test_one_network_never_delays_a_login_elsewhere() -> None:
    """However long it goes on, as fast as its own delays let it."""
    here: SignInFailure | None = None
    anywhere: SignInFailure | None = None
    now = NOON
    for _ in range(500):
        now = wait_until(here, LOGIN, now) or now
        assert wait_until(anywhere, ANYWHERE, now) is None
        here, anywhere = counted(here, "here", now), counted(anywhere, "anywhere", now)


@given(st.integers(1, 100), SPANS)
def test_a_clock_that_was_set_back_locks_nobody_out(count: int, span: timedelta) -> None:
    """The wait is never longer than the longest delay; an hour later nothing counts."""
    failure = SignInFailure(subject="login:1", count=count, last_at=NOON)
    until = wait_until(failure, LOGIN, NOON + span)
    assert until is None or until - (NOON + span) <= LONGEST_DELAY
    assert counted(failure, "login:1", NOON + FORGOTTEN_AFTER).count == 1


@given(SPANS, SPANS)
def test_a_session_lasts_while_it_is_used_and_half_a_day(seen: timedelta, now: timedelta) -> None:
    """Whatever the clock does, it is over outside of both bounds."""
    lasts = not is_over(session(NOON + seen), NOON + now)
    assert lasts == (now - seen < IDLE and timedelta(0) <= now < LONGEST)


@given(SPANS)
def test_a_proof_counts_for_five_minutes(after: timedelta) -> None:
    """And its use is noted once a minute."""
    used = session(NOON)
    assert is_proved(used, NOON + after) == (timedelta(0) <= after <= timedelta(minutes=5))
    assert is_to_be_touched(used, NOON + after) == (after >= timedelta(minutes=1))


@given(st.text())
def test_names_are_compared_without_case_and_form(name: str) -> None:
    """However a keyboard or a file system writes a letter."""
    assert folded(unicodedata.normalize("NFD", name)) == folded(name)
    assert folded(f" {name} ") == folded(name)
    assert folded("ÄRZTE \uff21\u017fß") == folded("ärzte asSS")


@given(st.text(min_size=1).map(str.strip).filter(bool), st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_what_a_user_types_has_one_meaning(name: str, uin: str) -> None:
    """It is never a name of the staff."""
    assert parted(login_of(name, uin)) == (name, uin)
    assert staff_name_fault(login_of(name, uin))


@given(st.text(max_size=2 * MOST))
def test_a_password_may_have_any_characters(password: str) -> None:
    """Its length alone counts, in the form that is hashed."""
    fits = LEAST <= len(normal(password)) <= MOST
    assert fits == (fault_of(password) == "")
    assert normal(normal(password)) == normal(password)
    assert fault_of(password, password.swapcase())


@given(st.integers())
def test_a_recovery_code_may_be_typed_in_any_way(seed: int) -> None:
    """With capitals and blanks, or without hyphens; no two are equal."""
    rng = random.Random(seed)  # noqa: S311 -- repeatable
    codes = [new_code(rng) for _ in range(CODES)]
    assert len({digest_of(code) for code in codes}) == CODES
    for code in codes:
        typed = code.upper().replace("-", "  ")
        assert may_be_one(typed)
        assert digest_of(typed) == digest_of(code.replace("-", "")) == digest_of(code)
