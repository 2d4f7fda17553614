"""Every member of every built action, held against the vendor's SDK and command line.

What only the mainland edition has is held against that edition's SDK.
"""

from __future__ import annotations

import re

import pytest

from certdesk.catalog import Action
from certdesk.domain.errors import UnauthorizedOperation
from tests.conformance.scene import Scene
from tests.conformance.shapes import (
    INTERNATIONAL,
    Shape,
    api,
    coarse,
    declared,
    described,
    edition,
    mistyped,
    modelled,
    public_actions,
)

MAINLAND_MEMBERS: dict[str, set[str]] = {
    "CreateCertificateResponse": {"ResourceIds", "ResourceIds[]"},
    "DescribeCertificateDetailResponse": {
        "CertType",
        "DomainType",
        "HostingStatus",
        "UseCrossSignRoot",
    },
    "DescribeCertificatesRequest": {"ServiceId"},
    "ReplaceCertificateRequest": {"SignAlgo", "UseCrossSignRoot"},
    "UploadCertificateRequest": {"KeyPassword"},
}
"""Members that the mainland edition of the API has and the international one has not."""

COMMON = {UnauthorizedOperation.code}
"""What the SDK lists for some actions only, and the gateway answers for every one."""

each_action = pytest.mark.parametrize("action", public_actions(), ids=lambda action: action.name)
each_international_action = pytest.mark.parametrize(
    "action",
    [action for action in public_actions() if edition(action) is INTERNATIONAL],
    ids=lambda action: action.name,
)


def mainland_members(name: str) -> set[str]:
    """Give the paths that only the mainland edition's model has."""
    return MAINLAND_MEMBERS.get(name, set())


def without_mainland(shape: Shape, name: str) -> Shape:
    """Leave out the members that only the mainland edition has; they have to be there."""
    extras = mainland_members(name)
    assert extras <= shape.keys()
    return {path: member for path, member in shape.items() if path not in extras}


@each_international_action
def test_an_action_is_one_of_the_vendors(action: Action) -> None:
    """Its name, and the names of its request and reply, are those of the service."""
    entry = api()["actions"][action.name]
    assert entry["input"] == f"{action.name}Request"
    assert entry["output"] == f"{action.name}Response"


@each_action
def test_an_action_is_one_of_an_sdks(action: Action) -> None:
    """The mainland edition's, where the international one has it not."""
    assert action.name in edition(action).actions


@each_international_action
def test_a_request_has_the_members_of_the_command_line(action: Action) -> None:
    """Names, types, signs and required flags are equal, nested ones too, the mainland's aside."""
    name = f"{action.name}Request"
    assert without_mainland(declared(action.request), name) == described(name)


@each_action
def test_a_request_has_the_members_of_the_sdk(action: Action) -> None:
    """Names and types are those of the SDK's request model, the mainland's extras aside."""
    name = f"{action.name}Request"
    model = modelled(name, edition(action))
    assert without_mainland(coarse(declared(action.request)), name) == model


@each_international_action
def test_a_reply_has_the_members_of_the_command_line(action: Action) -> None:
    """Names and types are equal, nested ones too, the mainland's extras aside."""
    name = f"{action.name}Response"
    assert without_mainland(coarse(declared(action.reply)), name) == coarse(described(name))


@each_action
def test_a_reply_has_the_members_of_the_sdk(action: Action) -> None:
    """Names and types are those of the SDK's response model, the mainland's extras aside."""
    name = f"{action.name}Response"
    model = modelled(name, edition(action))
    assert without_mainland(coarse(declared(action.reply)), name) == model


def test_the_main_action_takes_the_42_parameters_of_the_source_page() -> None:
    """Five of them are needed always."""
    (action,) = (action for action in public_actions() if action.name == "CertificateInfoSubmit")
    shape = declared(action.request)
    parameters = {name: member for name, member in shape.items() if "[]" not in name}
    required = {name for name, member in parameters.items() if member.required}
    assert len(parameters) == 42
    assert required == {"CertId", "GenCsrType", "CertCommonName", "CompanyType", "CompanyId"}


@each_action
def test_a_declared_error_is_one_that_the_sdk_lists(action: Action) -> None:
    """Each code that an action may answer stands in the SDK's list of the service's codes."""
    assert {error.code for error in action.errors} <= edition(action).codes | COMMON


@each_action
def test_a_live_reply_goes_through_the_sdks_model_and_back(action: Action, scene: Scene) -> None:
    """The SDK's model reads every member and writes the very same values.

    A nested model warns of members that it does not know, and a warning fails a test here.
    """
    name = f"{action.name}Response"
    reply = scene.client.call(action.name, **scene.good(action.name))
    model = getattr(edition(action).models, name)()
    model._deserialize(reply)  # noqa: SLF001 - as the SDK's own clients do
    read = model._serialize(allow_none=True)  # noqa: SLF001 - as above
    assert read == {
        member: value for member, value in reply.items() if member not in mainland_members(name)
    }


@each_action
def test_a_live_reply_has_the_types_that_strict_clients_decode(
    action: Action, scene: Scene
) -> None:
    """Every value that is not null has its member's JSON type, as the Go and Java SDKs need."""
    reply = scene.client.call(action.name, **scene.good(action.name))
    shape = coarse(declared(action.reply))
    assert reply.pop("RequestId")
    assert list(mistyped(reply, shape)) == []
    assert reply.keys() == {path for path in shape if not re.search(r"[.\[]", path)}
