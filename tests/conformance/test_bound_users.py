"""Users whom policies bind to certain certificates or projects reach nothing beside them.

Made of the declarations. Each action either asks the policies about the orders that it reaches, or
is declared to be about the account as a whole; a new action that does neither fails here.
"""

from __future__ import annotations

import pytest

from certdesk.catalog import Action
from certdesk.domain.errors import AuthError, NoProjectPermission, UnauthorizedOperation
from tests.conformance.raw import Answer, Call, encode
from tests.conformance.scene import Scene
from tests.conformance.shapes import public_actions
from tests.running import Client, Keys

FORBIDDEN = {AuthError.code, NoProjectPermission.code, UnauthorizedOperation.code}


@pytest.fixture(scope="module")
def mine(scene: Scene) -> str:
    """The one order that the users here are bound to."""
    return scene.client.buy()


@pytest.fixture(scope="module", params=["a certificate", "a project"])
def bound(request: pytest.FixtureRequest, scene: Scene, mine: str) -> Keys:
    """The key of a user who may do everything with that order, or in a project without orders."""
    user = scene.desk.user(scene.keys)
    if request.param == "a certificate":
        scene.desk.bind(user, "allow", "*", certificates=[mine])
    else:
        scene.desk.bind(user, "allow", "*", projects=[scene.desk.project(scene.keys)])
    return user.keys


def ids_of(client: Client) -> set[str]:
    """Read the ids of all orders of the account."""
    found: set[str] = set()
    while True:
        page = client.call("DescribeCertificates", Limit=1000, Offset=len(found))["Certificates"]
        if not page:
            return found
        found |= {order["CertificateId"] for order in page}


def asked(scene: Scene, keys: Keys, action: Action, parameters: dict[str, object]) -> Answer:
    """Send a request with a key."""
    return Call(
        endpoint=scene.desk.endpoint, keys=keys, action=action.name, body=encode(parameters)
    ).send()


@pytest.mark.parametrize("action", public_actions(), ids=lambda action: action.name)
def test_a_bound_user_reaches_nothing_else(
    action: Action, scene: Scene, mine: str, bound: Keys
) -> None:
    """What the account itself may do is refused, and lists are empty of what is not the user's."""
    good = scene.good(action.name)
    answer = asked(scene, bound, action, good)
    if action.account_wide:
        assert answer.code == UnauthorizedOperation.code
        assert f"({action.permission})" in answer.message
    elif answer.code == "ok":
        told = answer.response.get("FailCertificates", [])
        others = ids_of(scene.client) - {mine, *told}
        assert not [each for each in others if each.encode() in answer.body]
        assert told or not action.writes
    else:
        assert answer.code in FORBIDDEN, answer.message


@pytest.mark.parametrize("action", public_actions(), ids=lambda action: action.name)
def test_an_action_about_the_account_has_an_allowance_for_all_of_it(
    action: Action, scene: Scene
) -> None:
    """A denial of one certificate does not stop it; what is about orders has no need of it."""
    denied = scene.client.buy()
    user = scene.desk.user(scene.keys, action.permission, "ssl:ReadPrivateKey")
    scene.desk.bind(user, "deny", "ssl:*", certificates=[denied])
    assert asked(scene, user.keys, action, scene.good(action.name)).code == "ok"
