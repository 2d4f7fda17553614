"""What is withdrawn while a request is on its way is not carried out any more.

The request is known to be its caller's when its head is there. Its body may come half a minute
later, and its action may wait for something; by then the caller may have been shut out.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import dns.message
import pytest

from certdesk.world.nameserver import NameServer, fitting
from tests.conformance.raw import Call
from tests.running import Keys, RunningDesk, User
from tests.web.raw import Wire

SHUT_OUT = "AuthFailure.SecretIdNotFound"
NOT_ALLOWED = "AuthFailure.UnauthorizedOperation"
WITHHELD_SECONDS = 0.7
"""Longer than a key is remembered."""

Withdraw = Callable[[RunningDesk, User], object]


def disable_account(desk: RunningDesk, user: User) -> object:
    """Shut the whole account out."""
    return desk.operate("SwitchAccount", Uin=user.keys.uin, Enabled=False)


def disable_user(desk: RunningDesk, user: User) -> object:
    """Shut one of its users out."""
    return desk.operate("SwitchUser", UserId=user.number, Enabled=False)


def disable_key(desk: RunningDesk, user: User) -> object:
    """Shut one key out."""
    return desk.operate("DisableKey", SecretId=user.keys.secret_id)


def deny(desk: RunningDesk, user: User) -> object:
    """Bind the user by a denial."""
    return desk.bind(user, "deny", "*")


def sign_actions(desk: RunningDesk, user: User) -> object:
    """Let the account ask for signatures that cover the action."""
    return desk.operate("SwitchAccount", Uin=user.keys.uin, SignedAction=True)


EACH_WAY = [
    (disable_account, SHUT_OUT),
    (disable_user, SHUT_OUT),
    (disable_key, SHUT_OUT),
    (deny, NOT_ALLOWED),
]
withdrawn = pytest.mark.parametrize(
    ("withdraw", "code"), EACH_WAY, ids=["account", "user", "key", "policy"]
)


def call(desk: RunningDesk, keys: Keys, action: str, **parameters: object) -> Call:
    """Sign a request."""
    body = json.dumps(parameters).encode()
    return Call(endpoint=desk.endpoint, keys=keys, action=action, body=body)


def send_with_a_pause(asked: Call, pause: Callable[[], object]) -> str:
    """Send the head, then the body after `pause`; give the code of the answer."""
    lines = [f"{name}: {value}\r\n" for name, value in asked.headers().items()]
    head = f"POST / HTTP/1.1\r\n{''.join(lines)}Content-Length: {len(asked.body)}\r\n\r\n"
    with Wire(asked.endpoint) as wire:
        wire.send(head.encode())
        time.sleep(WITHHELD_SECONDS)
        pause()
        wire.send(asked.body)
        return wire.answer().code or "ok"


@pytest.fixture
def owner(proving: RunningDesk) -> Keys:
    """An account of its own, which is shut out in the end."""
    return proving.account()


@pytest.fixture
def user(proving: RunningDesk, owner: Keys) -> User:
    """One of its users, who may do everything."""
    return proving.user(owner, "*")


@withdrawn
@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("CreateCertificate", {"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}),
        ("DescribeCertificates", {}),
    ],
)
def test_a_body_that_was_held_back_comes_too_late(
    proving: RunningDesk,
    user: User,
    action: str,
    parameters: dict[str, object],
    withdraw: Withdraw,
    code: str,
) -> None:
    """A change and a read alike; nothing is bought."""
    asked = call(proving, user.keys, action, **parameters)

    assert send_with_a_pause(asked, lambda: withdraw(proving, user)) == code

    bought = proving.operate("ListOrders", Account=user.keys.uin)["Orders"]
    assert bought == []


@withdrawn
def test_an_action_that_waits_for_a_check_is_given_up(
    proving: RunningDesk,
    names: NameServer,
    user: User,
    withdraw: Withdraw,
    code: str,
) -> None:
    """The name server takes its time, and the answer is for nobody then."""
    name = f"{user.number}.example.org"
    client = proving.client(user.keys)
    order = client.buy()
    client.submit(order, CertCommonName=name)
    client.call("CertificateOrderSubmit", CertId=order)
    label = client.detail(order)["DvAuthDetail"]["DvAuths"][0]["DvAuthKey"]
    asked, answered = threading.Event(), threading.Event()

    def slowly(query: dns.message.Message, tcp: bool) -> Iterable[bytes]:  # noqa: FBT001 -- as scripts are
        asked.set()
        answered.wait(30)
        yield fitting(dns.message.make_response(query), query, tcp=tcp)

    names.script(label, slowly)
    time.sleep(1.1)
    check = call(proving, user.keys, "CheckCertificateDomainVerification", CertificateId=order)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(check.send)
        assert asked.wait(30)
        time.sleep(WITHHELD_SECONDS)
        withdraw(proving, user)
        answered.set()
        assert answer.result().code == code


def test_a_signature_has_to_cover_what_the_account_asks_for_by_then(
    proving: RunningDesk, user: User
) -> None:
    """The account's own switches count within a second too."""
    asked = call(proving, user.keys, "DescribeCertificates")
    code = send_with_a_pause(asked, lambda: sign_actions(proving, user))
    assert code == "AuthFailure.SignatureFailure"
