"""Signatures that come again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

from certdesk import bootstrap
from certdesk.catalog import Action
from certdesk.domain.errors import SignatureExpire
from certdesk.web.replay import Replay, Used, signature_digest

MOST = 5
NOON = 1_772_366_400
ONE = Used(digest=signature_digest("AKIDexample", "0" * 64), uin="1", timestamp=NOON)


def action(name: str) -> Action:
    """Find an action of the API."""
    found = bootstrap.actions().find(name)
    assert found is not None
    return found


LOOK, LOOK_ELSEWHERE, CHANGE = map(
    action, ("DescribeCompanies", "DescribeManagers", "CancelCertificateOrder")
)


class Desk:
    """A memory for a few signatures, and a clock that a test turns."""

    def __init__(self) -> None:
        """Begin at noon with nothing in it."""
        self.now = NOON
        self.replay = Replay(lambda: float(self.now), most=MOST)

    def check(self, used: Used, action: Action) -> None:
        """Come with a signature now."""
        self.replay.check(used, action, self.now)

    def flood(self, uin: str, timestamps: Iterable[int]) -> list[Used]:
        """Come with a look for each timestamp; give the signatures."""
        come = [
            Used(digest=signature_digest(uin, str(number)), uin=uin, timestamp=timestamp)
            for number, timestamp in enumerate(timestamps)
        ]
        for used in come:
            self.check(used, LOOK)
        return come


@pytest.fixture
def desk() -> Desk:
    """A desk that has seen nothing."""
    return Desk()


@pytest.mark.parametrize("again", [LOOK, LOOK_ELSEWHERE, CHANGE])
def test_two_honest_requests_of_one_second_may_share_a_signature(desk: Desk, again: Action) -> None:
    """Official clients sign neither the action nor a nonce."""
    desk.check(ONE, LOOK)
    desk.check(ONE, again)


def test_a_change_is_refused_when_its_signature_comes_late(desk: Desk) -> None:
    """Six seconds are no accident; the text asks for a new request."""
    desk.check(ONE, CHANGE)
    desk.now += 6

    with pytest.raises(SignatureExpire, match="sign a new request"):
        desk.check(ONE, CHANGE)


@pytest.mark.parametrize("other", [LOOK_ELSEWHERE, CHANGE])
def test_another_action_is_refused_when_the_signature_comes_late(desk: Desk, other: Action) -> None:
    """Whoever captured a look may not make a change, or look elsewhere, with it."""
    desk.check(ONE, LOOK)
    desk.now += 6

    with pytest.raises(SignatureExpire):
        desk.check(ONE, other)


def test_the_same_look_may_be_repeated(desk: Desk) -> None:
    """It gives nothing away that it did not give before, and changes nothing."""
    desk.check(ONE, LOOK)
    desk.now += 200
    desk.check(ONE, LOOK)


def test_a_refused_signature_stays_refused(desk: Desk) -> None:
    """Trying again does not make it new."""
    desk.check(ONE, CHANGE)
    for _ in range(3):
        desk.now += 100
        with pytest.raises(SignatureExpire):
            desk.check(ONE, CHANGE)


def test_what_no_timestamp_can_bring_back_is_forgotten(desk: Desk) -> None:
    """Ten minutes later the timestamp alone refuses it, and memory is free again."""
    desk.check(ONE, CHANGE)
    desk.now += 601
    desk.flood("1", [desk.now])

    assert len(desk.replay) == 1


def test_an_account_that_floods_the_desk_pays_for_it_alone(desk: Desk) -> None:
    """Others' signatures are remembered, and its own newest ones: no more than there is room."""
    desk.check(ONE, LOOK)
    come = desk.flood("2", range(NOON - 50, NOON))
    desk.now += 6

    assert len(desk.replay) == MOST
    for used in (ONE, *come[1 - MOST :]):
        with pytest.raises(SignatureExpire, match="was used before"):
            desk.check(used, CHANGE)


def test_what_had_to_be_forgotten_is_refused(desk: Desk) -> None:
    """It does not pass for new, and neither does anything else that old of the account."""
    come = desk.flood("2", range(NOON - 50, NOON))
    never_seen = Used(digest=signature_digest("2", "x"), uin="2", timestamp=NOON - 40)

    for used in (come[0], come[-MOST - 1], never_seen):
        for action in (LOOK, CHANGE):
            with pytest.raises(SignatureExpire, match="may have been used before; sign a new"):
                desk.check(used, action)


def test_whoever_signs_anew_is_served_while_the_memory_is_full(desk: Desk) -> None:
    """The flooding account too, and others with old timestamps as well."""
    desk.flood("2", range(NOON - 50, NOON))
    desk.check(Used(digest=signature_digest("2", "x"), uin="2", timestamp=NOON), CHANGE)
    desk.check(Used(digest=signature_digest("3", "x"), uin="3", timestamp=NOON - 300), CHANGE)


def test_timestamps_ahead_of_the_clock_shut_nobody_else_out(desk: Desk) -> None:
    """Only those who sent them wait until the clock is there."""
    desk.flood("2", [NOON + 300] * (MOST + 1))
    desk.check(ONE, CHANGE)
    own = Used(digest=signature_digest("2", "x"), uin="2", timestamp=NOON)
    with pytest.raises(SignatureExpire):
        desk.check(own, CHANGE)
    desk.now += 1000
    desk.check(dataclasses.replace(own, timestamp=desk.now), CHANGE)


def test_a_signature_is_known_by_its_key_too() -> None:
    """Equal signatures of two keys are two."""
    assert signature_digest("AKIDa", "b") != signature_digest("AKIDab", "")
