"""Which callers may run which actions: the role is compared in one place, for every action."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certdesk import bootstrap
from certdesk.catalog import Action
from certdesk.domain.errors import UnauthorizedOperation
from certdesk.domain.people.role import Role
from certdesk.engine import Caller
from certdesk.wire.model import Request
from tests.inside import InsideDesk

ACTIONS = list(bootstrap.actions())
BOTH = {
    "AcceptInvitation",
    "AddPasskey",
    "BeginAuthenticator",
    "BeginPasskey",
    "BeginPasskeyProof",
    "BeginProviderSignIn",
    "ConfirmAuthenticator",
    "ListWays",
    "ProveWithPasskey",
    "ShowInvitation",
    "SignInWithProvider",
    "SignOut",
}
"""What people do before and after the last step of signing in."""

OWN_LOGIN = BOTH | {
    "ChangePassword",
    "EndSession",
    "ListPasskeys",
    "ListSessions",
    "NewRecoveryCodes",
    "ProveAgain",
    "RemovePasskey",
}
"""What everybody does with the own login."""

AUDITORS = OWN_LOGIN | {
    "DescribeAuthorities",
    "Examine",
    "ListAccounts",
    "ListDecisions",
    "ListLimits",
    "ListOrders",
    "ListPeople",
    "ListPolicies",
    "ListProjects",
    "ListReviews",
    "ListUsers",
    "ReportDecisions",
    "SearchAudit",
    "ShowPerson",
    "ShowPolicy",
    "ShowReview",
    "ShowStaffHome",
    "ShowUser",
    "VaultStatus",
}
"""They see, and change nothing."""

REVIEWERS = AUDITORS - {"ListPeople", "SearchAudit", "ShowPerson"} | {
    "AddAttachment",
    "AddNote",
    "ApproveReview",
    "AskApplicant",
    "KeepOrder",
    "ReadAttachment",
    "ReadLetter",
    "RejectReview",
    "TickChecklist",
}
NOBODY = BOTH | {"BeginPasskeySignIn", "GiveSecondStep", "SignIn", "SignInWithPasskey"}
"""What somebody may do who has not signed in."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsideDesk]:
    """Run one desk."""
    with InsideDesk(tmp_path_factory.mktemp("desk")) as inside:
        yield inside


@pytest.mark.parametrize("role", Role)
def test_no_action_runs_for_a_role_that_it_does_not_declare(desk: InsideDesk, role: Role) -> None:
    """It is refused before its handler sees the request."""
    caller = Caller(uin="1", actor=role, verified=True, role=role)

    assert [
        action.name
        for action in ACTIONS
        if role not in action.roles and not _is_refused(desk, action, caller)
    ] == []


@pytest.mark.parametrize(
    ("role", "expected"),
    [(Role.NOBODY, NOBODY), (Role.AUDITOR, AUDITORS), (Role.REVIEWER, REVIEWERS)],
)
def test_a_role_has_these_actions_and_no_others(role: Role, expected: set[str]) -> None:
    """A wider role needs a change of this list."""
    assert {action.name for action in ACTIONS if role in action.roles} == expected


def test_an_auditor_changes_nothing_but_the_own_login() -> None:
    """What writes is about the password, the second step and the sessions of the caller."""
    theirs = [each for each in ACTIONS if each.writes and Role.AUDITOR in each.roles]
    assert [each.name for each in theirs if ".people." not in each.handler.__module__] == []


def _is_refused(desk: InsideDesk, action: Action, caller: Caller) -> bool:
    try:
        desk.engine.perform(action, caller, Request(), "r")
    except UnauthorizedOperation as refused:
        return str(caller.role) in refused.message
    return False
