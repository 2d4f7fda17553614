"""Signatures that come again."""

from __future__ import annotations

import pytest

from certdesk import bootstrap
from certdesk.catalog import Action
from certdesk.domain.errors import SignatureExpire
from certdesk.web.replay import Replay, signature_digest

DIGEST = signature_digest("AKIDexample", "0" * 64)


def action(name: str) -> Action:
    """Find an action of the API."""
    found = bootstrap.actions().find(name)
    assert found is not None
    return found


LOOK, LOOK_ELSEWHERE, CHANGE = map(
    action, ("DescribeCompanies", "DescribeManagers", "CancelCertificateOrder")
)


class Hand:
    """A clock in seconds that a test turns."""

    now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def hand() -> Hand:
    """The clock."""
    return Hand()


@pytest.fixture
def replay(hand: Hand) -> Replay:
    """A memory with nothing in it."""
    return Replay(hand)


@pytest.mark.parametrize("again", [LOOK, LOOK_ELSEWHERE, CHANGE])
def test_two_honest_requests_of_one_second_may_share_a_signature(
    replay: Replay, again: Action
) -> None:
    """Official clients sign neither the action nor a nonce."""
    replay.check(DIGEST, LOOK)
    replay.check(DIGEST, again)


def test_a_change_is_refused_when_its_signature_comes_late(replay: Replay, hand: Hand) -> None:
    """Six seconds are no accident; the text asks for a new request."""
    replay.check(DIGEST, CHANGE)
    hand.now += 6

    with pytest.raises(SignatureExpire, match="sign a new request"):
        replay.check(DIGEST, CHANGE)


@pytest.mark.parametrize("other", [LOOK_ELSEWHERE, CHANGE])
def test_another_action_is_refused_when_the_signature_comes_late(
    replay: Replay, hand: Hand, other: Action
) -> None:
    """Whoever captured a look may not make a change, or look elsewhere, with it."""
    replay.check(DIGEST, LOOK)
    hand.now += 6

    with pytest.raises(SignatureExpire):
        replay.check(DIGEST, other)


def test_the_same_look_may_be_repeated(replay: Replay, hand: Hand) -> None:
    """It gives nothing away that it did not give before, and changes nothing."""
    replay.check(DIGEST, LOOK)
    hand.now += 200
    replay.check(DIGEST, LOOK)


def test_a_refused_signature_stays_refused(replay: Replay, hand: Hand) -> None:
    """Trying again does not make it new."""
    replay.check(DIGEST, CHANGE)
    for _ in range(3):
        hand.now += 100
        with pytest.raises(SignatureExpire):
            replay.check(DIGEST, CHANGE)


def test_what_no_timestamp_can_bring_back_is_forgotten(replay: Replay, hand: Hand) -> None:
    """Ten minutes later the timestamp alone refuses it, and memory is free again."""
    replay.check(DIGEST, CHANGE)
    hand.now += 601
    replay.check(signature_digest("AKIDexample", "1" * 64), CHANGE)

    assert len(replay._seen) == 1  # noqa: SLF001 - what is forgotten shows nowhere else


def test_a_signature_is_known_by_its_key_too() -> None:
    """Equal signatures of two keys are two."""
    assert signature_digest("AKIDa", "b") != signature_digest("AKIDab", "")
