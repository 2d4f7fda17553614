"""People add passkeys, sign in with them, prove with them who they are, and remove them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.errors import (
    InvalidParam,
    PasskeyNotFound,
    ProofNeeded,
    SignInRefused,
    UnauthorizedOperation,
)
from certdesk.domain.people.role import Role
from certdesk.domain.values.record import replace
from tests.inside import InsideDesk
from tests.operator.people import ORIGIN, Browser, halfway, person_of
from tests.passkeys import Authenticator
from tests.signing_in import NETWORK

MOST = 10


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk whose people are in memory."""
    with InsideDesk(tmp_path) as made:
        yield made


def add(browser: Browser, device: Authenticator, name: str = "laptop") -> None:
    """Add a passkey."""
    browser.answer("AddPasskey", device.make(browser.ask("BeginPasskey")), Name=name)


def with_passkey(desk: InsideDesk, name: str = "anna") -> tuple[Browser, Authenticator]:
    """Have a person who has signed in, with a passkey."""
    browser, device = halfway(desk, name), Authenticator(ORIGIN)
    add(browser, device)
    return browser, device


def use(browser: Browser, device: Authenticator) -> None:
    """Sign in with a passkey, without a name."""
    device.count += 1
    answer = device.use(browser.ask("BeginPasskeySignIn"))
    browser.answer("SignInWithPasskey", answer)


def test_a_passkey_is_a_second_step(desk: InsideDesk) -> None:
    """Who has none yet is not in before; the session gets a new value."""
    browser = halfway(desk, "anna")
    before = browser.cookie
    assert browser.caller.role is Role.NOBODY
    add(browser, Authenticator(ORIGIN))
    assert (browser.caller.role, browser.caller.name) == (Role.REVIEWER, "anna")
    assert browser.cookie != before
    assert [each["Name"] for each in browser.run("ListPasskeys")["Passkeys"]] == ["laptop"]


def test_a_passkey_alone_signs_in(desk: InsideDesk) -> None:
    """Without a name, a password or a code; the log says how."""
    _, device = with_passkey(desk)
    browser = Browser(desk)
    use(browser, device)
    assert (browser.caller.role, browser.caller.name) == (Role.REVIEWER, "anna")
    number = person_of(desk, "anna").person_id
    assert desk.audit(f"person:{number}")[-1].detail == "passkey"


def test_a_password_alone_adds_no_passkey_to_who_has_a_second_step(desk: InsideDesk) -> None:
    """A thief of the password would have both steps then."""
    with_passkey(desk)
    thief = Browser(desk)
    thief.sign_in("anna")
    assert not thief.is_signed_in
    with pytest.raises(SignInRefused, match="second step first"):
        thief.ask("BeginPasskey")


def test_a_passkey_is_the_second_step_after_a_password(desk: InsideDesk) -> None:
    """One's own; another person's completes nothing."""
    _, device = with_passkey(desk)
    _, theirs = with_passkey(desk, "boris")
    browser = Browser(desk)
    browser.sign_in("anna")
    with pytest.raises(SignInRefused, match="not accepted"):
        browser.answer("ProveWithPasskey", theirs.use(browser.ask("BeginPasskeyProof")))
    device.count += 1
    browser.answer("ProveWithPasskey", device.use(browser.ask("BeginPasskeyProof")))
    assert browser.is_signed_in


def test_a_passkey_is_added_after_a_proof_that_is_not_old(desk: InsideDesk) -> None:
    """Somebody else may have come to the browser."""
    browser, device = with_passkey(desk)
    desk.clock.move(timedelta(minutes=6))
    with pytest.raises(ProofNeeded):
        add(browser, Authenticator(ORIGIN))
    with pytest.raises(ProofNeeded):
        browser.run("RemovePasskey", CredentialId=device.credential_id.hex())
    device.count += 1
    browser.answer("ProveWithPasskey", device.use(browser.ask("BeginPasskeyProof")))
    add(browser, Authenticator(ORIGIN))


def test_other_sessions_end_when_passkeys_change(desk: InsideDesk) -> None:
    """Those of a thief too."""
    browser, device = with_passkey(desk)
    other = Browser(desk)
    use(other, device)
    add(browser, Authenticator(ORIGIN), "key")
    assert (browser.is_signed_in, other.is_signed_in) == (True, False)
    use(other, device)
    browser.run("RemovePasskey", CredentialId=device.credential_id.hex())
    assert (browser.is_signed_in, other.is_signed_in) == (True, False)
    with pytest.raises(SignInRefused):
        use(other, device)


def test_the_staff_keep_a_second_step(desk: InsideDesk) -> None:
    """The last passkey stays where there is nothing else."""
    browser, device = with_passkey(desk)
    with pytest.raises(InvalidParam, match="only second step"):
        browser.run("RemovePasskey", CredentialId=device.credential_id.hex())


def test_a_person_has_a_limited_number_of_passkeys(desk: InsideDesk) -> None:
    """And no passkey twice."""
    browser, device = with_passkey(desk)
    with pytest.raises(InvalidParam, match="already has"):
        add(browser, device)
    for _ in range(MOST - 1):
        add(browser, Authenticator(ORIGIN))
    with pytest.raises(InvalidParam, match="Remove one first"):
        browser.ask("BeginPasskey")


def test_the_passkey_of_another_person_cannot_be_removed(desk: InsideDesk) -> None:
    """It answers as one that does not exist."""
    browser, _ = with_passkey(desk)
    _, theirs = with_passkey(desk, "boris")
    for bad in (theirs.credential_id.hex(), "00", "not hexadecimal"):
        with pytest.raises(PasskeyNotFound):
            browser.run("RemovePasskey", CredentialId=bad)


def test_an_answer_counts_once(desk: InsideDesk) -> None:
    """The desk forgets what it asked."""
    _, device = with_passkey(desk)
    browser = Browser(desk)
    device.count += 1
    answer = device.use(browser.ask("BeginPasskeySignIn"))
    visitor = browser.cookie
    browser.answer("SignInWithPasskey", answer)
    again = Browser(desk, visitor)
    with pytest.raises(SignInRefused, match="not accepted"):
        again.answer("SignInWithPasskey", answer)


def test_an_answer_counts_for_the_browser_that_was_asked_in_its_time(desk: InsideDesk) -> None:
    """And for what it was asked for; a thief's try takes nothing away from the owner."""
    signed_in, device = with_passkey(desk)
    browser = Browser(desk)
    device.count += 1
    answer = device.use(browser.ask("BeginPasskeySignIn"))
    with pytest.raises(SignInRefused):
        browser.stolen().answer("SignInWithPasskey", answer)
    browser.answer("SignInWithPasskey", answer)
    proof = device.use(signed_in.ask("BeginPasskeyProof"))
    with pytest.raises(InvalidParam):
        signed_in.answer("AddPasskey", proof, Name="x")
    late = Browser(desk)
    device.count += 2
    answer = device.use(late.ask("BeginPasskeySignIn"))
    desk.clock.move(timedelta(minutes=5, seconds=1))
    with pytest.raises(SignInRefused):
        late.answer("SignInWithPasskey", answer)


def test_a_copied_passkey_is_refused_and_noted(desk: InsideDesk) -> None:
    """Its counter has gone back; the row stays although nothing else is written."""
    _, device = with_passkey(desk)
    use(Browser(desk), device)
    device.count -= 2
    with pytest.raises(SignInRefused):
        use(Browser(desk), device)
    number = person_of(desk, "anna").person_id
    assert "counter went back" in desk.audit(f"person:{number}")[-1].detail


def test_nobody_signs_in_as_another_person_by_an_id(desk: InsideDesk) -> None:
    """The handle, the id and the key belong together."""
    _, mine = with_passkey(desk)
    _, theirs = with_passkey(desk, "boris")
    mine.handle = theirs.handle
    with pytest.raises(SignInRefused):
        use(Browser(desk), mine)
    forged = Authenticator(ORIGIN)
    forged.credential_id, forged.handle = theirs.credential_id, theirs.handle
    with pytest.raises(SignInRefused):
        use(Browser(desk), forged)
    with pytest.raises(SignInRefused):
        use(Browser(desk), Authenticator(ORIGIN))


def test_a_disabled_person_has_no_use_of_a_passkey(desk: InsideDesk) -> None:
    """The refusal says no more than any other."""
    _, device = with_passkey(desk)
    person = replace(person_of(desk, "anna"), enabled=False)
    desk.store.write(lambda unit: unit.people.replace(person))
    with pytest.raises(SignInRefused, match="The passkey was not accepted"):
        use(Browser(desk), device)


def test_strangers_reach_no_passkeys(desk: InsideDesk) -> None:
    """Only the actions that sign in are for them."""
    stranger = Browser(desk)
    for action in ("BeginPasskey", "BeginPasskeyProof"):
        with pytest.raises(SignInRefused):
            stranger.ask(action)
    with pytest.raises(UnauthorizedOperation):
        stranger.run("ListPasskeys")


def test_strangers_do_not_fill_the_desk_with_questions(desk: InsideDesk) -> None:
    """The newest of a network are kept, and none longer than five minutes."""
    browser = Browser(desk)
    for _ in range(203):
        browser.ask("BeginPasskeySignIn")
    count = desk.store.read(lambda unit: unit.sign_in_attempts.count(network=NETWORK))
    assert count == 200
    desk.clock.move(timedelta(minutes=6))
    browser.ask("BeginPasskeySignIn")
    assert desk.store.read(lambda unit: unit.sign_in_attempts.count()) == 1
