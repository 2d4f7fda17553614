"""What the operator does about people: ending a leaver, a lost second step, links of logins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from certdesk.bootstrap.housekeeping import retention_of
from certdesk.domain.errors import InvalidParam, PersonNotFound, UserNotFound
from certdesk.domain.people.records import OidcIdentity, Passkey
from certdesk.operator.people.links import linked_to
from certdesk.settings import Settings
from certdesk.workflow.retention.records import RecordRetention
from tests.inside import NOON, InsideDesk
from tests.signing_in import PASSWORD, Browser, accepting, invited, staff, user

MINUTE = timedelta(minutes=1)
WRONG = "FailedOperation.SignInRefused: The name or the password is wrong."


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsideDesk]:
    """Run a desk of its own, whose clock the test moves."""
    with InsideDesk(tmp_path_factory.mktemp("desk")) as inside:
        yield inside


def with_identity(desk: InsideDesk, person_id: int, subject: str = "ann") -> None:
    """Give a person an identity at a provider."""
    identity = OidcIdentity(
        issuer="https://id.example", subject=subject, person_id=person_id, created_at=NOON
    )
    desk.store.write(lambda unit: unit.oidc_identities.add(identity))


def with_passkey(desk: InsideDesk, person_id: int) -> None:
    """Give a person a passkey."""
    passkey = Passkey(
        credential_id=b"id",
        person_id=person_id,
        name="key",
        public_key=b"key",
        sign_count=0,
        created_at=NOON,
    )
    desk.store.write(lambda unit: unit.passkeys.add(passkey))


def test_one_command_ends_everything_of_a_leaver(desk: InsideDesk) -> None:
    """Sessions, password, second step, passkeys, invitations, identities, and a user's keys."""
    ann, uin, number = user(desk, "ann")
    ann.set_up_app()
    key = desk.operator("AddKey", Uin=uin, UserId=number)["SecretId"]
    person = ann.visitor.caller.person
    assert person is not None
    with_identity(desk, person)
    with_passkey(desk, person)
    link = desk.operator("InviteUser", Uin=uin, Name="ann")["Token"]

    ended = desk.operator("EndPerson", Login=f"ANN@{uin}")

    assert ended["SecretIds"] == [key]
    assert [ended[name] for name in ("Sessions", "Passkeys", "Providers")] == [1, 1, 1]
    assert not ann.visitor.is_known
    assert "used already" in Browser(desk).refusal(
        "AcceptInvitation", Token=link, Password=PASSWORD
    )
    assert Browser(desk).refused_sign_in(f"ann@{uin}") == WRONG
    left = desk.store.read(
        lambda unit: [
            *unit.sessions.where(),
            *unit.passwords.where(),
            *unit.authenticators.where(),
            *unit.recovery_codes.where(),
            *unit.passkeys.where(),
            *unit.invitations.where(),
            *unit.access_keys.where(user_id=number, enabled=True),
        ]
    )
    assert left == []
    assert [entry.action for entry in desk.audit(f"person:{person}")][-1] == "EndPerson"


def test_the_name_of_a_leaver_is_free(desk: InsideDesk) -> None:
    """Who has it next is another person, and the earlier one stays in the list."""
    first = staff(desk, "ann")
    desk.operator("EndPerson", Login="ann")
    second = staff(desk, "ann", "auditor")

    assert [first.visitor.is_known, second.is_signed_in] == [False, True]
    people = desk.operator("ListPeople")["People"]
    assert [(each["Login"], each["Enabled"], each["Role"]) for each in people] == [
        ("ann", False, "reviewer"),
        ("ann", True, "auditor"),
    ]
    assert desk.operator("ShowPerson", Login="person:1")["Person"]["Enabled"] is False
    desk.operator("EndPerson", Login="person:1")
    assert second.is_signed_in


def test_a_disabled_login_comes_back_as_it_was(desk: InsideDesk) -> None:
    """Meanwhile it has no session and gets no new one, by password or by a link."""
    ann = staff(desk, "ann")
    link = invited(desk, "ann")
    assert desk.operator("SwitchPerson", Login="ann", Enabled=False)["Sessions"] == 1
    assert not ann.is_signed_in
    assert Browser(desk).refused_sign_in("ann") == WRONG
    assert "used already" in Browser(desk).refusal(
        "AcceptInvitation", Token=link, Password="x" * 12
    )
    with pytest.raises(InvalidParam, match="Enable the login first"):
        invited(desk, "ann")

    desk.operator("SwitchPerson", Login="ann", Enabled=True)
    assert not ann.visitor.is_known
    assert not Browser(desk).sign_in("ann")["Complete"]
    shown = desk.operator("ShowPerson", Login="ann")["Person"]
    assert (shown["Authenticator"], shown["Ended"], shown["Enabled"]) == (True, False, True)


def test_a_disabled_login_ends_like_any_other(desk: InsideDesk) -> None:
    """Its name is free then, and it is not enabled again."""
    staff(desk, "ann")
    desk.operator("SwitchPerson", Login="ann", Enabled=False)
    number = desk.operator("EndPerson", Login="ann")["PersonId"]
    with pytest.raises(InvalidParam, match="was ended"):
        desk.operator("SwitchPerson", Login=f"person:{number}", Enabled=True)
    desk.operator("EndPerson", Login=f"person:{number}")
    assert staff(desk, "ann").visitor.caller.person != number
    assert desk.operator("ShowPerson", Login=f"person:{number}")["Person"]["Ended"]


def test_the_last_sign_in_is_shown(desk: InsideDesk) -> None:
    """Also after the session has ended; before the first one there is none."""
    link = invited(desk, "ann")
    assert desk.operator("ShowPerson", Login="ann")["Person"]["LastSignIn"] is None
    ann = accepting(desk, link)
    ann.set_up_app()
    ann.sign_out()
    desk.clock.move(MINUTE)
    again = Browser(desk)
    again.sign_in("ann")
    again.run("GiveSecondStep", Code=ann.code())
    again.sign_out()
    desk.clock.move(MINUTE)
    desk.operator("LinkPerson", Login="ann", Other="uid:7")
    shown = desk.operator("ShowPerson", Login="ann")["Person"]
    assert (shown["LastSignIn"], shown["Sessions"]) == ("2026-03-01T12:01:00Z", 0)


def test_a_lost_second_step_is_reset(desk: InsideDesk) -> None:
    """Sessions end; the person sets up another app before anything else."""
    ann = staff(desk, "ann", "operator")
    assert desk.operator("ResetSecondStep", Login="ann")["Sessions"] == 1

    assert not ann.visitor.is_known
    again = Browser(desk)
    again.sign_in("ann")
    assert "second step" not in again.refusal("GiveSecondStep", Code=ann.recovery_codes[0])
    before = again.is_signed_in
    again.set_up_app()
    assert [before, again.is_signed_in] == [False, True]
    assert "ResetSecondStep" in [entry.action for entry in desk.audit("person:1")]


def test_linked_logins_are_one_human_being(desk: InsideDesk) -> None:
    """Over links of any length, whichever was named first, and the user that a login signs in."""
    staff(desk, "ann")
    _, uin, number = user(desk, "anna")
    staff(desk, "ben")
    desk.operator("LinkPerson", Login="ann", Other="uid:1000")
    linked = desk.operator("LinkPerson", Login=f"anna@{uin}", Other="ann")["Linked"]
    assert linked == ["ann", "uid:1000", f"user:{number}"]

    assert desk.store.read(lambda unit: linked_to(unit, 1)) == {
        "person:1",
        "person:2",
        "uid:1000",
        f"user:{number}",
    }
    assert desk.operator("UnlinkPerson", Login="ann", Other=f"anna@{uin}")["Linked"] == ["uid:1000"]
    with pytest.raises(InvalidParam, match="not linked"):
        desk.operator("UnlinkPerson", Login="ann", Other="ben")


def test_one_identity_links_logins_also_after_one_was_ended(desk: InsideDesk) -> None:
    """Who leaves and comes back under another name does not count as two."""
    staff(desk, "ann")
    staff(desk, "anna")
    with_identity(desk, 1)
    with_identity(desk, 2)
    assert desk.store.read(lambda unit: linked_to(unit, 1)) == {"person:1", "person:2"}

    desk.operator("EndPerson", Login="ann")
    assert desk.store.read(lambda unit: linked_to(unit, 2)) == {"person:1", "person:2"}


@pytest.mark.parametrize(
    ("other", "refusal"),
    [("ann", InvalidParam), ("nobody", PersonNotFound), ("user:99", UserNotFound)],
)
def test_only_logins_that_there_are_can_be_linked(
    desk: InsideDesk, other: str, refusal: type[Exception]
) -> None:
    """A mistyped one would let a human being count as two."""
    staff(desk, "ann")
    with pytest.raises(refusal):
        desk.operator("LinkPerson", Login="ann", Other=other)


@pytest.mark.parametrize("name", ["ann@100000000001", "uid:1000", "user:1", "person:1"])
def test_a_name_of_the_staff_is_not_like_another_login(desk: InsideDesk, name: str) -> None:
    """So a name that somebody types means one login."""
    with pytest.raises(InvalidParam, match="Name: must not"):
        desk.operator("InviteStaff", Name=name, Role="auditor")


def test_a_person_is_shown_with_all_that_it_signs_in_with(desk: InsideDesk) -> None:
    """And whether an invitation is open."""
    staff(desk, "ann")
    invited(desk, "ben", "auditor")
    ann, ben = desk.operator("ListPeople")["People"]

    assert (ann["Password"], ann["Authenticator"], ann["RecoveryCodes"]) == (True, True, 10)
    assert (ann["Sessions"], ann["Invited"]) == (1, None)
    assert (ben["Role"], ben["Password"], ben["Invited"]) == (
        "auditor",
        False,
        "2026-03-01T12:30:00Z",
    )


def test_what_is_over_is_removed(desk: InsideDesk) -> None:
    """Sessions, invitations and counts of failures, and nothing that still counts."""
    ann = accepting(desk, invited(desk, "ann"))
    invited(desk, "ben")
    Browser(desk).refused_sign_in("nobody")
    trimming = RecordRetention(desk.store, desk.clock, retention_of(Settings()))

    def left() -> list[int]:
        trimming.trim()
        return desk.store.read(
            lambda unit: [
                unit.sessions.count(),
                unit.invitations.count(),
                unit.sign_in_failures.count(),
            ]
        )

    assert left() == [1, 1, 3]
    desk.clock.move(14 * MINUTE)
    assert (ann.visitor.is_known, left()) == (True, [1, 1, 3])
    desk.clock.move(31 * MINUTE)
    assert left() == [0, 0, 3]
    desk.clock.move(16 * MINUTE)
    assert left() == [0, 0, 0]
