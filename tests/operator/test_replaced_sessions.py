"""A session that takes the place of another lasts no longer, and proves no more than was proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from certdesk.domain.errors import InvalidParam
from certdesk.domain.people.records import Session
from certdesk.domain.people.sessions import LONGEST
from tests.inside import InsideDesk
from tests.operator.people import ORIGIN, Browser, halfway
from tests.passkeys import Authenticator
from tests.signing_in import PASSWORD

MINUTE = timedelta(minutes=1)
Act = Callable[[Browser, Authenticator], object]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk, and a provider that knows anna."""
    with InsideDesk(tmp_path) as made:
        made.provider.groups = {"anna": ("vetting",)}
        yield made


def session_of(browser: Browser) -> Session:
    """Read the session of a browser."""
    digest = browser.caller.session
    assert digest is not None
    session = browser.desk.store.read(lambda unit: unit.sessions.get(digest))
    assert session is not None
    return session


def add_passkey(browser: Browser, device: Authenticator) -> None:
    """Add a passkey."""
    answer = device.make(browser.ask("BeginPasskey"))
    browser.answer("AddPasskey", answer, Name="laptop")


def remove_passkey(browser: Browser, _: Authenticator) -> None:
    """Remove the first passkey."""
    first = browser.run("ListPasskeys")["Passkeys"][0]
    browser.run("RemovePasskey", CredentialId=first["CredentialId"])


def prove_with_passkey(browser: Browser, device: Authenticator) -> None:
    """Use the passkey."""
    device.count += 1
    browser.answer("ProveWithPasskey", device.use(browser.ask("BeginPasskeyProof")))


def set_up_app(browser: Browser, _: Authenticator) -> None:
    """Set up an app."""
    browser.set_up_app()


def change_password(browser: Browser, _: Authenticator) -> None:
    """Change the password."""
    browser.run("ChangePassword", OldPassword=PASSWORD, Password="a longer password")


def linked(desk: InsideDesk) -> tuple[Browser, Authenticator]:
    """Have somebody signed in by the provider for two minutes, with a password, app and passkey."""
    browser, device = halfway(desk, "anna"), Authenticator(ORIGIN)
    desk.operator("LinkIdentity", Login="anna", Provider="company", Subject="anna")
    browser.with_provider("anna")
    browser.set_up_app()
    add_passkey(browser, device)
    desk.clock.move(2 * MINUTE)
    return browser, device


@pytest.mark.parametrize(
    ("act", "is_proof"),
    [
        (set_up_app, False),
        (change_password, True),
        (remove_passkey, False),
        (prove_with_passkey, True),
    ],
)
def test_what_replaces_a_session_lasts_no_longer_and_only_a_proof_renews_the_proof(
    desk: InsideDesk, act: Act, *, is_proof: bool
) -> None:
    """So a thief of a session does not keep it for ever, and the provider's hour stays one."""
    browser, device = linked(desk)
    before = session_of(browser)
    assert before.provider == "company"
    act(browser, device)
    after = session_of(browser)
    assert after.digest != before.digest
    assert _lasts(after) == _lasts(before)
    assert after.proved_at == (desk.clock.now() if is_proof else before.proved_at)


def test_a_further_passkey_is_no_proof(desk: InsideDesk) -> None:
    """It is made by who is at the browser, whoever that is."""
    browser, _ = linked(desk)
    before = session_of(browser)
    add_passkey(browser, Authenticator(ORIGIN))
    after = session_of(browser)
    assert (*_lasts(after), after.proved_at) == (*_lasts(before), before.proved_at)


def test_the_second_step_is_a_proof_and_prolongs_nothing(desk: InsideDesk) -> None:
    """The twelve hours began with the password."""
    first, _ = linked(desk)
    browser = Browser(desk)
    browser.sign_in("anna")
    before = session_of(browser)
    desk.clock.move(MINUTE)
    browser.run("GiveSecondStep", Code=first.code())
    after = session_of(browser)
    assert (_lasts(after), after.proved_at) == (_lasts(before), desk.clock.now())


def test_the_providers_word_counts_an_hour_and_twelve_at_most(desk: InsideDesk) -> None:
    """However often it is given in the same session."""
    browser, _ = linked(desk)
    began = session_of(browser).created_at
    for _ in range(80):
        desk.clock.move(9 * MINUTE)
        if not browser.is_signed_in:
            break
        browser.with_provider("anna")
        after = session_of(browser)
        assert after.created_at == began
        assert after.ends_at == min(began + LONGEST, desk.clock.now() + 60 * MINUTE)
    assert not browser.is_signed_in


def test_who_was_made_by_a_group_gets_no_second_step(desk: InsideDesk) -> None:
    """It would be there after the group is lost, and each change would make a new session."""
    browser = Browser(desk)
    browser.with_provider("anna")
    for action in ("BeginAuthenticator", "NewRecoveryCodes"):
        with pytest.raises(InvalidParam, match="provider only"):
            browser.run(action)
    with pytest.raises(InvalidParam, match="provider only"):
        browser.run("ConfirmAuthenticator", Code="000000")


def _lasts(session: Session) -> tuple[datetime, datetime, str]:
    return session.created_at, session.ends_at, session.provider
