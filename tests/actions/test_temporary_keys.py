"""Temporary keys: good with their token, until their end, for what their user may."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.domain.errors import InvalidParam, PolicyNotFound, UserNotFound
from tests.actions.asking import NOBODY, answers, becomes
from tests.actions.submitting import refusal
from tests.inside import InsideDesk
from tests.running import Client, Keys, RunningDesk, User

REFUSED = "The token could not be validated. "


@pytest.fixture
def user(desk: RunningDesk, keys: Keys) -> User:
    """A user who may do everything."""
    return desk.user(keys, "ssl:*")


def temporary(desk: RunningDesk, user: User, **more: object) -> tuple[Keys, str]:
    """Make a temporary key of a user; give it and its token."""
    made = desk.operate("AddToken", UserId=user.number, Minutes=5, **more)
    return Keys(made["Uin"], made["SecretId"], made["SecretKey"]), made["Token"]


def token_failure(detail: str) -> tuple[str, str]:
    """Give the refusal of a token."""
    return "AuthFailure.TokenFailure", REFUSED + detail


def test_a_temporary_key_works_with_its_token(desk: RunningDesk, user: User) -> None:
    """Through the SDK, whose credential has a place for it."""
    client = Client(desk.endpoint, *temporary(desk, user))
    assert client.detail(client.buy())["Status"] == 5


def test_without_the_token_it_does_not(desk: RunningDesk, user: User) -> None:
    """An empty one is none."""
    keys, _ = temporary(desk, user)
    missing = token_failure("The key is a temporary one, and its token is missing.")
    for client in (desk.client(keys), Client(desk.endpoint, keys, "")):
        assert answers(client) == missing


def test_another_token_is_refused(desk: RunningDesk, user: User) -> None:
    """Neither a made-up one, nor that of another key of the same user, nor letters more."""
    keys, token = temporary(desk, user)
    _, other = temporary(desk, user)
    for wrong in (other, token + "A", token[:-1], token.swapcase(), "*"):
        client = Client(desk.endpoint, keys, wrong)
        assert answers(client) == token_failure("The token does not belong to this key.")
    assert answers(Client(desk.endpoint, keys, token)) is None


def test_a_lasting_key_has_no_token(desk: RunningDesk, user: User) -> None:
    """Whoever sends one means another key."""
    _, token = temporary(desk, user)
    wanted = token_failure("The key is permanent, so it takes no token.")
    assert answers(Client(desk.endpoint, user.keys, token)) == wanted


def test_a_wrong_signature_is_refused_before_the_token_is_looked_at(
    desk: RunningDesk, user: User, keys: Keys
) -> None:
    """So that a stranger learns nothing of it."""
    made, token = temporary(desk, user)
    stranger = Keys(made.uin, made.secret_id, keys.secret_key)
    for given in (token, "wrong", None):
        told = refusal(lambda its=given: Client(desk.endpoint, stranger, its).buy())  # type: ignore[misc]  # bound now
        assert told[0] == "AuthFailure.SignatureFailure"


def test_a_temporary_key_ends(desk: RunningDesk, user: User) -> None:
    """As if its minutes were over: its end in the desk's file is moved back."""
    keys, token = temporary(desk, user)
    client = Client(desk.endpoint, keys, token)
    assert answers(client) is None
    with contextlib.closing(sqlite3.connect(desk.folder / "certdesk.db")) as rows:
        rows.execute(
            "UPDATE access_keys SET expires_at = '2026-03-01 12:00:00.000000' WHERE secret_id = ?",
            [keys.secret_id],
        )
        rows.commit()
    becomes(token_failure("The key expired at 2026-03-01 12:00:00 UTC."), lambda: answers(client))


def test_a_temporary_key_may_be_disabled_early(desk: RunningDesk, user: User) -> None:
    """By itself, or with its user."""
    made = [temporary(desk, user) for _ in range(2)]
    first, second = (Client(desk.endpoint, *each) for each in made)
    assert [answers(first), answers(second)] == [None, None]
    desk.operate("DisableKey", SecretId=made[0][0].secret_id)
    becomes(NOBODY, lambda: answers(first))
    assert answers(second) is None
    desk.operate("SwitchUser", UserId=user.number, Enabled=False)
    becomes(NOBODY, lambda: answers(second))


def test_a_temporary_key_may_have_some_of_its_users_policies(
    desk: RunningDesk, keys: Keys, order: str
) -> None:
    """Of the allowances those that it names; denials always."""
    user = desk.user(keys)
    look = desk.bind(user, "allow", "ssl:Describe*")
    desk.bind(user, "allow", "ssl:Create*")
    desk.bind(user, "deny", "ssl:DescribeCompanies")
    client = Client(desk.endpoint, *temporary(desk, user, PolicyIds=[look]))
    assert client.detail(order)["CertificateId"] == order
    assert refusal(client.buy)[0] == "AuthFailure.UnauthorizedOperation"
    told = answers(client)
    assert told is not None
    assert told[0] == "AuthFailure.UnauthorizedOperation"
    assert answers(desk.client(user.keys), buying=True) is None


# --- how they are made --------------------------------------------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> InsideDesk:
    """A desk in memory."""
    return InsideDesk(tmp_path)


def enter(inside: InsideDesk) -> tuple[str, int]:
    """Open an account with a user; give its Uin and the user's number."""
    uin = inside.operator("AddAccount", Name="alice")["Uin"]
    return uin, inside.operator("AddUser", Uin=uin, Name="robot")["UserId"]


def test_a_token_is_shown_once_and_not_kept(inside: InsideDesk) -> None:
    """256 bits, of which the desk has a digest; the end is told in the time of the vendor."""
    uin, user = enter(inside)
    made = inside.operator("AddToken", UserId=user, Minutes=90)
    assert re.fullmatch(r"[A-Za-z0-9]{43}", made["Token"])
    assert re.fullmatch(r"AKID[A-Za-z0-9]{32}", made["SecretId"])
    assert made["Uin"] == uin
    assert made["Expires"] == "2026-03-01T13:30:00Z"
    records = inside.store.read(lambda unit: [*unit.access_keys.where(), *unit.audit.where()])
    everything = f"{records} {inside.operator('ShowUser', UserId=user)}"
    assert made["SecretId"] in everything
    assert made["Token"] not in everything
    assert made["SecretKey"] not in everything


def test_a_temporary_key_is_on_record_with_its_user(inside: InsideDesk) -> None:
    """In the audit log, which outlives the key."""
    uin, user = enter(inside)
    made = inside.operator("AddToken", UserId=user, Minutes=5)
    (entry,) = inside.audit(f"key:{made['SecretId']}")
    assert (entry.uin, entry.action) == (uin, "AddToken")
    assert entry.detail == f"user {user}, until 2026-03-01T12:05:00Z"


def test_temporary_keys_take_no_lasting_ones_place(inside: InsideDesk) -> None:
    """There may be many, beside the two."""
    uin, user = enter(inside)
    for _ in range(3):
        inside.operator("AddToken", UserId=user, Minutes=5)
    for _ in range(2):
        inside.operator("AddKey", Uin=uin, UserId=user)
    with pytest.raises(InvalidParam, match="The user already has 2 keys in use"):
        inside.operator("AddKey", Uin=uin, UserId=user)
    shown = inside.operator("ShowUser", UserId=user)
    assert len(shown["TemporaryKeys"]) == 3
    assert len(shown["User"]["SecretIds"]) == 2


@pytest.mark.parametrize("minutes", [0, -1, 2161])
def test_the_minutes_of_a_token_have_their_bounds(inside: InsideDesk, minutes: int) -> None:
    """A day and a half at most."""
    _, user = enter(inside)
    with pytest.raises(InvalidParam, match=f"Minutes: must be 1 to 2160, not {minutes}"):
        inside.operator("AddToken", UserId=user, Minutes=minutes)
    inside.operator("AddToken", UserId=user, Minutes=2160)


def test_a_token_is_of_a_user_and_its_policies(inside: InsideDesk) -> None:
    """A policy that does not bind the user is none of them, though it be the account's."""
    uin, user = enter(inside)
    policy = inside.operator("AddPolicy", Uin=uin, Name="all", Effect="allow", Actions=["*"])
    with pytest.raises(UserNotFound, match="There is no user 99"):
        inside.operator("AddToken", UserId=99, Minutes=5)
    with pytest.raises(PolicyNotFound, match="The user has no policy 1"):
        inside.operator("AddToken", UserId=user, Minutes=5, PolicyIds=[policy["PolicyId"]])
    inside.operator("AttachPolicy", UserId=user, PolicyId=policy["PolicyId"])
    inside.operator("AddToken", UserId=user, Minutes=5, PolicyIds=[policy["PolicyId"]])


def test_a_temporary_key_is_not_rotated(inside: InsideDesk) -> None:
    """Its token would be without a key."""
    _, user = enter(inside)
    made = inside.operator("AddToken", UserId=user, Minutes=5)
    with pytest.raises(InvalidParam, match="You cannot rotate a temporary key"):
        inside.operator("RotateKey", SecretId=made["SecretId"])


def test_keys_that_ended_long_ago_are_removed_when_others_are_made(inside: InsideDesk) -> None:
    """After a day; until then their owner is told that they ended."""
    _, user = enter(inside)
    old = inside.operator("AddToken", UserId=user, Minutes=5)["SecretId"]
    inside.clock.move(timedelta(hours=23))
    recent = inside.operator("AddToken", UserId=user, Minutes=5)["SecretId"]
    inside.clock.move(timedelta(hours=2))
    new = inside.operator("AddToken", UserId=user, Minutes=5)["SecretId"]
    kept = inside.store.read(lambda unit: {key.secret_id for key in unit.access_keys.where()})
    assert kept & {old, recent, new} == {recent, new}
    (shown,) = inside.operator("ShowUser", UserId=user)["TemporaryKeys"]
    assert shown == {"SecretId": new, "PolicyIds": [], "Expires": "2026-03-02T13:05:00Z"}
    assert inside.audit(f"key:{old}")
