"""People sign in with a provider: by their groups, or as the logins that they were invited to."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from certdesk.bootstrap import actions
from certdesk.domain.errors import InvalidParam, SignInRefused
from certdesk.domain.people.records import Invitation
from certdesk.domain.people.role import Role
from certdesk.engine import Caller
from certdesk.operator.people.links import all_linked
from certdesk.operator.people.random_values import digest_of
from certdesk.operator.people.sessions import session_of, touch
from certdesk.workflow.group_checks import GroupChecks
from tests.inside import InsideDesk
from tests.operator.people import ORIGIN, Browser, halfway, person_of
from tests.signing_in import PASSWORD, invited

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk, and a provider that knows some people."""
    with InsideDesk(tmp_path) as made:
        made.provider.groups = {
            "anna": ("vetting", "others"),
            "otto": ("admins",),
            "eve": ("others",),
        }
        yield made


def signed_in(desk: InsideDesk, subject: str, **more: object) -> Browser:
    """Have somebody signed in with the provider."""
    browser = Browser(desk)
    browser.with_provider(subject, **more)
    return browser


def work(desk: InsideDesk, browser: Browser, minutes: int) -> bool:
    """Use the browser for some minutes, while the desk does its background work.

    Return whether the person is still signed in.
    """
    checks = GroupChecks(desk.engine, actions())
    for _ in range(minutes):
        desk.clock.move(MINUTE)
        checks.round()
        if browser.caller.session is not None:
            seen = functools.partial(touch, digest=browser.caller.session, now=desk.clock.now())
            desk.store.write(seen)
    return browser.is_signed_in


def test_a_member_of_a_group_gets_its_role(desk: InsideDesk) -> None:
    """At the first sign-in, both steps at once; the next one is the same login."""
    browser = Browser(desk)
    before = browser.cookie
    reply = browser.with_provider("anna", Onward="/queue")
    assert reply["Onward"] == "/queue"
    assert (browser.caller.role, browser.cookie != before) == (Role.REVIEWER, True)
    assert signed_in(desk, "anna").caller.person == browser.caller.person


def test_the_browser_carries_no_secret_of_the_sign_in(desk: InsideDesk) -> None:
    """It comes back to the desk's own address for this provider."""
    asked = parse_qs(urlsplit(Browser(desk).begin()).query)
    assert asked["redirect_uri"] == [f"{ORIGIN}/console/sign-in/with/company/back"]
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43


@pytest.mark.parametrize("subject", ["eve", "otto"])
def test_without_a_group_nobody_gets_in(desk: InsideDesk, subject: str) -> None:
    """Nor a new operator by a group, since no setting allows it. Nothing is left behind."""
    browser = Browser(desk)
    with pytest.raises(SignInRefused, match="no group that may use this desk"):
        browser.with_provider(subject)
    assert not browser.is_signed_in
    assert desk.store.read(lambda unit: unit.people.count()) == 0


def test_an_answer_counts_once_for_the_browser_that_was_asked(desk: InsideDesk) -> None:
    """In its time; another browser's cookie makes another nonce as well."""
    browser = Browser(desk)
    brought = desk.provider.sign_in(browser.begin(), "anna")
    with pytest.raises(SignInRefused, match="another browser"):
        browser.stolen().finish(brought)
    visitor = browser.cookie
    browser.finish(brought)
    with pytest.raises(SignInRefused, match="another browser"):
        Browser(desk, visitor).finish(brought)
    late = Browser(desk)
    brought = desk.provider.sign_in(late.begin(), "anna")
    desk.clock.move(5 * MINUTE + timedelta(seconds=1))
    with pytest.raises(SignInRefused, match="took too long"):
        late.finish(brought)


def test_a_code_of_another_sign_in_is_not_believed(desk: InsideDesk) -> None:
    """An attacker cannot put the own code into the browser of a victim."""
    attacker, victim = Browser(desk, "e" * 43), Browser(desk)
    stolen = desk.provider.sign_in(attacker.begin(), "anna")
    own = desk.provider.sign_in(victim.begin(), "anna")
    with pytest.raises(SignInRefused, match="did not confirm"):
        victim.finish({"code": stolen["code"], "state": own["state"]})


def test_an_answer_of_another_provider_is_refused(desk: InsideDesk) -> None:
    """By the address that it comes back to, and by the issuer that it names."""
    browser = Browser(desk)
    brought = desk.provider.sign_in(browser.begin(), "anna")
    with pytest.raises(SignInRefused, match="no such provider"):
        browser.finish(brought, Provider="other")
    with pytest.raises(SignInRefused, match="did not confirm"):
        browser.finish(brought, Issuer="https://other.example")


def test_an_error_of_the_provider_is_told(desk: InsideDesk) -> None:
    """As text: anybody can write one into an address."""
    browser = Browser(desk)
    brought = desk.provider.sign_in(browser.begin(), "anna")
    with pytest.raises(SignInRefused, match=r"did not sign you in \(access_denied\)"):
        browser.finish(brought, Error="access_denied")
    brought = desk.provider.sign_in(browser.begin(), "anna")
    with pytest.raises(SignInRefused, match="no code"):
        browser.finish(brought, Code="")


def test_a_provider_that_does_not_answer_is_told(desk: InsideDesk) -> None:
    """Before and after the browser was there."""
    browser = Browser(desk)
    brought = desk.provider.sign_in(browser.begin(), "anna")
    desk.provider.down = True
    with pytest.raises(SignInRefused, match="Example Corp does not answer"):
        browser.finish(brought)
    with pytest.raises(SignInRefused, match="Example Corp does not answer"):
        browser.begin()


def test_an_invitation_is_accepted_by_signing_in(desk: InsideDesk) -> None:
    """Once; from then on the identity is the login. A group of the role is needed all the same."""
    token = invited(desk, "otto", Role.OPERATOR)
    with pytest.raises(SignInRefused, match="no group"):
        signed_in(desk, "anna", Invitation=token)
    browser = signed_in(desk, "otto", Invitation=token)
    assert (browser.caller.role, browser.caller.name) == (Role.OPERATOR, "otto")
    assert signed_in(desk, "otto").caller.person == browser.caller.person
    with pytest.raises(SignInRefused, match="used already"):
        signed_in(desk, "otto", Invitation=token)


def test_an_invitation_and_a_provider_do_not_replace_a_second_step(desk: InsideDesk) -> None:
    """Who has the link of somebody else would get in with an own identity, now and later."""
    halfway(desk, "otto").set_up_app()
    token = invited(desk, "otto")
    with pytest.raises(SignInRefused, match="second step of its own"):
        signed_in(desk, "anna", Invitation=token)
    assert signed_in(desk, "anna").caller.name == "anna", "no identity was linked to otto"

    desk.operator("ResetSecondStep", Login="otto")
    desk.provider.groups["boris"] = ("vetting",)
    assert signed_in(desk, "boris", Invitation=token).caller.name == "otto"


def test_the_role_of_an_invitation_stays(desk: InsideDesk) -> None:
    """A higher group raises nobody, and without a group of the role there is no access."""
    signed_in(desk, "anna", Invitation=invited(desk, "anna", Role.REVIEWER))
    desk.provider.groups["anna"] = ("vetting", "admins")
    assert signed_in(desk, "anna").caller.role is Role.REVIEWER
    desk.provider.groups["anna"] = ("admins", "audit")
    with pytest.raises(SignInRefused, match="no group"):
        signed_in(desk, "anna")


def test_the_role_of_who_was_made_by_a_group_follows_the_groups(desk: InsideDesk) -> None:
    """Sessions in the earlier role end."""
    before = signed_in(desk, "anna")
    desk.provider.groups["anna"] = ("audit",)
    after = signed_in(desk, "anna")
    assert (after.caller.role, before.is_signed_in) == (Role.AUDITOR, False)
    assert after.caller.person == person_of(desk, "anna").person_id


def user_of(desk: InsideDesk, account: Caller, name: str) -> str:
    """Add a user to an account, and invite the user; return the token."""
    desk.operator("AddUser", Uin=account.uin, Name=name)
    return str(desk.operator("InviteUser", Uin=account.uin, Name=name)["Token"])


def test_a_user_of_an_account_signs_in_with_the_group_of_users(desk: InsideDesk) -> None:
    """Nobody becomes a user by a group alone."""
    account = desk.account()
    desk.provider.groups["uwe"] = ("everybody",)
    with pytest.raises(SignInRefused, match="no group"):
        signed_in(desk, "uwe")
    browser = signed_in(desk, "uwe", Invitation=user_of(desk, account, "uwe"))
    assert (browser.caller.role, browser.caller.uin) == (Role.USER, account.uin)
    assert signed_in(desk, "uwe").caller.person == browser.caller.person


def test_two_logins_of_one_identity_are_one_human_being(desk: InsideDesk) -> None:
    """A member of the staff who is a user as well; the one of the staff comes first."""
    account = desk.account()
    desk.provider.groups["anna"] = ("vetting", "everybody")
    user = signed_in(desk, "anna", Invitation=user_of(desk, account, "anna"))
    staff = signed_in(desk, "anna", Invitation=invited(desk, "anna", Role.REVIEWER))
    assert (user.caller.role, staff.caller.role) == (Role.USER, Role.REVIEWER)
    logins = {f"person:{user.caller.person}", f"person:{staff.caller.person}"}
    linked = desk.store.read(lambda unit: all_linked(unit, f"person:{staff.caller.person}"))
    assert logins <= linked
    assert signed_in(desk, "anna").caller.person == staff.caller.person


def test_a_person_with_several_logins_chooses_one(desk: InsideDesk) -> None:
    """Of those with the same identity; another person's number opens nothing."""
    account = desk.account()
    desk.provider.groups |= {"anna": ("vetting", "everybody"), "boris": ("vetting",)}
    user = signed_in(desk, "anna", Invitation=user_of(desk, account, "anna")).caller.person
    boris = signed_in(desk, "boris").caller.person
    browser = signed_in(desk, "anna", Invitation=invited(desk, "anna", Role.REVIEWER))
    (other,) = browser.run("ListWays")["Others"]
    assert (other["PersonId"], other["Provider"]) == (user, "company")
    for wrong in (boris, 99):
        with pytest.raises(SignInRefused):
            browser.with_provider("anna", PersonId=wrong)
    before = dataclasses.replace(browser)
    browser.with_provider("anna", PersonId=user)
    assert (browser.caller.person, before.is_signed_in) == (user, False)


@pytest.mark.parametrize("is_invited", [True, False])
def test_who_was_ended_is_not_made_anew(desk: InsideDesk, *, is_invited: bool) -> None:
    """Although the group is still there; a new invitation makes another login."""
    token = {"Invitation": invited(desk, "anna", Role.REVIEWER)} if is_invited else {}
    browser = signed_in(desk, "anna", **token)
    first = browser.caller.person
    desk.operator("EndPerson", Login="anna")
    assert not browser.is_signed_in
    with pytest.raises(SignInRefused, match="has ended"):
        signed_in(desk, "anna")
    assert not work(desk, browser, 55)
    again = signed_in(desk, "anna", Invitation=invited(desk, "anna", Role.REVIEWER))
    assert again.caller.person != first
    assert signed_in(desk, "anna").caller.person == again.caller.person


def test_the_operator_links_an_identity_to_a_login(desk: InsideDesk) -> None:
    """By the provider's number for the person; another one takes its place."""
    invited(desk, "anna", Role.REVIEWER)
    number = person_of(desk, "anna").person_id
    named = {"Login": "anna", "Provider": "company"}
    linked = desk.operator("LinkIdentity", Subject="anna", **named)
    assert (linked["Issuer"], linked["Subject"]) == ("https://id.example.com", "anna")
    browser = signed_in(desk, "anna")
    assert browser.caller.person == number
    desk.provider.groups["ann"] = ("vetting",)
    desk.operator("LinkIdentity", Subject="ann", **named)
    assert (browser.is_signed_in, signed_in(desk, "ann").caller.person) == (False, number)
    desk.operator("UnlinkIdentity", **named)
    assert signed_in(desk, "ann").caller.person != number


def test_a_login_that_a_group_made_is_not_unlinked(desk: InsideDesk) -> None:
    """It would come back; and names and numbers that there are not are refused."""
    signed_in(desk, "anna")
    named = {"Login": "anna", "Provider": "company"}
    for action, more, words in (
        ("UnlinkIdentity", {}, "a group made the login"),
        ("UnlinkIdentity", {"Provider": "other"}, "the settings have no other"),
        ("LinkIdentity", {"Subject": "a\nb"}, "Subject: "),
        ("LinkIdentity", {"Subject": "x", "Provider": "other"}, "the settings have no other"),
    ):
        with pytest.raises(InvalidParam, match=words):
            desk.operator(action, **(named | more))


def test_who_was_made_by_a_group_gets_no_other_way_to_sign_in(desk: InsideDesk) -> None:
    """It would still be there after the group is lost."""
    browser = signed_in(desk, "anna")
    with pytest.raises(InvalidParam, match="provider only"):
        browser.ask("BeginPasskey")
    with pytest.raises(InvalidParam, match="signs in there only"):
        desk.operator("InviteStaff", Name="anna", Role=Role.REVIEWER)


def test_an_invitation_of_who_was_made_by_a_group_opens_nothing(desk: InsideDesk) -> None:
    """Not even one that was made at the same time as the login."""
    person = signed_in(desk, "anna").caller.person
    assert person is not None
    invitation = Invitation(
        digest=digest_of("token"), person_id=person, expires_at=desk.clock.now() + 20 * MINUTE
    )
    desk.store.write(lambda unit: unit.invitations.add(invitation))
    browser = Browser(desk)
    assert "provider only" in browser.refusal("AcceptInvitation", Token="token", Password=PASSWORD)
    with pytest.raises(SignInRefused, match="provider only"):
        browser.with_provider("anna", Invitation="token")
    assert desk.store.read(lambda unit: unit.passwords.get(person)) is None


def test_a_name_that_somebody_has_gets_a_number(desk: InsideDesk) -> None:
    """Names are for people to read; nobody is known by one."""
    halfway(desk, "ANNA")
    assert signed_in(desk, "anna").caller.name == "anna-2"


def test_the_provider_proves_again_who_is_signed_in(desk: InsideDesk) -> None:
    """The same person; another one's word changes nothing."""
    desk.provider.groups["boris"] = ("vetting",)
    browser, other = signed_in(desk, "anna"), signed_in(desk, "boris")
    person = browser.caller.person
    with pytest.raises(SignInRefused, match="another login"):
        browser.with_provider("boris")
    assert browser.caller.person == person
    browser.with_provider("anna")
    assert (browser.caller.person, other.is_signed_in) == (person, True)


@pytest.mark.parametrize(
    ("age", "is_proved"),
    [
        (timedelta(0), True),
        (timedelta(minutes=4), True),
        (timedelta(hours=1), False),
        (None, False),
    ],
)
def test_a_provider_that_knows_somebody_for_hours_proves_nothing_now(
    desk: InsideDesk, age: timedelta | None, *, is_proved: bool
) -> None:
    """Somebody else may have come to the browser, and pressed the button."""
    desk.provider.age = age
    browser = signed_in(desk, "anna")
    digest, now = browser.caller.session, desk.clock.now()
    assert digest is not None
    known = desk.store.read(lambda unit: session_of(unit, digest, now))
    assert known is not None
    assert known.is_proved is is_proved


def test_a_provider_is_the_second_step_of_a_password(desk: InsideDesk) -> None:
    """Of a person who is linked; a stranger's identity completes nothing."""
    token = invited(desk, "anna", Role.REVIEWER)
    signed_in(desk, "anna", Invitation=token)
    browser = halfway(desk, "anna")
    desk.provider.groups["boris"] = ("vetting",)
    with pytest.raises(SignInRefused):
        browser.with_provider("boris")
    assert not browser.is_signed_in


def test_a_sign_in_without_a_refresh_token_ends_after_an_hour(desk: InsideDesk) -> None:
    """Nobody can be asked whether the group is still there."""
    desk.provider.refreshes = False
    browser = signed_in(desk, "anna")
    assert work(desk, browser, 59)
    assert not work(desk, browser, 2)


def test_a_sign_in_lasts_while_the_group_is_there(desk: InsideDesk) -> None:
    """The provider is asked every 50 minutes, and no session lasts more than twelve hours."""
    browser = signed_in(desk, "anna")
    assert work(desk, browser, 5 * 60)
    assert not work(desk, browser, 7 * 60 + 1)
    assert not work(desk, browser, 60)
    (link,) = desk.store.read(lambda unit: unit.oidc_identities.where())
    assert (link.sealed_refresh_token, link.check_at) == (None, None)


@pytest.mark.parametrize("groups", [(), ("audit",), None])
def test_a_lost_group_ends_sessions_within_an_hour(
    desk: InsideDesk, groups: tuple[str, ...] | None
) -> None:
    """Also one that was exchanged, and a person whom the provider does not know any more."""
    browser = signed_in(desk, "anna")
    person = browser.caller.person
    if groups is None:
        del desk.provider.groups["anna"]
    else:
        desk.provider.groups["anna"] = groups
    assert not work(desk, browser, 51)
    assert "sessions ended" in desk.audit(f"person:{person}")[-1].detail


def test_a_provider_that_does_not_answer_ends_sessions_after_an_hour(desk: InsideDesk) -> None:
    """A short failure does not."""
    browser = signed_in(desk, "anna")
    work(desk, browser, 49)
    desk.provider.down = True
    assert work(desk, browser, 5)
    desk.provider.down = False
    assert work(desk, browser, 10)
    desk.provider.down = True
    assert not work(desk, browser, 60)


def test_the_token_that_asks_again_is_sealed(desk: InsideDesk) -> None:
    """Who reads the database cannot use it."""
    signed_in(desk, "anna")
    (link,) = desk.store.read(lambda unit: unit.oidc_identities.where())
    assert link.sealed_refresh_token is not None
    assert b"anna" not in link.sealed_refresh_token
