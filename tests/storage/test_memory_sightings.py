"""How many signatures one process remembers, and who pays where there is no room for more."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from certdesk.domain.accounts.replay import Use
from certdesk.domain.errors import SignatureExpire
from certdesk.domain.values.record import replace
from certdesk.storage.memory_admission import MemoryAdmission
from certdesk.wire.signature import signature_digest

MOST = 5
NOON = 1_772_366_400


def use(uin: str = "1", signature: str = "0", timestamp: int = NOON, *, once: bool = False) -> Use:
    """Sign a request."""
    return Use(
        digest=signature_digest(uin, signature),
        uin=uin,
        action="CancelCertificateOrder" if once else "DescribeCompanies",
        timestamp=timestamp,
        at=float(NOON),
        once=once,
        action_signed=False,
    )


LOOK, CHANGE = use(), use(once=True)


class Desk:
    """A memory for a few signatures, and a clock that a test turns."""

    def __init__(self) -> None:
        """Begin at noon with nothing in it."""
        self.now = NOON
        self.admission = MemoryAdmission(None, lambda: float(self.now), most=MOST)

    def check(self, use: Use) -> None:
        """Come with a signature now."""
        self.admission.take(replace(use, at=float(self.now)), 0)

    def flood(self, uin: str, timestamps: Iterable[int]) -> list[Use]:
        """Come with a look for each timestamp; give the signatures."""
        come = [use(uin, str(number), timestamp) for number, timestamp in enumerate(timestamps)]
        for each in come:
            self.check(each)
        return come


def changed(use: Use) -> Use:
    """Ask for a change with the same signature."""
    return replace(use, action=CHANGE.action, once=True)


@pytest.fixture
def desk() -> Desk:
    """A desk that has seen nothing."""
    return Desk()


def test_what_no_timestamp_can_bring_back_is_forgotten(desk: Desk) -> None:
    """Ten minutes later the timestamp alone refuses it, and memory is free again."""
    desk.check(CHANGE)
    desk.now += 601
    desk.flood("1", [desk.now])

    desk.check(CHANGE)


def test_an_account_that_floods_the_desk_pays_for_it_alone(desk: Desk) -> None:
    """Others' signatures are remembered, and its own newest ones: no more than there is room."""
    desk.check(LOOK)
    come = desk.flood("2", range(NOON - 50, NOON))
    desk.now += 6

    for each in (LOOK, *come[1 - MOST :]):
        with pytest.raises(SignatureExpire, match="was used before"):
            desk.check(changed(each))


def test_what_had_to_be_forgotten_is_refused(desk: Desk) -> None:
    """It does not pass for new, and neither does anything else that old of the account."""
    come = desk.flood("2", range(NOON - 50, NOON))
    never_seen = use("2", "x", NOON - 40)

    for each in (come[0], come[-MOST - 1], never_seen):
        for asked in (each, changed(each)):
            with pytest.raises(
                SignatureExpire, match="no longer knows whether this signature was used before"
            ):
                desk.check(asked)


def test_an_account_that_signs_anew_is_served_while_the_memory_is_full(desk: Desk) -> None:
    """The flooding account too, and others with old timestamps as well."""
    desk.flood("2", range(NOON - 50, NOON))
    desk.check(use("2", "x", once=True))
    desk.check(use("3", "x", NOON - 300, once=True))


def test_timestamps_ahead_of_the_clock_shut_nobody_else_out(desk: Desk) -> None:
    """Only those who sent them wait until the clock is there."""
    desk.flood("2", [NOON + 300] * (MOST + 1))
    desk.check(CHANGE)
    own = use("2", "x", once=True)
    with pytest.raises(SignatureExpire):
        desk.check(own)
    desk.now += 1000
    desk.check(replace(own, timestamp=desk.now))


def test_a_signature_is_known_by_its_key_too() -> None:
    """Equal signatures of two keys are two."""
    assert signature_digest("AKIDa", "b") != signature_digest("AKIDab", "")
