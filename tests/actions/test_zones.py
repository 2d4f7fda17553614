"""Zones that an operator gives to accounts, and takes from them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from certdesk.domain.errors import AccountNotFound, FailedOperation, InvalidParam, ZoneNotFound
from certdesk.engine import Caller
from certdesk.ports import place_of_zone
from tests.inside import InsideDesk
from tests.zones import KEY, SECRET, SERVER, asked, by_rfc2136, give, serve


@pytest.fixture
def desk(tmp_path: Path) -> InsideDesk:
    """A desk whose world has a server for example.com, which knows the key."""
    desk = InsideDesk(tmp_path)
    serve(desk)
    return desk


@pytest.fixture
def owner(desk: InsideDesk) -> Caller:
    """An account."""
    return desk.account()


def test_a_zone_is_tried_kept_and_listed(desk: InsideDesk, owner: Caller) -> None:
    """Its key's secret is sealed and not shown, and nothing of the trial is left."""
    added = give(desk, owner, name="Example.com.")
    shown = {
        "Uin": owner.uin,
        "Zone": "example.com",
        "Provider": "rfc2136",
        "Settings": {"server": SERVER, "key_name": "desk", "algorithm": "hmac-sha256"},
    }
    assert added == shown | {"Tried": True}
    created = {"CreateTime": "2026-03-01T12:00:00Z"}
    nothing = {"RecordsWaiting": 0, "LastFailure": None}
    assert desk.operator("ListZones")["Zones"] == [shown | created | nothing]
    assert desk.operator("ListZones", Uin=desk.account().uin)["Zones"] == []
    (kept,) = desk.store.read(lambda unit: unit.zones.where())
    ((name, sealed),) = kept.secrets
    assert SECRET not in f"{kept}"
    opened = desk.vault.open(base64.b64decode(sealed), place_of_zone(kept, name))
    assert opened == by_rfc2136().secret
    assert desk.records.values("_dnsauth.example.com") == set()
    (entry,) = desk.audit("zone:example.com")
    assert (entry.action, entry.detail) == (
        "AddZone",
        f"rfc2136 (server {SERVER}, key_name desk, algorithm hmac-sha256)",
    )


def test_a_zone_that_cannot_be_changed_is_not_kept(desk: InsideDesk, owner: Caller) -> None:
    """What its server said is told, and what to do."""
    with pytest.raises(FailedOperation, match=r"example\.com does not know the key.*--unchecked"):
        give(desk, owner, key=KEY.replace("desk", "other"))
    assert desk.operator("ListZones")["Zones"] == []
    assert give(desk, owner, key=KEY.replace("desk", "other"), Unchecked=True)["Tried"] is False
    assert desk.operator("ListZones")["Zones"][0]["Settings"]["key_name"] == "other"


def test_a_zone_gets_a_new_key(desk: InsideDesk, owner: Caller) -> None:
    """It is given again; the account has it once."""
    give(desk, owner)
    other = KEY.replace("desk", "desk2")
    desk.records.zones["example.com"] = by_rfc2136(other, "[::1]:53")
    give(desk, owner, key=other, server="[::1]:53")
    (listed,) = desk.operator("ListZones")["Zones"]
    its = listed["Settings"]
    assert (its["key_name"], its["server"]) == ("desk2", "[::1]:53")


def test_a_zone_may_be_two_accounts(desk: InsideDesk, owner: Caller) -> None:
    """That is the operator's to say; what one of them loses the other keeps."""
    other = desk.account()
    give(desk, owner)
    give(desk, other)
    removed = desk.operator("RemoveZone", Uin=owner.uin, Zone="EXAMPLE.com")
    assert removed == {"Uin": owner.uin, "Zone": "example.com"}
    assert [zone["Uin"] for zone in desk.operator("ListZones")["Zones"]] == [other.uin]
    with pytest.raises(ZoneNotFound, match=rf"account {owner.uin} has no zone example\.com"):
        desk.operator("RemoveZone", Uin=owner.uin, Zone="example.com")


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"Zone": "*.example.com"}, "Zone: a zone stands without a wildcard; got"),
        ({"Zone": "a b"}, "Zone: a domain name may contain only letters"),
        ({"Provider": "hosts"}, 'Provider: must be one of rfc2136; got "hosts"'),
        (
            asked(server="ns.example.com:53"),
            r"Settings\.server: must be an address and a port, .*; got",
        ),
        (asked(key=SECRET), r"Secrets\.key: must be one key"),
        (asked(key=KEY.replace("sha256", "md5")), r"Secrets\.key: the algorithm must be one of"),
        ({"Secrets": []}, r"Settings: rfc2136 accepts server, key \(a secret\), and nothing else"),
        (
            {"Secrets": [], "Settings": [{"Name": "key", "Value": KEY}]},
            r"Settings: rfc2136 accepts server, key \(a secret\), and nothing else",
        ),
    ],
)
def test_what_makes_no_zone_is_refused(
    desk: InsideDesk, owner: Caller, changes: dict[str, object], detail: str
) -> None:
    """With the parameter and the rule, and never with the key."""
    with pytest.raises(InvalidParam, match=detail) as refused:
        give(desk, owner, **changes)  # type: ignore[arg-type]  # none of them is the name or a key
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("action", ["AddZone", "ListZones", "RemoveZone"])
def test_an_account_has_to_be_there(desk: InsideDesk, action: str) -> None:
    """For each of them."""
    others = {"AddZone": asked(), "ListZones": {}, "RemoveZone": {}}
    zone = {} if action == "ListZones" else {"Zone": "example.com"}
    with pytest.raises(AccountNotFound):
        desk.operator(action, Uin="100000000000", **zone, **others[action])
