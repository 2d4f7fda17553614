"""Invitations, signing in, and sessions: what opens the console and what does not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from certdesk.domain.people.role import Role
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from tests.inside import InsideDesk
from tests.signing_in import PASSWORD, Browser, accepting, invited, staff, user

WRONG = "FailedOperation.SignInRefused: The name or the password is wrong."
USED_UP = (
    "FailedOperation.SignInRefused: The link was used already, or its time is over. "
    "Ask for another one."
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsideDesk]:
    """Run a desk of its own, whose clock the test moves."""
    with InsideDesk(tmp_path_factory.mktemp("desk")) as inside:
        yield inside


# --- invitations --------------------------------------------------------------------------------


def test_an_invitation_is_good_once(desk: InsideDesk) -> None:
    """The second person with the link gets nothing, and changes nothing."""
    token = invited(desk, "ann")
    accepting(desk, token)

    assert Browser(desk).refusal("AcceptInvitation", Token=token, Password="x" * 12) == USED_UP
    assert not Browser(desk).sign_in("ann")["Complete"]


def test_an_invitation_is_good_for_half_an_hour(desk: InsideDesk) -> None:
    """Nor is it before it was made, if the clock was set back."""
    token = invited(desk, "ann")
    desk.clock.move(30 * MINUTE)

    assert Browser(desk).refusal("AcceptInvitation", Token=token, Password=PASSWORD) == USED_UP
    desk.clock.move(-31 * MINUTE)
    assert Browser(desk).refusal("AcceptInvitation", Token=token, Password=PASSWORD) == USED_UP
    desk.clock.move(30 * MINUTE)
    assert accepting(desk, token).cookie


def test_a_new_invitation_replaces_the_earlier_one(desk: InsideDesk) -> None:
    """It is one login with one link, however the name is written."""
    first = invited(desk, "Ann")
    second = invited(desk, "ANN")

    assert Browser(desk).refusal("AcceptInvitation", Token=first, Password=PASSWORD) == USED_UP
    assert accepting(desk, second).cookie
    assert [each.name for each in desk.store.read(lambda unit: unit.people.where())] == ["Ann"]


def test_a_typed_name_cannot_be_guessed_from_what_is_kept_about_it(desk: InsideDesk) -> None:
    """It may be a password, typed into the wrong field."""
    Browser(desk).refusal("SignIn", Name=PASSWORD, Password="x")
    kept = desk.store.read(lambda unit: repr(unit.sign_in_failures.where()))
    guessed = hashlib.sha256(PASSWORD.encode()).hexdigest()
    assert "login:" in kept
    assert guessed[:16] not in kept


def test_the_database_holds_no_token_and_no_password(desk: InsideDesk) -> None:
    """A reader of it signs in as nobody."""
    token = invited(desk, "ann")
    browser = staff(desk, "ben")
    stored = desk.store.read(
        lambda unit: repr(
            [
                unit.invitations.where(),
                unit.passwords.where(),
                unit.sessions.where(),
                unit.authenticators.where(),
                unit.recovery_codes.where(),
                unit.audit.where(),
            ]
        )
    )

    for secret in (
        token,
        browser.cookie,
        browser.secret,
        PASSWORD,
        "argon2",
        *browser.recovery_codes,
    ):
        assert secret not in stored


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("x" * 11, "must have 12 to 128 characters."),
        ("x" * 129, "must have 12 to 128 characters."),
        ("ANN.of.the.desk", "must not be the name."),
    ],
)
def test_a_password_has_few_rules(desk: InsideDesk, password: str, why: str) -> None:
    """A refused one uses no invitation up."""
    token = invited(desk, "ann.of.the.desk")
    refused = Browser(desk).refusal("AcceptInvitation", Token=token, Password=password)

    assert refused == f"FailedOperation.InvalidParam: Password: {why}"
    assert accepting(desk, token, "     ÄÖÜ 🐎  ").cookie


def test_an_invitation_to_a_known_login_changes_its_password_and_keeps_the_second_step(
    desk: InsideDesk,
) -> None:
    """Who only has the link does not get in; who was signed in is not any more."""
    ann = staff(desk, "ann")
    other = accepting(desk, invited(desk, "ann"), "another password")

    assert [ann.is_signed_in, other.is_signed_in] == [False, False]
    assert "second step" in other.refusal("BeginAuthenticator")
    desk.clock.move(MINUTE)
    other.run("GiveSecondStep", Code=ann.code())
    assert other.is_signed_in
    assert Browser(desk).refused_sign_in("ann") == WRONG


def test_a_login_keeps_its_role(desk: InsideDesk) -> None:
    """A second invitation is no way to another one."""
    invited(desk, "ann", "auditor")

    with pytest.raises(Exception, match="Role: ann is auditor"):
        desk.operator("InviteStaff", Name="Ann", Role="operator")


# --- names and passwords ------------------------------------------------------------------------


def test_a_person_signs_in_with_password_and_code(desk: InsideDesk) -> None:
    """Each step has a new cookie, and the earlier one is nobody's."""
    ann = staff(desk, "ann", "auditor")
    desk.clock.move(MINUTE)
    browser = Browser(desk)
    assert not browser.sign_in("ANN")["Complete"]
    halfway = browser.cookie
    browser.run("GiveSecondStep", Code=ann.code())

    assert browser.visitor.caller.role is Role.AUDITOR
    assert browser.visitor.caller.operator == "person 1"
    assert not Browser(desk, halfway).visitor.is_known


@pytest.mark.parametrize("name", ["ann", "nobody", "ann@100000000001", "ended"])
def test_a_refusal_does_not_tell_which_names_there_are(desk: InsideDesk, name: str) -> None:
    """A known name, an unknown one, and one that was ended: the same answer, and as much work."""
    staff(desk, "ann")
    staff(desk, "ended")
    desk.operator("EndPerson", Login="ended")
    counted = Counted(desk)
    wrong = PASSWORD if name != "ann" else "a wrong password"

    assert Browser(desk).refused_sign_in(name, wrong) == WRONG
    assert counted.hashes == 1


class Counted:
    """Counts the hashes of a desk."""

    def __init__(self, desk: InsideDesk) -> None:
        """Count from now on."""
        self.hashes = 0
        self._hasher = desk.engine.passwords
        desk.engine = replace(desk.engine, passwords=self)

    def hash(self, password: Secret) -> Secret:
        """Hash."""
        return self._hasher.hash(password)

    def fits(self, password: Secret, hashed: Secret | None) -> bool:
        """Count, and check."""
        self.hashes += 1
        return self._hasher.fits(password, hashed)


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_failures_delay_the_next_attempt(desk: InsideDesk, name: str) -> None:
    """Five are free; then the right password has to wait too, and nothing is hashed."""
    staff(desk, "ann")
    for _ in range(5):
        assert Browser(desk).refused_sign_in(name, "a wrong password") == WRONG
    counted = Counted(desk)

    assert "Try again in 31 seconds." in Browser(desk).refused_sign_in(name)
    assert counted.hashes == 0
    desk.clock.move(timedelta(seconds=31))
    assert Browser(desk).refused_sign_in(name, "a wrong password") == WRONG
    assert "Try again in 2 minutes." in Browser(desk).refused_sign_in(name)


def test_strangers_delay_nobody_elsewhere_and_nothing_in_a_session(desk: InsideDesk) -> None:
    """Whoever knows a name could keep its person out otherwise, or its network those invited."""
    ann = staff(desk, "ann")
    link = invited(desk, "ben")
    for number in range(20):
        Browser(desk).refused_sign_in("ann" if number < 5 else f"x{number}", "a wrong password")
    assert "Too many" in Browser(desk).refused_sign_in("ann")

    ann.run("ProveAgain", Password=PASSWORD)
    ann.run("ChangePassword", OldPassword=PASSWORD, Password="a longer password")
    ann.set_up_app()
    accepting(desk, link).set_up_app()
    elsewhere = Browser(desk, network="192.0.2.1")
    elsewhere.sign_in("ann", "a longer password")
    desk.clock.move(MINUTE)
    elsewhere.run("GiveSecondStep", Code=ann.code())
    assert elsewhere.is_signed_in


def test_a_new_password_ends_links_that_were_not_used(desk: InsideDesk) -> None:
    """Somebody who holds one could set another password after it."""
    ann = staff(desk, "ann")
    link = invited(desk, "ann")
    ann.run("ChangePassword", OldPassword=PASSWORD, Password="a longer password")
    refused = Browser(desk).refusal("AcceptInvitation", Token=link, Password=PASSWORD)
    assert "The link was used already, or its time is over." in refused


def test_a_name_that_many_networks_try_is_delayed_everywhere(desk: InsideDesk) -> None:
    """After thirty failures, whether or not anybody has the name."""
    for number in range(30):
        network = f"192.0.2.{number // 5}"
        assert Browser(desk, network=network).refused_sign_in("nobody") == WRONG
    refused = Browser(desk, network="192.0.2.99").refused_sign_in("nobody")
    assert "Try again in 31 seconds." in refused


@pytest.mark.parametrize("action", ["ProveAgain", "ChangePassword", "ConfirmAuthenticator"])
def test_guesses_in_a_session_are_delayed(desk: InsideDesk, action: str) -> None:
    """So a thief of one does not find the password; signing in elsewhere is not delayed."""
    ann = staff(desk, "ann")
    ann.run("BeginAuthenticator")
    wrong = {
        "ProveAgain": {"Password": "a wrong password"},
        "ChangePassword": {"OldPassword": "a wrong password", "Password": "a longer password"},
        "ConfirmAuthenticator": {"Code": "000000"},
    }[action]
    for _ in range(5):
        assert "Too many" not in ann.refusal(action, **wrong)
    assert "Try again in 31 seconds." in ann.refusal("ProveAgain", Password=PASSWORD)
    assert Browser(desk).sign_in("ann")


def test_a_network_that_tries_many_names_is_delayed(desk: InsideDesk) -> None:
    """Others sign in meanwhile."""
    ann = staff(desk, "ann")
    for number in range(20):
        assert Browser(desk).refused_sign_in(f"name{number}") == WRONG

    assert "Too many" in Browser(desk).refused_sign_in("ann")
    assert Browser(desk, network="192.0.2.1").sign_in("ann")
    assert ann.is_signed_in


def test_a_right_password_does_not_make_codes_guessable(desk: InsideDesk) -> None:
    """A thief of the password cannot start to count anew by typing it."""
    ann = staff(desk, "ann")
    refusals = []
    for number in range(6):
        thief = Browser(desk)
        if "Too many" in (refused := thief.refused_sign_in("ann")):
            refusals.append(refused)
            break
        refusals.append(thief.refusal("GiveSecondStep", Code=f"00000{number}"))

    assert "Too many" in refusals[-1]
    assert len(refusals) <= 6
    assert ann.is_signed_in


def test_attempts_at_the_same_time_count_all(desk: InsideDesk) -> None:
    """An attempt counts before it is checked, so the sixth is refused while five are checked."""
    staff(desk, "ann")
    seen: list[str] = []

    class Slow(Counted):
        def fits(self, password: Secret, hashed: Secret | None) -> bool:
            seen.append("checked")
            if len(seen) < 8:
                seen.append(Browser(desk).refused_sign_in("ann"))
            return super().fits(password, hashed)

    Slow(desk)
    Browser(desk).refused_sign_in("ann", "a wrong password")

    assert seen.count("checked") == 5


# --- the second step ----------------------------------------------------------------------------


def test_staff_reach_nothing_before_the_second_step(desk: InsideDesk) -> None:
    """What needs a role is refused by the engine, and a password is not enough to set up an app."""
    operator = staff(desk, "ann", "operator")
    thief = Browser(desk)
    thief.sign_in("ann")

    for action in ("ListReviews", "ListSessions", "NewRecoveryCodes"):
        assert "UnauthorizedOperation" in thief.refusal(action)
    assert "InviteStaff is not for" in thief.refusal("InviteStaff", Name="eve", Role="operator")
    assert "second step first" in thief.refusal("BeginAuthenticator")
    assert "second step first" in thief.refusal("ConfirmAuthenticator", Code=operator.code())


def test_a_code_counts_once(desk: InsideDesk) -> None:
    """Nor does an earlier one, or one of a clock that is further off than a step."""
    ann = staff(desk, "ann")
    used = ann.code()
    browser = Browser(desk)
    browser.sign_in("ann")

    for code in (used, ann.code(-1), ann.code(2), "000000", "x"):
        assert "Code: this one is not right" in browser.refusal("GiveSecondStep", Code=code)
    desk.clock.move(timedelta(minutes=2))
    browser.run("GiveSecondStep", Code=ann.code(1))
    assert browser.is_signed_in


def test_a_recovery_code_replaces_a_code_once(desk: InsideDesk) -> None:
    """It may be typed in capitals and without the hyphens."""
    ann = staff(desk, "ann")
    code = ann.recovery_codes[3].upper().replace("-", " ")
    browser = Browser(desk)
    browser.sign_in("ann")
    browser.run("GiveSecondStep", Code=code)

    assert browser.run("ListSessions")["RecoveryCodes"] == 9
    browser.sign_out()
    browser.sign_in("ann")
    assert "Code: this one is not right" in browser.refusal("GiveSecondStep", Code=code)


def test_an_app_that_another_session_began_is_not_confirmed(desk: InsideDesk) -> None:
    """So a thief of the first password knows no secret that its person confirms."""
    ann = accepting(desk, invited(desk, "ann"))
    thief = Browser(desk)
    thief.sign_in("ann")
    thief.secret = thief.run("BeginAuthenticator")["Secret"]
    ann.secret = ann.run("BeginAuthenticator")["Secret"]

    assert thief.secret != ann.secret
    assert "begin again" in thief.refusal("ConfirmAuthenticator", Code=thief.code())
    ann.run("ConfirmAuthenticator", Code=ann.code())
    assert ann.is_signed_in
    assert not thief.visitor.is_known


def test_a_new_app_needs_a_fresh_proof_and_ends_other_sessions(desk: InsideDesk) -> None:
    """The app so far counts until the new one is confirmed."""
    ann = staff(desk, "ann")
    desk.clock.move(6 * MINUTE)
    other = Browser(desk)
    other.sign_in("ann")
    other.run("GiveSecondStep", Code=ann.code())

    assert "ProofNeeded" in ann.refusal("BeginAuthenticator")
    assert "ProofNeeded" in ann.refusal("NewRecoveryCodes")
    assert "The password is wrong." in ann.refusal("ProveAgain", Password="a wrong password")
    ann.run("ProveAgain", Password=PASSWORD)
    ann.set_up_app()
    assert (ann.is_signed_in, other.visitor.is_known) == (True, False)
    assert len(ann.run("NewRecoveryCodes")["RecoveryCodes"]) == 10


# --- sessions -----------------------------------------------------------------------------------


def test_a_session_ends_after_a_quarter_of_an_hour_without_a_request(desk: InsideDesk) -> None:
    """Requests prolong it, up to twelve hours."""
    ann = staff(desk, "ann")
    for _ in range(51):
        desk.clock.move(14 * MINUTE)
        assert ann.is_signed_in
    desk.clock.move(14 * MINUTE)
    assert not ann.visitor.is_known

    ben = staff(desk, "ben")
    desk.clock.move(15 * MINUTE)
    assert not ben.visitor.is_known


def test_a_session_that_was_ended_is_nobodys(desk: InsideDesk) -> None:
    """By signing out, from another browser, or by a changed password."""
    ann = staff(desk, "ann")
    others = []
    for _ in range(3):
        desk.clock.move(MINUTE)
        other = Browser(desk)
        other.sign_in("ann")
        other.run("GiveSecondStep", Code=ann.code())
        others.append(other)
    first, second, third = others

    first.sign_out()
    sessions = ann.run("ListSessions")["Sessions"]
    assert [(each["Agent"], each["Own"]) for each in sessions if not each["Own"]] == [
        ("Fox", False),
        ("Fox", False),
    ]
    ann.run("EndSession", SessionId=sessions[0]["SessionId"])
    assert [each.visitor.is_known for each in (first, second, third)] == [False, True, False]
    ann.run("ChangePassword", OldPassword=PASSWORD, Password="a longer password")
    assert (ann.is_signed_in, second.visitor.is_known) == (True, False)
    assert Browser(desk).refused_sign_in("ann") == WRONG


def test_nobody_ends_the_session_of_another_person(desk: InsideDesk) -> None:
    """Its id is one that does not exist."""
    ann, ben = staff(desk, "ann"), staff(desk, "ben")
    foreign = ann.run("ListSessions")["Sessions"][0]["SessionId"]

    assert "there is no such session" in ben.refusal("EndSession", SessionId=foreign)
    assert "there is no such session" in ben.refusal("EndSession", SessionId="x")
    assert ann.is_signed_in


def test_a_person_has_twenty_sessions_at_most(desk: InsideDesk) -> None:
    """The one that was used longest ago ends."""
    first, uin, _ = user(desk, "ann")
    desk.clock.move(MINUTE)
    others = [Browser(desk) for _ in range(20)]
    for other in others:
        other.sign_in(f"ann@{uin}")

    assert [each.is_signed_in for each in (first, *others)] == [False, *[True] * 20]


# --- users of accounts --------------------------------------------------------------------------


def test_a_user_signs_in_with_a_password_and_has_the_policies_of_its_keys(
    desk: InsideDesk,
) -> None:
    """It may do at first nothing; a second step is its own choice."""
    browser, uin, number = user(desk, "ann")
    caller = browser.visitor.caller
    assert (caller.uin, caller.user_id, caller.role) == (uin, number, Role.USER)
    assert not caller.grants.permits("ssl:DescribeCertificates")

    policy = desk.operator("AddPolicy", Uin=uin, Name="all", Effect="allow", Actions=["ssl:*"])[
        "PolicyId"
    ]
    desk.operator("AttachPolicy", UserId=number, PolicyId=policy)
    assert browser.visitor.caller.grants.permits("ssl:DescribeCertificates")

    browser.set_up_app()
    assert not Browser(desk).sign_in(f"ann@{uin}")["Complete"]


@pytest.mark.parametrize(("action", "whom"), [("SwitchUser", "UserId"), ("SwitchAccount", "Uin")])
def test_a_disabled_user_or_account_has_no_session(
    desk: InsideDesk, action: str, whom: str
) -> None:
    """Not the one that it had, not even later, and no new one; others keep theirs."""
    browser, uin, number = user(desk, "ann")
    other, _, _ = user(desk, "ben")
    named = {whom: {"UserId": number, "Uin": uin}[whom]}
    desk.operator(action, **named, Enabled=False)

    assert not browser.visitor.is_known
    assert Browser(desk).refused_sign_in(f"ann@{uin}") == WRONG
    desk.operator(action, **named, Enabled=True)
    assert (browser.visitor.is_known, other.is_signed_in) == (False, True)
    assert Browser(desk).sign_in(f"ann@{uin}")["Complete"]


def test_a_change_is_not_made_by_a_session_that_has_just_ended(desk: InsideDesk) -> None:
    """The transaction asks again whether it lasts."""
    ann = staff(desk, "ann")
    held = ann.visitor.holds
    assert held is not None
    assert desk.store.read(held)
    ann.sign_out()
    assert not desk.store.read(held)
