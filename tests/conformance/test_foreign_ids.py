"""What is another's answers like what is nobody's: each action, each field that names a thing.

Made of the declarations: a new action takes part by itself, and a field that names a new kind of
thing fails here until it is said how to make one.
"""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from certdesk.catalog import Action
from certdesk.domain.errors import AuthError, UnauthorizedOperation
from tests.conformance.raw import Answer, Call, encode
from tests.conformance.scene import Scene
from tests.conformance.shapes import declared, public_actions
from tests.running import COMPANY, MANAGER, Client, Keys, RunningDesk

NOBODYS_CERTIFICATE = "nobodys1"


@dataclasses.dataclass(frozen=True, slots=True)
class Stranger:
    """Another account on the desk, with a company."""

    desk: RunningDesk
    keys: Keys
    client: Client
    company: int

    def new_company(self) -> int:
        """Enter one more company, with a manager."""
        company = self._enter("AddCompany", **COMPANY | {"CompanyName": uuid.uuid4().hex})
        self._enter("AddManager", CompanyId=company["CompanyId"], **MANAGER)
        return int(company["CompanyId"])

    def new_manager(self) -> int:
        """Enter one more manager."""
        person = MANAGER | {"ManagerFirstName": uuid.uuid4().hex}
        return int(self._enter("AddManager", CompanyId=self.company, **person)["ManagerId"])

    def _enter(self, action: str, **parameters: object) -> dict[str, Any]:
        return self.desk.operate(action, Uin=self.keys.uin, **parameters)

    def new_project(self) -> int:
        """Begin one more project."""
        return self.desk.project(self.keys)


@pytest.fixture(scope="module")
def stranger(scene: Scene) -> Stranger:
    """Open the other account."""
    keys = scene.desk.account()
    return Stranger(scene.desk, keys, scene.desk.client(keys), scene.desk.company(keys))


NUMBERED: dict[str, Callable[[Stranger], int]] = {
    "CompanyId": Stranger.new_company,
    "ManagerId": Stranger.new_manager,
    "ProjectId": Stranger.new_project,
}
"""Fields that name a thing by its number, and how another account gets one."""

CERTIFICATES = {"CertId", "CertificateId", "OldCertificateId"}
NO_THINGS = {"PackageId", "ProductId", "ServiceId"}
"""What ends in Id and names nothing that belongs to anybody."""


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A field of an action that names a thing; `path` is written as in `shapes`."""

    action: Action
    path: str
    kind: str
    required: bool

    @property
    def names(self) -> str:
        """The kind of thing, as a name in the singular."""
        return re.sub(r"(s|List)?(\[\])?$", "", self.path.rpartition(".")[2])

    @property
    def many(self) -> bool:
        """Whether it names several, of which those that are not to be had are passed over."""
        return self.path.endswith("[]")

    def __str__(self) -> str:
        """Name the test."""
        return f"{self.action.name}-{self.path}"


def fields() -> Iterator[Field]:
    """Give every field whose name ends in Id, Ids or IdList, of every action."""
    for action in public_actions():
        for path, member in declared(action.request).items():
            if re.search(r"Id$|Id(s|List)\[\]$", path):
                yield Field(action, path, member.kind, member.required)


THINGS = [field for field in fields() if field.names not in NO_THINGS]


@pytest.mark.parametrize("alone", [False, True], ids=["beside others", "alone"])
@pytest.mark.parametrize("field", THINGS, ids=str)
def test_anothers_id_answers_like_nobodys(
    field: Field, scene: Scene, stranger: Stranger, *, alone: bool
) -> None:
    """The bodies are equal but for the RequestId, and for the id where it is told again.

    Beside the other ids of a good request, which may win, and without those that may be absent.
    """
    assert field.names in CERTIFICATES | NUMBERED.keys()
    good = scene.good(field.action.name)
    if alone:
        for other in THINGS:
            if other.action is field.action and not other.required:
                good.pop(other.path.removesuffix("[]"), None)

    def ask(number: object) -> bytes:
        answer = send(scene, scene.keys, field, good, number)
        return answer.body.replace(answer.response["RequestId"].encode(), b"")

    if field.names in CERTIFICATES:
        foreign = stranger.client.buy()
        stranger.client.submit(foreign)
        missing = ask(NOBODYS_CERTIFICATE).replace(NOBODYS_CERTIFICATE.encode(), b"")
        theirs = ask(foreign).replace(foreign.encode(), b"")
    else:
        # The very same number, before it is another's and after.
        number = NUMBERED[field.names](stranger) + 1
        missing = ask(number)
        assert NUMBERED[field.names](stranger) == number
        theirs = ask(number)
    assert theirs == missing


ALL_OR_NONE = frozenset({"ModifyCertificatesExpiringNotificationSwitch"})
"""Actions that one certificate of many can stop."""


@pytest.mark.parametrize(
    "field", [field for field in THINGS if field.names in CERTIFICATES], ids=str
)
def test_a_certificate_that_is_denied_is_refused_in_a_declared_code(
    field: Field, scene: Scene
) -> None:
    """By each action that names one, however much else is allowed, or left out of many."""
    good = scene.good(field.action.name)
    denied = scene.client.buy()
    user = scene.desk.user(scene.keys, "ssl:*")
    scene.desk.bind(user, "deny", "ssl:*", certificates=[denied])
    answer = send(scene, user.keys, field, good, denied)
    if field.many and field.action.name not in ALL_OR_NONE:
        assert answer.code == "ok"
        assert answer.response.get("FailCertificates", [denied]) == [denied]
        assert answer.response.get("Certificates", []) == []
        assert answer.response.get("SuccessCertificates", []) == []
        return
    refusal = AuthError if AuthError in field.action.errors else UnauthorizedOperation
    worded = refusal(f"No policy allows ssl:{field.action.name} for {denied}.")
    assert (answer.code, answer.message) == (refusal.code, worded.message)


def send(
    scene: Scene, keys: Keys, field: Field, parameters: dict[str, object], number: object
) -> Answer:
    """Call the action with good parameters but for one field."""
    value = str(number) if field.kind == "string" else number
    changed = put(parameters, field.path, value)
    return Call(
        endpoint=scene.desk.endpoint, keys=keys, action=field.action.name, body=encode(changed)
    ).send()


def put(parameters: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Give the parameters with a value at a path; a list on the way has one member."""
    name, _, rest = path.partition(".")
    bare = name.removesuffix("[]")
    given = parameters.get(bare)
    inner = given[0] if isinstance(given, list) and given else given
    if rest:
        value = put(inner if isinstance(inner, dict) else {}, rest, value)
    return parameters | {bare: [value] if bare != name else value}
