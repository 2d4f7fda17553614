"""What an operator does to other people needs a fresh proof, whichever page or form asks for it."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk import bootstrap
from certdesk.domain.errors import (
    AccountNotFound,
    InvalidParam,
    PersonNotFound,
    ProofNeeded,
    UserNotFound,
)
from certdesk.domain.people.role import OPERATORS
from certdesk.domain.people.sessions import IDLE, PROOF_COUNTS
from tests.inside import InsideDesk
from tests.signing_in import PASSWORD, staff

ANN: dict[str, object] = {"Login": "ann"}
IDENTITY: dict[str, object] = {"Login": "ann", "Provider": "company"}
PARAMETERS: dict[str, dict[str, object]] = {
    "EndPerson": ANN,
    "InviteStaff": {"Name": "ann", "Role": "reviewer"},
    "InviteUser": {"Name": "bob", "Uin": "1"},
    "LinkIdentity": IDENTITY | {"Subject": "7"},
    "LinkPerson": ANN | {"Other": "uid:7"},
    "ResetSecondStep": ANN,
    "SwitchPerson": ANN | {"Enabled": False},
    "UnlinkIdentity": IDENTITY,
    "UnlinkPerson": ANN | {"Other": "uid:7"},
}
"""Of each action, parameters that get as far as the question."""


def test_every_action_that_an_operator_changes_a_login_with_is_here() -> None:
    """A new one gets its parameters above."""
    found = {
        action.name
        for action in bootstrap.actions()
        if ".operator.people." in action.handler.__module__
        and action.writes
        and tuple(action.roles) == OPERATORS
    }
    assert found == PARAMETERS.keys()


@pytest.mark.parametrize("action", PARAMETERS)
def test_a_login_is_changed_only_by_who_has_just_proved_who_it_is(
    tmp_path: Path, action: str
) -> None:
    """An operator of the console, whose session a thief may have; a command asks for nothing."""
    desk = InsideDesk(tmp_path)
    staff(desk, "ann")
    operator = staff(desk, "otto", "operator")
    parameters = PARAMETERS[action]
    desk.clock.move(PROOF_COUNTS + timedelta(seconds=1))
    assert PROOF_COUNTS < IDLE, "the session lasts on"
    with pytest.raises(ProofNeeded):
        operator.run(action, **parameters)
    operator.run("ProveAgain", Password=PASSWORD)
    for run in (operator.run, desk.operator):
        # What has just been done may not be done twice.
        with contextlib.suppress(InvalidParam, PersonNotFound, UserNotFound, AccountNotFound):
            run(action, **parameters)
