"""Official and other clients as they are, in every way in which each can sign and send.

What a client sends is kept byte by byte. All of it is accepted as it is, and nothing of it that is
signed can be changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.clients import jobs
from tests.clients.jobs import Job, Outcome, Runner
from tests.conformance.raw import Answer
from tests.conformance.recorder import Sent, recording
from tests.conformance.scene import WOTRUS_DV_MULTI, Scene
from tests.running import Keys, RunningDesk

TC3, SHA1, SHA256 = "TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"

TAGS = [
    {"TagKey": "部门 é 😀", "TagValue": "a+b%20c d"},
    {"TagKey": "R&D", "TagValue": "x & y = z / ?"},
]
PURCHASE = {"ProductId": WOTRUS_DV_MULTI, "DomainNum": 2, "TimeSpan": 1, "Tags": TAGS}
MATERIAL = {
    "GenCsrType": "online",
    "CertCommonName": "example.com",
    "DnsNames": ["b.example.com"],
    "CompanyType": 1,
    "CompanyId": "0",
    "ContactEmail": "webmaster+test@example.com",
    "CsrEncryptAlgo": "ECC",
    "CsrKeyParameter": "prime256v1",
    "AutoRenewFlag": 1,
    "UseCrossSignRoot": True,
}
BEFORE_THE_SIGNATURE = {
    "AuthFailure.InvalidAuthorization",
    "AuthFailure.SecretIdNotFound",
    "AuthFailure.SignatureExpire",
    "AuthFailure.SignatureFailure",
    "InvalidRequest",
    "NoSuchProduct",
}
IN_PAIRS = {"InvalidParameter", "MissingParameter", "UnknownParameter"}
"""Codes for pairs that are none, and for common parameters, which stand among them."""
PLACES = 40
"""How many bytes of a query or a body are changed, each in a request of its own."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A client, and how it is told to sign and send."""

    client: str
    sign: str = ""
    method: str = "POST"
    unsigned: bool = False
    multipart: bool = False

    def __str__(self) -> str:
        marks = [self.client, self.method, self.sign or "default"]
        marks += ["unsigned"] * self.unsigned + ["multipart"] * self.multipart
        return " ".join(marks)

    @property
    def older(self) -> bool:
        """Whether the signature is a parameter."""
        return self.sign != TC3 and self.client != "requests"

    def signed_host(self, host: str) -> str:
        """Give what the client signs of the host: with the newer signature Node leaves the port."""
        return host.partition(":")[0] if (self.client, self.sign) == ("node", TC3) else host

    def job(self, endpoint: str, keys: Keys, action: str, parameters: Mapping[str, object]) -> Job:
        """Give a call of this kind; parameters in the types that the client can send."""
        if self.multipart:
            parameters = {name: as_part(value) for name, value in parameters.items()}
        if self.client == "requests" and self.method == "GET":
            parameters = dict(flat("", parameters))
        return Job(
            endpoint=endpoint,
            secret_id=keys.secret_id,
            secret_key=keys.secret_key,
            method=self.method,
            sign=self.sign,
            unsigned=self.unsigned,
            multipart=self.multipart,
            action=action,
            parameters=parameters,
        )


def as_part(value: object) -> object:
    """Give a value as the SDK's multipart form can write it: it has no numbers."""
    return str(value) if isinstance(value, (bool, int)) else value


def flat(prefix: str, value: object) -> Iterator[tuple[str, object]]:
    """Give parameters by their dotted names, for a client that flattens nothing itself."""
    members: Mapping[object, object] = {}
    if isinstance(value, dict):
        members = value
    elif isinstance(value, list):
        members = dict(enumerate(value))
    else:
        yield prefix, value
    for name, member in members.items():
        yield from flat(f"{prefix}.{name}" if prefix else str(name), member)


RUNNERS: Mapping[str, Callable[[], Runner]] = {
    "python": jobs.python_sdk,
    "mainland": jobs.mainland_sdk,
    "requests": jobs.signed_requests,
    "node": lambda: jobs.node("sdk"),
    "capi": lambda: jobs.node("capi"),
}
WAYS = [
    *(
        Way(client="python", sign=sign, method=method, unsigned=unsigned)
        for sign in (TC3, SHA1, SHA256)
        for method in ("GET", "POST")
        for unsigned in (False, True)
    ),
    Way(client="python", sign=TC3, multipart=True),
    Way(client="python", sign=TC3, multipart=True, unsigned=True),
    *(
        Way(client="mainland", sign=sign, method=method)
        for sign in (TC3, SHA1, SHA256)
        for method in ("GET", "POST")
    ),
    Way(client="requests"),
    Way(client="requests", method="GET"),
    Way(client="node"),
    Way(client="node", method="GET"),
    Way(client="node", sign=SHA1),
    Way(client="node", sign=TC3),
    Way(client="node", sign=TC3, method="GET"),
    Way(client="capi", sign=SHA1),
    Way(client="capi", sign=SHA256),
    Way(client="capi", sign=SHA1, method="GET"),
    Way(client="capi", sign=TC3),
]
each_way = pytest.mark.parametrize(
    "way",
    [
        pytest.param(
            way,
            id=str(way),
            marks=[pytest.mark.needs("node")] if way.client in ("node", "capi") else [],
        )
        for way in WAYS
    ],
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What came of a purchase and of a submission for the order `bought`, and what was sent."""

    bought: str
    purchase: Outcome
    submission: Outcome
    sent: list[Sent]


class Clients:
    """Lets each client call in all of its ways, when the first of them is asked for."""

    def __init__(self, desk: RunningDesk) -> None:
        """Call a desk, with an account that takes bodies that are not signed."""
        self.endpoint = desk.endpoint
        self._keys = desk.account()
        desk.certdesk("account", "set", self._keys.uin, "--unsigned-payload")
        self.official = desk.client(self._keys)
        self._calls: dict[Way, Calls] = {}

    def calls(self, way: Way) -> Calls:
        """Give what came of the calls in one way."""
        if way not in self._calls:
            self._run([other for other in WAYS if other.client == way.client])
        return self._calls[way]

    def _run(self, ways: list[Way]) -> None:
        """Make the calls of one client, in one process."""
        with contextlib.ExitStack() as stack:
            recorders = [stack.enter_context(recording(self.endpoint)) for _ in ways]
            orders = [self.official.buy(WOTRUS_DV_MULTI, names=2) for _ in ways]
            todo: list[Job] = []
            for way, recorder, order in zip(ways, recorders, orders, strict=True):
                place = (recorder.endpoint, self._keys)
                todo.append(way.job(*place, "CreateCertificate", PURCHASE))
                todo.append(way.job(*place, "CertificateInfoSubmit", MATERIAL | {"CertId": order}))
            outcomes = iter(RUNNERS[ways[0].client]().run(todo))
        for way, recorder, order in zip(ways, recorders, orders, strict=True):
            self._calls[way] = Calls(
                bought=order,
                purchase=next(outcomes),
                submission=next(outcomes),
                sent=recorder.sent,
            )


@pytest.fixture(scope="module")
def clients(scene: Scene) -> Clients:
    """Each client, run once."""
    return Clients(scene.desk)


# --- everything that is signed is accepted -------------------------------------------------------


@each_way
def test_a_purchase_arrives_as_it_was_meant(way: Way, clients: Clients) -> None:
    """Numbers, a list of structures, and every character that some encoding treats specially."""
    purchase = clients.calls(way).purchase
    assert purchase.code == "", purchase.message
    assert purchase.reply is not None
    (order,) = purchase.reply["CertificateIds"]
    assert clients.official.detail(order)["Tags"] == TAGS


@each_way
def test_a_submission_arrives_as_it_was_meant(way: Way, clients: Clients) -> None:
    """A list, booleans as each client spells them, and ids that are texts.

    It has personal data and a key in it, so that its body is signed or it is refused.
    """
    calls = clients.calls(way)
    if way.unsigned and not way.older:
        assert calls.submission.code == "AuthFailure.SignatureFailure"
        return
    assert calls.submission.code == "", calls.submission.message
    detail = clients.official.detail(calls.bought)
    assert (detail["Domain"], detail["SubjectAltName"]) == ("example.com", ["b.example.com"])
    assert detail["SubmittedData"]["ContactEmail"] == MATERIAL["ContactEmail"]
    assert detail["UseCrossSignRoot"] is True


@each_way
def test_a_client_sends_what_it_is_said_to_send(way: Way, clients: Clients) -> None:
    """So that the ways above are the ways in which requests come."""
    for sent in clients.calls(way).sent:
        older = not sent.header("authorization")
        assert older == way.older
        assert sent.method == way.method
        assert ("?" in sent.target) == (way.method == "GET")
        assert sent.header("content-type").startswith("multipart/form-data;") == way.multipart
        unsigned = sent.header("x-tc-content-sha256") == "UNSIGNED-PAYLOAD"
        assert unsigned == (way.unsigned and not older)


# --- nothing that is signed can be changed -------------------------------------------------------


@each_way
def test_what_was_signed_cannot_be_changed(way: Way, clients: Clients) -> None:
    """Not the method, the query, the body or a header that is signed; not by one bit."""
    sent = clients.calls(way).sent[0]
    assert not refused(way, sent.to(clients.endpoint))
    accepted = {
        name: answer.message or "ok"
        for name, other in changes(way, sent)
        if not refused(way, answer := other.to(clients.endpoint))
    }
    assert accepted == {}


def refused(way: Way, answer: Answer) -> bool:
    """Tell whether a request was refused before or because of its signature.

    That of the purchase is known: had it been good, it would have been refused for that, or because
    it was signed in the second of the desk's start and may have been used before.
    """
    codes = BEFORE_THE_SIGNATURE | (IN_PAIRS if way.older else set())
    return answer.code in codes and "used before" not in answer.message


def changes(way: Way, sent: Sent) -> Iterator[tuple[str, Sent]]:
    """Change one thing of what is signed of a request."""
    path, _, query = sent.target.partition("?")
    for place, text in flipped(query):
        yield f"query, byte {place}", dataclasses.replace(sent, target=f"{path}?{text}")
    for name in ("authorization", "content-type", "host", "x-tc-timestamp"):
        if name == "content-type" and not sent.header("authorization"):
            continue  # the older signature does not cover it
        value = sent.header(name)
        signed = way.signed_host(value) if name == "host" else value
        for place, text in flipped(signed):
            yield f"{name}, byte {place}", sent.with_header(name, value.replace(signed, text))
    other = {"GET": "POST", "POST": "GET"}[sent.method]
    yield "method", dataclasses.replace(sent, method=other)
    if query:
        yield "no query", dataclasses.replace(sent, target=path)
        yield "more query", dataclasses.replace(sent, target=f"{sent.target}&Limit=1")
        yield "less query", dataclasses.replace(sent, target=sent.target.rpartition("&")[0])
    elif way.older or not way.unsigned:
        yield from other_bodies(sent)


def other_bodies(sent: Sent) -> Iterator[tuple[str, Sent]]:
    """Change the body of a request."""
    for place, text in flipped(sent.body.decode("latin-1")):
        yield f"body, byte {place}", dataclasses.replace(sent, body=text.encode("latin-1"))
    yield "no body", dataclasses.replace(sent, body=b"")
    # White space around an older signature counts for nothing, and it may stand at the end.
    more = b"x" if b"Signature=" in sent.body else b" "
    yield "a byte more", dataclasses.replace(sent, body=sent.body + more)
    yield "a byte less", dataclasses.replace(sent, body=sent.body[:-1])
    yield "twice the body", dataclasses.replace(sent, body=sent.body * 2)


def flipped(text: str) -> Iterator[tuple[int, str]]:
    """Change one bit of a text, at places all over it where another character can stand."""
    for place in range(0, len(text), max(1, len(text) // PLACES)):
        other = chr(ord(text[place]) ^ 1)
        if other.isprintable() and not other.isspace() and other.lower() != text[place].lower():
            yield place, text[:place] + other + text[place + 1 :]
