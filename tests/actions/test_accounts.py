"""Accounts and keys, as the operator opens, switches and rotates them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from certdesk.domain.errors import AccountNotFound, InvalidParam, SecretIdNotFound
from tests.actions.asking import NOBODY, answers, becomes
from tests.actions.submitting import refusal
from tests.inside import InsideDesk
from tests.running import Keys, RunningDesk


@pytest.fixture
def inside(tmp_path: Path) -> InsideDesk:
    """A desk in memory."""
    return InsideDesk(tmp_path)


# --- accounts -----------------------------------------------------------------------------------


def test_an_account_is_opened_with_a_key_in_the_vendors_shapes(inside: InsideDesk) -> None:
    """12 digits, `AKID` and 32 characters, and a SecretKey of 256 bits."""
    added = inside.operator("AddAccount", Name="alice")
    assert re.fullmatch(r"1000[0-9]{8}", added["Uin"])
    assert re.fullmatch(r"AKID[A-Za-z0-9]{32}", added["SecretId"])
    assert re.fullmatch(r"[A-Za-z0-9]{43}", added["SecretKey"])


def test_a_secret_key_is_shown_once_and_kept_sealed(inside: InsideDesk) -> None:
    """No list and no record has it."""
    added = inside.operator("AddAccount", Name="alice")
    records = inside.store.read(
        lambda unit: [*unit.accounts.where(), *unit.access_keys.where(), *unit.audit.where()]
    )
    everything = f"{records} {inside.operator('ListAccounts')}"
    assert added["SecretId"] in everything
    assert added["SecretKey"] not in everything


def test_accounts_are_listed_with_their_keys(inside: InsideDesk) -> None:
    """Those in use; the names may be equal."""
    first = inside.operator("AddAccount", Name="alice")
    second = inside.operator("AddAccount", Name="alice", Verified=False)
    key = inside.operator("AddKey", Uin=first["Uin"])
    listed = {each["Uin"]: each for each in inside.operator("ListAccounts")["Accounts"]}
    assert sorted(listed[first["Uin"]].pop("SecretIds")) == sorted(
        [first["SecretId"], key["SecretId"]]
    )
    assert listed[first["Uin"]] == {
        "Uin": first["Uin"],
        "Name": "alice",
        "Verified": True,
        "Enabled": True,
        "UnsignedPayload": False,
        "SignedAction": False,
        "CreateTime": "2026-03-01T12:00:00Z",
    }
    assert listed[second["Uin"]]["Verified"] is False


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("x" * 65, "must have at most 64 printable characters"),
        ("a\nb", r"must not contain control characters: U\+000A"),
        ("a\u202eb", r"must not contain control characters: U\+202E"),
        ("a\u2800", r"must not contain invisible characters: U\+2800"),
    ],
)
def test_a_name_is_short_and_printable(inside: InsideDesk, name: str, rule: str) -> None:
    """It stands in lists on terminals."""
    with pytest.raises(InvalidParam, match=f"Name: {rule}"):
        inside.operator("AddAccount", Name=name)
    assert inside.operator("ListAccounts") == {"Accounts": []}


def test_a_name_is_more_than_blanks(inside: InsideDesk) -> None:
    """Else nobody could tell an account from another in the list."""
    with pytest.raises(InvalidParam, match="Name: must contain a visible character"):
        inside.operator("AddAccount", Name="   ")
    assert inside.operator("ListAccounts") == {"Accounts": []}


def test_an_account_is_switched_one_way_without_the_other(inside: InsideDesk) -> None:
    """Enabled, verified and what has to be signed are four things; each change is on record."""
    uin = inside.operator("AddAccount", Name="alice")["Uin"]
    now = {"Enabled": True, "Verified": True, "UnsignedPayload": False, "SignedAction": False}
    for change in (
        {"Enabled": False},
        {"Verified": False},
        {"Enabled": True},
        {"UnsignedPayload": True},
        {"SignedAction": True, "UnsignedPayload": False},
        {},
    ):
        now |= change
        assert inside.operator("SwitchAccount", Uin=uin, **change) == {"Uin": uin, **now}
    details = [entry.detail for entry in inside.audit(f"account:{uin}")]
    assert details[:2] == [
        "alice",
        "enabled False, verified True, unsigned payload False, signed action False",
    ]
    assert len(details) == 7


def test_what_is_not_there_is_named(inside: InsideDesk) -> None:
    """An account by its Uin, a key by its SecretId."""
    for action in ("SwitchAccount", "AddKey"):
        with pytest.raises(AccountNotFound, match="There is no account 100000000000"):
            inside.operator(action, Uin="100000000000")
    for action in ("RotateKey", "DisableKey"):
        with pytest.raises(SecretIdNotFound):
            inside.operator(action, SecretId="AKIDnone")


# --- keys ---------------------------------------------------------------------------------------


def test_two_keys_are_in_use_at_most(inside: InsideDesk) -> None:
    """One to leave and one to come; a disabled one makes room."""
    first = inside.operator("AddAccount", Name="alice")
    uin = first["Uin"]
    inside.operator("AddKey", Uin=uin)
    with pytest.raises(InvalidParam, match=r"already has 2 keys in use\. Disable one first"):
        inside.operator("AddKey", Uin=uin)
    inside.operator("DisableKey", SecretId=first["SecretId"])
    inside.operator("AddKey", Uin=uin)


def test_a_rotated_key_hands_on_whose_it_is(inside: InsideDesk) -> None:
    """A user's key stays that user's, also with two keys in use."""
    uin = inside.operator("AddAccount", Name="alice")["Uin"]
    user = inside.operator("AddUser", Uin=uin, Name="robot")["UserId"]
    inside.operator("AddKey", Uin=uin, UserId=user)
    first = inside.operator("AddKey", Uin=uin, UserId=user)
    rotated = inside.operator("RotateKey", SecretId=first["SecretId"])
    assert rotated["Uin"] == uin
    assert rotated["SecretId"] != first["SecretId"]
    assert rotated["SecretKey"] != first["SecretKey"]
    old, new = inside.store.read(
        lambda unit: [unit.access_keys.get(each["SecretId"]) for each in (first, rotated)]
    )
    assert old is not None
    assert new is not None
    assert (old.enabled, new.enabled, new.user_id) == (False, True, user)


# --- through the front door ---------------------------------------------------------------------


def test_a_disabled_account_is_shut_out_while_the_desk_runs(desk: RunningDesk) -> None:
    """And let in again with the same keys."""
    keys = desk.account()
    client = desk.client(keys)
    assert answers(client) is None
    desk.certdesk("account", "disable", keys.uin)
    becomes(NOBODY, lambda: answers(client))
    desk.certdesk("account", "enable", keys.uin)
    becomes(None, lambda: answers(client))


def test_a_rotated_key_works_at_once_and_the_old_one_no_more(desk: RunningDesk) -> None:
    """The same account, with another key."""
    keys = desk.account()
    client = desk.client(keys)
    order = client.buy()
    added = desk.certdesk("key", "rotate", keys.secret_id)
    rotated = desk.client(Keys(added["Uin"], added["SecretId"], added["SecretKey"]))
    assert rotated.detail(order)["OwnerUin"] == keys.uin
    becomes(NOBODY, lambda: answers(client))


def test_a_verified_account_may_buy(desk: RunningDesk) -> None:
    """After the operator looked at who it is."""
    keys = desk.account(verified=False)
    client = desk.client(keys)
    assert refusal(client.buy)[0] == "FailedOperation.AuthError"
    desk.certdesk("account", "verify", keys.uin)
    becomes(None, lambda: answers(client, buying=True))


def test_a_key_signs_for_its_own_account_alone(desk: RunningDesk) -> None:
    """One account's SecretId with another's SecretKey is nobody."""
    first, second = desk.account(), desk.account()
    mixed = desk.client(Keys(first.uin, first.secret_id, second.secret_key))
    answer = answers(mixed)
    assert answer is not None
    assert answer[0] == "AuthFailure.SignatureFailure"
