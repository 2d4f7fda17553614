"""DescribeCertificateOperateLogs: what was done to certificates, by whom, in which time."""

from __future__ import annotations

import dataclasses
import importlib.resources
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certdesk.domain.accounts.policy import ALLOW, Grants, Policy
from certdesk.domain.errors import InvalidParam
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from tests.actions.submitting import invalid, refusal
from tests.actions.vetting import DV, Desk
from tests.inside import NOON, InsideDesk
from tests.running import Client, RunningDesk


def logs(client: Client, **parameters: object) -> list[tuple[str, str, str]]:
    """Give type, certificate and user of each entry, as many as both totals say."""
    reply = client.call("DescribeCertificateOperateLogs", **parameters)
    found = [(log["Type"], log["CertId"], log["SubAccountUin"]) for log in reply["OperateLogs"]]
    assert reply["AllTotal"] == reply["TotalCount"] == len(found)
    return found


def test_each_change_of_an_order_is_told(desk: RunningDesk) -> None:
    """In the vendor's words for it, the newest first; so is that a private key was shown."""
    keys = desk.account()
    client = desk.client(keys)
    project = desk.project(keys)
    order = client.buy()
    client.submit(order)
    older = {"CsrType": "online", "CertificateDomain": "example.com", "IsDV": True}
    client.call(
        "SubmitCertificateInformation", CertificateId=order, ContactEmail="a@example.com", **older
    )
    client.call("ModifyCertificateAlias", CertificateId=order, Alias="mine")
    client.call("ModifyCertificateProject", CertificateIdList=[order], ProjectId=project)
    client.call("DescribeCertificate", CertificateId=order)
    client.detail(order)
    client.call("CancelCertificateOrder", CertificateId=order)
    types = [
        "cancel",
        "download",
        "changeProject",
        "updateAlias",
        "submitInfo",
        "submitInfo",
        "applyVIP",
    ]
    assert logs(client) == [(each, order, keys.uin) for each in types]


def test_orders_that_are_moved_together_are_told_one_by_one(desk: RunningDesk) -> None:
    """Those that were not moved are not told at all."""
    client = desk.client()
    first, second = client.buy(), client.buy()
    client.call(
        "ModifyCertificateProject", CertificateIdList=[first, "aaaaaaaa", second], ProjectId=0
    )
    assert [log[:2] for log in logs(client)[:3]] == [
        ("changeProject", second),
        ("changeProject", first),
        ("applyVIP", second),
    ]


def test_what_a_user_did_is_told_with_the_user(desk: RunningDesk) -> None:
    """To the account, and to the user as far as its policies allow."""
    keys = desk.account()
    client = desk.client(keys)
    order = client.buy()
    user = desk.user(keys, "ssl:*")
    desk.bind(user, "deny", "ssl:DescribeCertificateOperateLogs", certificates=[order])
    theirs = desk.client(user.keys)
    own = theirs.buy()
    every = [("applyVIP", own, str(user.number)), ("applyVIP", order, keys.uin)]
    assert logs(client) == every
    assert logs(theirs) == every[:1]


def test_nothing_is_told_of_other_accounts_and_of_the_operator(desk: RunningDesk) -> None:
    """Companies are entered and keys added without a trace here."""
    desk.client().buy()
    keys = desk.account()
    desk.company(keys)
    assert logs(desk.client(keys)) == []


# --- inside, where time is the test's -----------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Past:
    """A desk at noon, and an account with orders bought so many days ago."""

    desk: InsideDesk
    caller: Caller
    days: dict[str, float]

    def told(self, **parameters: object) -> list[float]:
        """List the log by how many days ago."""
        return [self.days[log["CertId"]] for log in self.reply(**parameters)["OperateLogs"]]

    def reply(self, **parameters: object) -> dict[str, Any]:
        """Ask for the log."""
        return self.desk.call(self.caller, "DescribeCertificateOperateLogs", **parameters)


@pytest.fixture
def past(tmp_path: Path) -> Past:
    """Orders of 16, 15, 3, 1 and 0 days ago."""
    desk = InsideDesk(tmp_path)
    caller = desk.account()
    ago = {desk.buy(caller): day for day in (16, 15, 3, 1, 0)}

    def age(unit: Unit) -> None:
        for order, days in ago.items():
            (entry,) = unit.audit.where(subject=order)
            unit.audit.remove(entry.entry_id)
            unit.audit.add(replace(entry, at=NOON - timedelta(days=days)))

    desk.store.write(age)
    return Past(desk, caller, dict(ago))


def test_an_entry_is_told_as_the_vendor_tells_it(past: Past) -> None:
    """The sentence is formed like the recorded ones; the time is Beijing's."""
    (log,) = past.reply(Limit=1)["OperateLogs"]
    uin = past.caller.uin
    assert log == {
        "Action": f"User [uin: {uin}] buys certificate [id: {log['CertId']}]",
        "CreatedOn": "2026-03-01 20:00:00",
        "Uin": uin,
        "SubAccountUin": uin,
        "CertId": log["CertId"],
        "Type": "applyVIP",
    }


NOBODYS = "--"
OURS = {"revoked": "completes the revocation of"}
"""Where the recorded sentence is not taken over: it says that somebody applies (C74)."""


def recorded() -> dict[str, tuple[str, bool]]:
    """Read the vendor's example: by type, what is said, and whether a user did it."""
    file = importlib.resources.files("tccli") / "services/ssl/v20191205/examples.json"
    examples = json.loads(file.read_text(encoding="utf-8"))["actions"]
    text = examples["DescribeCertificateOperateLogs"][0]["output"]
    sentence = r'User \[uin: (\S+)\] ([a-z ]+) certificate .*?"Type": "(\w+)"'
    found = re.findall(sentence, text, re.DOTALL)
    assert len(found) == 5
    return {kind: (OURS.get(kind, said), user != NOBODYS) for user, said, kind in found}


def test_what_is_recorded_of_the_log_is_told_so(tmp_path: Path) -> None:
    """What was revoked, issued and deleted, and what the desk did by itself."""
    with Desk(tmp_path) as desk:
        order = desk.submit(DV)
        desk.take_on(order)
        desk.call(desk.caller, "RevokeCertificate", CertificateId=order)
        desk.take_on(order)
        desk.call(desk.caller, "DeleteCertificate", CertificateId=order)
        reply = desk.call(desk.caller, "DescribeCertificateOperateLogs")
    told = {}
    for log in reply["OperateLogs"]:
        sentence = rf"User \[uin: (\S+)\] (.+) certificate \[id: {order}\]"
        ((user, said),) = re.findall(sentence, log["Action"])
        assert user == log["SubAccountUin"]
        assert user in (desk.caller.uin, NOBODYS)
        told[log["Type"]] = (said, user != NOBODYS)
    assert recorded().items() <= told.items()
    assert {kind for kind, (_, users) in told.items() if not users} == {
        "issued",
        "domainValidationPassed",
        "revoked",
    }


@pytest.mark.parametrize(
    ("parameters", "days"),
    [
        ({}, [0, 1, 3, 15]),
        ({"StartTime": "2026-02-13 20:00:00"}, [0, 1, 3, 15, 16]),
        ({"StartTime": "2026-02-13 20:00:01"}, [0, 1, 3, 15]),
        ({"EndTime": "2026-02-28 20:00:00"}, [1, 3, 15]),
        ({"EndTime": "2026-02-28 19:59:59"}, [3, 15]),
        ({"StartTime": "2026-02-26 12:00:00", "EndTime": "2026-02-28 20:00:00"}, [1, 3]),
        ({"StartTime": "2026-02-26T12:00:00Z", "EndTime": "2026-02-26T07:00:00-05:00"}, [3]),
        ({"StartTime": "2026-03-01 20:00:01"}, []),
        ({"StartTime": "2026-03-01 20:00:00", "EndTime": "2026-02-01 20:00:00"}, []),
    ],
)
def test_the_log_has_a_window(past: Past, parameters: dict[str, Any], days: list[float]) -> None:
    """Of the last 15 days unless it is given; both ends belong to it."""
    assert past.told(**parameters) == days
    assert past.reply(**parameters)["AllTotal"] == len(days)


def test_the_log_has_pages(past: Past) -> None:
    """20 entries unless asked, 1000 at most; the page and the whole are counted apart."""
    assert past.told(Limit=2, Offset=1) == [1, 3]
    page = past.reply(Limit=2, Offset=3)
    assert (page["AllTotal"], page["TotalCount"]) == (4, 1)
    assert (past.told(Limit=0), past.told(Offset=4), past.told(Limit=9999)) == (
        [],
        [],
        [0, 1, 3, 15],
    )
    for _ in range(20):
        past.desk.buy(past.caller)
    page = past.reply()
    assert (page["AllTotal"], page["TotalCount"]) == (24, 20)


def test_a_long_log_is_cut_and_read_whole_for_a_user(tmp_path: Path) -> None:
    """A page has 1000 entries at most; what policies hide is found however far back it lies."""
    desk = InsideDesk(tmp_path)
    caller = desk.account()
    first = desk.buy(caller)
    for _ in range(1001):
        desk.buy(caller)
    reply = desk.call(caller, "DescribeCertificateOperateLogs", Limit=5000)
    assert (reply["AllTotal"], reply["TotalCount"]) == (1002, 1000)
    policy = Policy(
        uin=caller.uin, name="one", effect=ALLOW, certificates=(first,), created_at=NOON
    )
    user = replace(caller, grants=Grants((policy,)))
    (log,) = desk.call(user, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert log["CertId"] == first


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("yesterday", "must be YYYY-MM-DD HH:MM:SS, which is in UTC+8, or have a zone"),
        ("2026-03-01", "must be YYYY-MM-DD HH:MM:SS, which is in UTC+8, or have a zone"),
        (
            "２０２６-03-01 00:00:00",
            "must be YYYY-MM-DD HH:MM:SS, which is in UTC+8, or have a zone",
        ),
        ("2026-02-29 00:00:00", "is not a valid time"),
        ("2026-03-01 24:00:00", "is not a valid time"),
        ("0001-01-01 00:00:00", "must be from 1970 to 2199"),
        ("9999-12-31 23:59:59", "must be from 1970 to 2199"),
    ],
)
def test_a_time_that_is_none_is_refused(past: Past, text: str, rule: str) -> None:
    """By the parameter's name."""
    for name in ("StartTime", "EndTime"):
        with pytest.raises(InvalidParam) as refused:
            past.reply(**{name: text})
        assert refused.value.message == invalid(f"{name}: {rule}.")[1]


def test_a_refusal_reaches_the_client(client: Client) -> None:
    """As for every other action."""
    asked = refusal(lambda: client.call("DescribeCertificateOperateLogs", StartTime="x"))
    assert asked[0] == "FailedOperation.InvalidParam"
