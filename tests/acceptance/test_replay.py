"""A captured request, sent again over the wire; and the rate limit, counted from outside."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from certdesk.bootstrap import actions
from certdesk.wire.vendor import ACTIONS
from tests.acceptance.crowd import Answered, narrowest
from tests.acceptance.processes import NO_RSA_STOCK
from tests.conformance.forms import FORM, older
from tests.conformance.raw import Answer, Call, send
from tests.running import RunningDesk, running

BUY = json.dumps({"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}).encode()
NO_ACCIDENT = 5.5
"""Seconds after which no two honest requests share a signature."""


SETTINGS = "rate.limit = 10\n" + NO_RSA_STOCK

Replay: TypeAlias = Callable[[RunningDesk], Iterator[None]]
"""What is captured, and behind its `yield` what is sent again, when that is no accident any more.

All first halves run before one wait, which takes most of the time of such a test."""

LATER: list[Replay] = []
"""Between the halves time passes."""

AFTER_A_CRASH: list[Replay] = []
"""Between them the desk is killed and started again, and time passes."""

EARLY: dict[str, tuple[dict[str, str | None], int]] = {
    "clock ahead": ({}, 303),
    "no version": ({"X-TC-Version": None}, 0),
    "compressed": ({"Content-Encoding": "gzip"}, 0),
    "another host": ({"Host": "desk.example.net"}, 0),
}
"""Why a request is refused before its signature is checked: its headers, and a clock's seconds."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk of its own, with the usual limit."""
    with running(tmp_path / "desk", settings=SETTINGS) as started:
        yield started


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Replay, Iterator[None]]]:
    """All replays, after their first halves and what comes in between."""
    folder = tmp_path_factory.mktemp("replay")
    with (
        running(folder / "later", settings=SETTINGS) as later,
        running(folder / "crashed", settings=SETTINGS) as crashed,
    ):
        all_begun = {replay: replay(later) for replay in LATER}
        all_begun |= {replay: replay(crashed) for replay in AFTER_A_CRASH}
        for replay in all_begun.values():
            next(replay)
        crashed.kill()
        crashed.start()
        time.sleep(NO_ACCIDENT)
        yield all_begun


def captured(desk: RunningDesk, action: str, body: bytes) -> Call:
    """Make a request whose signature stays the same however often it is sent."""
    now = int(time.time())
    return Call(
        endpoint=desk.endpoint,
        keys=desk.account(),
        action=action,
        body=body,
        host=desk.endpoint,
        timestamp=now,
    )


def signed_over_the_action(call: Call) -> Call:
    """Sign the action too, as forms of HmacSHA1 do and some clients of TC3."""
    return dataclasses.replace(call, signed={"x-tc-action": call.action})


def at_its_place(call: Call, desk: RunningDesk) -> Call:
    """Send it to where the desk is after a restart."""
    return dataclasses.replace(call, endpoint=desk.endpoint)


@LATER.append
def a_captured_change_is_refused(desk: RunningDesk) -> Iterator[None]:
    """One order is bought."""
    purchase = captured(desk, "CreateCertificate", BUY)
    assert purchase.send().code == "ok"
    yield
    late = purchase.send()
    assert late.code == "AuthFailure.SignatureExpire"
    assert late.message == (
        "The signature is expired, please request again. This signature was used before. "
        "Sign a new request."
    )


@AFTER_A_CRASH.append
def a_captured_change_is_refused_after_a_crash(desk: RunningDesk) -> Iterator[None]:
    """The database keeps it."""
    purchase = captured(desk, "CreateCertificate", BUY)
    assert purchase.send().code == "ok"
    yield
    assert at_its_place(purchase, desk).send().code == "AuthFailure.SignatureExpire"


@LATER.append
def a_captured_form_is_refused_however_its_signature_is_spelt(
    desk: RunningDesk,
) -> Iterator[None]:
    """White space around it makes no other signature."""
    purchase = captured(desk, "CreateCertificate", b"")
    headers = {"Host": desk.endpoint, "Content-Type": FORM}
    pairs = older(purchase, "POST", json.loads(BUY))
    assert send(desk.endpoint, headers, pairs).code == "ok"
    yield
    for spelt in (pairs, pairs + b"%0A", pairs.replace(b"Signature=", b"Signature=+")):
        answer = send(desk.endpoint, headers, spelt)
        assert answer.code == "AuthFailure.SignatureExpire", answer.message


@LATER.append
def a_captured_read_cannot_be_turned_into_a_change(desk: RunningDesk) -> Iterator[None]:
    """Official clients do not sign the action: within their second it is taken, later not."""
    read = captured(desk, "DescribeCompanies", b"{}")
    change = dataclasses.replace(read, action="CancelCertificateOrder")
    assert read.send().code == "ok"
    assert change.send().code == "MissingParameter"
    yield
    assert change.send().code == "AuthFailure.SignatureExpire"
    assert read.send().code == "ok"


@AFTER_A_CRASH.append
def a_signed_action_is_taken_after_a_restart_and_only_once(desk: RunningDesk) -> Iterator[None]:
    """What it changed is in the database, so a client with a slow clock is not shut out."""
    slow = int(time.time()) - 60
    first = dataclasses.replace(captured(desk, "CreateCertificate", BUY), timestamp=slow)
    first = signed_over_the_action(first)
    other = signed_over_the_action(dataclasses.replace(first, timestamp=slow + 1))
    assert first.send().code == "ok"
    yield
    again, new = (at_its_place(each, desk) for each in (first, other))
    assert (again.send().code, new.send().code) == ("AuthFailure.SignatureExpire", "ok")


@AFTER_A_CRASH.append
def a_signed_action_that_was_refused_is_refused_after_a_restart(
    desk: RunningDesk,
) -> Iterator[None]:
    """It was used up, though it did nothing: what stood in its way may be gone by then."""
    keys = desk.account(verified=False)
    refused = signed_over_the_action(
        dataclasses.replace(captured(desk, "CreateCertificate", BUY), keys=keys)
    )
    assert refused.send().code == "FailedOperation.AuthError"
    desk.certdesk("account", "verify", keys.uin)
    yield
    assert at_its_place(refused, desk).send().code == "AuthFailure.SignatureExpire"


@AFTER_A_CRASH.append
def a_restart_does_not_make_a_fast_clock_useful(desk: RunningDesk) -> Iterator[None]:
    """A signature from ahead of the clock looks as if it were made since; it is kept as well."""
    keys = desk.account()
    order = desk.client(keys).buy()
    read = captured(desk, "DescribeCertificate", json.dumps({"CertificateId": order}).encode())
    ahead = dataclasses.replace(read, keys=keys, timestamp=int(time.time()) + 100)
    assert ahead.send().code == "ok"
    yield
    change = dataclasses.replace(at_its_place(ahead, desk), action="CancelCertificateOrder")
    assert change.send().code == "AuthFailure.SignatureExpire"


@LATER.append
def a_captured_request_obeys_the_rule_whichever_action_it_is_for(
    desk: RunningDesk,
) -> Iterator[None]:
    """Of all actions: later it repeats a read that shows no secret, and is nothing else."""
    every = [action for action in actions() if not action.internal]
    first = {each.name: captured(desk, each.name, b"{}") for each in every}
    assert "AuthFailure.SignatureExpire" not in {call.send().code for call in first.values()}
    yield
    for action in every:
        again, other = (
            dataclasses.replace(first[action.name], action=asked)
            for asked in (action.name, another(action.name))
        )
        refused = again.send().code == "AuthFailure.SignatureExpire"
        assert refused == (action.writes or action.shows_secret), action.name
        assert other.send().code == "AuthFailure.SignatureExpire", action.name


def another(action: str) -> str:
    """Name a harmless read that is not this one."""
    return "DescribeManagers" if action == "DescribeCompanies" else "DescribeCompanies"


@LATER.append
def a_request_of_a_disabled_account_has_been_seen_too(desk: RunningDesk) -> Iterator[None]:
    """It was refused, and is not carried out when the account is enabled again."""
    keys = desk.account()
    order = desk.client(keys).buy()
    cancel = dataclasses.replace(
        captured(desk, "CancelCertificateOrder", json.dumps({"CertificateId": order}).encode()),
        keys=keys,
    )
    desk.certdesk("account", "disable", keys.uin)
    time.sleep(1)
    assert cancel.send().code == "AuthFailure.SecretIdNotFound"
    desk.certdesk("account", "enable", keys.uin)
    yield
    assert cancel.send().code == "AuthFailure.SignatureExpire"
    assert desk.client(keys).detail(order)["Status"] == 5


@LATER.append
def a_request_that_was_refused_early_has_been_seen_too(desk: RunningDesk) -> Iterator[None]:
    """What was wrong with it is not signed, or passes with time."""
    keys = desk.account()
    order = desk.client(keys).buy()
    read = captured(desk, "DescribeCertificate", json.dumps({"CertificateId": order}).encode())
    early = {}
    for number, (why, (wrong, ahead)) in enumerate(EARLY.items()):
        # Each has a signature of its own.
        timestamp = int(time.time()) + ahead - number
        early[why] = dataclasses.replace(read, keys=keys, timestamp=timestamp)
        assert dataclasses.replace(early[why], extra=wrong).send().code != "ok", why
    yield
    for why, call in early.items():
        change = dataclasses.replace(call, action="CancelCertificateOrder").send()
        assert change.code == "AuthFailure.SignatureExpire", why
        assert "was used before" in change.message, why


@LATER.append
def an_unknown_action_has_been_seen_too(desk: RunningDesk) -> Iterator[None]:
    """A client of an action that the desk lacks gives nobody a change."""
    unknown = captured(desk, min(ACTIONS - {action.name for action in actions()}), b"{}")
    assert unknown.send().code == "UnsupportedOperation"
    yield
    change = dataclasses.replace(unknown, action="CancelCertificateOrder")
    assert change.send().code == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize("replay", LATER + AFTER_A_CRASH, ids=lambda each: each.__name__)
def test_what_was_captured_is_of_no_use_later(
    begun: dict[Replay, Iterator[None]], replay: Replay
) -> None:
    """The second half of each."""
    assert next(begun[replay], "done") == "done"


def test_a_captured_read_is_no_change_after_a_restart(desk: RunningDesk) -> None:
    """At once, while it would still be honest of a desk that had seen it: nobody knows any more."""
    keys = desk.account()
    order = desk.client(keys).buy()
    read = captured(desk, "DescribeCertificate", json.dumps({"CertificateId": order}).encode())
    read = dataclasses.replace(read, keys=keys, timestamp=int(time.time()) - 2)
    assert read.send().code == "ok"
    desk.kill()
    desk.start()
    again = dataclasses.replace(read, endpoint=desk.endpoint)

    change = dataclasses.replace(again, action="CancelCertificateOrder").send()
    elsewhere = dataclasses.replace(again, action="DescribeCertificateDetail").send()

    assert {change.code, elsewhere.code} == {"AuthFailure.SignatureExpire"}
    assert "Sign a new request" in change.message
    assert "if your clock is slow, set it" in change.message
    assert desk.client(keys).detail(order)["Status"] == 5


def test_no_second_holds_more_than_ten_answers_of_an_account_and_action(desk: RunningDesk) -> None:
    """Twelve clients that ask as fast as they can; another account is not disturbed."""
    greedy, modest = desk.account(), desk.client()
    served: list[Answered] = []
    refused: list[Answer] = []

    def ask() -> None:
        call = Call(endpoint=desk.endpoint, keys=greedy, action="DescribeCompanies")
        while len(served) < 30:
            began = time.monotonic()
            answer = call.send()
            if answer.code == "ok":
                served.append(Answered(began, time.monotonic(), answer.code))
            else:
                refused.append(answer)

    clients = [threading.Thread(target=ask) for _ in range(12)]
    for client in clients:
        client.start()
    others = [modest.call("DescribeManagers", CompanyId=1) for _ in range(10)]
    for client in clients:
        client.join()

    assert len(others) == 10
    assert {answer.code for answer in refused} == {"RequestLimitExceeded"}
    assert refused[0].message == (
        "Your current request times equals to `11` in a second, which exceeds the frequency limit "
        "`10` for a second. Please reduce the frequency of calls."
    )
    assert narrowest(served, 11) >= 1


def test_an_account_may_have_a_limit_of_its_own(desk: RunningDesk) -> None:
    """It counts within a second, and none at all gives the usual one back."""
    keys = desk.account()
    desk.certdesk("account", "limit", keys.uin, "DescribeCompanies", "3")
    time.sleep(1.1)
    call = Call(endpoint=desk.endpoint, keys=keys, action="DescribeCompanies")
    served: list[Answered] = []
    began = time.monotonic()
    while (answer := call.send()).code == "ok":
        served.append(Answered(began, time.monotonic(), answer.code))
        began = time.monotonic()

    assert answer.code == "RequestLimitExceeded"
    assert len(served) >= 3
    assert narrowest(served, 4) >= 1
    gone = desk.certdesk("account", "limit", keys.uin, "DescribeCompanies")
    assert gone == {"Uin": keys.uin, "Action": "DescribeCompanies", "PerSecond": None}
    unknown = desk.run("account", "limit", keys.uin, "Nothing", "3")
    assert (unknown.returncode, "there is no action Nothing" in unknown.stderr) == (1, True)
